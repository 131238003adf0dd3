"""Networks: a recurrent one unrolled over its time steps, and the graph of a computation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.picture import BLUE, GREY, ORANGE, RUST, Picture, escape, finish, new_figure
from course.wording import number, shorten, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

MOST_STEPS = 14  # of an unrolled network that still have room for a column each
MOST_WRITTEN = 3  # units of a state whose numbers are written into its box
HALF, TALL = 0.3, 0.34  # of a state's box: half its width in steps, and half its height
LETTERS = {"W": "kernel", "U": "recurrent kernel", "V": "output kernel"}
SOURCES = ("Placeholder", "Const", "ReadVariableOp", "VarHandleOp")  # these compute nothing
SIGNS = {"Mul": "×", "Add": "+", "AddV2": "+", "Sub": "−", "RealDiv": "÷", "MatMul": "@"}
MOST_OPERATIONS = 40


def unrolled(
    tokens: Sequence[object] | None,
    states: Sequence[float] | np.ndarray,
    outputs: Sequence[object] | None = None,
    title: str = "",
) -> Picture:
    """Draw a recurrent network unrolled: the same cell once for each time step.

    W, U and V on the arrows are the weights, the same at every step.

    Args:
        tokens: what is read at each step; None at a step that reads nothing, or instead of all.
        states: after each step: (time,) or (time, units).
        outputs: what is read off at each step; None at a step where nothing is (many-to-one), or
            instead of all.
        title: over the picture.

    Raises:
        CourseError: there is no step, or too many to draw, or the lengths differ.
    """
    states = _states(states)
    reads, says = (_row(values, len(states)) for values in (tokens, outputs))
    figure, (axis,) = new_figure(2.2 + any(reads) * 0.7 + any(says) * 0.7)
    size = min(11.0, 84 / len(states))
    scale = max(1e-9, float(np.abs(states).max()))
    axis.text(-0.95, 1, "start", ha="center", va="center", fontsize=size, color=GREY)
    for step, state in enumerate(states):
        _draw_state(axis, step, state / scale, state, size)
        _arrow(axis, (step - (1 - HALF if step else 0.75), 1), (step - HALF, 1), "U", size)
        if reads[step]:
            _draw_token(axis, step, 0.05, reads[step], size)
            _arrow(axis, (step, 0.2), (step, 1 - TALL), "W", size)
        if says[step]:
            _draw_token(axis, step, 1.95, says[step], size)
            _arrow(axis, (step, 1 + TALL), (step, 1.8), "V", size)
    _key(axis, any(reads), any(says), len(states))
    bottom, top = (-0.2 if any(reads) else 0.4), (2.15 if any(says) else 1.5)
    _bare(axis, (-1.25, max(3, len(states)) - 0.5), (bottom, top))
    return finish(figure, title, _describe_unrolled(reads, states, says))


def graph(
    operations: Sequence[tuple[str, str, Sequence[str]]],
    values: Mapping[str, float] | None = None,
    title: str = "",
) -> Picture:
    """Draw a graph of a computation: what goes in on the left, what comes of it to the right.

    Args:
        operations: name, type as TensorFlow calls it ("Mul"), and the names of those it reads;
            `course.models.graphs.operations` reads them from a `tf.function`.
        values: what comes out of an operation, by its name; may be left out.
        title: over the picture.

    Raises:
        CourseError: there is none, or too many to draw; or one reads what is not there, or itself.
    """
    inputs = _inputs_of(operations)
    kinds = {name: kind for name, kind, _ in operations}
    places = _places(inputs)
    columns = 1 + max(column for column, _ in places.values())
    lowest = min(row for _, row in places.values())
    figure, (axis,) = new_figure(1.32 - 0.72 * lowest)
    size = min(11.0, 56 / columns)
    boxes = {
        name: _draw_operation(axis, place, name, kinds[name], (values or {}).get(name), size)
        for name, place in places.items()
    }
    for name, read in inputs.items():
        for source in read:
            _line(axis, boxes[source], boxes[name])
    _bare(axis, (-0.55, columns - 0.45), (lowest - 0.6, 0.6))
    return finish(figure, title, _describe_graph(inputs, kinds, values or {}))


def _states(states: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the states as a float array (time, units)."""
    states = np.asarray(states, float)
    if states.ndim == 1:
        states = states[:, None]
    if states.ndim != 2 or not states.size or not np.isfinite(states).all():
        raise CourseError(
            f"unrolled: states of shape {states.shape}; pass numbers (time,) or (time, units)"
        )
    if len(states) > MOST_STEPS:
        raise CourseError(
            f"unrolled: {len(states)} steps are too many to draw: pass at most {MOST_STEPS}"
        )
    return states


