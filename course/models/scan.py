"""An LSTM and a GRU over a whole sequence, with gradients written by hand: the fast path.

Keras' layers differentiate their loop step by step. Here the backward loop computes only what
depends on the step after it; the weights' gradient is one large matrix product at the end. Under
XLA that trains faster (`docs/measurements.md`), and it equals Keras to 1e-5 (`tests/`).

Sequences are padded on the right only. So nothing needs a mask inside the loop: states after the
last real token are never looked at, and `last` picks the state where each row ends.
Time comes first in all arrays of this module: (time, batch, units).
"""

import tensorflow as tf


def lstm_gates(pre_activation: tf.Tensor, cell: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return the four gates (input, forget, candidate, output) and the new cell state.

    Args:
        pre_activation: (…, 4 units) in Keras' order.
        cell: the cell state before the step: (…, units).
    """
    inputs, forget, candidate, output = tf.split(pre_activation, 4, axis=-1)
    inputs, forget, output = tf.sigmoid(inputs), tf.sigmoid(forget), tf.sigmoid(output)
    candidate = tf.tanh(candidate)
    return inputs, forget, candidate, output, forget * cell + inputs * candidate


def gru_gates(from_inputs: tf.Tensor, from_state: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return update, reset and candidate of a GRU (`reset_after`), each (…, units).

    Args:
        from_inputs: inputs @ kernel + input bias: (…, 3 units) in Keras' order.
        from_state: hidden @ recurrent kernel + recurrent bias: (…, 3 units).
    """
    update_in, reset_in, candidate_in = tf.split(from_inputs, 3, axis=-1)
    update_state, reset_state, candidate_state = tf.split(from_state, 3, axis=-1)
    update = tf.sigmoid(update_in + update_state)
    reset = tf.sigmoid(reset_in + reset_state)
    return update, reset, tf.tanh(candidate_in + reset * candidate_state)


def lstm_step(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Move an LSTM one step on; arguments as for `lstm`, but of one step, without time."""
    *_, output, cell = lstm_gates(inputs + hidden @ recurrent_kernel, cell)
    return output * tf.tanh(cell), cell


def gru_step(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, recurrent_bias: tf.Tensor, hidden: tf.Tensor
) -> tuple[tf.Tensor]:
    """Move a GRU one step on; arguments as for `gru`, but of one step, without time."""
    update, _, candidate = gru_gates(inputs, hidden @ recurrent_kernel + recurrent_bias)
    return (update * hidden + (1 - update) * candidate,)


def last(first: tf.Tensor, states: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Pick the state after each row's last real token.

    Args:
        first: the state before the first step: (batch, units).
        states: the state after each step: (time, batch, units).
        lengths: real tokens a row: int (batch,). A row of none keeps its first state.
    """
    rows = tf.range(tf.shape(lengths)[0])
    steps = tf.maximum(lengths - 1, 0)
    picked = tf.gather_nd(states, tf.stack([steps, rows], axis=1))
    return tf.where(lengths[:, None] > 0, picked, first)


@tf.custom_gradient
def lstm(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
) -> tuple:
    """Run an LSTM over a sequence.

    Args:
        inputs: inputs @ kernel + bias of all steps: (time, batch, 4 units).
        recurrent_kernel: (units, 4 units).
        hidden: the first hidden state: (batch, units).
        cell: the first cell state: (batch, units).

    Returns:
        The hidden and the cell state after each step: (time, batch, units) each.
    """

    def step(time: tf.Tensor, states: tuple) -> tuple:
        return lstm_step(inputs[time], recurrent_kernel, *states)

    hiddens, cells = _loop(step, (hidden, cell), tf.shape(inputs)[0])

    def gradient(hiddens_grad: tf.Tensor, cells_grad: tf.Tensor) -> tuple:
        before = tf.concat([hidden[None], hiddens[:-1]], axis=0)
        cells_before = tf.concat([cell[None], cells[:-1]], axis=0)
        pre_activation = inputs + _flat_product(before, recurrent_kernel)
        gates = lstm_gates(pre_activation, cells_before)[:4]
        steps = (*gates, tf.tanh(cells), cells_before, hiddens_grad, cells_grad)
        inputs_grad, hidden_grad, cell_grad = _lstm_backward(steps, recurrent_kernel)
        return inputs_grad, _weights_gradient(before, inputs_grad), hidden_grad, cell_grad

    return (hiddens, cells), gradient


def _lstm_backward(steps: tuple[tf.Tensor, ...], recurrent_kernel: tf.Tensor) -> tuple:
    """Walk back through time; return the gradients of the inputs and of the first states."""
    transposed = tf.transpose(recurrent_kernel)
    time_steps = tf.shape(steps[0])[0]

    def step(back: tf.Tensor, grads: tuple) -> tuple:
        _, hidden_grad, cell_grad = grads
        time = time_steps - 1 - back
        i, f, g, o, tanh_cell, cell_before, from_output, from_cell = (x[time] for x in steps)
        hidden_grad += from_output
        cell_grad += from_cell + hidden_grad * o * (1 - tanh_cell * tanh_cell)
        pre_grad = tf.concat(
            [
                cell_grad * g * i * (1 - i),
                cell_grad * cell_before * f * (1 - f),
                cell_grad * i * (1 - g * g),
                hidden_grad * tanh_cell * o * (1 - o),
            ],
            axis=-1,
        )
        return pre_grad, pre_grad @ transposed, cell_grad * f

    zeros = tf.zeros_like(steps[0][0])
    start = (tf.concat([zeros] * 4, axis=-1), zeros, zeros)
    (inputs_grad,), (_, hidden_grad, cell_grad) = _loop_last(step, start, time_steps)
    return tf.reverse(inputs_grad, axis=[0]), hidden_grad, cell_grad


@tf.custom_gradient
def gru(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, recurrent_bias: tf.Tensor, hidden: tf.Tensor
) -> tuple:
    """Run a GRU (`reset_after`) over a sequence.

    Args:
        inputs: inputs @ kernel + input bias of all steps: (time, batch, 3 units).
        recurrent_kernel: (units, 3 units).
        recurrent_bias: (3 units,).
        hidden: the first hidden state: (batch, units).

    Returns:
        The hidden state after each step: (time, batch, units); a tuple of one, as of `lstm` two.
    """

    def step(time: tf.Tensor, states: tuple) -> tuple:
        return gru_step(inputs[time], recurrent_kernel, recurrent_bias, *states)

    (hiddens,) = _loop(step, (hidden,), tf.shape(inputs)[0])

    def gradient(hiddens_grad: tf.Tensor) -> tuple:
        before = tf.concat([hidden[None], hiddens[:-1]], axis=0)
        from_state = _flat_product(before, recurrent_kernel) + recurrent_bias
        gates = gru_gates(inputs, from_state)
        candidate_state = tf.split(from_state, 3, axis=-1)[2]
        steps = (*gates, candidate_state, before, hiddens_grad)
        inputs_grad, state_grad, hidden_grad = _gru_backward(steps, recurrent_kernel)
        kernel_grad = _weights_gradient(before, state_grad)
        return inputs_grad, kernel_grad, tf.reduce_sum(state_grad, axis=[0, 1]), hidden_grad

    return (hiddens,), gradient


def _gru_backward(steps: tuple[tf.Tensor, ...], recurrent_kernel: tf.Tensor) -> tuple:
    """Walk back through time; return the gradients of inputs, state products and first state."""
    transposed = tf.transpose(recurrent_kernel)
    time_steps = tf.shape(steps[0])[0]

    def step(back: tf.Tensor, grads: tuple) -> tuple:
        *_, hidden_grad = grads
        time = time_steps - 1 - back
        update, reset, candidate, candidate_state, before, from_output = (x[time] for x in steps)
        hidden_grad += from_output
        update_grad = hidden_grad * (before - candidate) * update * (1 - update)
        candidate_grad = hidden_grad * (1 - update) * (1 - candidate * candidate)
        reset_grad = candidate_grad * candidate_state * reset * (1 - reset)
        inputs_grad = tf.concat([update_grad, reset_grad, candidate_grad], axis=-1)
        state_grad = tf.concat([update_grad, reset_grad, candidate_grad * reset], axis=-1)
        return inputs_grad, state_grad, hidden_grad * update + state_grad @ transposed

    zeros = tf.zeros_like(steps[0][0])
    wide = tf.concat([zeros] * 3, axis=-1)
    (inputs_grad, state_grad), (*_, hidden_grad) = _loop_last(step, (wide, wide, zeros), time_steps)
    return tf.reverse(inputs_grad, axis=[0]), tf.reverse(state_grad, axis=[0]), hidden_grad


def _loop(step, states: tuple, time_steps: tf.Tensor) -> tuple:  # noqa: ANN001
    """Run `step(time, states) -> states` over all steps; return each state after each step."""
    stacks = tuple(tf.TensorArray(s.dtype, time_steps, element_shape=s.shape) for s in states)

    def body(time: tf.Tensor, states: tuple, stacks: tuple) -> tuple:
        states = step(time, states)
        written = [stack.write(time, s) for stack, s in zip(stacks, states, strict=True)]
        return time + 1, states, tuple(written)

    _, _, stacks = tf.while_loop(
        lambda time, *_: time < time_steps, body, (0, states, stacks), maximum_iterations=time_steps
    )
    return tuple(stack.stack() for stack in stacks)


def _loop_last(step, grads: tuple, time_steps: tf.Tensor) -> tuple:  # noqa: ANN001
    """As `_loop`, but stack only the gradients wider than a state, and return the last of all."""
    width = grads[-1].shape[-1]
    wide = [place for place, grad in enumerate(grads) if grad.shape[-1] != width]
    stacks = tuple(
        tf.TensorArray(grads[i].dtype, time_steps, element_shape=grads[i].shape) for i in wide
    )

    def body(back: tf.Tensor, grads: tuple, stacks: tuple) -> tuple:
        grads = step(back, grads)
        written = [stack.write(back, grads[i]) for stack, i in zip(stacks, wide, strict=True)]
        return back + 1, grads, tuple(written)

    _, grads, stacks = tf.while_loop(
        lambda back, *_: back < time_steps, body, (0, grads, stacks), maximum_iterations=time_steps
    )
    return tuple(stack.stack() for stack in stacks), grads


def _flat_product(states: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Multiply (time, batch, units) by (units, width) in one matrix product."""
    shape = tf.shape(states)
    product = tf.reshape(states, [-1, states.shape[-1]]) @ kernel
    return tf.reshape(product, [shape[0], shape[1], kernel.shape[-1]])


def _weights_gradient(states: tf.Tensor, grads: tf.Tensor) -> tf.Tensor:
    """Sum states^T @ grads over time and batch in one matrix product."""
    states = tf.reshape(states, [-1, states.shape[-1]])
    return tf.matmul(states, tf.reshape(grads, [-1, grads.shape[-1]]), transpose_a=True)
