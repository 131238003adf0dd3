"""Tokens as labelled points: word vectors laid out on a page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.picture import SKY, Picture, escape, finish, new_figure
from course.wording import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

GAP = 3  # pixels between a dot and its label
MOST = 1_000
# Where a label may stand: to the right, to the left, above, below, at the corners.
SIDES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)])


def words(points: np.ndarray, tokens: Sequence[str], title: str | None = None) -> Picture:
    """Draw tokens where their points lie, as `course.vectors.tsne` gives them.

    Args:
        points: float array (tokens, 2).
        tokens: one a point.
        title: over the picture.

    Raises:
        CourseError: there are no tokens or too many to read, the shapes do not go together, or a
            point is no place.
    """
    points = np.asarray(points, float)
    if not len(tokens) or points.shape != (len(tokens), 2) or not np.isfinite(points).all():
        raise CourseError(
            f"words: {len(tokens)} tokens and points of shape {points.shape}: pass at least one "
            "token, and two finite numbers for each"
        )
    if len(tokens) > MOST:
        raise CourseError(f"words: {len(tokens):,} tokens are too many to read: pass up to {MOST}")
    figure, (axis,) = new_figure(6.0)
    axis.scatter(*points.T, s=9, color=SKY, alpha=0.6, linewidths=0)
    axis.set(xticks=[], yticks=[])
    axis.margins(0.08)
    noun = "token" if len(tokens) == 1 else "tokens"
    near = "; ".join(f"{visible(tokens[a])} and {visible(tokens[b])}" for a, b in _nearest(points))
    text = (
        f"Scatter chart of {len(tokens)} {noun}.{f' Nearest to each other: {near}.' * bool(near)}"
    )
    picture = finish(figure, title or "", text)
    _label(axis, points, tokens)
    return picture


def _nearest(points: np.ndarray, count: int = 5) -> list[tuple[int, int]]:
    """Return the pairs of points that lie closest, the closest first, each point at most once."""
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    distances[np.tril_indices(len(points))] = np.inf
    pairs = []
    while len(pairs) < count and np.isfinite(distances).any():
        first, second = np.unravel_index(distances.argmin(), distances.shape)
        pairs.append((int(first), int(second)))
        distances[[first, second]] = distances[:, [first, second]] = np.inf
    return pairs


def _label(axis: "Axes", points: np.ndarray, tokens: Sequence[str]) -> None:
    """Write each token on that side of its dot where it covers least of what is there."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    axis.figure.draw_without_rendering()  # settles where on the page a point lies
    renderer = FigureCanvasAgg(axis.figure).get_renderer()  # one: each takes the memory of a page
    dots, page = axis.transData.transform(points), np.reshape(axis.bbox.extents, (2, 2))
    taken = [np.stack([dot - 1, dot + 1]) for dot in dots]
    for point, dot, token in zip(points, dots, tokens, strict=True):
        label = _write(axis, token, point, 9 if len(tokens) <= 60 else 7)
        size = np.array(label.get_window_extent(renderer).size)
        centres = dot + SIDES * (size / 2 + GAP)
        boxes = np.stack([centres - size / 2, centres + size / 2], axis=1)
        best = _covered(boxes, np.array(taken), page).argmin()
        taken.append(boxes[best])
        label.xyann = (centres[best] - dot) * 72 / axis.figure.dpi


def _write(axis: "Axes", token: str, point: np.ndarray, size: int) -> "Annotation":
    """Write a token in the middle of its dot, from where it can be moved by points."""
    return axis.annotate(
        escape(visible(token)),
        point,
        xytext=(0, 0),
        textcoords="offset points",
        horizontalalignment="center",
        verticalalignment="center",
        fontsize=size,
        in_layout=False,
    )


def _covered(boxes: np.ndarray, taken: np.ndarray, page: np.ndarray) -> np.ndarray:
    """Return how bad each box is as a place for a label: float array (boxes,).

    Args:
        boxes: corners, low and high: float array (boxes, 2, 2).
        taken: boxes that should stay free: float array (taken, 2, 2).
        page: the box that the label should not leave: float array (2, 2).
    """
    outside = _shared(boxes, boxes) - _shared(boxes, page)
    return _shared(boxes[:, None], taken).sum(axis=1) + 10 * outside


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the area that boxes have in common."""
    high = np.minimum(first[..., 1, :], second[..., 1, :])
    return (high - np.maximum(first[..., 0, :], second[..., 0, :])).clip(0).prod(axis=-1)
