"""Pictures for lessons: each one a matplotlib figure and a text that says what it shows.

A function here draws plain data (a `History`, a `Trace`, arrays) and computes its text from the
same data. matplotlib is imported when the first picture is drawn, and no figure outlives its
`Picture`. Colours are Okabe and Ito's, which colour-blind readers can tell apart; lines differ in
their markers as well.
"""

import base64
import html
import io
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.text import SPECIAL_TOKENS, Vocabulary
from course.trace import Trace
from course.wording import number, shorten, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course.training import History

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
PINK, SKY, RUST = "#CC79A7", "#56B4E9", "#D55E00"
COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RUST, "black")
MARKERS = "osD^vPX"
GREY, PALE = "#595959", "#E8E8E8"
WIDTH, DPI = 7.0, 200  # inches; shown 700 pixels wide, twice as sharp
MOST_NUMBERS = 240  # cells of a matrix that still have room for a number each


class Picture:
    """A figure with its text alternative; a notebook shows it as an image with an `alt` text.

    Attributes:
        figure: matplotlib's figure.
        alt: what the picture shows, in words.
    """

    def __init__(self, figure: "Figure", alt: str) -> None:
        """Keep both."""
        self.figure, self.alt = figure, alt

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
        return file.getvalue()

    def save(self, path: str | os.PathLike) -> Path:
        """Write the picture to a file whose name ends in .png, .svg or .pdf; return its path."""
        path = Path(path)
        if path.suffix.lower() == ".png":
            path.write_bytes(self.png())
        else:
            self.figure.savefig(path)
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what Jupyter shows."""
        data = base64.b64encode(self.png()).decode("ascii")
        width = round(self.figure.get_figwidth() * 100)
        image = (
            f'<img src="data:image/png;base64,{data}" width="{width}" '
            f'style="max-width: 100%; height: auto" alt="{html.escape(self.alt)}">'
        )
        return {"text/html": image, "text/plain": self.alt}

    def __repr__(self) -> str:
        """Show the text alternative."""
        return self.alt


def history(history: "History", title: str = "") -> Picture:
    """Draw the loss and the accuracy of a training run, epoch by epoch."""
    figure, axes = _figure(3.2, columns=2)
    texts = []
    for axis, name, label in zip(
        axes, ("loss", "accuracy"), ("loss (nats a token)", "accuracy (share)"), strict=True
    ):
        columns = {"training": history.column(name), "validation": history.column(f"valid_{name}")}
        series = {key: (_epochs(y), y) for key, y in columns.items() if np.isfinite(y).any()}
        _draw_lines(axis, series)
        _label(axis, "epoch", label)
        _whole_ticks(axis, len(history.epochs))
        texts.append(f"{label}: {_describe_lines(series, 'epoch')}")
    axes[1].set_ylim(0, 1.02)
    best = history.best.epoch
    axes[0].axvline(best, color=GREY, linestyle=":", linewidth=1.5, label=f"best epoch: {best}")
    axes[0].legend(frameon=False)
    return _finish(figure, title, f"Two charts over epochs. {' '.join(texts)} Best epoch: {best}.")


def histories(
    histories: Mapping[str, "History"], column: str | None = None, title: str = ""
) -> Picture:
    """Compare training runs: one line a run.

    Args:
        histories: the runs by name.
        column: which figure of an epoch: "loss", "accuracy", "valid_loss", "valid_accuracy". By
            default the validation loss, or the training loss if a run has no validation.
        title: over the picture.
    """
    judged = all(np.isfinite(run.column("valid_loss")).any() for run in histories.values())
    column = column or ("valid_loss" if judged else "loss")
    unit = "nats a token" if column.endswith("loss") else "share"
    label = f"{'validation ' * column.startswith('valid_')}{column.removeprefix('valid_')} ({unit})"
    series = {name: (_epochs(run.epochs), run.column(column)) for name, run in histories.items()}
    return lines(series, "epoch", label, title)


def lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x_label: str,
    y_label: str,
    title: str = "",
    alt: str | None = None,
    *,
    log_x: bool = False,
    log_y: bool = False,
) -> Picture:
    """Draw lines.

    Args:
        series: the lines by name, each x and y of the same length.
        x_label: with its unit.
        y_label: with its unit.
        title: over the picture.
        alt: the text alternative, if the computed one will not do.
        log_x: powers of ten at equal distances.
        log_y: the same for y.
    """
    arrays = {name: (np.asarray(x, float), np.asarray(y, float)) for name, (x, y) in series.items()}
    figure, (axis,) = _figure(3.8)
    _draw_lines(axis, arrays)
    _label(axis, x_label, y_label)
    if log_x:
        axis.set_xscale("log")
    if log_y:
        axis.set_yscale("log")
    if x_label.startswith("epoch"):
        _whole_ticks(axis, max(len(x) for x, _ in arrays.values()))
    words = f"Line chart of {y_label} against {x_label}"
    words += f", {' and '.join(_scales(log_x, log_y))} logarithmic" if log_x or log_y else ""
    return _finish(figure, title, alt or f"{words}. {_describe_lines(arrays, _bare(x_label))}")


def bars(
    values: Mapping[str, float],
    value_label: str,
    title: str = "",
    alt: str | None = None,
    *,
    highlight: str | None = None,
    log: bool = False,
) -> Picture:
    """Draw horizontal bars, the first on top, each with its value.

    Args:
        values: the values by name.
        value_label: what they are, with the unit.
        title: over the picture.
        alt: the text alternative, if the computed one will not do.
        highlight: the name of a bar to set apart.
        log: powers of ten at equal distances.
    """
    names, heights = list(values), np.array(list(values.values()), float)
    figure, (axis,) = _figure(1.3 + 0.34 * len(names))
    colours = [ORANGE if name == highlight else BLUE for name in names]
    drawn = axis.barh(np.arange(len(names)), heights, color=colours, height=0.7)
    axis.bar_label(drawn, [number(height) for height in heights], padding=4)
    axis.set_yticks(np.arange(len(names)), [_escape(visible(name)) for name in names])
    axis.invert_yaxis()
    if log:
        axis.set_xscale("log")
    axis.margins(x=0.14)
    _label(axis, value_label, "")
    items = [
        f"{visible(name)} {number(height)}{' (highlighted)' * (name == highlight)}"
        for name, height in zip(names, heights, strict=True)
    ]
    words = f"Bar chart of {value_label}{', logarithmic' * log}: {'; '.join(items)}."
    return _finish(figure, title, alt or words)


def matrix(
    array: np.ndarray | Sequence[Sequence[float]],
    x_labels: Sequence[object] | None = None,
    y_labels: Sequence[object] | None = None,
    title: str = "",
    alt: str | None = None,
    *,
    x_label: str = "",
    y_label: str = "",
    value_label: str = "value",
) -> Picture:
    """Draw a matrix as coloured cells; a small one has its numbers in them.

    Args:
        array: (rows, columns).
        x_labels: of the columns; numbers from 0 if None.
        y_labels: of the rows; numbers from 0 if None.
        title: over the picture.
        alt: the text alternative, if the computed one will not do.
        x_label: what the columns are.
        y_label: what the rows are.
        value_label: what the values are, with the unit; written at the colour scale.
    """
    array = np.asarray(array, float)
    rows, columns = array.shape
    across = [str(i) for i in range(columns)] if x_labels is None else list(map(visible, x_labels))
    down = [str(i) for i in range(rows)] if y_labels is None else list(map(visible, y_labels))
    if (len(down), len(across)) != array.shape:
        raise CourseError(f"matrix: shape {array.shape}, but {len(down)} by {len(across)} labels")
    side = min(0.42, max(0.16, 5.4 / columns))
    slanted = max(map(len, across)) > 2
    figure, (axis,) = _figure(min(9.0, 1.7 + side * rows + 0.08 * slanted * max(map(len, across))))
    _draw_matrix(figure, axis, array, value_label)
    every = 1 if x_labels is not None else -(-columns // 25)
    named = np.arange(0, columns, every)
    axis.set_xticks(named, [_escape(across[i]) for i in named], rotation=90 if slanted else 0)
    axis.set_yticks(np.arange(rows), [_escape(name) for name in down])
    axis.tick_params(length=0)
    axis.tick_params("x", labelsize=min(10.0, max(5.0, 340 / columns * every)))
    axis.tick_params("y", labelsize=10 if side > 0.25 else 8)
    _label(axis, x_label, y_label, grid=False)
    return _finish(figure, title, alt or _describe_matrix(array, across, down, value_label))


def two_rows(
    top_tokens: Sequence[object],
    bottom_tokens: Sequence[object],
    top_label: str = "decoder reads",
    bottom_label: str = "decoder must say",
    title: str = "",
) -> Picture:
    """Draw two rows of tokens, step above step, as teacher forcing pairs them.

    An arrow leads from what is read to what must be said. A dashed line joins a token of the lower
    row with the same token one step later in the upper row. Padding is grey.

    Args:
        top_tokens: what is read at each step.
        bottom_tokens: what must be said at each step; as many.
        top_label: name of the upper row.
        bottom_label: name of the lower row.
        title: over the picture.
    """
    top, bottom = (
        [visible(token) for token in top_tokens],
        [visible(token) for token in bottom_tokens],
    )
    if len(top) != len(bottom):
        raise CourseError(f"two_rows: {len(top)} tokens above, {len(bottom)} below")
    figure, (axis,) = _figure(2.6)
    widths = np.array([max(len(a), len(b)) + 3 for a, b in zip(top, bottom, strict=True)])
    places, size = np.cumsum(widths) - widths / 2, min(11.0, 640 / widths.sum())
    for step, (x, reads, says) in enumerate(zip(places, top, bottom, strict=True)):
        _token(axis, x, 1, reads, size, SKY)
        _token(axis, x, 0, says, size, ORANGE)
        if SPECIAL_TOKENS[0] not in (reads, says):
            _arrow(axis, (x, 0.8), (x, 0.2), "-|>", "-", "black")
        if step + 1 < len(top) and says == top[step + 1] != SPECIAL_TOKENS[0]:
            gap = places[step + 1] - x
            _arrow(axis, (x + gap / 6, 0.2), (x + gap * 5 / 6, 0.8), "-", "--", GREY)
    axis.set_xlim(0, widths.sum())
    axis.set_ylim(-0.35, 1.35)
    axis.set_yticks([1, 0], [top_label, bottom_label])
    axis.set_xticks(places, [str(step) for step in range(len(top))])
    axis.tick_params(length=0)
    _label(axis, "time step", "", grid=False)
    axis.spines[:].set_visible(False)
    return _finish(figure, title, _describe_rows(top, bottom, top_label, bottom_label))


def alternatives(trace: Trace, vocabulary: Vocabulary, step: int) -> Picture:
    """Draw the likeliest tokens at one step of a decoding, the chosen one set apart.

    Args:
        trace: decoded with `alternatives`.
        vocabulary: of the target.
        step: counted from 0.
    """
    tokens, probs = _step(trace, vocabulary, step)
    chosen = vocabulary.tokens[trace.tokens[step]]
    before = " ".join(visible(vocabulary.tokens[id]) for id in trace.tokens[:step])
    title = f"step {step}: after {before}" if before else f"step {step}: the first token"
    values = dict(zip(tokens, probs, strict=True))
    values.setdefault(chosen, float(np.exp(trace.log_probs[step])))
    return bars(values, "probability (share)", shorten(title), highlight=chosen)


def trace(trace: Trace, vocabulary: Vocabulary, title: str = "") -> Picture:
    """Draw all steps of a decoding: a row a step, the likeliest token first, the chosen one framed.

    Args:
        trace: decoded with `alternatives`.
        vocabulary: of the target.
        title: over the picture.
    """
    steps = [_step(trace, vocabulary, step) for step in range(len(trace))]
    width = max(len(tokens) for tokens, _ in steps)
    figure, (axis,) = _figure(1.1 + 0.42 * len(steps))
    probs = np.array([probs for _, probs in steps])
    axis.imshow(probs, cmap="Blues", vmin=0, vmax=2.0, aspect="auto")
    sentences = []
    for row, (tokens, shares) in enumerate(steps):
        chosen = vocabulary.tokens[trace.tokens[row]]
        for place, (token, share) in enumerate(zip(tokens, shares, strict=True)):
            text = f"{_escape(shorten(visible(token), 56 // width))} {share:.3f}"
            weight = "bold" if token == chosen else "normal"
            axis.text(place, row, text, ha="center", va="center", weight=weight, fontsize=9)
            if token == chosen:
                _frame(axis, place, row)
        listed = ", ".join(f"{visible(t)} {p:.3f}" for t, p in zip(tokens, shares, strict=True))
        sentences.append(f"Step {row}: {visible(chosen)} is chosen; likeliest are {listed}.")
    axis.set_yticks(np.arange(len(steps)), [str(row) for row in range(len(steps))])
    axis.set_xticks(np.arange(width), [_ordinal(place) for place in range(width)])
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.set_ylabel("time step")
    axis.spines[:].set_visible(False)
    words = "Table of the likeliest tokens and their probabilities at each step. "
    return _finish(figure, title, words + " ".join(sentences))


def _figure(height: float, columns: int = 1) -> tuple["Figure", np.ndarray]:
    """Make a figure of its own, that pyplot does not know, and its axes in a row."""
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _finish(figure: "Figure", title: str, alt: str) -> Picture:
    """Set the title and make the picture."""
    if title:
        figure.suptitle(_escape(title), fontsize=12)
    stop = "" if title.endswith((".", "?", "!")) else "."
    return Picture(figure, f"{title}{stop} {alt}" if title else alt)


def _label(axis: "Axes", x_label: str, y_label: str, grid: bool = True) -> None:
    """Name the axes, and keep only what helps to read."""
    axis.set_xlabel(_escape(x_label))
    axis.set_ylabel(_escape(y_label))
    axis.spines[["top", "right"]].set_visible(False)
    if grid:
        axis.grid(color=PALE, linewidth=0.8)
        axis.set_axisbelow(True)


def _whole_ticks(axis: "Axes", epochs: int) -> None:
    """Let an axis of epochs show whole numbers."""
    axis.set_xticks(np.arange(1, epochs + 1, max(1, -(-epochs // 8))))


def _draw_lines(axis: "Axes", series: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw each line in a colour and with a marker of its own."""
    for place, (name, (x, y)) in enumerate(series.items()):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        every = max(1, len(x) // 15)
        axis.plot(
            x, y, color=colour, marker=marker, markevery=every, markersize=5, label=_escape(name)
        )
    if len(series) > 1:
        axis.legend(frameon=False)


def _draw_matrix(figure: "Figure", axis: "Axes", array: np.ndarray, value_label: str) -> None:
    """Draw the cells, their numbers if there is room, and a colour scale if it says anything."""
    finite = array[np.isfinite(array)]
    top = float(np.abs(finite).max()) if finite.size else 1.0
    signed = finite.size and finite.min() < 0
    low, high = (-top, top) if signed else (0.0, top or 1.0)
    image = axis.imshow(array, cmap="RdBu" if signed else "Blues", vmin=low, vmax=high)
    image.set_clim(low, high)
    axis.set_aspect("auto")
    if not np.isin(finite, (0, 1)).all():
        figure.colorbar(image, ax=axis, label=_escape(value_label))
    if array.size > MOST_NUMBERS or array.shape[1] > 24:
        return
    for (row, column), value in np.ndenumerate(array):
        dark = abs(value) > 0.6 * top
        text, ink = number(value, 2), "white" if dark else "black"
        size = 9 if array.shape[1] <= 12 else 7
        axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)


