"""Inside a cell: which gate of which unit opened at which token, and what the unit kept."""

from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course.errors import CourseError
from course.models.inside import CellRun, encoder_run, language_run
from course.text import END, SPECIAL_TOKENS, UNK, Codec
from course.widgets.drawing import Drawing, Table, chip, escape, text
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import check_codec, tokens_of
from course.wording import number, shorten, visible

CHART, BAND = 42, 58  # pixels: a chart, and what lies from one to the next
LABELS = 66  # pixels below the charts
LEFT, WIDE = 26, 72  # percent of the width: names and axes, and the charts
MOST_LABELS = 16  # tokens that are named below the charts
MOST_TIPS = 60  # tokens whose columns answer a mouse; more would make a heavy picture
NEAR = 5  # tokens on each side of the present one that are shown
BOTH_SIDES = ("candidate", "cell", "hidden")  # these go below zero, gates do not
# How much a gate lets through, in words.
AMOUNTS = ((0.1, "almost nothing"), (0.35, "a little"), (0.65, "about half"), (0.9, "most"))


def inside_a_cell(
    model: Any,
    sentence: str,
    *,
    layer: int = 1,
    source: Codec | None = None,
    **settings: Any,
) -> "InsideACell":
    """Watch the gates of one unit at a time while a model reads a sentence.

    Args:
        model: a `Seq2Seq`, whose encoder reads, or a `LanguageModel`, which reads END before the
            sentence; with LSTM or GRU layers.
        sentence: what it reads.
        layer: which recurrent layer of those that read, counted from 1.
        source: from text to the ids that it reads; the model's own if None.
        settings: any of the demo's traits to begin with, as `unit=3`.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the model has no gates to look at, no such layer, or no codec.
    """
    source = source or getattr(model, "source", None) or getattr(model, "codec", None)
    most = len(_widths(model))
    if layer not in range(1, most + 1):
        reader = "model" if _is_language(model) else "encoder"
        raise CourseError(f"no layer {layer!r}: the {reader} has 1 to {most}, a whole number")
    if source is None:
        raise CourseError("this model has no source codec: pass source=")
    check_codec(source)
    return InsideACell(model, source, sentence=sentence, layer=layer, **settings)


