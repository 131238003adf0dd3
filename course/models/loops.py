"""Loops over time in TensorFlow: the ground that `scan` stands on.

Time comes first in all arrays of this module: (time, batch, units).
"""

from collections.abc import Callable

from course.backend import tf


def loop(
    step: Callable[..., tuple],
    start: tuple[tf.Tensor, ...],
    time_steps: tf.Tensor,
    keep: tuple[int, ...] | None = None,
) -> tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
    """Run `step(time, *values) -> values` over all steps.

    Returns:
        The values after the last step; and of those named in `keep` (all if None) the values after
        each step, in the loop's own order, stacked.
    """
    keep = tuple(range(len(start))) if keep is None else keep
    stacks = tuple(
        tf.TensorArray(start[i].dtype, time_steps, element_shape=start[i].shape) for i in keep
    )

    def body(time: tf.Tensor, values: tuple, stacks: tuple) -> tuple:
        values = step(time, *values)
        stacks = tuple(s.write(time, values[i]) for s, i in zip(stacks, keep, strict=True))
        return time + 1, values, stacks

    _, values, stacks = tf.while_loop(
        lambda time, *_: time < time_steps, body, (0, start, stacks), maximum_iterations=time_steps
    )
    return values, tuple(stack.stack() for stack in stacks)


def shifted(first: tf.Tensor, states: tf.Tensor) -> tf.Tensor:
    """Return the state before each step: (time, batch, units)."""
    return tf.concat([first[None], states[:-1]], axis=0)


def weights_gradient(states: tf.Tensor, grads: tf.Tensor) -> tf.Tensor:
    """Sum states^T @ grads over time and batch in one matrix product."""
    states = tf.reshape(states, [-1, states.shape[-1]])
    return tf.matmul(states, tf.reshape(grads, [-1, grads.shape[-1]]), transpose_a=True)
