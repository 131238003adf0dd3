"""One-hot: a sentence as ids and as a matrix, and the memory that a corpus of each would take."""

from collections.abc import Iterable, Sequence

import ipywidgets
import numpy as np
import traitlets

from course.text import SPECIAL_TOKENS, UNK, Codec
from course.text import one_hot as encode
from course.widgets.drawing import Drawing, Table, escape, text
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import check_codec, tokens_of
from course.widgets.rows import Box, TokenRows, around, box, sliding, unknown
from course.wording import number, shorten, visible

ROWS = 8  # time steps at a time; a static twin's table has all
ALL_COLUMNS = 26  # a vocabulary so small is drawn whole
SMALL_GAP = 2  # so few columns of zeros are drawn and not left out
CELL, GAP, HEAD, LABELS = 24, 40, 94, 104  # pixels
BINDER = 2e9  # bytes of memory that a free Binder has
UNITS = ("bytes", "KB", "MB", "GB", "TB")
SCALE = (2, 15)  # the bars run from 10 ** 2 to 10 ** 15 bytes
LIMITS = {"vocabulary": (10, 100_000), "sentences": (100, 10_000_000), "time": (1, 200)}


def one_hot(sentence: str, codec: Codec, **settings: int) -> "OneHot":
    """Show a sentence as ids and as one-hot rows, and what a corpus of each would take.

    Args:
        sentence: any text.
        codec: from text to ids.
        settings: any of the demo's traits to begin with, as `sentences=100_000`.

    Returns:
        The demo, a widget.

    Raises:
        CourseError: the codec is none, or a setting makes no sense.
    """
    check_codec(codec)
    return OneHot(codec, sentence=sentence, **settings)