def _token(axis: "Axes", x: float, y: float, text: str, size: float, colour: str) -> None:
    """Draw a token in a box; padding is grey, special tokens are slanted."""
    pad = text == SPECIAL_TOKENS[0]
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white" if pad else colour, "alpha": 0.55}
    box["edgecolor"] = PALE if pad else colour
    style = "italic" if text in SPECIAL_TOKENS else "normal"
    ink = "#767676" if pad else "black"
    axis.text(
        x,
        y,
        _escape(text),
        ha="center",
        va="center",
        fontsize=size,
        style=style,
        color=ink,
        bbox=box,
    )


def _arrow(axis: "Axes", start: tuple, end: tuple, shape: str, style: str, colour: str) -> None:
    """Draw an arrow or a line from one point to another."""
    arrow = {"arrowstyle": shape, "linestyle": style, "color": colour, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", end, start, arrowprops=arrow)


def _frame(axis: "Axes", x: float, y: float) -> None:
    """Draw a frame around one cell."""
    from matplotlib.patches import Rectangle

    corner = (x - 0.48, y - 0.45)
    axis.add_patch(Rectangle(corner, 0.96, 0.9, fill=False, edgecolor=RUST, linewidth=2))


def _step(trace: Trace, vocabulary: Vocabulary, step: int) -> tuple[list[str], list[float]]:
    """Return the likeliest tokens of a step and their probabilities."""
    if trace.top_ids is None or trace.top_log_probs is None or not trace.top_ids.shape[-1]:
        raise CourseError("this trace holds no alternatives: decode with alternatives=5")
    if not 0 <= step < len(trace):
        raise CourseError(f"step {step}: the trace has {len(trace)} steps, counted from 0")
    ids, probs = trace.top_ids[step], np.exp(trace.top_log_probs[step])
    return [vocabulary.tokens[id] for id in ids], [float(prob) for prob in probs]


def _describe_lines(series: Mapping[str, tuple[np.ndarray, np.ndarray]], x_name: str) -> str:
    """Say for each line where it begins, where it ends, and its extremes in between."""
    return " ".join(f"{name} {_describe_line(x, y, x_name)}." for name, (x, y) in series.items())


def _describe_line(x: np.ndarray, y: np.ndarray, x_name: str) -> str:
    """Say where a line goes."""
    seen = np.flatnonzero(np.isfinite(y))
    if not len(seen):
        return "has no values"
    first, last = seen[0], seen[-1]
    low, high = seen[y[seen].argmin()], seen[y[seen].argmax()]
    if first == last:
        return f"is {number(y[first])} at {x_name} {number(x[first])}"
    way = "falls" if y[last] < y[first] else "rises" if y[last] > y[first] else "goes"
    text = f"{way} from {number(y[first])} at {x_name} {number(x[first])}"
    text += f" to {number(y[last])} at {x_name} {number(x[last])}"
    for word, place in (("lowest", low), ("highest", high)):
        if place not in (first, last) and y[place] not in (y[first], y[last]):
            text += f", {word} {number(y[place])} at {number(x[place])}"
    return text


def _describe_matrix(
    array: np.ndarray, across: Sequence[str], down: Sequence[str], value_label: str
) -> str:
    """Say what a matrix holds: all of a row that is mostly zero, the greatest value of others."""
    rows, columns = array.shape
    text = f"Matrix of {rows} rows and {columns} columns, {value_label} from "
    text += f"{number(np.nanmin(array))} to {number(np.nanmax(array))}."
    for name, row in zip(down[:40], array, strict=False):
        places = np.flatnonzero(row)
        if len(places) <= 3:
            values = " and ".join(f"{number(row[p])} at {across[p]}" for p in places)
            text += f" {name}: {values or 'all zero'}."
        else:
            greatest = int(np.nanargmax(row))
            text += f" {name}: greatest {number(row[greatest])} at {across[greatest]}."
    return text


def _describe_rows(top: list[str], bottom: list[str], top_label: str, bottom_label: str) -> str:
    """Say what stands in two rows, and how they belong together."""
    pairs = zip(top, bottom, strict=True)
    real = [(reads, says) for reads, says in pairs if says != SPECIAL_TOKENS[0]]
    shifted = all(says == after for (_, says), (after, _) in pairwise(real))
    relation = ""
    if real and all(reads == says for reads, says in real):
        relation = " The two rows are the same."
    elif len(real) > 1 and shifted:
        relation = " The lower row is the upper one, shifted to the left by one step."
    return (
        f"Two rows over {len(top)} time steps. {top_label}: {' '.join(top)}. "
        f"{bottom_label}: {' '.join(bottom)}.{relation}"
    )


def _escape(text: str) -> str:
    r"""Keep matplotlib from reading $…$ as a formula."""
    return text.replace("$", r"\$")


def _ordinal(place: int) -> str:
    """Name a column of a table of the likeliest tokens."""
    return "likeliest" if place == 0 else f"no. {place + 1}"


def _bare(label: str) -> str:
    """Return an axis label without its unit."""
    return label.partition(" (")[0]


def _scales(log_x: bool, log_y: bool) -> list[str]:
    """Name the logarithmic axes."""
    return [name for name, log in (("x", log_x), ("y", log_y)) if log]


def _epochs(values: Sequence) -> np.ndarray:
    """Number epochs from 1."""
    return np.arange(1, len(values) + 1)
