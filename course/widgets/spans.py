"""Sentences as rows of tokens in boxes, with a mark below each run of tokens that is worth one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from course.widgets.drawing import Drawing, escape, text
from course.widgets.rows import BOX, Box, sliding

LABELS = 92  # pixels for the names of the rows
NEAR, LANE, MARK, BELOW = 4, 9, 6, 9  # pixels: between boxes, from lane to lane, a mark, below all
LIVE, STILL = 4_000, 860  # pixels of tokens that are drawn; a still page cannot slide
_MARKS = {
    "found": 'class="blue"',
    "clipped": 'class="stroke-orange" style="stroke-dasharray:4 2"',
    "absent": 'class="line" style="stroke:var(--u-soft)"',
}


@dataclass(frozen=True)
class Span:
    """A run of tokens with a mark below it.

    Attributes:
        first: the place of its first token.
        kind: "found", a full bar; "clipped", a hollow one, its edge dashed; "absent", a thin line.
        title: what a mouse that rests on it is told.
    """

    first: int
    kind: str
    title: str


@dataclass(frozen=True)
class Row:
    """A sentence.

    Attributes:
        name: written before it.
        tokens: its tokens.
        spans: its marks.
        length: tokens that each mark spans.
    """

    name: str
    tokens: Sequence[str]
    spans: Sequence[Span]
    length: int

    @property
    def edges(self) -> list[int]:
        """Where each token begins, and where the last one ends: pixels."""
        return list(accumulate((Box(token).width + NEAR for token in self.tokens), initial=1))

    @property
    def height(self) -> int:
        """Pixels of boxes and marks; marks that overlap lie in lanes of their own."""
        return BOX + NEAR + LANE * self.length + BELOW

    def cut(self, room: int) -> "Row":
        """Return as many of the first tokens as there is room for, with the marks below them."""
        count = sum(edge <= room for edge in self.edges[1:])
        spans = [span for span in self.spans if span.first + self.length <= count]
        return Row(self.name, self.tokens[:count], spans, self.length)

    def svg(self, y: int) -> str:
        """Draw it from `y` on."""
        edges = self.edges
        boxes = [
            Box(token).svg(x, y, Box(token).width)
            for token, x in zip(self.tokens, edges, strict=False)
        ]
        return "".join(boxes) + "".join(self._mark(span, edges, y) for span in self.spans)

    def _mark(self, span: Span, edges: list[int], y: int) -> str:
        """Draw a mark."""
        top = y + BOX + NEAR + LANE * (span.first % self.length)
        left, right = edges[span.first] + 2, edges[span.first + self.length] - NEAR - 2
        shape = f'<rect {_MARKS[span.kind]} x="{left}" y="{top}" width="{right - left}" rx="3"'
        if span.kind == "absent":
            shape = f'<path {_MARKS[span.kind]} d="M{left} {top + MARK / 2:g}H{right}"/>'
        else:
            shape += f' height="{MARK}"/>'
        return f"<g><title>{escape(span.title)}</title>{shape}</g>"


def picture(rows: Sequence[Row], alt: str, still: bool = False) -> str:
    """Draw rows below each other; live, a wide picture scrolls below names that stay."""
    shown = [row.cut(STILL if still else LIVE) for row in rows]
    tops = list(accumulate((row.height for row in shown), initial=1))
    names = "".join(
        text(0, top + 18, row.name, "soft") for row, top in zip(shown, tops, strict=False)
    )
    body = "".join(row.svg(top) for row, top in zip(shown, tops, strict=False))
    width = max(row.edges[-1] for row in shown)
    if still:
        moved = f'{names}<g transform="translate({LABELS} 0)">{body}</g>'
        drawn = Drawing(moved, alt, LABELS + width, tops[-1]).image()
    else:
        size = f'width="{LABELS}" height="{tops[-1]}"'
        left = f'<svg class="u-drawing" aria-hidden="true" {size}>{names}</svg>'
        drawn = sliding(left, Drawing(body, alt, width, tops[-1]).inline(), width, None)
    return drawn + _left_out(rows, shown)


def _left_out(rows: Sequence[Row], shown: Sequence[Row]) -> str:
    """Say that tokens are missing, unless all are drawn."""
    if all(len(row.tokens) == len(cut.tokens) for row, cut in zip(rows, shown, strict=True)):
        return ""
    return '<p class="u-label">Only the first tokens are drawn; the tables count all.</p>'