class OneHot(Stepped):
    """A demo of one-hot rows.

    Attributes:
        sentence: what is encoded.
        vocabulary, sentences, time: tokens in the vocabulary, sentences in the corpus and time
            steps a sentence, for the memory; a value outside `LIMITS` is moved to the nearest end.
        tokens, ids: of the sentence.
    """

    title = "One-hot rows and ids"
    heights = {"ids": 132, "matrix": 356, "table": 210, "bars": 270, "memory": 110}  # noqa: RUF012

    sentence = traitlets.Unicode()
    vocabulary = traitlets.Int(10_000)
    sentences = traitlets.Int(10_000)
    time = traitlets.Int(20)

    def __init__(self, codec: Codec, **settings: object) -> None:
        """Encode the sentence and lay the demo out."""
        super().__init__()
        self.codec = codec
        self.tokens, self.ids = [], np.zeros(0, int)
        self.begin_with(settings)
        knobs = self._knobs()
        self.attempt(self._encode)
        self.observe(self._encode_anew, "sentence")
        self.observe(self._resized, list(LIMITS))
        self.assemble(
            controls(knobs["sentence"]),
            self.player,
            self.panes["ids"],
            beside(self.panes["matrix"], self.panes["table"], widths=(510, 340)),
            controls(*(knobs[name] for name in LIMITS)),
            beside(self.panes["bars"], self.panes["memory"], widths=(470, 380)),
        )

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of the corpus as each kind of array."""
        small = np.min_scalar_type(self.vocabulary - 1)
        kinds = {
            "one-hot rows, float32": (np.dtype("float32"), self.vocabulary),
            "ids, int32": (np.dtype("int32"), 1),
            f"ids, {small} (smallest)": (small, 1),
        }
        places = self.sentences * self.time
        return {name: places * columns * kind.itemsize for name, (kind, columns) in kinds.items()}

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the ids, the matrix, both as a table, and the memory as bars and table."""
        seen = {"ids": "", "matrix": "", "table": ""}
        if self.tokens:
            seen["ids"], seen["matrix"] = self._ids(still), self._matrix(still)
            seen["table"] = self._table(still)
        return {**seen, "bars": self._bars(still), "memory": self._memory(still)}

    @traitlets.validate("vocabulary", "sentences", "time")
    def _within(self, proposal: dict) -> int:
        """Keep a size between the ends of its slider."""
        least, most = LIMITS[proposal["trait"].name]
        return min(max(least, proposal["value"]), most)

    def _encode(self) -> None:
        """Read the sentence."""
        tokens = tokens_of(self.codec, self.sentence)
        self.tokens, self.ids = tokens, np.array(self.codec.vocabulary.ids(tokens))
        self.message = ""
        self.last = len(tokens) - 1

    @guarded
    def _encode_anew(self, _: dict) -> None:
        """Show another sentence from its beginning."""
        self.pause()
        self._encode()
        self.step = 0
        self.draw()

    @guarded
    def _resized(self, _: dict) -> None:
        """Show what the memory is now."""
        self.draw()

    def _ids(self, still: bool) -> str:
        """Draw the tokens above their ids."""
        columns = [
            (str(step), (box(token, id), Box(str(id))))
            for step, (token, id) in enumerate(zip(self.tokens, self.ids, strict=True))
        ]
        told = "; ".join(f"{token}: {id}" for token, id in zip(self.tokens, self.ids, strict=True))
        rows = TokenRows(("token", "id"), columns, f"Tokens and ids. {told}", now=self.step)
        lost = sum(map(unknown, self.tokens, self.ids))
        line = f"{len(self.tokens)} tokens; {lost} of them not in the vocabulary"
        line += ": marked ?, all id 3, <unk>." if lost else "."
        return f'{rows.html(still)}<p class="u-label">{escape(line)}</p>'

    def _matrix(self, still: bool) -> str:
        """Draw the one-hot rows of the time steps around this one."""
        shown, depth = around(self.step, len(self.ids), ROWS), len(self.codec.vocabulary)
        ids = self.ids[shown.start : shown.stop]
        grid = Grid(encode(ids, depth), columns_of(ids, depth), self.step - shown.start)
        names = _row_names(self.tokens, shown, self.step)
        heads = [self._column_head(ids) for ids in grid.columns]
        line = (
            f"Time steps {shown[0]} to {shown[-1]} of {len(self.ids)}, {depth:,} columns: a 1 in "
            "the column of the id, 0 in all others. Grey: columns of zeros only."
        )
        alt = f"One-hot rows, a 1 in each. {line}"
        return f'{grid.html(names, heads, alt, still)}<p class="u-label">{escape(line)}</p>'

    def _column_head(self, ids: range) -> str:
        """Name a column by token and id, a gap by how many columns it is."""
        if len(ids) > 1:
            return f"… {len(ids):,} columns"
        return f"{shorten(visible(self.codec.vocabulary.tokens[ids[0]]), 10)} {ids[0]}"

    def _table(self, still: bool) -> Table:
        """Tell the same in words and numbers."""
        shown = range(len(self.ids)) if still else around(self.step, len(self.ids), ROWS)
        rows = []
        for step in shown:
            token, id = self.tokens[step], int(self.ids[step])
            row = encode([id], len(self.codec.vocabulary))[0]
            note = SPECIAL_TOKENS[UNK] if unknown(token, id) else ""
            rows.append((step, token, note, id, int(row.argmax()), int((row == 0).sum())))
        header = ("time step", "token", "read as", "id", "1 in column", "zeros")
        caption = f"time steps {shown[0]} to {shown[-1]} of {len(self.ids)}"
        return Table(caption, header, rows, self.step - shown[0])

    def _bars(self, still: bool) -> str:
        """Draw the memory on a logarithmic scale, and say how it comes about."""
        large, *small = self.memory.values()
        line = (
            f"{self.sentences:,} sentences × {self.time} time steps × {self.vocabulary:,} columns "
            f"× 4 bytes = {size(large)}: {large / small[0]:,.0f} times the ids in int32, "
            f"{large / small[1]:,.0f} times the ids in the smallest type."
        )
        drawing = logarithmic_bars(self.memory)
        return f"<p>{escape(line)}</p>{drawing.image() if still else drawing.inline()}"

    def _memory(self, still: bool) -> Table:
        """Tell the memory in numbers."""
        rows = [(name, size(count), verdict(count), count) for name, count in self.memory.items()]
        header = ("a corpus as", "takes", "2 GB", "bytes")
        caption = "memory, and whether the 2 GB of a free Binder will do"
        if still:  # a page without the sliders that say it
            sizes = f"{self.sentences:,} sentences × {self.time} time steps"
            caption += f"; {sizes}, vocabulary of {self.vocabulary:,}"
        return Table(caption, header, rows)

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        wide = {"layout": {"width": "100%"}, "style": {"description_width": "70px"}}
        look = {"layout": {"width": "320px"}, "style": {"description_width": "90px"}}
        powers = {"base": 10, "step": 0.05, "readout_format": ",.0f"}
        knobs = {
            "sentence": ipywidgets.Text(description="sentence", continuous_update=False, **wide),
            "vocabulary": ipywidgets.FloatLogSlider(
                min=1, max=5, description="vocabulary", **powers, **look
            ),
            "sentences": ipywidgets.FloatLogSlider(
                min=2, max=7, description="sentences", **powers, **look
            ),
            "time": ipywidgets.IntSlider(min=1, max=200, description="time steps", **look),
        }
        return self.tie(knobs, vocabulary=(float, round), sentences=(float, round))