def _row(values: Sequence[object] | None, count: int) -> list[str]:
    """Return what is written at each step, "" where there is nothing."""
    values = [None] * count if values is None else list(values)
    if len(values) != count:
        raise CourseError(f"unrolled: {len(values)} tokens or outputs for {count} states")
    return ["" if value is None else shorten(visible(value), 12) for value in values]


def _draw_state(axis: "Axes", x: int, bars: np.ndarray, state: np.ndarray, size: float) -> None:
    """Draw a state in its box: a bar for each unit, to the right if it is above zero."""
    from matplotlib.patches import Rectangle

    frame = Rectangle((x - HALF, 1 - TALL), 2 * HALF, 2 * TALL, fill=False, edgecolor="black")
    axis.add_patch(frame)
    heights = 1 + TALL - (np.arange(len(bars)) + 0.5) * 2 * TALL / len(bars)
    colours = [BLUE if bar > 0 else ORANGE for bar in bars]
    written = len(state) <= MOST_WRITTEN
    faint = 0.45 if written else 1.0  # so that numbers can be read on them
    thick = 1.6 * TALL / len(bars)
    axis.barh(heights, bars * HALF * 0.92, thick, left=x, color=colours, alpha=faint)
    axis.vlines(x, 1 - TALL, 1 + TALL, color=GREY, linewidth=0.6)
    for height, value in zip(heights, state, strict=True) if written else ():
        axis.text(
            x, height, number(round(value, 2) + 0.0, 2), ha="center", va="center", fontsize=size
        )


def _draw_token(axis: "Axes", x: float, y: float, word: str, size: float) -> None:
    """Draw a token in a round box."""
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": GREY}
    size = min(size, 7.5 * size / max(1, len(word)))
    axis.text(x, y, escape(word), ha="center", va="center", fontsize=size, bbox=box)


def _arrow(axis: "Axes", start: tuple, end: tuple, letter: str, size: float) -> None:
    """Draw an arrow, the letter of its weights beside it."""
    arrow = {"arrowstyle": "-|>", "color": "black", "shrinkA": 1, "shrinkB": 0}
    axis.annotate("", end, start, arrowprops=arrow)
    upright = start[0] == end[0]
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    shift, sides = ((4, 0), ("left", "center")) if upright else ((0, 3), ("center", "bottom"))
    axis.annotate(
        letter,
        middle,
        shift,
        textcoords="offset points",
        ha=sides[0],
        va=sides[1],
        fontsize=size,
        color=RUST,
        weight="bold",
    )


def _key(axis: "Axes", reads: bool, says: bool, count: int) -> None:
    """Say below the picture what the letters stand for."""
    letters = ["W"] * reads + ["U"] + ["V"] * says
    words = ", ".join(f"{letter}: {LETTERS[letter]}" for letter in letters)
    axis.set_xlabel(f"{words}; the same at every step")
    axis.set_xticks(range(count), [f"step {step + 1}" for step in range(count)])
    axis.tick_params(length=0, labelsize=min(10.0, 84 / count))


def _bare(axis: "Axes", across: tuple[float, float], up: tuple[float, float]) -> None:
    """Leave nothing of the axes but what was written on them."""
    axis.set_xlim(*across)
    axis.set_ylim(*up)
    axis.set_yticks([])
    axis.spines[:].set_visible(False)
    if not axis.get_xlabel():
        axis.set_xticks([])


