"""Where a model looked while it spoke: a map of attention that grows with the sentence."""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from course.errors import CourseError
from course.text import END, SPECIAL_TOKENS
from course.trace import Trace
from course.widgets.drawing import Drawing, Table, chip, escape, text
from course.widgets.frame import Part, beside
from course.widgets.player import Stepped
from course.wording import shorten, visible

ROWS, COLUMNS = 14, 24  # shown at once
CELL, FOOT = 30, 15  # pixels: a cell, and below the newest row its numbers
LEFT, HEAD = 92, 78  # pixels for the names of the rows, and of the columns
SLANT = 50  # pixels that the last column's name needs to its right
AHEAD = 3  # rows shown that are still to come
STRIDE = 6  # the window moves by so many columns at once
LISTED = 40  # source tokens in the table of the newest row
NAMED = 3  # source tokens that a line of words names
LEAST = 0.005  # a smaller share is written as 0, and not named
LEFT_TO_RIGHT, ISOLATE, END_ISOLATE = "\u200e\u2068\u2069"  # Unicode's marks of direction


def attention_map(
    trace: Trace, source_tokens: Sequence[str], target_tokens: Sequence[str]
) -> "AttentionMap":
    """Show which source tokens each said token came from, a said token a step.

    Args:
        trace: of any model that shows its attention.
        source_tokens: what the model read, a token for each column of the attention.
        target_tokens: what it said, a token for each step; a last `<end>` may be left out.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: it is no trace, has no attention, or has other lengths than the tokens.
    """
    attention = _checked(trace)
    for name, tokens in (("source_tokens", source_tokens), ("target_tokens", target_tokens)):
        if not isinstance(tokens, Iterable):
            kind = type(tokens).__name__
            raise CourseError(f"attention_map: {name} must be a list of tokens, not a {kind}")
    source_tokens, target_tokens = list(source_tokens), list(target_tokens)
    if trace.ended and len(target_tokens) == len(attention) - 1:
        target_tokens.append(SPECIAL_TOKENS[END])
    for name, tokens, count, unit in (
        ("source_tokens", source_tokens, attention.shape[1], "columns"),
        ("target_tokens", target_tokens, attention.shape[0], "steps"),
    ):
        if len(tokens) != count:
            raise CourseError(
                f"attention_map: {name} holds {len(tokens)} tokens, but this trace's attention has "
                f"{count} {unit}: pass the tokens of the sentence that was decoded"
            )
    return AttentionMap(attention, source_tokens, target_tokens)


def _checked(trace: Trace) -> np.ndarray:
    """Return a trace's attention: float array (time, source_time)."""
    if not isinstance(trace, Trace):
        raise CourseError(
            f"attention_map: pass one trace, not a {type(trace).__name__}; a search returns a list "
            "of traces: take the one at [0]"
        )
    if trace.attention is None:
        raise CourseError(
            "this trace has no attention: decode with a model that has some, by greedy search or "
            "sampling (a beam search keeps none)"
        )
    attention = np.asarray(trace.attention, float)
    if attention.ndim != 2 or not attention.size:
        raise CourseError(
            f"attention of shape {attention.shape} cannot be drawn: it must be (time, source_time)"
        )
    if not (np.isfinite(attention).all() and attention.min() >= 0 and attention.max() <= 1.001):
        raise CourseError(
            "this trace's attention holds what is no share: each must lie from 0 to 1"
        )
    return attention