class Grid:
    """A picture of one-hot rows, the columns that hold only zeros left out.

    Attributes:
        values: float array (rows, vocabulary).
        columns: the columns from left to right; a range of several ids is a gap.
        now: the row to frame.
    """

    def __init__(self, values: np.ndarray, columns: Sequence[range], now: int) -> None:
        """Lay the columns out."""
        self.values, self.columns, self.now = values, columns, now
        widths = [CELL if len(ids) == 1 else GAP for ids in columns]
        self.edges = np.concatenate([[0], np.cumsum(widths)])
        self.middles = (self.edges[:-1] + self.edges[1:]) / 2
        self.height = HEAD + CELL * len(values) + 4

    def html(self, names: str, heads: Sequence[str], alt: str, still: bool) -> str:
        """Return the picture; live, it slides so that the 1 of the framed row is seen."""
        body, width = self._body(heads), int(self.edges[-1]) + 2
        if still:
            moved = f'{names}<g transform="translate({LABELS} 0)">{body}</g>'
            return Drawing(moved, alt, LABELS + width, self.height).image()
        picture = Drawing(body, alt, width, self.height).inline()
        size = f'width="{LABELS}" height="{self.height}"'
        left = f'<svg class="u-drawing" aria-hidden="true" {size}>{names}</svg>'
        one = next(place for place, ids in enumerate(self.columns) if self.values[self.now, ids[0]])
        return sliding(left, picture, width, float(self.middles[one]))

    def _body(self, heads: Sequence[str]) -> str:
        """Draw gaps, heads, rows and the frame."""
        tall = CELL * len(self.values)
        gaps = "".join(
            f'<rect class="pale" x="{x + 2}" y="{HEAD}" width="{GAP - 4}" height="{tall}"/>'
            for x, ids in zip(self.edges, self.columns, strict=False)
            if len(ids) > 1
        )
        turned = "".join(
            f'<g transform="translate({x + 4:g} {HEAD - 4}) rotate(-90)">'
            f"{text(0, 0, head, 'small soft')}</g>"
            for x, head in zip(self.middles, heads, strict=True)
        )
        rows = "".join(self._row(place) for place in range(len(self.values)))
        frame = f'y="{HEAD + CELL * self.now}" width="{self.edges[-1]}" height="{CELL}"'
        return f'{gaps}{turned}{rows}<rect class="cursor" x="1" {frame} rx="4"/>'

    def _row(self, place: int) -> str:
        """Draw a row: its zeros and gaps in one text, its 1 on a bar."""
        y, row = HEAD + CELL * place, self.values[place]
        signs = ["…" if len(ids) > 1 else f"{row[ids[0]]:.0f}" for ids in self.columns]
        xs = " ".join(f"{x:g}" for x, sign in zip(self.middles, signs, strict=True) if sign != "1")
        rest = "".join(sign for sign in signs if sign != "1")
        ones = "".join(
            f'<rect class="blue" x="{x - 10:g}" y="{y + 2}" width="20" height="20" rx="3"/>'
            f'<text x="{x:g}" y="{y + 17}" class="strong" text-anchor="middle" '
            f'style="fill:var(--u-paper)">1</text>'
            for x, sign in zip(self.middles, signs, strict=True)
            if sign == "1"
        )
        return ones + text(xs, y + 17, rest, "soft", "middle")


