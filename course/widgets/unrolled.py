"""A recurrent network, unrolled: what it reads, how its state moves, what it says at each step."""

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course.errors import CourseError
from course.models import by_hand
from course.models.backprop import Weights
from course.models.by_hand import Network
from course.widgets import equations
from course.widgets.chain import HEIGHT, Chain, Link
from course.widgets.drawing import chip, escape, strip
from course.widgets.equations import Cell, Reading
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import MOST_TOKENS
from course.wording import number, shorten, visible


def unrolled_network(
    text: str = "0110",
    model: Network | Weights | Cell | Any = None,
    *,
    symbols: Sequence[str] = ("0", "1"),
    labels: Sequence[str] = ("even", "odd"),
    activation: str = "tanh",
    **settings: Any,
) -> "UnrolledNetwork":
    """Step through a recurrent network, forwards in time and, for its gradient, backwards.

    Args:
        text: what it reads: words with spaces between them, or signs.
        model: `by_hand.parity()` if None; a `by_hand.Network`; the five arrays of `backprop`; a
            trained `Tagger` with a simple cell; or a function of a token and the state before it
            (None before the first token) that returns the state after it.
        symbols: of arrays or a `Tagger`: the tokens of ids 1, 2, …
        labels: of arrays or a `Tagger`: names of labels 1, 2, …
        activation: of arrays: "tanh" or "relu".
        settings: any of the demo's traits to begin with, as `backward=True`.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the model is none of these, or has other numbers of tokens or labels than there
            are names, or a setting makes no sense.
    """
    if model is None:
        model = by_hand.parity()
    elif isinstance(model, Weights) or not (isinstance(model, Network) or callable(model)):
        model = by_hand.network(model, tuple(symbols), tuple(labels), activation)
    return UnrolledNetwork(model, text=text, **settings)


