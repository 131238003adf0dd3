"""Rows of tokens in boxes, time step above time step, with arrows and a frame around the present.

Several demos show them: what a decoder reads and must say, a sentence and its ids, what was said
and what should have been.
"""

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from course.text import SPECIAL_TOKENS, UNK
from course.widgets.drawing import Drawing, escape, text
from course.wording import shorten, visible

BOX, HEAD, LABELS = 26, 20, 72  # pixels: a box's height, that of the steps' numbers, the labels
APART, NEAR = 28, 6  # pixels between rows, with arrows and without
LIVE, STILL = 25, 11  # columns that are drawn at once
_DASHED = "stroke-dasharray:4 3"
_FRAMES = {
    "": 'class="line"',
    "unknown": f'class="line" style="stroke:var(--u-ink);{_DASHED}"',
    "differs": f'class="stroke-orange" style="{_DASHED}"',
    "padding": 'class="pale"',
}


@dataclass(frozen=True)
class Box:
    """A token in a row of tokens.

    Attributes:
        word: its text; "" for nothing at all.
        kind: "", "unknown", "differs", "padding", or "mark" for a text without a frame.
        title: what a mouse that rests on it is told; the text if "".
    """

    word: str
    kind: str = ""
    title: str = ""

    @property
    def shown(self) -> str:
        """The text, with a mark that says the kind without colour."""
        word = shorten(visible(self.word), 12)
        return {"unknown": f"{word} ?", "differs": f"≠ {word}"}.get(self.kind, word)

    @property
    def width(self) -> int:
        """Pixels that the box would like to have."""
        wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in self.shown)
        return 8 * (len(self.shown) + wide) + 14

    def svg(self, x: float, y: float, width: float) -> str:
        """Draw it; x and y are its upper left corner."""
        if not self.word:
            return ""
        soft = " special soft" * (self.word in SPECIAL_TOKENS or self.kind == "padding")
        strong = " strong" * (self.kind in ("differs", "mark"))
        frame = f'x="{x}" y="{y}" width="{width}" height="{BOX}" rx="4"'
        frame = f"<rect {_FRAMES[self.kind]} {frame}/>" if self.kind in _FRAMES else ""
        words = text(x + width / 2, y + 18, self.shown, f"{soft}{strong}".strip(), "middle")
        return f"<g><title>{escape(self.title or self.word)}</title>{frame}{words}</g>"