def _describe_unrolled(reads: list[str], states: np.ndarray, says: list[str]) -> str:
    """Say what happens at each step."""
    steps = []
    for step, (read, state, said) in enumerate(zip(reads, states, says, strict=True), start=1):
        numbers = ", ".join(number(value, 2) for value in state[:8])
        more = f" and {len(state) - 8} numbers more" if len(state) > 8 else ""
        output = f", and says {said}" if said else ", and nothing is read off"
        told = f"reads {read}" if read else "reads nothing"
        steps.append(f"Step {step} {told}; its state is {numbers}{more}{output}.")
    return (
        f"A recurrent network unrolled over {len(states)} time steps; each state goes on to the "
        f"next step through the same weights. {' '.join(steps)}"
    )


def _inputs_of(
    operations: Sequence[tuple[str, str, Sequence[str]]],
) -> dict[str, tuple[str, ...]]:
    """Return what each operation reads, by name, each after all that it reads."""
    left = {name: tuple(inputs) for name, _, inputs in operations}
    if not 0 < len(left) <= MOST_OPERATIONS:
        raise CourseError(f"graph: {len(left)} operations; it draws 1 to {MOST_OPERATIONS}")
    ordered: dict[str, tuple[str, ...]] = {}
    while left:
        ready = {name: inputs for name, inputs in left.items() if ordered.keys() >= set(inputs)}
        if not ready:
            name, inputs = next(iter(left.items()))
            wanted = ", ".join(inputs)
            raise CourseError(f"graph: {name} reads {wanted}, which is not all there before it")
        ordered |= ready
        left = {name: inputs for name, inputs in left.items() if name not in ready}
    return ordered


def _places(inputs: dict[str, tuple[str, ...]]) -> dict[str, tuple[int, float]]:
    """Give each operation a column, right of all that it reads, and a height between theirs."""
    columns: dict[str, int] = {}
    for name, read in inputs.items():
        columns[name] = 1 + max((columns[source] for source in read), default=-1)
    rows: dict[str, float] = {}
    for column in range(max(columns.values()) + 1):
        names = [name for name, own in columns.items() if own == column]
        wished = {
            name: float(np.mean([rows[source] for source in inputs[name]])) if column else -place
            for place, name in enumerate(names)
        }
        for name in sorted(names, key=wished.__getitem__, reverse=True):
            above = [rows[other] for other in names if other in rows]
            rows[name] = min([wished[name], *(row - 1 for row in above)])
    return {name: (column, rows[name]) for name, column in columns.items()}


def _draw_operation(
    axis: "Axes", at: tuple[float, float], name: str, kind: str, value: float | None, size: float
) -> "Text":
    """Draw what goes in as a square box, what is computed as a round one, its value below."""
    source = kind in SOURCES
    box = {"boxstyle": "square,pad=0.45" if source else "round4,pad=0.45"}
    box |= {"facecolor": "white", "edgecolor": BLUE if source else RUST, "linewidth": 1.5}
    sign = SIGNS.get(kind, kind)
    lines = [name] if source or sign == name else [sign, name]
    lines += [f"= {number(value)}"] if value is not None else []
    words = escape("\n".join(shorten(line, 18) for line in lines))
    return axis.text(*at, words, ha="center", va="center", fontsize=size, bbox=box)


def _line(axis: "Axes", start: "Text", end: "Text") -> None:
    """Draw an arrow from the edge of one box to the edge of another."""
    boxes = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    arrow = {"arrowstyle": "-|>", "color": "black", "shrinkA": 2, "shrinkB": 2, **boxes}
    # Drawn after the boxes: before that they do not know how large they are.
    axis.annotate(
        "", end.get_position(), start.get_position(), arrowprops=arrow, zorder=end.zorder + 1
    )


def _describe_graph(
    inputs: dict[str, tuple[str, ...]], kinds: Mapping[str, str], values: Mapping[str, float]
) -> str:
    """Say what each operation reads, and what comes out."""
    told = []
    for name, read in inputs.items():
        what = f"{name}: {kinds[name]}" + (f" of {' and '.join(read)}" if read else "")
        told.append(what + (f", which is {number(values[name])}" if name in values else "") + ".")
    return f"Graph of {len(inputs)} operations. {' '.join(told)}"
