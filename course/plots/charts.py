"""Lines and bars: runs of training, sizes, probabilities."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.plots.picture import (
    BLUE,
    COLOURS,
    GREY,
    MARKERS,
    ORANGE,
    Picture,
    escape,
    finish,
    label_axes,
    new_figure,
)
from course.wording import number, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course.training import History


def history(history: "History", title: str = "") -> Picture:
    """Draw the loss and the accuracy of a training run, epoch by epoch."""
    figure, axes = new_figure(3.2, columns=2)
    texts = []
    for axis, name, label in zip(
        axes, ("loss", "accuracy"), ("loss (nats a token)", "accuracy (share)"), strict=True
    ):
        columns = {"training": history.column(name), "validation": history.column(f"valid_{name}")}
        series = {key: (_epochs(y), y) for key, y in columns.items() if np.isfinite(y).any()}
        _draw_lines(axis, series)
        label_axes(axis, "epoch", label)
        _whole_ticks(axis, len(history.epochs))
        texts.append(f"{label}: {_describe_lines(series, 'epoch')}")
    axes[1].set_ylim(0, 1.02)
    best = history.best.epoch
    axes[0].axvline(best, color=GREY, linestyle=":", linewidth=1.5, label=f"best epoch: {best}")
    axes[0].legend(frameon=False)
    return finish(figure, title, f"Two charts over epochs. {' '.join(texts)} Best epoch: {best}.")


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
    figure, (axis,) = new_figure(3.8)
    _draw_lines(axis, arrays)
    label_axes(axis, x_label, y_label)
    if log_x:
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:,g}")
    if log_y:
        axis.set_yscale("log")
    if x_label.startswith("epoch"):
        _whole_ticks(axis, max(len(x) for x, _ in arrays.values()))
    words = f"Line chart of {y_label} against {x_label}"
    words += f", {' and '.join(_scales(log_x, log_y))} logarithmic" if log_x or log_y else ""
    return finish(figure, title, alt or f"{words}. {_describe_lines(arrays, _bare(x_label))}")


def dots(
    points: Sequence[tuple[object, float]],
    x_label: str,
    y_label: str,
    title: str = "",
    alt: str | None = None,
    *,
    log_x: bool = False,
    words: Sequence[str] | None = None,
) -> Picture:
    """Draw points, the lowest of them set apart.

    Args:
        points: x, a number or one of `words`, and y of each.
        x_label: with its unit.
        y_label: with its unit.
        title: over the picture.
        alt: the text alternative, if the computed one will not do.
        log_x: powers of ten at equal distances.
        words: those that stand along x, from the left.
    """
    points = sorted(points, key=lambda point: point[1])
    x, y = zip(*points, strict=True)
    places = [words.index(value) for value in x] if words else x
    figure, (axis,) = new_figure(2.8)
    axis.scatter(places, y, color=BLUE, s=24)
    axis.scatter(places[:1], y[:1], color=ORANGE, marker="D", s=60, label="lowest")
    axis.legend(frameon=False)
    label_axes(axis, x_label, y_label)
    if words:
        axis.set_xticks(range(len(words)), [escape(word) for word in words])
        axis.set_xlim(-0.5, len(words) - 0.5)
    if log_x:
        axis.set_xscale("log")
    ends = [f"{number(y[place])} at {_word(x[place])}" for place in (0, -1)]
    said = f"{len(points)} points of {y_label} against {x_label}{', logarithmic' * log_x}"
    return finish(figure, title, alt or f"{said}. Lowest {ends[0]}, highest {ends[1]}.")


def _word(value: object) -> str:
    """Write a number or a word."""
    return value if isinstance(value, str) else number(value)


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
    figure, (axis,) = new_figure(1.3 + 0.34 * len(names))
    colours = [ORANGE if name == highlight else BLUE for name in names]
    drawn = axis.barh(np.arange(len(names)), heights, color=colours, height=0.7)
    axis.bar_label(drawn, [number(height) for height in heights], padding=4)
    axis.set_yticks(np.arange(len(names)), [escape(visible(name)) for name in names])
    axis.invert_yaxis()
    if log:
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:,g}")
    axis.margins(x=0.14)
    label_axes(axis, value_label, "")
    items = [
        f"{visible(name)} {number(height)}{' (highlighted)' * (name == highlight)}"
        for name, height in zip(names, heights, strict=True)
    ]
    words = f"Bar chart of {value_label}{', logarithmic' * log}: {'; '.join(items)}."
    return finish(figure, title, alt or words)


def _whole_ticks(axis: "Axes", epochs: int) -> None:
    """Let an axis of epochs show whole numbers."""
    axis.set_xticks(np.arange(1, epochs + 1, max(1, -(-epochs // 8))))


def _draw_lines(axis: "Axes", series: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw each line in a colour and with a marker of its own."""
    for place, (name, (x, y)) in enumerate(series.items()):
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        every = max(1, len(x) // 15)
        axis.plot(
            x, y, color=colour, marker=marker, markevery=every, markersize=5, label=escape(name)
        )
    if len(series) > 1:
        axis.legend(frameon=False)


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


def _bare(label: str) -> str:
    """Return an axis label without its unit."""
    return label.partition(" (")[0]


def _scales(log_x: bool, log_y: bool) -> list[str]:
    """Name the logarithmic axes."""
    return [name for name, log in (("x", log_x), ("y", log_y)) if log]


def _epochs(values: Sequence) -> np.ndarray:
    """Number epochs from 1."""
    return np.arange(1, len(values) + 1)
