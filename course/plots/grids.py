"""A matrix as coloured cells."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.picture import Picture, escape, finish, label_axes, new_figure
from course.wording import number, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NUMBERS = 240  # cells of a matrix that still have room for a number each


def matrix(
    array: np.ndarray | Sequence[Sequence[float]],
    x_labels: Sequence[object] | None = None,
    y_labels: Sequence[object] | None = None,
    title: str = "",
    alt: str | None = None,
    *,
    x_label: str = "",
    y_label: str = "",
    value_label: str = "value",
) -> Picture:
    """Draw a matrix as coloured cells; a small one has its numbers in them.

    Args:
        array: (rows, columns).
        x_labels: of the columns; numbers from 0 if None.
        y_labels: of the rows; numbers from 0 if None.
        title: over the picture.
        alt: the text alternative, if the computed one will not do.
        x_label: what the columns are.
        y_label: what the rows are.
        value_label: what the values are, with the unit; written at the colour scale.
    """
    array = np.asarray(array, float)
    rows, columns = array.shape
    across = [str(i) for i in range(columns)] if x_labels is None else list(map(visible, x_labels))
    down = [str(i) for i in range(rows)] if y_labels is None else list(map(visible, y_labels))
    if (len(down), len(across)) != array.shape:
        raise CourseError(f"matrix: shape {array.shape}, but {len(down)} by {len(across)} labels")
    side = min(0.42, max(0.16, 5.4 / columns))
    slanted = max(map(len, across)) > 2
    figure, (axis,) = new_figure(
        min(9.0, 1.7 + side * rows + 0.08 * slanted * max(map(len, across)))
    )
    _draw_matrix(figure, axis, array, value_label)
    every = 1 if x_labels is not None else -(-columns // 25)
    named = np.arange(0, columns, every)
    axis.set_xticks(named, [escape(across[i]) for i in named], rotation=90 if slanted else 0)
    axis.set_yticks(np.arange(rows), [escape(name) for name in down])
    axis.tick_params(length=0)
    axis.tick_params("x", labelsize=min(10.0, max(5.0, 340 / columns * every)))
    axis.tick_params("y", labelsize=10 if side > 0.25 else 8)
    label_axes(axis, x_label, y_label, grid=False)
    return finish(figure, title, alt or _describe_matrix(array, across, down, value_label))


def _draw_matrix(figure: "Figure", axis: "Axes", array: np.ndarray, value_label: str) -> None:
    """Draw the cells, their numbers if there is room, and a colour scale if it says anything."""
    finite = array[np.isfinite(array)]
    top = float(np.abs(finite).max()) if finite.size else 1.0
    signed = finite.size and finite.min() < 0
    low, high = (-top, top) if signed else (0.0, top or 1.0)
    image = axis.imshow(array, cmap="RdBu" if signed else "Blues", vmin=low, vmax=high)
    image.set_clim(low, high)
    axis.set_aspect("auto")
    if not np.isin(finite, (0, 1)).all():
        figure.colorbar(image, ax=axis, label=escape(value_label))
    if array.size > MOST_NUMBERS or array.shape[1] > 24:
        return
    for (row, column), value in np.ndenumerate(array):
        dark = abs(value) > 0.6 * top
        text, ink = number(value, 2), "white" if dark else "black"
        size = 9 if array.shape[1] <= 12 else 7
        axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


def _describe_matrix(
    array: np.ndarray, across: Sequence[str], down: Sequence[str], value_label: str
) -> str:
    """Say what a matrix holds: all of a row that is mostly zero, the greatest value of others."""
    rows, columns = array.shape
    text = f"Matrix of {rows} rows and {columns} columns, {value_label} from "
    text += f"{number(np.nanmin(array))} to {number(np.nanmax(array))}."
    for name, row in zip(down[:40], array, strict=False):
        places = np.flatnonzero(row)
        if len(places) <= 3:
            values = " and ".join(f"{number(row[p])} at {across[p]}" for p in places)
            text += f" {name}: {values or 'all zero'}."
        else:
            greatest = int(np.nanargmax(row))
            text += f" {name}: greatest {number(row[greatest])} at {across[greatest]}."
    return text
