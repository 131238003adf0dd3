"""Decoding, step by step: what is read and what must be said, and the likeliest tokens."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.charts import bars
from course.plots.picture import (
    GREY,
    ORANGE,
    PALE,
    RUST,
    SKY,
    Picture,
    escape,
    finish,
    label_axes,
    new_figure,
)
from course.text import SPECIAL_TOKENS, Vocabulary
from course.trace import Trace
from course.wording import shorten, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    figure, (axis,) = new_figure(2.6)
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
    label_axes(axis, "time step", "", grid=False)
    axis.spines[:].set_visible(False)
    return finish(figure, title, _describe_rows(top, bottom, top_label, bottom_label))


def token_rows(rows: Mapping[str, Sequence[object]], title: str = "") -> Picture:
    """Draw rows of tokens below each other, as a model is given them; padding is grey.

    Args:
        rows: tokens by the name of their row; rows may differ in length.
        title: over the picture.
    """
    if not rows or not all(rows.values()):
        raise CourseError("token_rows: each row needs a name and at least one token")
    names = list(rows)
    shown = [[visible(token) for token in rows[name]] for name in names]
    columns = max(map(len, shown))
    wide = max(len(token) for row in shown for token in row) + 1
    figure, (axis,) = new_figure(1.3 + 0.42 * len(names))
    size, height = min(10.0, 640 / (columns * wide)), len(names) - 1
    for place, row in enumerate(shown):
        for x, token in enumerate(row):
            _token(axis, x, height - place, token, size, (SKY, ORANGE)[place % 2])
    axis.set_xlim(-0.6, columns - 0.4)
    axis.set_ylim(-0.6, height + 0.6)
    axis.set_yticks([height - place for place in range(len(names))], [escape(n) for n in names])
    axis.set_xticks(range(columns), [str(step) for step in range(columns)])
    axis.tick_params(length=0)
    label_axes(axis, "time step", "", grid=False)
    axis.spines[:].set_visible(False)
    words = "; ".join(f"{name}: {' '.join(row)}" for name, row in zip(names, shown, strict=True))
    return finish(figure, title, f"Rows of tokens. {words}.")


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
    figure, (axis,) = new_figure(1.1 + 0.42 * len(steps))
    probs = np.array([probs for _, probs in steps])
    axis.imshow(probs, cmap="Blues", vmin=0, vmax=2.0, aspect="auto")
    sentences = []
    for row, (tokens, shares) in enumerate(steps):
        chosen = vocabulary.tokens[trace.tokens[row]]
        for place, (token, share) in enumerate(zip(tokens, shares, strict=True)):
            text = f"{escape(shorten(visible(token), 56 // width))} {share:.3f}"
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
    return finish(figure, title, words + " ".join(sentences))


def _step(trace: Trace, vocabulary: Vocabulary, step: int) -> tuple[list[str], list[float]]:
    """Return the likeliest tokens of a step and their probabilities."""
    if trace.top_ids is None or trace.top_log_probs is None or not trace.top_ids.shape[-1]:
        raise CourseError("this trace holds no alternatives: decode with alternatives=5")
    if not 0 <= step < len(trace):
        raise CourseError(f"step {step}: the trace has {len(trace)} steps, counted from 0")
    ids, probs = trace.top_ids[step], np.exp(trace.top_log_probs[step])
    return [vocabulary.tokens[id] for id in ids], [float(prob) for prob in probs]


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
        escape(text),
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


def _ordinal(place: int) -> str:
    """Name a column of a table of the likeliest tokens."""
    return "likeliest" if place == 0 else f"no. {place + 1}"