class UnrolledNetwork(Stepped):
    """A demo of a recurrent network. At step 2 two tokens have been read.

    Attributes:
        text: what it reads.
        backward: follow the gradient of a loss at the last step back through time; then step 2 is
            two steps back.
        wanted: what the last step should have said, for that loss; "" for the likeliest of what it
            does not say.
        folded: show one cell with a loop.
        model: the network, or the function.
        reading: how it read the text; None if it could not.
        norms: of the gradient along the state after each token: float array (time,); None without
            an output.
    """

    title = "A recurrent network, unrolled"
    heights = {  # noqa: RUF012
        "network": HEIGHT + 4,
        "equations": 130,
        "states": 176,
        "units": 176,
        "outputs": 166,
        "steps": 166,
    }

    text = traitlets.Unicode()
    backward = traitlets.Bool(False)
    wanted = traitlets.Unicode("")
    folded = traitlets.Bool(False)

    def __init__(self, model: Network | Cell, **settings: Any) -> None:
        """Read the text and lay the demo out."""
        super().__init__()
        self.model = model
        self.reading: Reading | None = None
        self.norms: np.ndarray | None = None
        self.begin_with(settings)
        self.attempt(self._read)
        knobs = self._knobs()
        self.should_say = knobs["wanted"]
        self.observe(self._changed, list(knobs))
        self.assemble(
            controls(knobs["text"]),
            controls(*(knob for name, knob in knobs.items() if name != "text")),
            self.player,
            self.panes["network"],
            self.panes["equations"],
            beside(self.panes["states"], self.panes["units"], widths=(360, 440)),
            beside(self.panes["outputs"], self.panes["steps"], widths=(300, 500)),
        )

    @property
    def labels(self) -> Sequence[str]:
        """Names of what it can say; none without an output."""
        return self.model.labels if isinstance(self.model, Network) else ()

    @property
    def place(self) -> int:
        """How many tokens have been read at the step in time that is looked at."""
        return self.last - self.step if self.backward else self.step

    @traitlets.validate("backward")
    def _has_a_gradient(self, proposal: dict) -> bool:
        """Refuse to go back through a function."""
        if proposal["value"] and not self.labels:
            raise CourseError("a function shows no gradient: pass a network's weights for that")
        return proposal["value"]

    @traitlets.validate("wanted")
    def _is_a_label(self, proposal: dict) -> str:
        """Refuse what the network can never say."""
        if proposal["value"] not in ("", *self.labels):
            known = ", ".join(self.labels)
            raise CourseError(f"this network never says {proposal['value']!r}, only {known}")
        return proposal["value"]

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the chain, this step's equations and states, and tables of units and steps."""
        if self.reading is None:
            return {name: "" for name in self.heights}
        chain, place = self._chain(), self.place
        norms = self.norms if self.backward else None
        known = range(len(self.reading.states) if self.backward or still else place + 1)
        return {
            "network": chain.folded(still) if self.folded else chain.html(still),
            "equations": "".join(f"<p>{escape(line)}</p>" for line in self._lines()),
            "states": self._states(still),
            "units": equations.units(self.reading, place),
            "outputs": equations.outputs(self.reading, place),
            "steps": equations.steps(self.reading, norms, known, place, whole=still),
        }

    def _read(self) -> None:
        """Read the text anew; what was there stays if that cannot be done."""
        reading = equations.read(self.model, _tokens(self.text, self.model))
        self.reading = reading
        self._flow_back()
        self.message = ""
        self.last = len(reading.tokens)

    def _flow_back(self) -> None:
        """Measure the gradient of a loss at the last step."""
        if self.labels:
            label = list(self.labels).index(self._target())
            with np.errstate(over="ignore", invalid="ignore"):  # an exploded one has no value
                self.norms = self.model.norms_back(self.reading.tokens, label)

    def _target(self) -> str:
        """Return what the last step should have said."""
        order = np.argsort(-self.reading.shares[-1], kind="stable")[:2]
        return self.wanted or self.labels[order[-1]]

    @guarded
    def _changed(self, change: dict) -> None:
        """Follow a setting; a new text begins at its first step."""
        self.pause()
        if change["name"] == "text":
            self._read()
            self.step = 0
        elif change["name"] == "backward":
            self.step = self.last - self.step  # the same place, counted from the other end
        elif change["name"] == "wanted" and self.reading is not None:
            self._flow_back()
        self.should_say.disabled = not self.backward
        self.draw()

    def _chain(self) -> Chain:
        """Return the network as a chain of steps."""
        links = [self._link(place) for place in range(len(self.reading.states))]
        row = "gradient" if self.backward else "says" if self.labels else ""
        return Chain(links, self.place, row, self._told(), self.backward)

    def _link(self, place: int) -> Link:
        """Return one step of the chain; what is still to come has no state."""
        reading, token = self.reading, self.reading.tokens[place - 1] if place else None
        head = f"step {place}" if place else "start"
        if place > self.place and not self.backward:
            return Link(head, token, None)
        state, arrived = reading.states[place], place >= self.place
        if not place or not self.labels or (self.backward and not arrived):
            return Link(head, token, state)
        if self.backward:
            norm, most = float(self.norms[place - 1]), float(self.norms.max())
            return Link(head, token, state, number(norm), norm / most if 0 < most < np.inf else 0.0)
        said, share = reading.said(place)
        return Link(head, token, state, f"{shorten(said, 9)} {number(share, 2)}", share)

    def _told(self) -> str:
        """Say what the picture shows."""
        kind = "one cell with a loop" if self.folded else "unrolled"
        words = shorten(" ".join(map(visible, self.reading.tokens)), 200)
        told = f"A recurrent network, {kind}, reads {words}. Step {self.place} of {self.last}: "
        if self.backward:
            return told + self._lines()[-1]
        told += f"the state is {equations.vector(self.reading.states[self.place])}"
        if not self.place or not self.labels:
            return f"{told}."
        said, share = self.reading.said(self.place)
        return f"{told}, and it says {said} ({number(share, 2)})."

    def _lines(self) -> list[str]:
        """Write this step's equations, or where its gradient came from."""
        if self.backward:
            return equations.gradients(self.reading, self.norms, self.place, self._target())
        return equations.equations(self.reading, self.place)

    def _states(self, still: bool) -> str:
        """Draw the token, and the state before and after it."""
        place, states = self.place, self.reading.states
        if not place:
            return self._strip("state before the first token", states[0], still)
        read = chip(self.reading.tokens[place - 1], "now")
        return (
            f'<p><span class="u-label">step {place} of {self.last} reads</span> {read}</p>'
            + self._strip("state before", states[place - 1], still)
            + self._strip("state after", states[place], still)
        )

    def _strip(self, name: str, state: np.ndarray, still: bool) -> str:
        """Draw a state with its name and its first numbers."""
        alt = f"{name}: {equations.vector(state)}"
        drawing = strip(state, alt, scale=max(1.0, float(np.abs(self.reading.states).max())))
        shown = drawing.image() if still else drawing.inline()
        return f'<p class="u-label">{escape(alt)}</p>{shown}'

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        own, auto = {"description_width": "initial"}, {"width": "auto", "max_width": "98%"}
        box = {"indent": False, "layout": {"width": "auto", "margin": "2px 14px 2px 2px"}}
        options = [("something else", ""), *((label, label) for label in self.labels)]
        knobs = {
            "text": ipywidgets.Text(
                description="reads", continuous_update=False, layout={"width": "100%"}, style=own
            ),
            "folded": ipywidgets.Checkbox(description="fold up", **box),
            "backward": ipywidgets.Checkbox(description="back in time: the gradient", **box),
            "wanted": ipywidgets.Dropdown(
                options=options, description="the last step should say", layout=auto, style=own
            ),
        }
        knobs["backward"].disabled, knobs["wanted"].disabled = not self.labels, not self.backward
        return self.tie(knobs)


def _tokens(text: str, model: Network | Cell) -> list[str]:
    """Return the words of a text with spaces in it or known as a whole; else its signs.

    Raises:
        CourseError: there are none, or more than a demo can show.
    """
    words = text.split()
    known = model.inputs if isinstance(model, Network) else ()
    tokens = list(words[0]) if len(words) == 1 and words[0] not in known else words
    if not tokens:
        raise CourseError("there is nothing to read: type some tokens")
    if len(tokens) > MOST_TOKENS:
        raise CourseError(f"{len(tokens)} tokens: a demo reads at most {MOST_TOKENS}")
    return tokens