def columns_of(ids: Iterable[int], depth: int) -> list[range]:
    """Choose the columns to draw: all of a small vocabulary, otherwise those of some ids.

    Args:
        ids: whose columns must be seen.
        depth: columns in all.

    Returns:
        Ranges that together are all columns; one of several ids holds only zeros.
    """
    if depth <= ALL_COLUMNS:
        return [range(id, id + 1) for id in range(depth)]
    columns, begin = [], 0
    for id in [*sorted(set(map(int, ids))), depth]:
        between = range(begin, id)
        small = len(between) <= SMALL_GAP
        columns += [range(zero, zero + 1) for zero in between] if small else [between]
        columns += [range(id, id + 1)] * (id < depth)
        begin = id + 1
    return columns


def size(count: int) -> str:
    """Write bytes for a reader, with decimal units."""
    power = min((len(str(count)) - 1) // 3, len(UNITS) - 1)
    return f"{number(count / 1000**power)} {UNITS[power]}"


def verdict(count: int) -> str:
    """Say whether so many bytes fit into a free Binder's memory."""
    return "fits" if count <= BINDER else "does not fit"


def logarithmic_bars(sizes: dict[str, int]) -> Drawing:
    """Draw bytes by name as bars on a logarithmic scale, with the memory of a free Binder."""
    bottom = 24 + 48 * len(sizes)
    lines = [(10 ** (3 * power), unit) for power, unit in enumerate(UNITS) if power]
    ticks = "".join(
        _upright(count, bottom - 5, bottom)
        + text(f"{_percent(count):.2f}%", bottom + 14, f"1 {unit}", "small soft", "middle")
        for count, unit in lines
    )
    limit = text(f"{_percent(BINDER):.2f}%", 13, "2 GB, a free Binder", "small", "middle")
    drawn = "".join(
        text(0, 34 + 48 * place, f"{name}: {size(count)}, {verdict(count)}")
        + f'<rect class="bar" x="0" y="{42 + 48 * place}" width="{_percent(count):.2f}%" '
        f'height="18"/>' + _upright(BINDER, 38 + 48 * place, 64 + 48 * place, "cursor")
        for place, (name, count) in enumerate(sizes.items())
    )
    told = "; ".join(f"{name}: {size(count)}, {verdict(count)}" for name, count in sizes.items())
    alt = f"Bars on a logarithmic scale: memory. {told}. A free Binder has 2 GB."
    return Drawing(ticks + limit + drawn, alt, 500, bottom + 20, fits=True)


def _upright(count: float, top: int, bottom: int, kind: str = "line") -> str:
    """Draw an upright line at so many bytes."""
    x = f"{_percent(count):.2f}%"
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _percent(count: float) -> float:
    """Return where so many bytes are on the scale, in percent of the width."""
    least, most = SCALE
    return 100 * float(np.clip((np.log10(count) - least) / (most - least), 0, 1))


def _row_names(tokens: Sequence[str], shown: range, now: int) -> str:
    """Write step and token before each row, a mark before the framed one."""
    names = []
    for place, step in enumerate(shown):
        mark, kind = ("▶ ", "strong") if step == now else ("", "")
        name = f"{mark}{step} {shorten(visible(tokens[step]), 9)}"
        names.append(text(LABELS - 6, HEAD + CELL * place + 17, name, kind, "end"))
    return "".join(names)
