"""Decoding, step by step: what a model says, what else it could have said, and what if it had."""

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course.decoding.replay import replay
from course.errors import CourseError
from course.text import UNK, Codec
from course.trace import Trace
from course.widgets.drawing import ROW, Drawing, Table, bars, chip, escape, strip
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import codecs_of, tokens_of
from course.wording import number, visible

SHOWN = 8  # alternatives at each step
SAID = 14  # tokens that are shown of what has been said
STRIPS = 114  # pixels for the two strips of a state
SETTINGS = {  # of each search
    "greedy": (),
    "sample": ("temperature", "top_k", "top_p", "seed"),
    "beam": ("width", "length_penalty"),
}
MOST = 10_000  # of a knob that counts
HOPELESS = -1e8  # log-probability of what can never be said


def decoding_stepper(
    model: Any,
    sentence: str,
    *,
    source: Codec | None = None,
    target: Codec | None = None,
    **settings: Any,
) -> "DecodingStepper":
    """Step through the decoding of a sentence, forwards and backwards, and change what is said.

    Args:
        model: anything with `start` and `step`.
        sentence: what it reads.
        source: from text to the ids that it reads; the model's own if None.
        target: from ids to the text that it says; the model's own if None.
        settings: any of the demo's traits to begin with, as `search="beam"`.

    Returns:
        The demo; its `step`, its settings and its `trace` can be read and set.

    Raises:
        CourseError: the model cannot be decoded, or has no codecs, or a setting makes no sense.
    """
    return DecodingStepper(model, *codecs_of(model, source, target), sentence=sentence, **settings)


