"""A recurrent network as a chain of cells, one for each step, or folded into one with a loop."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course.widgets.drawing import Drawing, escape, strip, text
from course.widgets.rows import around, sliding
from course.wording import number, shorten, visible

COLUMN, BOX, LABELS = 104, 74, 62  # pixels: a step, the box of its state, the names of the rows
TOP, STATE, INPUT, HEIGHT = 24, 86, 172, 204  # pixels: where the rows begin, and the end
TALL, SMALL = 58, 26  # pixels: the box of a state, and that of a token
LIVE, STILL = 25, 7  # columns that are drawn at once
WRITTEN = 2  # units of a state whose numbers are written below their strip
_DASHED = 'style="stroke-dasharray:4 3"'
_ARROW = 'class="cursor" style="stroke-width:1.2"'
_BACK = 'class="stroke-orange" style="stroke-width:1.5;stroke-dasharray:5 3"'


@dataclass(frozen=True)
class Link:
    """One step of the chain.

    Attributes:
        head: what it is called.
        token: what it reads; None if it reads nothing.
        state: after the step: (units,); None if that is still to come.
        above: what is written above the state: an output, or how much gradient arrives.
        share: of a full bar below that, from 0 to 1; None for no bar.
    """

    head: str
    token: str | None
    state: np.ndarray | None
    above: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Chain:
    """A recurrent network over all its steps.

    Attributes:
        links: the start, and one for each token.
        now: the one to frame and to keep in sight.
        row: name of what is written above the states.
        alt: what the picture shows.
        backwards: arrows lead from each step to the one before.
    """

    links: Sequence[Link]
    now: int
    row: str
    alt: str
    backwards: bool = False

    @functools.cached_property
    def scale(self) -> float:
        """The value that fills a strip."""
        known = [link.state for link in self.links if link.state is not None]
        return max([1.0, *(float(np.abs(state).max(initial=0)) for state in known)])

    def html(self, still: bool = False) -> str:
        """Return the unrolled picture; live, it slides so that the framed step is seen."""
        shown = around(self.now, len(self.links), STILL if still else LIVE)
        body, width = self._body(shown), COLUMN * len(shown)
        if still:
            moved = f'{self._names()}<g transform="translate({LABELS} 0)">{body}</g>'
            return Drawing(moved, self.alt, LABELS + width, HEIGHT).image() + self._left_out(shown)
        left = Drawing(self._names(), "", LABELS, HEIGHT).inline()
        left = left.replace('role="img" aria-label=""', 'aria-hidden="true"')
        picture = Drawing(body, self.alt, width, HEIGHT).inline()
        return sliding(left, picture, width, (self.now - shown[0] + 0.5) * COLUMN)

    def folded(self, still: bool = False) -> str:
        """Return one cell whose state goes back into it."""
        link, x, middle = self.links[self.now], LABELS + BOX + 15, STATE + TALL / 2
        loop = f"M{x} {middle + 14}h44v-28h-42"
        head, kind = (f"M{x + 8} {middle - 20}l-6 6l6 6", _ARROW)
        if self.backwards:
            head, kind = (f"M{x + 8} {middle + 8}l-6 6l6 6", _BACK)
        words = ("one cell: its state", "goes back into it")
        told = [
            text(x + 14, middle + 42 + 16 * line, said, "soft") for line, said in enumerate(words)
        ]
        body = (
            f'{self._names()}<g transform="translate({LABELS} 0)">{self._link(link, 0)}</g>'
            f'<path {kind} fill="none" d="{loop}"/><path {_ARROW} d="{head}"/>'
            f"{text(x + 52, middle + 5, self._letter('U'), 'strong')}{''.join(told)}"
        )
        drawing = Drawing(body, self.alt, LABELS + 250, HEIGHT)
        return drawing.image() if still else drawing.inline()

    def _left_out(self, shown: range) -> str:
        """Say which steps are drawn, unless all are: on a still page nothing slides."""
        if len(shown) == len(self.links):
            return ""
        first, last = (self.links[place].head for place in (shown[0], shown[-1]))
        line = f"Drawn: {first} to {last}; the table has all."
        return f'<p class="u-label">{escape(line)}</p>'

    def _names(self) -> str:
        """Write the names of the rows."""
        rows = ((TOP + 12, self.row), (STATE + TALL / 2 + 4, "state"), (INPUT + 17, "input"))
        return "".join(text(0, y, name, "soft") for y, name in rows)

    def _body(self, shown: range) -> str:
        """Draw the steps that are shown, the arrows between them, and the frame."""
        links = [self._link(self.links[at], place * COLUMN) for place, at in enumerate(shown)]
        between = [self._between(place * COLUMN, at) for place, at in enumerate(shown) if at]
        x = (self.now - shown[0]) * COLUMN
        frame = f'x="{x + 1}" y="1" width="{COLUMN - 2}" height="{HEIGHT - 2}" rx="5"'
        return "".join(between + links) + f'<rect class="cursor" {frame}/>'

    def _link(self, link: Link, x: float) -> str:
        """Draw one step: what is written above, the state, the token, arrows between them."""
        middle = x + COLUMN / 2
        parts = [text(middle, 14, link.head, "small soft", "middle"), self._state(link, x)]
        if link.above:
            parts.append(text(middle, TOP + 12, shorten(link.above, 14), "strong", "middle"))
        if link.share is not None:
            parts.append(self._bar(link.share, x + 12))
            if not self.backwards:
                parts.append(self._upright(middle, STATE - 2, STATE - 24, "V"))
        if link.token is not None:
            parts.append(_token(link, x))
            parts.append(self._upright(middle, INPUT - 2, STATE + TALL + 2, "W"))
        return "".join(parts)

    def _state(self, link: Link, x: float) -> str:
        """Draw a state as a strip, with its numbers if they are few."""
        x += (COLUMN - BOX) / 2
        frame = f'x="{x}" y="{STATE}" width="{BOX}" height="{TALL}" rx="3"'
        if link.state is None:
            question = text(x + BOX / 2, STATE + TALL / 2 + 4, "?", "soft", "middle")
            return f'<rect class="line" {_DASHED} {frame}/>{question}'
        words = [number(round(float(value), 2) + 0.0, 2) for value in link.state]
        if len(link.state) > WRITTEN:
            words = [f"{len(link.state)} units"]
        wide = (BOX - 8) / len(words)
        written = "".join(
            text(x + 4 + (unit + 0.5) * wide, STATE + TALL - 6, word, "small", "middle")
            for unit, word in enumerate(words)
        )
        inner = strip(link.state, "", scale=self.scale).body
        return (
            f'<rect class="line" style="stroke:var(--u-ink)" {frame}/>'
            f'<svg x="{x + 4}" y="{STATE + 4}" width="{BOX - 8}" height="34">{inner}</svg>{written}'
        )

    def _bar(self, share: float, x: float) -> str:
        """Draw a bar in a frame that is its full length."""
        full, kind = COLUMN - 24, "orange" if self.backwards else "bar"
        size = f'y="{TOP + 18}" height="10"'
        return (
            f'<rect class="line" x="{x}" width="{full}" {size}/>'
            f'<rect class="{kind}" x="{x}" width="{share * full:.1f}" {size}/>'
        )

    def _between(self, x: float, place: int) -> str:
        """Draw the arrow that leads into a step, or back out of it."""
        y, left, right = STATE + TALL / 2, x - (COLUMN - BOX) / 2 + 2, x + (COLUMN - BOX) / 2 - 2
        come = self.links[place].state is not None
        # A little to the left, where the frame of a step does not cross it.
        kind = "small strong" if come else "small"
        letter = text(x - 2, y - 6, self._letter("U"), kind, "end")
        if self.backwards:
            kind = _BACK if place > self.now else f'class="line" {_DASHED}'
            return f'<path {kind} d="M{right} {y}H{left}m6 -4l-6 4l6 4"/>{letter}'
        kind = _ARROW if come else f'class="line" {_DASHED}'
        return f'<path {kind} d="M{left} {y}H{right}m-6 -4l6 4l-6 4"/>{letter}'

    def _upright(self, x: float, start: float, end: float, letter: str) -> str:
        """Draw an arrow upwards, with the letter of its weights."""
        letter = text(x + 7, (start + end) / 2 + 4, letter, "small strong")
        return f'<path {_ARROW} d="M{x} {start}V{end}m-4 6l4 -6l4 6"/>{letter}'

    def _letter(self, letter: str) -> str:
        """Write the weights of an arrow: a gradient comes back through the transposed ones."""
        return f"{letter}ᵀ" if self.backwards else letter


def _token(link: Link, x: float) -> str:
    """Draw what a step reads; one that is still to be read has a dashed box."""
    frame = f'x="{x + 12}" y="{INPUT}" width="{COLUMN - 24}" height="{SMALL}" rx="4"'
    come = link.state is not None
    style = 'style="stroke:var(--u-ink)"' if come else _DASHED
    kind = "" if come else "soft"
    word = text(x + COLUMN / 2, INPUT + 18, shorten(visible(link.token), 10), kind, "middle")
    title = f"<title>{escape(visible(link.token))}</title>"
    return f'<g>{title}<rect class="line" {style} {frame}/>{word}</g>'
