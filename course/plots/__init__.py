"""Pictures for lessons: each one a matplotlib figure and a text that says what it shows.

A function here draws plain data (a `History`, a `Trace`, arrays) and computes its text from the
same data. matplotlib is imported when the first picture is drawn, and no figure outlives its
`Picture`.
"""

from course.plots.charts import bars, dots, histories, history, lines
from course.plots.grids import matrix
from course.plots.networks import graph, unrolled
from course.plots.picture import Picture
from course.plots.scatter import words
from course.plots.steps import alternatives, token_rows, trace, two_rows

__all__ = [
    "Picture",
    "alternatives",
    "bars",
    "dots",
    "graph",
    "histories",
    "history",
    "lines",
    "matrix",
    "token_rows",
    "trace",
    "two_rows",
    "unrolled",
    "words",
]
