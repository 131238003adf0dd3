"""Decoding, step by step: what a model says, what else it could have said, and what if it had."""

from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course.decoding.replay import replay
from course.errors import CourseError
from course.text import UNK, Codec
from course.widgets.drawing import ROW, Drawing, Table, bars, chip, escape, strip
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import codecs_of, tokens_of
from course.wording import number, visible

SHOWN = 8  # alternatives at each step
SETTINGS = {  # of each search
    "greedy": (),
    "sample": ("temperature", "top_k", "top_p", "seed"),
    "beam": ("width", "length_penalty"),
}
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
    heights = {"sentence": 148, "alternatives": SHOWN * ROW, "table": SHOWN * ROW, "state": 228}  # noqa: RUF012

    sentence = traitlets.Unicode()
    search = traitlets.Enum(("greedy", "sample", "beam"), "greedy")
    temperature = traitlets.Float(1.0, min=0.05, max=5.0)
    top_k = traitlets.Int(0, min=0)
    top_p = traitlets.Float(1.0, min=0.01, max=1.0)
    seed = traitlets.Int(0, min=0)
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
        self._begin()
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
        """Make the model say a token at this step, and go on from there."""
        if self.step == self.last:
            raise CourseError("the sentence is whole: go back a step to change it")
        self.picked = frozenset(p for p in self.picked if p < self.step) | {self.step}
        self.prefix = (*map(int, self.trace.tokens[: self.step]), int(token_id))
        step = self.step
        self._decode()
        self.step = step + 1

    def rewind(self) -> None:
        """Go back to the first step and forget all choices."""
        self.prefix, self.picked, self.step = (), frozenset(), 0
        self._decode()
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

    def _decode(self) -> None:
        """Decode anew with the present settings."""
        tokens = tokens_of(self.source, self.sentence)
        ids = self.source.vocabulary.ids(tokens)
        options = {name: getattr(self, name) for name in SETTINGS[self.search]}
        if self.search == "sample":
            options["top_k"] = self.top_k or None
        trace = replay(
            self.model, ids, self.search, forced=self.prefix, alternatives=SHOWN, **options
        )
        self.trace, self.ids, self.tokens = trace, ids, tokens
        if not self.prefix:
            self.unforced = trace
        self.message = ""
        self.last = len(trace)

    @guarded
    def _begin(self) -> None:
        """Decode for the first time; a sentence that cannot be read leaves the panes empty."""
        self._decode()

    @guarded
    def _changed(self, change: dict) -> None:
        """Decode anew after a setting changed; a new sentence begins at its beginning."""
        self.pause()
        if change["name"] == "sentence":
            self.prefix, self.picked = (), frozenset()
        self.message = "decoding …"
        self._decode()
        if change["name"] == "sentence":
            self.step = 0
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
        """Say where we are and what became of a choice; draw what is read and what is said."""
        so_far = number(float(self.trace.log_probs[: self.step].sum()))
        lines = [f"step {self.step} of {self.last}, log-probability so far {so_far}"]
        if self.picked:
            lines.append(f"left alone it says: {self._whole(self.unforced)}")
            lines.append(f"with your choice: {self._whole(self.trace)}")
        told = "".join(f'<p class="u-line">{escape(line)}</p>' for line in lines)
        return f"{told}<p>reads: {self._read()}</p><p>has said: {self._said()}</p>"

    def _read(self) -> str:
        """Draw the source; a token that the vocabulary does not hold is marked."""
        return "".join(
            chip(token, "unknown" * (id == UNK), "not in the vocabulary" * (id == UNK))
            for token, id in zip(self.tokens, self.ids, strict=True)
        )

    def _said(self) -> str:
        """Draw what has been said so far; a token that a learner chose is marked."""
        words = self.target.vocabulary.tokens
        said = "".join(
            chip(words[id], "forced" if place in self.picked else "")
            for place, id in enumerate(self.trace.tokens[: self.step])
        )
        return said + (chip("…", "next") if self.step < self.last else "")

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
        return Table(f"the next token, after step {self.step}", header, rows, chosen)

    def _state(self, still: bool) -> str:
        """Draw the states before the next token, and how the last token changed them."""
        place = min(self.step, len(self.trace) - 1)
        strips = []
        for name, values in self.trace.states.items():
            now = values[place]
            moved = now - values[place - 1] if place else np.zeros_like(now)
            strips.append(self._strip(name, now, 1.0, still))
            strips.append(self._strip(f"change of {name}", moved, 1.0, still))
        return "".join(strips) or "<p>This model shows no state.</p>"

    def _strip(self, name: str, values: np.ndarray, scale: float, still: bool) -> str:
        """Draw a strip with its name and its largest units in words."""
        largest = np.argsort(-np.abs(values), kind="stable")[:3]
        most = ", ".join(f"unit {unit}: {number(float(values[unit]), 2)}" for unit in largest)
        alt = f"{name}, {len(values)} units; {most}"
        drawing = strip(values, alt, scale=max(scale, float(np.abs(values).max(initial=0))))
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
            "top_k": ipywidgets.BoundedIntText(min=0, max=10_000, description="top-k", **narrow),
            "top_p": ipywidgets.BoundedFloatText(
                min=0.01, max=1, step=0.05, description="top-p", **narrow
            ),
            "seed": ipywidgets.BoundedIntText(min=0, max=10_000, description="seed", **narrow),
            "width": ipywidgets.BoundedIntText(min=1, max=10, description="beam width", **narrow),
            "length_penalty": ipywidgets.BoundedFloatText(
                min=0, max=10, step=0.1, description="penalty", **narrow
            ),
        }
        for name, knob in knobs.items():
            knob.value = getattr(self, name)
            traitlets.link((self, name), (knob, "value"))
        return knobs