@dataclass(frozen=True)
class TokenRows:
    """Rows of tokens, a column for each time step.

    Attributes:
        labels: names of the rows.
        columns: what each step is called, and its boxes from top to bottom.
        alt: what the rows show.
        now: the step to frame and to keep in sight; None to let a learner scroll.
        arrows: draw one from the first row to the second.
        fed: join each box of the second row with the next one of the first.
    """

    labels: Sequence[str]
    columns: Sequence[tuple[str, Sequence[Box]]]
    alt: str
    now: int | None = None
    arrows: bool = False
    fed: bool = False

    @functools.cached_property
    def width(self) -> int:
        """Pixels a column: enough for the longest token, so that no step moves the others."""
        return max((box.width for _, boxes in self.columns for box in boxes), default=0) + 6

    @property
    def height(self) -> int:
        """Pixels of all rows."""
        return self._top(len(self.labels) - 1) + BOX + 6

    def html(self, still: bool = False) -> str:
        """Return the picture; live, it slides so that the framed step is seen on any page."""
        count, most = len(self.columns), STILL if still else LIVE
        shown = around(self.now or 0, count, most if still or self.now is not None else count)
        names = self._names()
        body, width = self._body(shown), self.width * len(shown)
        if still:
            moved = f'{names}<g transform="translate({LABELS} 0)">{body}</g>'
            picture = Drawing(moved, self.alt, LABELS + width, self.height).image()
            return picture + self._left_out(shown)
        picture = Drawing(body, self.alt, width, self.height).inline()
        middle = None if self.now is None else (self.now - shown[0] + 0.5) * self.width
        left = f'<svg class="u-drawing" aria-hidden="true" width="{LABELS}" height="{self.height}">'
        return sliding(f"{left}{names}</svg>", picture, width, middle)

    def _left_out(self, shown: range) -> str:
        """Say which columns are drawn, unless all are: on a still page nothing slides."""
        if len(shown) == len(self.columns):
            return ""
        first, last = (self.columns[step][0] for step in (shown[0], shown[-1]))
        line = f"Drawn: time steps {first} to {last}; the table has all."
        return f'<p class="u-label">{escape(line)}</p>'

    def _top(self, row: int) -> int:
        """Return where a row begins: pixels from the top."""
        return HEAD + row * (BOX + (APART if self.arrows else NEAR))

    def _names(self) -> str:
        """Write the names of the rows."""
        names = [text(0, self._top(row) + 18, name, "soft") for row, name in enumerate(self.labels)]
        return text(0, 13, "time step", "small soft") + "".join(names)

    def _body(self, shown: range) -> str:
        """Draw the columns that are shown, and the frame."""
        columns = [self._column(step, place * self.width) for place, step in enumerate(shown)]
        links = [self._links(step, place * self.width) for place, step in enumerate(shown)]
        if self.now not in shown:
            return "".join(links + columns)
        x = (self.now - shown[0]) * self.width
        size = f'width="{self.width - 2}" height="{self.height - 2}"'
        return "".join(links + columns) + f'<rect class="cursor" x="{x + 1}" y="1" {size} rx="5"/>'

    def _column(self, step: int, x: int) -> str:
        """Draw the boxes of a step, its number above them."""
        head, boxes = self.columns[step]
        drawn = [box.svg(x + 3, self._top(row), self.width - 6) for row, box in enumerate(boxes)]
        return text(x + self.width / 2, 14, head, "small soft", "middle") + "".join(drawn)

    def _links(self, step: int, x: int) -> str:
        """Draw the arrow of a step, and the dashed line to the next one."""
        if not (self.arrows and self.columns[step][1][1].word):
            return ""
        middle, top, bottom = x + self.width / 2, HEAD + BOX + 2, self._top(1) - 2
        arrow = (
            f'<path class="cursor" style="stroke-width:1" d="M{middle} {top}V{bottom}'
            f'm-4 -6l4 6l4 -6"/>'
        )
        if not self.fed or step + 1 == len(self.columns):
            return arrow
        end = middle + self.width - 8
        return arrow + (
            f'<path class="line" style="stroke:var(--u-soft);{_DASHED}" '
            f'd="M{middle + 8} {bottom}L{end} {top}"/>'
        )


def box(word: str, id: int, differs: bool = False) -> Box:
    """Return the box of a token; the mouse is told its id, and whether the word is known."""
    if unknown(word, id):
        return Box(word, "unknown", f"{word}: not in the vocabulary, read as {SPECIAL_TOKENS[UNK]}")
    return Box(word, "differs" * differs, f"{word}: id {id}") if word else Box("")


def around(now: int, count: int, size: int) -> range:
    """Return up to `size` of `count` places, `now` in their middle unless an end is near."""
    first = max(0, min(now - size // 2, count - size))
    return range(first, min(count, first + size))


def sliding(left: str, picture: str, width: int, middle: float | None) -> str:
    """Put a wide picture into whatever room there is, one place of it always in sight.

    The browser computes the shift from the width of the page, so it needs no JavaScript and is the
    same after each redraw.

    Args:
        left: HTML that stays where it is.
        picture: HTML of the picture.
        width: its pixels.
        middle: the pixel that wants to be in the middle; None to let a learner scroll.
    """
    shift, window = "0", 'tabindex="0" role="group" aria-label="all columns" style="overflow:auto;'
    if middle is not None:
        shift = f"min(0px, max(100% - {width}px, 50% - {middle:g}px))"
        window = 'style="overflow:hidden;'
    return (
        f'<div style="display:flex"><div style="flex:0 0 auto">{left}</div>'
        f'<div {window}flex:1 1 0;min-width:0">'
        f'<div style="margin-left:{shift};width:{width}px">{picture}</div></div></div>'
    )


def unknown(word: str, id: int) -> bool:
    """Say whether a word was typed that the vocabulary does not hold."""
    return id == UNK and word != SPECIAL_TOKENS[UNK]
