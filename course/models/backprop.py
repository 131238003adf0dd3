"""A recurrent network with all its gradients by hand, in NumPy, for reading.

Two equations make the network: state = activation(inputs @ kernel + state before @ recurrent_kernel
+ bias), and logits = state @ output_kernel + output_bias, at every time step. Everything here
equals TensorFlow's GradientTape to 1e-5 (`tests/test_backprop.py`). Lesson 01 writes it step by
step; `course.models.scan` has the same gradients, made for speed.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course.errors import CourseError
from course.models.numpy_cells import relu, rnn_step, softmax
from course.text import PAD

# An activation, and its slope, told by what it returned.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda states: 1 - states**2),
    "relu": (relu, lambda states: (states > 0).astype(states.dtype)),
}


class Weights(NamedTuple):
    """The network's five arrays, the first three in the order of Keras' SimpleRNN; or gradients."""

    kernel: np.ndarray  # (features, units)
    recurrent_kernel: np.ndarray  # (units, units)
    bias: np.ndarray  # (units,)
    output_kernel: np.ndarray  # (units, labels)
    output_bias: np.ndarray  # (labels,)


def draw_weights(features: int, units: int, labels: int, seed: int = 0) -> Weights:
    """Draw first weights: normal, so wide that a sum of them has a variance of about 1; no biases.

    Args:
        features: width of the inputs.
        units: width of the state.
        labels: width of the logits.
        seed: draws the numbers.

    Returns:
        The weights, float64, as finite differences need them.
    """
    rng = np.random.default_rng(seed)
    shapes = ((features, units), (units, units), (units, labels))
    kernel, recurrent_kernel, output_kernel = (
        rng.normal(size=shape) / np.sqrt(shape[0]) for shape in shapes
    )
    return Weights(kernel, recurrent_kernel, np.zeros(units), output_kernel, np.zeros(labels))


def forward(
    inputs: np.ndarray,
    weights: Weights,
    hidden: np.ndarray | None = None,
    activation: str = "tanh",
) -> tuple[np.ndarray, np.ndarray]:
    """Run the network over sequences.

    Args:
        inputs: (batch, time, features).
        weights: the five arrays.
        hidden: the state before the first step, (batch, units); zeros if None.
        activation: "tanh" or "relu".

    Returns:
        The states, (batch, time + 1, units), the one before the first step included; and the logits
        of each step, (batch, time, labels).

    Raises:
        CourseError: the activation has no such name, or the inputs do not fit the kernel.
    """
    squash, _ = _activation(activation)
    features, units = weights.kernel.shape
    if inputs.ndim != 3 or inputs.shape[-1] != features:
        found = f"inputs have the shape {inputs.shape}"
        raise CourseError(f"forward: {found}, and (batch, time, {features}) is needed")
    states = [np.zeros((len(inputs), units), inputs.dtype) if hidden is None else hidden]
    for time in range(inputs.shape[1]):
        states.append(rnn_step(inputs[:, time], states[-1], *weights[:3], squash))
    states = np.stack(states, axis=1)
    return states, states[:, 1:] @ weights.output_kernel + weights.output_bias


def cross_entropy(logits: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Measure the loss, and how it answers to each logit.

    Args:
        logits: (batch, time, labels).
        target: int (batch, time), PAD where nothing is asked.

    Returns:
        The mean negative log-likelihood in nats over the steps that ask something (0 if none does),
        and its gradient along the logits, (batch, time, labels).

    Raises:
        CourseError: the target's shape or labels do not fit the logits.
    """
    if logits.shape[:-1] != target.shape:
        shapes = f"logits {logits.shape}, target {target.shape}"
        raise CourseError(f"cross_entropy: {shapes}; all axes but the last must agree")
    if target.size and not 0 <= target.min() <= target.max() < logits.shape[-1]:
        labels = f"labels from {target.min()} to {target.max()}"
        raise CourseError(f"cross_entropy: {labels}, but the logits end at {logits.shape[-1] - 1}")
    real = (target != PAD).astype(logits.dtype)[..., None]
    count = max(1.0, real.sum())
    one_hot = np.eye(logits.shape[-1], dtype=logits.dtype)[target]
    top = logits.max(axis=-1, keepdims=True)
    log_probs = logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    loss = -(real * one_hot * log_probs).sum() / count
    return float(loss), real * (softmax(logits) - one_hot) / count