class AttentionMap(Stepped):
    """A demo of attention. At step 3 three tokens have been said, and the third is looked at.

    Attributes:
        attention: a share for each source token at each step: float array (time, source_time).
        source: what the model read.
        target: what it said.
    """

    title = "Where the model looked"
    heights = {"sentence": 128, "map": 0, "weights": 230, "rows": 230}  # noqa: RUF012

    def __init__(self, attention: np.ndarray, source: list[str], target: list[str]) -> None:
        """Lay the demo out; its map is as high as its sentence needs."""
        shown = min(len(target), ROWS)
        self.heights = {**type(self).heights, "map": HEAD + CELL * shown + FOOT + 8}
        super().__init__()
        self.attention, self.source, self.target = attention, source, target
        self.last = len(target)
        self.assemble(
            self.player,
            self.panes["sentence"],
            self.panes["map"],
            beside(self.panes["weights"], self.panes["rows"], widths=(320, 480)),
        )

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return both sentences, the map, the newest row in numbers, and the rows in words."""
        return {
            "sentence": self._sentences(),
            "map": self._map() if still else self._narrow_map(),
            "weights": self._weights(),
            "rows": self._rows(),
        }

    def _sentences(self) -> str:
        """Draw both sentences; the newest token and the one it looked at most are set apart."""
        rows, columns = self._window()
        said = range(rows[0], self.step)
        rest = chip("…", "next") if self.step < self.last else ""
        return (
            f"<p>step {self.step} of {self.last}: {escape(self._looked())}</p>"
            f'<p><span class="u-label">reads:</span> {_chips(self.source, columns, self._peak())}'
            f"{_more(len(self.source) - columns.stop, 'later')}</p>"
            f'<p><span class="u-label">has said:</span> {_chips(self.target, said, self.step - 1)}'
            f"{rest}</p>"
        )

    def _looked(self) -> str:
        """Say in a line where the newest token came from."""
        if not self.step:
            return "nothing has been said"
        return (
            f"for {_quoted(self.target[self.step - 1])} it looked at {self._named(self.step - 1)}"
        )

    def _named(self, row: int) -> str:
        """Name the source tokens that a step looked at most, each with its share."""
        shares = self.attention[row]
        order = np.argsort(-shares, kind="stable")[:NAMED]
        named = [at for at in order if shares[at] >= LEAST or at == order[0]]
        return ", ".join(f"{_quoted(self.source[at])} {shares[at]:.2f}" for at in named)

    def _peak(self) -> int | None:
        """Return the place of the source token that the newest token looked at most."""
        return int(self.attention[self.step - 1].argmax()) if self.step else None

    def _window(self) -> tuple[range, range]:
        """Return the rows and columns that are shown: around the newest row and its peak."""
        top = _within(self.step + AHEAD - ROWS, len(self.target) - ROWS)
        middle = ((self._peak() or 0) - COLUMNS // 2) // STRIDE * STRIDE
        left = _within(middle, len(self.source) - COLUMNS)
        rows = range(top, min(top + ROWS, len(self.target)))
        return rows, range(left, min(left + COLUMNS, len(self.source)))

    def _map(self) -> Drawing:
        """Draw the map whole."""
        names, grid = self._names(), self._grid()
        body = f'{names.body}<g transform="translate({LEFT} 0)">{grid.body}</g>'
        return Drawing(body, grid.alt, LEFT + grid.width, grid.height)

    def _narrow_map(self) -> str:
        """Draw the map so that a narrow page shows the columns around the peak."""
        names, grid = self._names(), self._grid()
        middle = CELL * ((self._peak() or 0) - self._window()[1].start + 0.5)
        shift = f"min(0px, max(100% - {grid.width}px, 50% - {middle:g}px))"
        return (
            f'<div style="display: flex"><div style="flex: none">{names.inline()}</div>'
            f'<div style="flex: 1; overflow: hidden"><div style="width: {grid.width}px; '
            f'margin-left: {shift}">{grid.inline()}</div></div></div>'
        )

    def _names(self) -> Drawing:
        """Write the said tokens before their rows."""
        rows, columns = self._window()
        hidden = len(self.source) - len(columns)
        body = [text(0, 12, f"{hidden} more in", "small soft")] if hidden else []
        body += [text(0, 26, "the table", "small soft")] if hidden else []
        for line, row in enumerate(rows):
            token = visible(self.target[row]) if row < self.step else "…"
            kind = "strong" if row == self.step - 1 else "" if row < self.step else "soft"
            body.append(text(LEFT - 8, self._top(line, row) + 19, shorten(token, 10), kind, "end"))
        return Drawing("".join(body), "names of the rows", LEFT, self._tall(rows))

    def _grid(self) -> Drawing:
        """Draw a square for each share; its area is the share."""
        rows, columns = self._window()
        body = [self._heads(columns)]
        for line, row in enumerate(rows):
            inner = self._coming(columns) if row >= self.step else self._said(row, columns)
            body.append(f'<g transform="translate(0 {self._top(line, row)})">{inner}</g>')
        wide = CELL * len(columns) + SLANT
        return Drawing("".join(body), self._told(rows, columns), wide, self._tall(rows))

    def _top(self, line: int, row: int) -> int:
        """Return where a row begins; the newest one's numbers need room below it."""
        return HEAD + CELL * line + (FOOT if row >= self.step > 0 else 0)

    def _tall(self, rows: range) -> int:
        """Return the height of the map."""
        return HEAD + CELL * len(rows) + FOOT + 4

    def _told(self, rows: range, columns: range) -> str:
        """Say what the map shows."""
        parts = ["Attention map: a row for each said token, a column for each source token."]
        if len(rows) < len(self.target) or len(columns) < len(self.source):
            parts.append(
                f"Shown are rows {rows[0] + 1} to {rows[-1] + 1} of {len(self.target)} and columns "
                f"{columns[0] + 1} to {columns[-1] + 1} of {len(self.source)}."
            )
        return " ".join([*parts, f"Step {self.step} of {self.last}: {self._looked()}."])

    def _heads(self, columns: range) -> str:
        """Write the source tokens above their columns, aslant."""
        heads = []
        for place, at in enumerate(columns):
            kind = "small strong" if at == self._peak() else "small"
            turn = f"translate({CELL * (place + 0.5):g} {HEAD - 8}) rotate(-50)"
            words = text(0, 0, shorten(visible(self.source[at]), 11), kind)
            heads.append(f'<g transform="{turn}">{words}</g>')
        return "".join(heads)

    def _coming(self, columns: range) -> str:
        """Outline a row whose token has not been said yet."""
        return (
            f'<rect class="line" stroke-dasharray="2 4" x="1" y="2" '
            f'width="{CELL * len(columns) - 2}" height="{CELL - 4}"/>'
        )

    def _said(self, row: int, columns: range) -> str:
        """Draw a row of squares; the newest has a frame and its numbers as well."""
        tip = f"{_quoted(self.target[row])}: {self._named(row)}"
        squares = f"<g><title>{escape(tip)}</title>{self._squares(row, columns)}</g>"
        if row < self.step - 1:
            return squares
        frame = (
            f'<rect class="cursor" x="1" y="1" width="{CELL * len(columns) - 2}" '
            f'height="{CELL + FOOT - 2}"/>'
        )
        return squares + frame + self._numbers(row, columns)

    def _squares(self, row: int, columns: range) -> str:
        """Draw a row's squares as one path, and a dot where there is hardly any."""
        dots, squares = [], []
        for place, at in enumerate(columns):
            x, side = CELL * (place + 0.5), (CELL - 4) * float(self.attention[row, at]) ** 0.5
            if side < 1:
                dots.append(f"M{x:g} {CELL / 2 - 1:g}v2")
            else:
                corner = f"{x - side / 2:.1f} {(CELL - side) / 2:.1f}"
                squares.append(f"M{corner}h{side:.1f}v{side:.1f}h-{side:.1f}z")
        return (
            f'<path class="line" d="{"".join(dots)}"/><path class="blue" d="{"".join(squares)}"/>'
        )

    def _numbers(self, row: int, columns: range) -> str:
        """Write a row's shares below its squares."""
        shares = [float(self.attention[row, at]) for at in columns]
        return "".join(
            text(
                f"{CELL * (place + 0.5):g}",
                CELL + FOOT - 5,
                f"{share:.2f}" if share >= LEAST else "0",
                "small",
                "middle",
            )
            for place, share in enumerate(shares)
        )

    def _weights(self) -> Table:
        """Tell the newest row in numbers, the greatest share first."""
        header = ("share", "source token", "place")
        if not self.step:
            return Table("step 0: nothing has been said", header, [])
        shares = self.attention[self.step - 1]
        order = np.argsort(-shares, kind="stable")[:LISTED]
        rows = [(round(float(shares[at]), 4), self.source[at], int(at) + 1) for at in order]
        most = f", the {LISTED} greatest shares" if len(shares) > LISTED else ""
        return Table(f"where it looked in step {self.step}{most}", header, rows, chosen=0)

    def _rows(self) -> Table:
        """Tell the rows of the map that have been said, the newest first."""
        said = [row for row in self._window()[0] if row < self.step]
        rows = [(row + 1, self.target[row], self._named(row)) for row in reversed(said)]
        header = ("step", "said", "looked at most, with its share")
        return Table("what has been said", header, rows, chosen=0 if rows else None)


def _chips(tokens: list[str], shown: range, now: int | None) -> str:
    """Draw some tokens of a sentence, and say how many come before them."""
    return _more(shown.start, "earlier") + "".join(
        chip(tokens[at], "now" * (at == now)) for at in shown
    )


def _more(count: int, where: str) -> str:
    """Say how many tokens are not shown."""
    return f'<span class="u-label">({count} {where})</span> ' if count else ""


def _quoted(token: str) -> str:
    """Quote a token within a line of words; one written from right to left does not turn it."""
    shown = visible(token)
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in shown):
        return f"{LEFT_TO_RIGHT}“{ISOLATE}{shown}{END_ISOLATE}”"
    return f"“{shown}”"


def _within(place: int, last: int) -> int:
    """Keep the beginning of a window between 0 and the last that is possible."""
    return max(0, min(place, last))
