"""Beam search as a tree: which beginnings go on, which are dropped, and which sentence wins."""

from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course import decoding
from course.decoding.beams import penalty
from course.decoding.paths import Paths, plain_places
from course.decoding.replay import replay
from course.text import END, UNK, Codec
from course.trace import DROPPED, ENDED, FATES, KEPT, Hypothesis, Trace
from course.widgets.drawing import Drawing, Table, chip, escape, text
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import codecs_of, tokens_of
from course.wording import number, shorten, visible

SHOWN = 6  # steps side by side
ROOM = 5  # the tree's pane is as high as a beam of this width needs, or higher
DIGITS = 5  # of log-probabilities: rivals in a beam are often close
# Pixels wide: the start, a step, a candidate in it, its token.
LEFT, COLUMN, NODE, TOKEN = 86, 136, 114, 68
HEAD, LINE, TALL = 24, 27, 22  # pixels high: the steps' names, a row, a candidate
TAIL, TOLD = 12, 60  # tokens of a beginning that a mouse is told, and that the table tells

STYLES = {
    KEPT: 'class="pale" style="stroke: var(--u-ink)"',
    ENDED: 'class="pale" style="stroke: var(--u-ink)"',
    DROPPED: 'class="line" stroke-dasharray="3 3"',
}


def beam_tree(
    model: Any,
    sentence: str,
    *,
    source: Codec | None = None,
    target: Codec | None = None,
    **settings: Any,
) -> "BeamTree":
    """Watch a beam search grow its tree, and see what its width and the length penalty change.

    Args:
        model: anything with `start` and `step`.
        sentence: what it reads.
        source: from text to the ids that it reads; the model's own if None.
        target: from ids to the text that it says; the model's own if None.
        settings: any of the demo's traits to begin with, as `width=3`.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the model cannot be decoded, or has no codecs, or a setting makes no sense.
    """
    return BeamTree(model, *codecs_of(model, source, target), sentence=sentence, **settings)