class InsideACell(Stepped):
    """A demo of what a recurrent layer does at every token.

    Attributes:
        sentence: what the model reads.
        layer: which recurrent layer, counted from 1.
        unit: which of its units; the one whose gates swing most if none is asked for.
        step: the place of the present token.
        run: gates and states of all units at every token.
        ranking: all units, those whose gates swing most first.
    """

    title = "Inside a cell, a unit at a time"
    heights = {"sentence": 130, "words": 130, "gates": 6 * BAND + LABELS, "table": 186}  # noqa: RUF012

    sentence = traitlets.Unicode()
    layer = traitlets.Int(1)
    unit = traitlets.Int(0)

    def __init__(self, model: Any, source: Codec, **settings: Any) -> None:
        """Read the sentence and lay the demo out."""
        super().__init__()
        self.model, self.source, self.widths = model, source, _widths(model)
        self.run: CellRun | None = None
        self.ids: list[int] = []
        self.tokens: list[str] = []
        self.ranking = np.arange(max(self.widths))
        rows = {"lstm": 6, "gru": 4}[model.config.cell]
        self.heights = {**self.heights, "gates": rows * BAND + LABELS}
        self.begin_with(settings)
        self.attempt(self._read)
        if "unit" not in settings:
            self.unit = int(self.ranking[0])
        knobs = self._knobs()
        self.next_unit = ipywidgets.Button(
            description="Next interesting unit",
            icon="search",
            tooltip="Go to the unit whose gates swing most after this one's",
            layout={"width": "190px"},
        )
        self.next_unit.on_click(self._go_to_next_unit)
        self.observe(self._changed, list(knobs))
        self.assemble(
            controls(knobs["sentence"]),
            controls(knobs["layer"], knobs["unit"], self.next_unit),
            self.player,
            self.panes["sentence"],
            beside(
                self.panes["gates"],
                ipywidgets.VBox([self.panes["words"], self.panes["table"]]),
                widths=(450, 400),
            ),
        )

    @traitlets.validate("unit")
    def _is_a_unit(self, proposal: dict) -> int:
        """Keep the unit among those that the layer has."""
        return min(max(0, proposal["value"]), self.widths[self.layer - 1] - 1)

    @traitlets.validate("layer")
    def _is_a_layer(self, proposal: dict) -> int:
        """Keep the layer among those that read."""
        return min(max(1, proposal["value"]), len(self.widths))

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the sentence, what happened in words, a chart a gate, and a table."""
        if self.run is None:
            return {name: "" for name in self.heights}
        return {
            "sentence": self._sentence(still),
            "words": "".join(f"<p>{escape(line)}</p>" for line in self._words()),
            "gates": self._gates(),
            "table": self._table(),
        }

    @property
    def rows(self) -> dict[str, np.ndarray]:
        """Gates and states of the chosen unit, in the order of use: float arrays (time,)."""
        states = dict(sorted(self.run.states.items()))  # the cell, then what is shown of it
        return {name: values[:, self.unit] for name, values in {**self.run.gates, **states}.items()}

    def _read(self) -> None:
        """Read the sentence anew."""
        tokens = tokens_of(self.source, self.sentence)
        ids = self.source.vocabulary.ids(tokens)
        if _is_language(self.model):
            run = language_run(self.model, ids, self.layer)
            tokens, ids = [SPECIAL_TOKENS[END], *tokens], [END, *ids]
        else:
            run = encoder_run(self.model, ids, self.layer)
        if not all(np.isfinite(values).all() for values in {**run.gates, **run.states}.values()):
            raise CourseError("this layer's gates are no numbers: its training has diverged")
        self.run = run
        self.ids, self.tokens, self.ranking = ids, tokens, by_swing(self.run)
        self.message = ""
        self.last = len(tokens) - 1

    @guarded
    def _changed(self, change: dict) -> None:
        """Follow a setting; a new sentence begins at its first token."""
        if change["name"] == "unit":
            self.draw()
            return
        self.pause()
        self._read()
        if change["name"] == "sentence":
            self.step = 0
        self.unit = min(self.unit, len(self.ranking) - 1)  # the layer may be a narrower one
        self.draw()

    @guarded
    def _go_to_next_unit(self, _: object = None) -> None:
        """Go down the ranking by one place, and from its end to the top."""
        place = int(np.flatnonzero(self.ranking == self.unit)[0])
        self.unit = int(self.ranking[(place + 1) % len(self.ranking)])

    def _sentence(self, still: bool) -> str:
        """Draw the tokens around the present one, and say which unit this is."""
        reach = len(self.tokens) if still else NEAR  # a page without a kernel shows them all
        near = range(max(0, self.step - reach), min(len(self.tokens), self.step + reach + 1))
        chips = "".join(map(self._chip, near))
        before, after = "… " * (near.start > 0), "…" * (near.stop < len(self.tokens))
        place = int(np.flatnonzero(self.ranking == self.unit)[0]) + 1
        unknown = self.ids.count(UNK)
        label = (
            f"unit {self.unit} of 0 to {len(self.ranking) - 1} ({self.run.cell.upper()}, layer "
            f"{self.layer}; gates of {len(self.ranking) - place} others swing less); "
            f"step {self.step} of 0 to {self.last}"
        )
        label += f", {unknown} not in the vocabulary" if unknown else ""
        return f'<p><span class="u-label">{label}</span></p><p>{before}{chips}{after}</p>'

    def _chip(self, place: int) -> str:
        """Draw one token."""
        unknown = self.ids[place] == UNK
        kinds = ["unknown"] * unknown + ["now"] * (place == self.step)
        return chip(self.tokens[place], " ".join(kinds), "not in the vocabulary" * unknown)

    def _words(self) -> list[str]:
        """Say what this unit did with the present token."""
        now = {name: float(values[self.step]) for name, values in self.rows.items()}
        before = {
            name: float(values[self.step - 1]) if self.step else 0.0
            for name, values in self.rows.items()
        }
        return {"lstm": _lstm_words, "gru": _gru_words}[self.run.cell](now, before)

    def _gates(self) -> Drawing:
        """Draw a chart for each gate and state, below each other, so that tokens line up."""
        rows = self.rows
        charts = "".join(
            _chart(name, values, self.step, place * BAND)
            for place, (name, values) in enumerate(rows.items())
        )
        bottom = len(rows) * BAND
        frame = _column(self.step, len(self.tokens), bottom, 'class="cursor"')
        tips = _tips(rows, self.tokens, bottom) if len(self.tokens) <= MOST_TIPS else ""
        labels = _labels(self.tokens, self.step, bottom)
        words = "; ".join(
            f"{name} {number(float(values[self.step]), 2)}" for name, values in rows.items()
        )
        alt = (
            f"Bars over {len(self.tokens)} tokens, a row for each of {', '.join(rows)} of unit "
            f"{self.unit}. At step {self.step}, {visible(self.tokens[self.step])}: {words}."
        )
        return Drawing(charts + frame + labels + tips, alt, 640, bottom + LABELS, fits=True)

    def _table(self) -> Table:
        """Tell the present values, and at which tokens each gate was most open and most closed."""
        rows = []
        for name, values in self.rows.items():
            now, high, low = self.step, int(values.argmax()), int(values.argmin())
            rows.append((name, float(values[now]), self._at(high, values), self._at(low, values)))
        token = shorten(visible(self.tokens[self.step]), 14)
        caption = f"unit {self.unit} at step {self.step}, {token}"
        return Table(caption, ("gate or state", "now", "open or highest", "shut or lowest"), rows)

    def _at(self, place: int, values: np.ndarray) -> str:
        """Write a token with its step and the value there."""
        token = shorten(visible(self.tokens[place]), 12)
        return f"{token} ({place}): {values[place]:.2f}"

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        narrow = {"layout": {"width": "130px"}, "style": {"description_width": "44px"}}
        wide = {"layout": {"width": "100%"}, "style": {"description_width": "70px"}}
        knobs = {
            "sentence": ipywidgets.Text(description="sentence", continuous_update=False, **wide),
            "layer": ipywidgets.BoundedIntText(
                min=1, max=len(self.widths), description="layer", **narrow
            ),
            "unit": ipywidgets.BoundedIntText(
                min=0, max=max(self.widths) - 1, description="unit", **narrow
            ),
        }
        return self.tie(knobs)


def _is_language(model: Any) -> bool:
    """Say whether a model reads running text, and not a sentence to translate."""
    return getattr(model, "kind", None) == "language"


def _widths(model: Any) -> tuple[int, ...]:
    """Return the units of each recurrent layer that reads, the lowest first.

    Raises:
        CourseError: it has none, or none with gates.
    """
    if not (_is_language(model) or getattr(model, "kind", None) == "seq2seq"):
        raise CourseError(f"{type(model).__name__} has no recurrent layers to look into")
    config = model.config
    if config.cell == "rnn":
        raise CourseError("an RNN has no gates to look at: give a GRU or an LSTM")
    return config.units if _is_language(model) else (config.units,) * config.layers


def by_swing(run: CellRun) -> np.ndarray:
    """Return all units, those with the widest swing of any gate over the sentence first.

    Args:
        run: of one sentence; its candidates are no gates and do not count.

    Returns:
        int array (units,).
    """
    gates = [values for name, values in run.gates.items() if name not in BOTH_SIDES]
    return np.argsort(-np.ptp(np.stack(gates), axis=1).max(axis=0), kind="stable")


def _amount(gate: float) -> str:
    """Say how much a gate lets through."""
    return next((words for most, words in AMOUNTS if gate < most), "nearly all")


def _lstm_words(now: dict[str, float], before: dict[str, float]) -> list[str]:
    """Say what one unit of an LSTM did at one token."""
    written = {name: number(value, 2) for name, value in now.items()}
    return [
        f"forget {written['forget']}: keeps {_amount(now['forget'])} of its cell; "
        f"input {written['input']}: lets in {_amount(now['input'])} of the candidate "
        f"{written['candidate']}; so the cell goes from {number(before['cell'], 2)} to "
        f"{written['cell']}.",
        f"output {written['output']}: shows {_amount(now['output'])} of it (squashed by tanh); so "
        f"the hidden state is {written['hidden']}.",
    ]


def _gru_words(now: dict[str, float], before: dict[str, float]) -> list[str]:
    """Say what one unit of a GRU did at one token."""
    written = {name: number(value, 2) for name, value in now.items()}
    return [
        f"reset {written['reset']}: lets {_amount(now['reset'])} of what the state says into the "
        f"candidate, which is {written['candidate']}.",
        f"update {written['update']}: keeps {_amount(now['update'])} of its hidden state and takes "
        f"{_amount(1 - now['update'])} of the candidate; so the hidden state goes from "
        f"{number(before['hidden'], 2)} to {written['hidden']}.",
    ]


def _chart(name: str, values: np.ndarray, step: int, y: int) -> str:
    """Draw one row: name, value now, axis, and a bar for each token."""
    signed = name in BOTH_SIDES
    most = max(1, int(np.ceil(np.abs(values).max())))
    top, low = y + 6, -most if signed else 0
    foot = top + CHART
    ticks = {most: top + 4, low: foot + 4} | ({0: top + CHART / 2 + 4} if signed else {})
    axis = "".join(
        text(f"{LEFT - 1.5}%", height, value, "small soft", "end")
        for value, height in ticks.items()
    )
    words = text(0, top + 14, name) + text(0, top + 32, number(float(values[step]), 2), "strong")
    return words + axis + _bars(values, step, top, low, most)


def _bars(values: np.ndarray, step: int, y: int, low: int, high: int) -> str:
    """Draw a bar for each token, all in one path, the present one in another colour.

    Args:
        values: (time,).
        step: the present token.
        y: pixels of the upper edge.
        low: the value of the lower edge.
        high: the value of the upper edge.
    """
    unit = CHART / (high - low)
    zero = high * unit
    parts = [
        f"M{place + 0.1:g} {zero:g}v{-v * unit:.1f}h.8V{zero:g}z" for place, v in _each(values)
    ]
    now = parts.pop(step)
    line = (
        f'<path class="line" d="M0 {zero:g}H{len(values)}M0 0V{CHART}" '
        'vector-effect="non-scaling-stroke"/>'
    )
    bars = f'<path class="bar" d="{"".join(parts)}"/><path class="chosen" d="{now}"/>'
    return (
        f'<svg x="{LEFT}%" y="{y}" width="{WIDE}%" height="{CHART}" '
        f'viewBox="0 0 {len(values)} {CHART}" preserveAspectRatio="none">{bars}{line}</svg>'
    )


def _each(values: np.ndarray) -> list[tuple[int, float]]:
    """Return the places and their values as plain numbers."""
    return list(enumerate(values.tolist()))


def _column(place: int, count: int, height: int, attributes: str, inner: str = "") -> str:
    """Draw a rectangle over one token's column of all charts."""
    wide = WIDE / count
    return (
        f'<rect x="{LEFT + place * wide:.2f}%" y="1" width="{wide:.2f}%" height="{height - 2}" '
        f"{attributes}>{inner}</rect>"
    )


def _tips(rows: dict[str, np.ndarray], tokens: list[str], height: int) -> str:
    """Tell a mouse that rests on a token's column all values there."""
    tips = []
    for place, token in enumerate(tokens):
        values = ", ".join(f"{name} {number(float(row[place]), 2)}" for name, row in rows.items())
        title = f"<title>{escape(visible(token))}: {values}</title>"
        tips.append(_column(place, len(tokens), height, 'fill="transparent"', title))
    return "".join(tips)


def _labels(tokens: list[str], step: int, y: int) -> str:
    """Name the tokens below the charts: the present one always, of many the others now and then."""
    every = int(np.ceil(len(tokens) / MOST_LABELS))
    wide = WIDE / len(tokens)
    labels = []
    for place, token in enumerate(tokens):
        if place != step and (place % every or abs(place - step) < every):
            continue
        kind = "small strong" if place == step else "small soft"
        word = text(0, 0, shorten(visible(token), 12), kind, "end")
        labels.append(
            f'<svg x="{LEFT + (place + 0.6) * wide:.2f}%" y="{y + 10}" overflow="visible">'
            f'<g transform="rotate(-45)">{word}</g></svg>'
        )
    return "".join(labels)
