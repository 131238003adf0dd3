"""What demos are drawn with: chips, bars, strips and tables, as HTML and SVG made in Python.

Everything here is a function of plain data to text. Tokens and all that a learner typed pass
through `escape`: a page shows them and never runs them.
"""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course.text import SPECIAL_TOKENS
from course.widgets import style
from course.wording import number, visible

ROW = 30  # pixels; a bar is as high as the button beside it
LEVELS = 4  # of colour on each side of zero


def escape(text: object) -> str:
    """Write any text so that HTML and SVG show it as it is."""
    return html.escape(str(text))


@dataclass(frozen=True)
class Drawing:
    """An SVG picture with a text that says what it shows.

    Attributes:
        body: its elements.
        alt: what it shows, in words.
        width: pixels; the body may count in percent of it and so fit any page.
        height: pixels.
        fits: let it be as wide as its pane; otherwise the pane scrolls.
    """

    body: str
    alt: str
    width: int
    height: int
    fits: bool = False

    def inline(self) -> str:
        """Return the picture for a page that has the demos' style."""
        return self._svg(f'width="{"100%" if self.fits else self.width}"')

    def image(self) -> str:
        """Return the picture as an `<img>` that needs nothing of its page."""
        sheet = f"<style>{style.ALONE}</style>"
        svg = self._svg(f'xmlns="http://www.w3.org/2000/svg" width="{self.width}"', sheet)
        data = base64.b64encode(svg.encode()).decode("ascii")
        return (
            f'<img class="u-image" src="data:image/svg+xml;base64,{data}" width="{self.width}" '
            f'height="{self.height}" alt="{escape(self.alt)}">'
        )

    def _svg(self, attributes: str, sheet: str = "") -> str:
        return (
            f'<svg class="u-drawing" role="img" aria-label="{escape(self.alt)}" {attributes} '
            f'height="{self.height}">{sheet}{self.body}</svg>'
        )


@dataclass(frozen=True)
class Table:
    """What a picture shows, as a table.

    Attributes:
        caption: what the rows are.
        header: names of the columns.
        rows: their cells; numbers are written for a reader.
        chosen: the row to set apart.
        digits: of a number that is not whole.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    chosen: int | None = None
    digits: int = 3

    def inline(self) -> str:
        """Return an HTML table."""
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.header)
        marks = [' class="chosen"' * (place == self.chosen) for place in range(len(self.rows))]
        rows = "".join(
            f"<tr{mark}>{''.join(self._cell(value) for value in row)}</tr>"
            for mark, row in zip(marks, self.rows, strict=True)
        )
        return (
            f'<table class="u-table"><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def text(self) -> str:
        """Return the table in plain text, its columns parted by tabs."""
        rows = ["\t".join(map(self._written, row)) for row in (self.header, *self.rows)]
        return "\n".join([self.caption, *rows])

    def _cell(self, value: object) -> str:
        """Write a cell; numbers stand to the right."""
        kind = ' class="number"' if isinstance(value, int | float | np.number) else ""
        return f"<td{kind}><bdi>{escape(self._written(value))}</bdi></td>"

    def _written(self, value: object) -> str:
        """Write a value for a reader."""
        if isinstance(value, float | np.floating):
            return number(float(value), self.digits)
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return f"{value:,}"
        return visible(value)


def chip(token: object, kind: str = "", title: str = "") -> str:
    """Draw a token in a box.

    Args:
        token: its text.
        kind: "unknown", "forced", "now", "next", or several with spaces between them.
        title: what a mouse that rests on it is told.
    """
    special = " special" if token in SPECIAL_TOKENS else ""
    tip = f' title="{escape(title)}"' if title else ""
    return f'<span class="u-chip {kind}{special}"{tip}><bdi>{escape(visible(token))}</bdi></span>'


def text(x: object, y: float, words: object, kind: str = "", anchor: str = "start") -> str:
    """Write words in a drawing.

    Args:
        x: pixels, or a text such as "50%".
        y: pixels, of the line that the words stand on.
        words: any text.
        kind: classes of the style, as "small soft".
        anchor: "start", "middle" or "end" of the words is at x.
    """
    return (
        f'<text x="{x}" y="{y:g}" class="{kind}" text-anchor="{anchor}">'
        f"{escape(visible(words))}</text>"
    )


def bars(
    values: Sequence[float],
    labels: Sequence[str],
    titles: Sequence[str],
    alt: str,
    *,
    chosen: int | None = None,
    top: float = 1.0,
    names: Sequence[str] | None = None,
) -> Drawing:
    """Draw horizontal bars, each with its label, that fit a pane of any width.

    Args:
        values: lengths, from 0 to `top`.
        labels: written after each bar.
        titles: what a mouse that rests on a bar is told.
        alt: what the picture shows.
        chosen: the bar to set apart: another colour and a mark.
        top: the value of a full bar.
        names: written before each bar, if no button says it.
    """
    left = 30 if names is not None else 0
    room = 64 - left * 0.5  # percent of the width that a full bar takes
    body = []
    for place, (value, label, title) in enumerate(zip(values, labels, titles, strict=True)):
        length = max(0.0, min(1.0, value / top)) * room
        y, kind = place * ROW, "chosen" if place == chosen else "bar"
        mark = "◀ " if place == chosen else ""
        name = text("0", y + 17, names[place]) if names is not None else ""
        body.append(
            f"<g><title>{escape(title)}</title>{name}"
            f'<rect class="{kind}" x="{left}%" y="{y + 2}" width="{length:.2f}%" '
            f'height="{ROW - 10}"/>'
            + text(f"{left + length + 1:.2f}%", y + 17, mark + label)
            + "</g>"
        )
    return Drawing("".join(body), alt, 420, ROW * len(values), fits=True)


def strip(values: np.ndarray, alt: str, *, height: int = 34, scale: float | None = None) -> Drawing:
    """Draw a vector as a strip: a unit a column, blue up for positive, orange down for negative.

    The height says the same as the colour. All columns of like colour are one path, so a state of
    some hundred units stays a small picture.

    Args:
        values: (units,).
        alt: what the picture shows.
        height: pixels.
        scale: the value that reaches the edge; the greatest in `values` if None.
    """
    scale = scale or max(float(np.abs(values).max(initial=0)), 1e-9)
    middle, wide = height / 2, 100
    paths: dict[tuple[str, float], list[str]] = {}
    for unit, value in enumerate(np.clip(values / scale, -1, 1)):
        size = round(abs(float(value)), 3)
        shade = 0.35 + 0.65 * np.ceil(size * LEVELS) / LEVELS
        reach = size * (middle - 1)
        edge = middle - reach if value > 0 else middle
        paths.setdefault(("blue" if value > 0 else "orange", round(shade, 2)), []).append(
            f"M{unit} {edge:.1f}h.86v{reach:.1f}h-.86z"
        )
    body = "".join(
        f'<path class="{colour}" opacity="{shade}" d="{"".join(parts)}"/>'
        for (colour, shade), parts in paths.items()
    )
    line = f'<path class="line" d="M0 {middle}H{len(values)}" vector-effect="non-scaling-stroke"/>'
    inner = (
        f'<svg width="100%" height="{height}" viewBox="0 0 {len(values)} {height}" '
        f'preserveAspectRatio="none">{line}{body}</svg>'
    )
    return Drawing(inner, alt, 4 * wide, height, fits=True)