class BeamTree(Stepped):
    """A demo of beam search. At step 3 the third tokens have just been looked at.

    Attributes:
        sentence: what the model reads.
        width: beginnings that may go on.
        length_penalty: exponent of the divisor of a sentence's log-probability.
        trace: what the search left.
        searched_width: the width of that search.
        exponent: its length penalty.
        paths: its tree.
        greedy: the trace of greedy search, to compare.
    """

    title = "Beam search, a tree that grows"
    heights = {"sentence": 136, "tree": 0, "candidates": 256, "ranking": 256}  # noqa: RUF012

    sentence = traitlets.Unicode()
    width = traitlets.Int(5, min=1, max=10)
    length_penalty = traitlets.Float(0.6, min=0.0, max=2.0)

    def __init__(self, model: Any, source: Codec, target: Codec, **settings: Any) -> None:
        """Search for the first time and lay the demo out."""
        self.heights = {**type(self).heights, "tree": _tall(1)}
        super().__init__()
        self.model, self.source, self.target = model, source, target
        self.trace: Trace | None = None
        self.paths = self.greedy = self.exponent = self.searched_width = None
        self.ids: list[int] = []
        self.tokens: list[str] = []
        self.begin_with(settings)
        knobs = self._knobs()
        self.attempt(self._search)
        self.observe(self._changed, list(knobs))
        self.assemble(
            controls(knobs["sentence"]),
            controls(knobs["width"], knobs["length_penalty"]),
            self.player,
            self.panes["sentence"],
            self.panes["tree"],
            beside(self.panes["candidates"], self.panes["ranking"], widths=(480, 480)),
        )

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the sentence, the tree up to this step, its candidates, and the ranking."""
        if self.trace is None:
            return {name: "" for name in self.heights}
        return {
            "sentence": self._sentence(),
            "tree": self._tree(still),
            "candidates": self._candidates(),
            "ranking": self._ranking(),
        }

    @guarded
    def _changed(self, change: dict) -> None:
        """Search anew after a setting changed; a new sentence begins at its beginning."""
        self.pause()
        self.message = "searching …"  # a new width takes a second or two
        self._search()
        if change["name"] == "sentence":
            self.step = 0
        self.draw()

    def _search(self) -> None:
        """Search with the present settings."""
        tokens = tokens_of(self.source, self.sentence)
        ids = self.source.vocabulary.ids(tokens)
        options = {"length_penalty": self.length_penalty, "n_best": self.width}
        greedy = replay(self.model, ids)  # anew each time: the model may have learnt more
        trace = decoding.beam(self.model, [ids], width=self.width, **options)[0]
        self.trace, self.paths, self.greedy = trace, Paths(trace), greedy
        self.searched_width, self.exponent = self.width, self.length_penalty
        self.ids, self.tokens = ids, tokens
        self.heights = {**self.heights, "tree": _tall(self.width)}
        self.message = ""
        self.last = len(trace.candidates)

    def _sentence(self) -> str:
        """Draw the source, say what became of this step's candidates, and how to read the tree."""
        read = "".join(
            chip(token, "unknown" * (id == UNK), "not in the vocabulary" * (id == UNK))
            for token, id in zip(self.tokens, self.ids, strict=True)
        )
        unknown = self.ids.count(UNK)
        label = "reads" + (f" ({unknown} not in the vocabulary)" if unknown else "")
        earlier = max(0, self.step - SHOWN)
        left = f"; {_steps(earlier)} to the left: step back to see more" if earlier else ""
        return (
            f"<p>step {self.step} of {self.last}: {self._count()}{left}</p>"
            f'<p><span class="u-label">{label}:</span> {read}</p>'
            '<p class="u-label">★ and thick: leads to the best sentence · double border: a whole '
            "sentence · dashed: dropped · number: log-probability so far</p>"
        )

    def _count(self) -> str:
        """Say how many of this step's candidates met which fate."""
        if not self.step:
            return "nothing has been said"
        fates = list(self.trace.candidates[self.step - 1].fates)
        kept, ended, dropped = (fates.count(fate) for fate in (KEPT, ENDED, DROPPED))
        verb = "go on" if self.step < self.last else "are not followed up"
        return f"of {len(fates)} candidates {kept} {verb}, {ended} end, {dropped} are dropped"

    def _tree(self, still: bool) -> Drawing | str:
        """Draw the last steps up to this one; on a narrow page the earliest are cut off."""
        first = max(0, self.step - SHOWN)
        steps = range(first, self.step)
        nodes = [
            self._node(step, slot, first)
            for step in steps
            for slot in range(len(self.trace.candidates[step].ids))
        ]
        wide = LEFT + COLUMN * len(steps)
        rows = [len(self.trace.candidates[step].ids) for step in steps]
        body = self._head(first) + self._edges(first) + "".join(nodes)
        drawing = Drawing(body, self._told(first), wide, HEAD + LINE * max(rows, default=1))
        if still:
            return drawing
        place = f"width: {wide}px; margin-left: min(0px, 100% - {wide}px)"
        return f'<div style="{place}">{drawing.inline()}</div>'

    def _told(self, first: int) -> str:
        """Say what the tree shows."""
        best = self.target.text(self.trace.tokens)
        return (
            f"Tree of a beam search, steps {first + 1} to {self.step}: {self._count()}. "
            f"The best sentence in the end: {best}"
            if self.step
            else "Tree of a beam search: only its start."
        )

    def _head(self, first: int) -> str:
        """Number the steps; to the left stands the start, or how much is not shown."""
        names = []
        for step in range(first, self.step):
            kind = "small strong" if step == self.step - 1 else "small soft"
            names.append(
                text(_left(step, first) + NODE / 2, 14, f"step {step + 1}", kind, "middle")
            )
        if first:
            return text(0, 14, f"… {_steps(first)}", "small soft") + "".join(names)
        start = f'<rect x="1" y="{HEAD}" width="58" height="{TALL}" rx="4" {STYLES[KEPT]}/>'
        return start + text(30, HEAD + 15, "<start>", "small special", "middle") + "".join(names)

    def _edges(self, first: int) -> str:
        """Draw lines from each beginning to its continuations; lines of one look are one path."""
        lines: dict[str, list[str]] = {"best": [], "live": [], "dropped": []}
        for step in range(first, self.step):
            here = self.trace.candidates[step]
            for slot, fate in enumerate(here.fates):
                best = (step, slot) in self.paths.best
                look = "best" if best else "dropped" if fate == DROPPED else "live"
                lines[look].append(self._edge(step, slot, first))
        looks = {
            "dropped": 'class="line" stroke-dasharray="3 3"',
            "live": 'class="line" style="stroke: var(--u-ink)"',
            "best": 'class="stroke-blue" style="stroke-width: 4"',
        }
        return "".join(f'<path {look} d="{"".join(lines[name])}"/>' for name, look in looks.items())

    def _edge(self, step: int, slot: int, first: int) -> str:
        """Return the path from a candidate's parent to it; a stub if the parent is not shown."""
        x, y = _left(step, first), _middle(slot)
        if step == 0:
            return _curve(60, _middle(0), x, y)
        if step == first:
            return f"M{x - 16} {y}H{x}"
        parent = int(self.paths.origins[step][slot])
        return _curve(_left(step - 1, first) + NODE, _middle(parent), x, y)

    def _node(self, step: int, slot: int, first: int) -> str:
        """Draw a candidate: its token, the sum so far, and a border that tells its fate."""
        here = self.trace.candidates[step]
        fate, best = int(here.fates[slot]), (step, slot) in self.paths.best
        border = 'class="pale" style="stroke: var(--u-blue); stroke-width: 3"' if best else None
        inner = (
            f'<rect class="line" style="stroke: var(--u-ink)" x="4.5" y="4.5" '
            f'width="{NODE - 9}" height="{TALL - 9}" rx="2"/>'
        )
        token = ("★" if best else "") + visible(self.target.vocabulary.tokens[here.ids[slot]])
        soft = " soft" if fate == DROPPED else ""
        special = " special" if here.ids[slot] == END else ""
        words = text(8, 15, shorten(token, 7), "small" + soft + special)
        total = text(NODE - 8, 15, number(float(here.log_probs[slot]), 4), "small" + soft, "end")
        return (
            f'<svg x="{_left(step, first)}" y="{HEAD + LINE * slot}" width="{NODE}" '
            f'height="{TALL}"><title>{escape(self._tip(step, slot))}</title>'
            f'<rect x="1.5" y="1.5" width="{NODE - 3}" height="{TALL - 3}" rx="4" '
            f"{border or STYLES[fate]}/>{inner if fate == ENDED else ''}"
            f'<svg width="{TOKEN}">{words}</svg>{total}</svg>'
        )

    def _tip(self, step: int, slot: int) -> str:
        """Say all about a candidate in one line."""
        log_prob, score = self._scores(step, slot)
        numbers = f"log-probability {_exact(log_prob)}, with penalty {_exact(score)}"
        return f"“{self._said(step, slot, TAIL)}”: {numbers}; {self._fate(step, slot)}"

    def _said(self, step: int, slot: int, most: int) -> str:
        """Return the text up to a candidate: its last tokens, if there are very many."""
        words = self.target.text(self.paths.ids(step, slot, most))
        return "… " * (step >= most) + words

    def _scores(self, step: int, slot: int) -> tuple[float, float]:
        """Return a candidate's log-probability, without and with the length penalty."""
        total = float(self.trace.candidates[step].log_probs[slot])
        return total, total / penalty(step + 1, self.exponent)

    def _fate(self, step: int, slot: int) -> str:
        """Say what becomes of a candidate."""
        here = self.trace.candidates[step]
        words = FATES[int(here.fates[slot])]
        if here.fates[slot] == KEPT and step + 1 == self.last:
            words = "is not followed up: it can no longer win a place"
        if here.fates[slot] == ENDED and here.ids[slot] != END:
            words = "is cut off: longer ones are not looked for"
        if (step, slot) in self.paths.ends:
            words += f", place {self.paths.ends.index((step, slot)) + 1}"
        elif here.fates[slot] == ENDED:
            words += ", not among the best"
        return "★ " * ((step, slot) in self.paths.best) + words

    def _candidates(self) -> Table:
        """Tell this step's candidates in numbers and words."""
        header = ("token", "log-probability", "with penalty", "what becomes of it", "text so far")
        if not self.step:
            return Table("step 0: nothing has been said", header, [])
        step = self.step - 1
        slots = range(len(self.trace.candidates[step].ids))
        rows = [self._row(step, slot) for slot in slots]
        chosen = next((slot for slot in slots if (step, slot) in self.paths.best), None)
        caption = f"step {self.step}: the candidates, the likeliest first"
        return Table(caption, header, rows, chosen, digits=DIGITS)

    def _row(self, step: int, slot: int) -> tuple[object, ...]:
        """Tell a candidate."""
        token = self.target.vocabulary.tokens[self.trace.candidates[step].ids[slot]]
        log_prob, score = self._scores(step, slot)
        return token, log_prob, score, self._fate(step, slot), self._said(step, slot, TOLD)

    def _ranking(self) -> Table:
        """Tell the whole sentences that were found, and what greedy search says."""
        ranked = zip(self.trace.hypotheses, plain_places(self.trace), strict=True)
        rows = [
            (place, *self._rating(found), plain, *self._whole(found))
            for place, (found, plain) in enumerate(ranked, start=1)
        ]
        said, same = self.greedy, self._place_of_greedy()
        rows.append(("greedy", *self._rating(said), same, *self._whole(said)))
        names = ("log-probability", "place without penalty", "tokens", "sentence")
        settings = f"beam width {self.searched_width}, length penalty {number(self.exponent)}"
        caption = f"whole sentences in the end; {settings}"
        return Table(caption, ("place", "with penalty", *names), rows, chosen=0, digits=DIGITS)

    def _rating(self, found: Trace | Hypothesis) -> tuple[float, float]:
        """Return the log-probability of a whole sentence, with and without the length penalty."""
        divisor = penalty(len(found.tokens), self.exponent)
        return found.log_prob / divisor, found.log_prob

    def _place_of_greedy(self) -> str:
        """Say whether the beam found what greedy search says."""
        for place, found in enumerate(self.trace.hypotheses, start=1):
            if np.array_equal(found.tokens, self.greedy.tokens):
                return f"the same as {place}"
        return "not among them"

    def _whole(self, found: Trace | Hypothesis) -> tuple[int, str]:
        """Return the length of a whole sentence and its text; say if it was cut off."""
        words = self.target.text(found.tokens) or "(nothing but the end)"
        return len(found.tokens), words if found.ended else f"{words} … (cut off)"

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        slider = {
            "continuous_update": False,
            "layout": {"width": "310px"},
            "style": {"description_width": "initial"},
        }
        knobs = {
            "sentence": ipywidgets.Text(
                description="sentence",
                continuous_update=False,
                layout={"width": "100%"},
                style={"description_width": "70px"},
            ),
            "width": ipywidgets.IntSlider(min=1, max=10, description="beam width", **slider),
            "length_penalty": ipywidgets.FloatSlider(
                min=0, max=2, step=0.1, description="length penalty", **slider
            ),
        }
        return self.tie(knobs)


def _tall(width: int) -> int:
    """Return the height of the tree's pane: it holds all candidates of a step."""
    return HEAD + LINE * 2 * max(ROOM, width) + 4


def _left(step: int, first: int) -> int:
    """Return where the candidates of a step begin."""
    return LEFT + COLUMN * (step - first)


def _middle(slot: int) -> int:
    """Return how high the middle of a candidate is."""
    return HEAD + LINE * slot + TALL // 2


def _exact(value: float) -> str:
    """Write a log-probability so that near ties can be told apart."""
    return number(value, DIGITS)


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    """Return a path that leaves and arrives level."""
    half = (x + to_x) / 2
    return f"M{x} {y}C{half:g} {y} {half:g} {to_y} {to_x} {to_y}"


def _steps(count: int) -> str:
    """Count earlier steps in words."""
    return f"{count} earlier step{'s' * (count != 1)}"