def through_time(
    states: np.ndarray,
    states_grad: np.ndarray,
    recurrent_kernel: np.ndarray,
    activation: str = "tanh",
    cut_every: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Walk back from the last step to the first.

    Args:
        states: as from `forward`: (batch, time + 1, units).
        states_grad: the loss' gradient along each step's state by way of that step's logits alone:
            (batch, time, units).
        recurrent_kernel: (units, units).
        activation: "tanh" or "relu".
        cut_every: let no gradient through before steps 0, k, 2k, …; None is the whole way back.

    Returns:
        The loss' gradient along each step's state by way of all that comes after it, and along the
        sums that the activation squashed: (batch, time, units) each.

    Raises:
        CourseError: the activation has no such name, or `cut_every` is below 1.

    Reference:
        Rumelhart, Hinton and Williams, 1986; truncated: Williams and Peng, 1990.
    """
    _, slope = _activation(activation)
    if cut_every is not None and cut_every < 1:
        raise CourseError(f"through_time: cut_every must be at least 1, not {cut_every}")
    slopes, totals, sums = slope(states[:, 1:]), states_grad.copy(), np.zeros_like(states_grad)
    for time in reversed(range(states_grad.shape[1])):
        sums[:, time] = totals[:, time] * slopes[:, time]
        if time > 0 and (cut_every is None or time % cut_every):
            totals[:, time - 1] += sums[:, time] @ recurrent_kernel.T
    return totals, sums


def gradients(
    inputs: np.ndarray,
    target: np.ndarray,
    weights: Weights,
    hidden: np.ndarray | None = None,
    activation: str = "tanh",
    cut_every: int | None = None,
) -> tuple[float, Weights]:
    """Measure the loss and its gradient along every weight; arguments as for the parts above.

    Truncated or not, the state is carried through all steps: only gradients are cut.

    Returns:
        The loss in nats a step, and a gradient for each array of the weights.
    """
    states, logits = forward(inputs, weights, hidden, activation)
    loss, logits_grad = cross_entropy(logits, target)
    states_grad = logits_grad @ weights.output_kernel.T
    _, sums = through_time(states, states_grad, weights.recurrent_kernel, activation, cut_every)
    return loss, Weights(
        kernel=_over_steps(inputs, sums),
        recurrent_kernel=_over_steps(states[:, :-1], sums),
        bias=sums.sum(axis=(0, 1)),
        output_kernel=_over_steps(states[:, 1:], logits_grad),
        output_bias=logits_grad.sum(axis=(0, 1)),
    )


def finite_differences(
    loss: Callable[[Weights], float], weights: Weights, epsilon: float = 1e-5
) -> Weights:
    """Measure gradients without any calculus: move each weight a little up, then a little down.

    Args:
        loss: says how good some weights are.
        weights: where to measure; float64, since the differences are tiny.
        epsilon: how far a weight is moved each way.

    Returns:
        A gradient for each array. Two evaluations a weight: this is for checks of small networks.
    """

    def slope(place: int, index: tuple[int, ...]) -> float:
        moved = [loss(_moved(weights, place, index, by)) for by in (epsilon, -epsilon)]
        return (moved[0] - moved[1]) / (2 * epsilon)

    found = [
        np.reshape([slope(place, index) for index in np.ndindex(array.shape)], array.shape)
        for place, array in enumerate(weights)
    ]
    return Weights(*found)


def global_norm(grads: Weights) -> float:
    """Return the length of all gradients, laid end to end as one vector."""
    # Squares of the very large numbers that are to be clipped would be infinite.
    top = max(float(np.abs(grad).max(initial=0.0)) for grad in grads)
    if not 0 < top < np.inf:
        return top
    return top * float(np.sqrt(sum(((grad / top) ** 2).sum() for grad in grads)))


def clip_by_global_norm(grads: Weights, limit: float) -> Weights:
    """Shorten gradients to a greatest global norm; their direction stays.

    Args:
        grads: a gradient for each array.
        limit: the greatest norm, above 0.

    Returns:
        The gradients, as they were if they are short enough.

    Raises:
        CourseError: the limit is not above 0, or a gradient is infinite or no number.

    Reference:
        Pascanu, Mikolov and Bengio, 2013.
    """
    if not limit > 0:
        raise CourseError(f"clip_by_global_norm: the limit must be above 0, not {limit}")
    norm = global_norm(grads)
    if not np.isfinite(norm):
        raise CourseError(f"clip_by_global_norm: the norm is {norm}, which cannot be shortened")
    factor = limit / max(norm, limit)
    return Weights(*(grad * factor for grad in grads))


def norms_back(
    inputs: np.ndarray, target: np.ndarray, weights: Weights, activation: str = "tanh"
) -> np.ndarray:
    """Measure how much of a loss at the last step arrives at each step before it.

    Args:
        inputs: (batch, time, features).
        target: the last step's labels: int (batch,).
        weights: the five arrays.
        activation: "tanh" or "relu".

    Returns:
        The norm of the loss' gradient along the state, a mean over the batch: (time,). The first is
        the last step's own, the next the one of the step before.
    """
    states, logits = forward(inputs, weights, activation=activation)
    asked = np.full(logits.shape[:-1], PAD)
    asked[:, -1] = target
    _, logits_grad = cross_entropy(logits, asked)
    states_grad = logits_grad @ weights.output_kernel.T
    totals, _ = through_time(states, states_grad, weights.recurrent_kernel, activation)
    # The loss is a mean over the batch, so each sequence's own gradient is as many times larger.
    return np.linalg.norm(totals, axis=-1).sum(axis=0)[::-1]


def spectral_radius(matrix: np.ndarray) -> float:
    """Return the greatest absolute eigenvalue of a square matrix."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def with_spectral_radius(recurrent_kernel: np.ndarray, radius: float) -> np.ndarray:
    """Scale a recurrent kernel so that its spectral radius is as asked.

    Args:
        recurrent_kernel: (units, units).
        radius: 0 or above.

    Raises:
        CourseError: the radius is negative, or all eigenvalues of the kernel are zero.
    """
    now = spectral_radius(recurrent_kernel)
    if not radius >= 0:
        raise CourseError(f"with_spectral_radius: the radius must be 0 or above, not {radius}")
    if now == 0:
        raise CourseError("with_spectral_radius: all eigenvalues are zero, so no scale will do")
    return recurrent_kernel * (radius / now)


def _activation(name: str) -> tuple[Callable, Callable]:
    """Find an activation and its slope."""
    if name not in ACTIVATIONS:
        raise CourseError(f"no activation {name!r}: choose {' or '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def _over_steps(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum left^T @ right over all sequences and steps: (left width, right width)."""
    return np.tensordot(left, right, axes=((0, 1), (0, 1)))


def _moved(weights: Weights, place: int, index: tuple[int, ...], by: float) -> Weights:
    """Return the weights with one number moved."""
    arrays = [array.copy() for array in weights]
    arrays[place][index] += by
    return Weights(*arrays)