class DecodingStepper(Stepped):
    """A demo of decoding.

    Attributes:
        sentence: what the model reads.
        search: "greedy", "sample" or "beam".
        temperature, top_k, top_p, seed: for sampling; a top_k of 0 is all tokens.
        width, length_penalty: for beam search.
        prefix: the tokens that are forced, up to the last choice that a learner made.
        picked: the steps at which a learner chose.
        trace: what decoding left.
        unforced: what the model says if nobody interferes.
    """

    title = "Decoding, step by step"
    heights = {"sentence": 148, "alternatives": SHOWN * ROW, "table": SHOWN * ROW, "state": STRIPS}  # noqa: RUF012

    sentence = traitlets.Unicode()
    search = traitlets.Enum(("greedy", "sample", "beam"), "greedy")
    temperature = traitlets.Float(1.0, min=0.05, max=5.0)
    top_k = traitlets.Int(0, min=0, max=MOST)
    top_p = traitlets.Float(1.0, min=0.01, max=1.0)
    seed = traitlets.Int(0, min=0, max=MOST)
    width = traitlets.Int(5, min=1, max=10)
    length_penalty = traitlets.Float(0.6, min=0.0, max=10.0)

    def __init__(self, model: Any, source: Codec, target: Codec, **settings: Any) -> None:
        """Decode the sentence and lay the demo out."""
        super().__init__()
        self.model, self.source, self.target = model, source, target
        self.prefix, self.picked = (), frozenset()
        self.trace = self.unforced = None
        self.ids: list[int] = []
        self.begin_with(settings)
        self._buttons = [self._choice(place) for place in range(SHOWN)]
        knobs = self._knobs()
        self.attempt(self._decode)
        if self.trace is not None:
            self.heights = {**self.heights, "state": STRIPS * max(1, len(self.trace.states))}
        self._show_knobs(knobs)
        self.observe(lambda _: self._show_knobs(knobs), "search")
        self.observe(self._changed, list(knobs))
        self.assemble(
            controls(knobs["sentence"]),
            controls(*(knob for name, knob in knobs.items() if name != "sentence")),
            self.player,
            self.panes["sentence"],
            beside(self._choices(), self.panes["table"], widths=(420, 330)),
            self.panes["state"],
        )

    def force(self, token_id: int) -> None:
        """Make the model say a token at this step, and go on from there.

        Raises:
            CourseError: the sentence is whole, or cannot be read.
        """
        if self.step == self.last:
            raise CourseError("the sentence is whole: go back a step to change it")
        step = self.step
        prefix = (*map(int, self.trace.tokens[:step]), int(token_id))
        picked = frozenset(place for place in self.picked if place < step) | {step}
        self._take(replay(self.model, self.ids, self.search, forced=prefix, **self._options()))
        self.prefix, self.picked = prefix, picked
        self.step = step + 1

    def follow(self, token_ids: Sequence[int]) -> None:
        """Show how a sentence was said that has been said already, as by another search.

        Args:
            token_ids: the whole sentence.
        """
        prefix = tuple(map(int, token_ids))
        self._take(replay(self.model, self.ids, self.search, forced=prefix, **self._options()))
        self.prefix, self.picked, self.step = prefix, frozenset(), 0
        self.unforced = self.trace
        self.draw()

    def rewind(self) -> None:
        """Go back to the first step and forget all choices."""
        self.prefix, self.picked, self.step = (), frozenset(), 0
        if self.unforced is not None:
            self._take(self.unforced)
        self.draw()

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the sentence, the next token's alternatives as bars and table, and the state."""
        if self.trace is None:
            return {name: "" for name in self.heights}
        return {
            "sentence": self._sentences(),
            "alternatives": self._bars(still),
            "table": self._table(),
            "state": self._state(still),
        }

    @guarded
    def draw(self) -> None:
        """Show the present step, on the buttons too."""
        super().draw()
        ids, _ = self._alternatives()
        tokens = self.target.vocabulary.tokens
        for place, button in enumerate(self._buttons):
            there = place < len(ids)
            button.description = visible(tokens[ids[place]]) if there else ""
            button.disabled = not there

    def _decode(self, prefix: tuple[int, ...] = ()) -> None:
        """Decode anew with the present settings; what was there stays if that cannot be done."""
        tokens = tokens_of(self.source, self.sentence)
        ids = self.source.vocabulary.ids(tokens)
        options = self._options()
        trace = unforced = replay(self.model, ids, self.search, **options)
        if prefix:
            trace = replay(self.model, ids, self.search, forced=prefix, **options)
        self.tokens, self.ids, self.unforced = tokens, ids, unforced
        self._take(trace)

    def _options(self) -> dict[str, Any]:
        """Return the present settings of the search, and what its trace must hold."""
        options = {name: getattr(self, name) for name in SETTINGS[self.search]}
        if self.search == "sample":
            options["top_k"] = self.top_k or None
        return {**options, "alternatives": SHOWN}

    def _take(self, trace: Trace) -> None:
        """Show another trace; its message and its number of steps follow."""
        self.trace = trace
        self.message = ""
        self.last = len(trace)

    @guarded
    def _changed(self, change: dict) -> None:
        """Decode anew after a setting changed; a new sentence begins at its beginning."""
        self.pause()
        self.message = "decoding …"
        if change["name"] == "sentence":
            self._decode()
            self.prefix, self.picked, self.step = (), frozenset(), 0
        else:
            self._decode(self.prefix)
        self.draw()

    def _show_knobs(self, knobs: dict[str, ipywidgets.Widget]) -> None:
        """Leave only those settings open that the search has."""
        for name, knob in knobs.items():
            knob.disabled = name not in ("sentence", "search", *SETTINGS[self.search])

    def _alternatives(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ids and log-probabilities of the likeliest next tokens; none at the end."""
        if self.trace is None or self.step >= len(self.trace):
            return np.zeros(0, int), np.zeros(0)
        log_probs = self.trace.top_log_probs[self.step]
        possible = log_probs > HOPELESS
        return self.trace.top_ids[self.step][possible], log_probs[possible]

    def _sentences(self) -> str:
        """Say where we are and what became of a choice; draw what is said and what is read."""
        so_far = number(float(self.trace.log_probs[: self.step].sum()))
        knobs = [f"{_named(name)} {getattr(self, name):g}" for name in SETTINGS[self.search]]
        how = ", ".join([f"step {self.step} of {self.last}", self.search, *knobs])
        lines = [f"{how}; log-probability so far {so_far}"]
        if self.picked:
            lines.append(f"left alone it says: {self._whole(self.unforced)}")
            lines.append(f"with your choice: {self._whole(self.trace)}")
        told = "".join(f'<p class="u-line">{escape(line)}</p>' for line in lines)
        return f"{told}<p>has said: {self._said()}</p><p>reads: {self._read()}</p>"

    def _read(self) -> str:
        """Draw the source; a token that the vocabulary does not hold is marked, and counted."""
        read = " ".join(
            chip(token, "unknown" * (id == UNK), "not in the vocabulary" * (id == UNK))
            for token, id in zip(self.tokens, self.ids, strict=True)
        )
        unknown = self.ids.count(UNK)
        return read + (f" {unknown} not in the vocabulary, read as &lt;unk&gt;" if unknown else "")

    def _said(self) -> str:
        """Draw the last tokens that have been said; one that a learner chose is marked."""
        words, first = self.target.vocabulary.tokens, max(0, self.step - SAID)
        said = " ".join(
            chip(words[id], "forced" if place in self.picked else "")
            for place, id in enumerate(self.trace.tokens[first : self.step], start=first)
        )
        earlier = f"({first} earlier) " if first else ""
        return earlier + said + (chip("…", "next") if self.step < self.last else "")

    def _whole(self, trace: Any) -> str:
        """Write a whole sentence and how likely it is."""
        return f"{self.target.text(trace.tokens)} (log-probability {number(trace.log_prob)})"

    def _bars(self, still: bool) -> Drawing | str:
        """Draw the probabilities of the next token."""
        ids, log_probs = self._alternatives()
        if not len(ids):
            return "<p>The sentence is whole: it ends here.</p>"
        tokens = [visible(self.target.vocabulary.tokens[id]) for id in ids]
        probs = np.exp(log_probs)
        titles = [
            f"{token}: probability {number(p)}, log-probability {number(lp)}"
            for token, p, lp in zip(tokens, probs, log_probs, strict=True)
        ]
        taken = np.flatnonzero(ids == self.trace.tokens[self.step])
        return bars(
            probs,
            [number(p) for p in probs],
            titles,
            f"Bars: the likeliest next tokens. {'; '.join(titles)}.",
            chosen=int(taken[0]) if len(taken) else None,
            names=tokens if still else None,
        )

    def _table(self) -> Table:
        """Tell the same in numbers."""
        ids, log_probs = self._alternatives()
        tokens = self.target.vocabulary.tokens
        taken = None if self.step >= self.last else int(self.trace.tokens[self.step])
        rows = [
            (tokens[id], float(np.exp(lp)), float(lp), "◀" if id == taken else "")
            for id, lp in zip(ids, log_probs, strict=True)
        ]
        if taken is not None and taken not in ids:
            lp = float(self.trace.log_probs[self.step])
            rows.append((tokens[taken], float(np.exp(lp)), lp, "◀"))
        chosen = next((place for place, row in enumerate(rows) if row[-1]), None)
        header = ("token", "probability", "log-probability", "taken")
        own = ": the model's own, before temperature, top-k and top-p" * (self.search == "sample")
        return Table(f"the next token, after step {self.step}{own}", header, rows, chosen)

    def _state(self, still: bool) -> str:
        """Draw the states before the next token, and how the last token changed them."""
        place = min(self.step, len(self.trace) - 1)
        strips = []
        for name, values in self.trace.states.items():
            strips.append(self._strip(name, values[place], still))
            if place:
                moved = values[place] - values[place - 1]
                strips.append(self._strip(f"change of {name}", moved, still))
        if not strips:
            return "<p>This model shows no state.</p>"
        if self.step == self.last:
            strips.append("<p>The last token is not read: this is the state that said it.</p>")
        return "".join(strips)

    def _strip(self, name: str, values: np.ndarray, still: bool) -> str:
        """Draw a strip with its name and its largest units in words."""
        largest = np.argsort(-np.abs(values), kind="stable")[:3]
        most = ", ".join(f"unit {unit}: {number(float(values[unit]), 2)}" for unit in largest)
        alt = f"{name}, {len(values)} units; {most}"
        drawing = strip(values, alt, scale=max(1.0, float(np.abs(values).max(initial=0))))
        shown = drawing.image() if still else drawing.inline()
        return f'<p class="u-label">{escape(alt)}</p>{shown}'

    def _choice(self, place: int) -> ipywidgets.Button:
        """Return the button that forces the alternative at one place."""
        button = ipywidgets.Button(
            tooltip="Make the model say this",
            layout={"width": "130px", "height": f"{ROW - 2}px", "margin": "1px 6px 1px 0"},
        )

        @guarded
        def pressed(self: DecodingStepper, _: object) -> None:
            self.pause()
            ids, _ = self._alternatives()
            if place < len(ids):
                self.force(ids[place])

        button.on_click(lambda event: pressed(self, event))
        return button

    def _choices(self) -> ipywidgets.HBox:
        """Put the buttons beside their bars."""
        column = ipywidgets.VBox(self._buttons, layout={"flex": "0 0 auto"})
        return ipywidgets.HBox([column, self.panes["alternatives"]])

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        narrow = {
            "layout": {"flex": "1 1 142px", "max_width": "190px", "width": "auto"},
            "style": {"description_width": "initial"},
        }
        wide = {"layout": {"width": "100%"}, "style": {"description_width": "initial"}}
        knobs = {
            "sentence": ipywidgets.Text(description="sentence", continuous_update=False, **wide),
            "search": ipywidgets.Dropdown(
                options=["greedy", "sample", "beam"], description="search", **narrow
            ),
            "temperature": ipywidgets.BoundedFloatText(
                min=0.05, max=5, step=0.1, description="temperature", **narrow
            ),
            "top_k": ipywidgets.BoundedIntText(min=0, max=MOST, description="top-k", **narrow),
            "top_p": ipywidgets.BoundedFloatText(
                min=0.01, max=1, step=0.05, description="top-p", **narrow
            ),
            "seed": ipywidgets.BoundedIntText(min=0, max=MOST, description="seed", **narrow),
            "width": ipywidgets.BoundedIntText(min=1, max=10, description="width", **narrow),
            "length_penalty": ipywidgets.BoundedFloatText(
                min=0, max=10, step=0.1, description="length penalty", **narrow
            ),
        }
        return self.tie(knobs)


def _named(setting: str) -> str:
    """Write the name of a setting as its control does."""
    return {"top_k": "top-k", "top_p": "top-p"}.get(setting, setting.replace("_", " "))
