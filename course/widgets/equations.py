"""What a recurrent network computes at one step, in equations with their numbers and in tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course.errors import CourseError
from course.models.by_hand import Network
from course.models.numpy_cells import softmax
from course.widgets.drawing import Table
from course.widgets.rows import around
from course.wording import number, shorten, visible

MOST_UNITS, MOST_LABELS, MOST_STEPS = 6, 6, 7  # rows of the tables
FEW = 3  # numbers of a vector that an equation shows
KEY = "W: kernel, U: recurrent kernel, b: bias, V: output kernel, c: output bias."
Cell = Callable[[str, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Reading:
    """How a network read some tokens.

    Attributes:
        model: the network, or a function of a token and the state before it.
        tokens: what it read.
        states: float array (time + 1, units), the one before the first token included.
        shares: probabilities of the labels, float array (time, labels); None without an output.
    """

    model: Network | Cell
    tokens: Sequence[str]
    states: np.ndarray
    shares: np.ndarray | None

    @property
    def labels(self) -> Sequence[str]:
        """Names of what it can say; none without an output."""
        return self.model.labels if isinstance(self.model, Network) else ()

    def said(self, place: int) -> tuple[str, float]:
        """Return the likeliest label after so many tokens, and its probability."""
        best = int(self.shares[place - 1].argmax())
        return self.labels[best], float(self.shares[place - 1, best])

    def parts(self, place: int) -> dict[str, np.ndarray]:
        """Return what is added up before the activation, by name: float arrays (units,)."""
        weights, before = self.model.weights, self.states[place - 1]
        inputs = self.model.vectors(self.tokens[place - 1 : place])[0]
        return {
            "input @ W": inputs @ weights.kernel,
            "before @ U": before @ weights.recurrent_kernel,
            "b": weights.bias,
        }


def read(model: Network | Cell, tokens: Sequence[str]) -> Reading:
    """Read tokens with a network or a function.

    Raises:
        CourseError: a token is not known, or the states are no numbers, or of different lengths.
    """
    shares = None
    if isinstance(model, Network):
        with np.errstate(over="ignore", invalid="ignore"):  # told below, in one line
            states, logits = model.read(tokens)
            shares = softmax(logits)
    else:
        states = _by_function(model, tokens)
    if not (np.isfinite(states).all() and (shares is None or np.isfinite(shares).all())):
        raise CourseError("the states are no numbers any more: they have grown too large")
    return Reading(model, tokens, states, shares)


def equations(reading: Reading, place: int) -> list[str]:
    """Write the equations of one step, with letters and with its numbers.

    Args:
        reading: of all tokens.
        place: how many tokens have been read.
    """
    if not place:
        return [f"Nothing has been read: the state is {vector(reading.states[0])}."]
    after, before = (vector(reading.states[at]) for at in (place, place - 1))
    token = visible(reading.tokens[place - 1])
    if not isinstance(reading.model, Network):
        return ["state = cell(token, state before)", f"{after} = cell({token}, {before})"]
    name, weights = reading.model.activation, reading.model.weights
    summed = " + ".join(map(vector, reading.parts(place).values()))
    logits = vector((reading.states[place] @ weights.output_kernel)[1:])
    shares = zip(reading.labels[:FEW], reading.shares[place - 1], strict=False)
    listed = ", ".join(f"{label} {number(float(share), 2)}" for label, share in shares)
    listed += f", … {len(reading.labels)} numbers" * (len(reading.labels) > FEW)
    return [
        f"state = {name}(input @ W + state before @ U + b)",
        f"{after} = {name}({summed})",
        "probabilities = softmax(state @ V + c)",
        f"[{listed}] = softmax({logits} + {vector(weights.output_bias[1:])})",
        KEY,
    ]


def gradients(reading: Reading, norms: np.ndarray, place: int, wanted: str) -> list[str]:
    """Say how the gradient of a loss at the last step came to one step.

    Args:
        reading: of all tokens.
        norms: of the gradient along the state after each token: (time,).
        place: how many tokens have been read.
        wanted: what the last step should have said.
    """
    last, name = len(norms), reading.model.activation
    said, share = reading.said(last)
    lines = [
        f"The last step says {said} ({number(share, 2)}); the loss is as if {wanted} were right.",
        f"gradient before = (gradient after × slope of {name}) @ Uᵀ",
    ]
    if place == last:
        return [*lines, f"At its own state, step {last}, the norm is {number(norms[-1])}."]
    if not place:
        return [*lines, "The state before the first token is always zeros: here the way ends."]
    now, after, whole = norms[place - 1], norms[place], norms[-1]
    way = f"From step {place + 1} back to step {place} the norm goes from {number(after)} to "
    if not (0 < after < np.inf and now < np.inf):
        return [*lines, f"{way}{number(now)}."]
    part, all_in_all = number(now / after, 2), number(now / whole, 2)
    return [*lines, f"{way}{number(now)}: {part} of it, {all_in_all} of the last step's."]


def units(reading: Reading, place: int) -> Table:
    """Tell what made the state of one step, for the units that moved most."""
    after = reading.states[place]
    if not place:
        rows = [(unit, float(value)) for unit, value in enumerate(after[:MOST_UNITS])]
        return Table("the state before the first token", ("unit", "state"), rows)
    before = reading.states[place - 1]
    shown = np.sort(np.argsort(-np.abs(after - before), kind="stable")[:MOST_UNITS])
    columns = {"before": before}
    if isinstance(reading.model, Network):
        parts = reading.parts(place)
        columns |= parts | {"sum": sum(parts.values())}
    columns["after"] = after
    rows = [(int(unit), *(float(row[unit]) for row in columns.values())) for unit in shown]
    more = f", the {len(shown)} of {len(after)} units that moved most" * (len(shown) < len(after))
    return Table(f"the state at step {place}{more}", ("unit", *columns), rows)


def outputs(reading: Reading, place: int) -> Table | str:
    """Tell what one step says, the likeliest first."""
    if reading.shares is None:
        return "<p>This network has no output layer.</p>"
    if not place:
        return "<p>Nothing has been read, and nothing is said.</p>"
    rows = _likeliest(reading, place)
    return Table(f"said at step {place}", ("label", "probability"), rows, 0)


def steps(
    reading: Reading, norms: np.ndarray | None, known: range, place: int, whole: bool
) -> Table:
    """Tell what happened at each step.

    Args:
        reading: of all tokens.
        norms: of the gradient along the state after each token, (time,); None to leave it out.
        known: the steps that may be told.
        place: the present one.
        whole: all of them, or those around the present one.
    """
    shown = known if whole else [known[at] for at in _near(known, place)]
    header = ["step", "reads", "state"] + ["says"] * (reading.shares is not None)
    rows = [_step(reading, at) for at in shown]
    if norms is not None:
        header.append("gradient")
        for at, row in zip(shown, rows, strict=True):
            row.append(float(norms[at - 1]) if at >= max(1, place) else "")
    chosen = list(shown).index(place)
    return Table(f"steps {shown[0]} to {shown[-1]}", header, rows, chosen)


def vector(values: np.ndarray) -> str:
    """Write the first few numbers of a vector."""
    few = ", ".join(number(round(float(value), 3) + 0.0, 3) for value in values[:FEW])
    return f"[{few}{f', … {len(values)} numbers' if len(values) > FEW else ''}]"


def _near(known: range, place: int) -> range:
    """Return where the steps around the present one stand among those that are known."""
    return around(place - known[0], len(known), MOST_STEPS)


def _step(reading: Reading, at: int) -> list[object]:
    """Return a row: a step, what it read, its state, what it said."""
    row = [at, visible(reading.tokens[at - 1]) if at else "", vector(reading.states[at])]
    if reading.shares is None:
        return row
    said = reading.said(at) if at else None
    return [*row, f"{shorten(said[0], 14)} {number(said[1], 2)}" if said else ""]


def _likeliest(reading: Reading, place: int) -> list[tuple[str, float]]:
    """Return the likeliest labels of a step and their probabilities."""
    shares = reading.shares[place - 1]
    order = np.argsort(-shares, kind="stable")[:MOST_LABELS]
    return [(reading.labels[label], float(shares[label])) for label in order]


def _by_function(cell: Cell, tokens: Sequence[str]) -> np.ndarray:
    """Return the states that a function goes through, zeros before the first token."""
    states: list[np.ndarray] = []
    for token in tokens:
        states.append(np.asarray(cell(token, states[-1] if states else None), float).reshape(-1))
        if len(states[-1]) != len(states[0]):
            sizes = f"{len(states[0])} numbers, then {len(states[-1])}"
            raise CourseError(f"the function returns states of {sizes}: they must stay as long")
    return np.stack([np.zeros_like(states[0]), *states])
