"""An RNN, an LSTM and a GRU over a whole sequence, with gradients written by hand: the fast path.

Keras' layers differentiate their loop step by step. Here the forward loop keeps its gates, all that
can be computed for every step at once is computed outside the backward loop, and the weights'
gradient is one large matrix product at the end. Under XLA that trains faster
(`docs/measurements.md`), and it equals Keras to 1e-5 (`tests/test_seq2seq.py`,
`tests/test_scan_rnn.py`).

Sequences are padded on the right only. So nothing needs a mask inside the loop: states after the
last real token are never looked at, and `last` picks the state where each row ends.
Time comes first in all arrays of this module: (time, batch, units).
"""

import numpy as np

from course.backend import tf
from course.models.loops import loop, shifted, weights_gradient

# Each activation of a simple RNN, and its slope as a function of what it gave.
_SQUASH = {"tanh": tf.tanh, "relu": tf.nn.relu}
_SLOPE = {"tanh": lambda y: 1 - y * y, "relu": lambda y: tf.cast(y > 0, y.dtype)}


def sigmoids(x: tf.Tensor) -> tf.Tensor:
    """Return sigmoid(x) by way of tanh, of which XLA makes faster code."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


def lstm_gates(pre_activation: tf.Tensor) -> tf.Tensor:
    """Squash all four gates at once, by a single tanh over the whole width.

    Args:
        pre_activation: (…, 4 units) in Keras' order: input, forget, candidate, output.

    Returns:
        The gates in the same order and shape: sigmoids, but for the candidate's tanh.
    """
    width = pre_activation.shape[-1] // 4
    scale = np.repeat(np.float32([0.5, 0.5, 1.0, 0.5]), width)
    shift = np.repeat(np.float32([0.5, 0.5, 0.0, 0.5]), width)
    return scale * tf.tanh(scale * pre_activation) + shift


def rnn_step(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, activation: str = "tanh"
) -> tuple[tf.Tensor]:
    """Move a simple RNN one step on; arguments as for `rnn`, but of one step, without time.

    Returns:
        The hidden state (batch, units): a tuple of one, as of `lstm_step` three.
    """
    return (_SQUASH[activation](inputs + hidden @ recurrent_kernel),)


def rnn(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, activation: str = "tanh"
) -> tuple[tf.Tensor]:
    """Run a simple RNN over a sequence.

    Args:
        inputs: inputs @ kernel + bias of all steps: (time, batch, units).
        recurrent_kernel: (units, units).
        hidden: the first hidden state: (batch, units).
        activation: "tanh" or "relu".

    Returns:
        The hidden state after each step: (time, batch, units); a tuple of one, as of `lstm` two.
    """

    # Arguments of a function with its own gradient are tensors: the activation stays outside.
    @tf.custom_gradient
    def run(inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor) -> tuple:
        def step(time: tf.Tensor, hidden: tf.Tensor) -> tuple:
            return rnn_step(inputs[time], recurrent_kernel, hidden, activation)

        (hiddens,) = loop(step, (hidden,), tf.shape(inputs)[0])[1]

        def gradient(hiddens_grad: tf.Tensor) -> tuple:
            slopes = _SLOPE[activation](hiddens)
            pre_grads, first = _rnn_backward(slopes, hiddens_grad, recurrent_kernel)
            return pre_grads, weights_gradient(shifted(hidden, hiddens), pre_grads), first

        return (hiddens,), gradient

    return run(inputs, recurrent_kernel, hidden)


def _rnn_backward(slopes: tf.Tensor, hiddens_grad: tf.Tensor, recurrent_kernel: tf.Tensor) -> tuple:
    """Walk back through time; return the gradients of the inputs and of the first state."""
    transposed, time_steps = tf.transpose(recurrent_kernel), tf.shape(slopes)[0]

    def step(back: tf.Tensor, hidden: tf.Tensor, _: tf.Tensor) -> tuple:
        time = time_steps - 1 - back
        pre = (hidden + hiddens_grad[time]) * slopes[time]
        return pre @ transposed, pre

    zeros = tf.zeros_like(slopes[0])
    (first, _), (pre_grads,) = loop(step, (zeros, zeros), time_steps, keep=(1,))
    return tf.reverse(pre_grads, axis=[0]), first


def lstm_step(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Move an LSTM one step on; arguments as for `lstm`, but of one step, without time.

    Returns:
        The hidden state, the cell state, and the gates (batch, 4 units).
    """
    gates = lstm_gates(inputs + hidden @ recurrent_kernel)
    input_gate, forget_gate, candidate, output_gate = tf.split(gates, 4, axis=-1)
    cell = forget_gate * cell + input_gate * candidate
    return output_gate * tf.tanh(cell), cell, gates


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

    def step(time: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor, _: tf.Tensor) -> tuple:
        return lstm_step(inputs[time], recurrent_kernel, hidden, cell)

    start = (hidden, cell, tf.zeros_like(inputs[0]))
    hiddens, cells, gates = loop(step, start, tf.shape(inputs)[0])[1]

    def gradient(hiddens_grad: tf.Tensor, cells_grad: tf.Tensor) -> tuple:
        before = shifted(hidden, hiddens)
        slopes = _lstm_slopes(gates, cells, shifted(cell, cells))
        grads = (hiddens_grad, cells_grad)
        pre_grads, hidden_grad, cell_grad = _lstm_backward(slopes, grads, recurrent_kernel)
        return pre_grads, weights_gradient(before, pre_grads), hidden_grad, cell_grad

    return (hiddens, cells), gradient


def _lstm_slopes(gates: tf.Tensor, cells: tf.Tensor, cells_before: tf.Tensor) -> tuple:
    """Return how the states answer to the pre-activations, for all steps at once.

    Returns:
        The pre-activations' slopes (time, batch, 4 units): of the cell state for the first three
        gates, of the hidden state for the output gate; the hidden state's slope along the cell
        state, and the cell state's along the one before: (time, batch, units) each.
    """
    i, f, g, o = tf.split(gates, 4, axis=-1)
    tanh_cell = tf.tanh(cells)
    slopes = [
        g * i * (1 - i),
        cells_before * f * (1 - f),
        i * (1 - g * g),
        tanh_cell * o * (1 - o),
    ]
    return tf.concat(slopes, axis=-1), o * (1 - tanh_cell * tanh_cell), f


def _lstm_backward(slopes: tuple, grads: tuple, recurrent_kernel: tf.Tensor) -> tuple:
    """Walk back through time; return the gradients of the inputs and of the first states."""
    pre_slopes, hidden_slopes, forget_gates = slopes
    hiddens_grad, cells_grad = grads
    transposed, time_steps = tf.transpose(recurrent_kernel), tf.shape(pre_slopes)[0]

    def step(back: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor, _: tf.Tensor) -> tuple:
        time = time_steps - 1 - back
        hidden += hiddens_grad[time]
        cell += cells_grad[time] + hidden * hidden_slopes[time]
        pre = tf.concat([cell, cell, cell, hidden], axis=-1) * pre_slopes[time]
        return pre @ transposed, cell * forget_gates[time], pre

    zeros = tf.zeros_like(forget_gates[0])
    start = (zeros, zeros, tf.zeros_like(pre_slopes[0]))
    (hidden, cell, _), (pre_grads,) = loop(step, start, time_steps, keep=(2,))
    return tf.reverse(pre_grads, axis=[0]), hidden, cell


def gru_step(
    inputs: tf.Tensor, recurrent_kernel: tf.Tensor, recurrent_bias: tf.Tensor, hidden: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Move a GRU one step on; arguments as for `gru`, but of one step, without time.

    Returns:
        The hidden state (batch, units), the gates update, reset and candidate (batch, 3 units),
        and the state's share of the candidate before the reset (batch, units).
    """
    from_state = hidden @ recurrent_kernel + recurrent_bias
    width = 2 * hidden.shape[-1]
    switches = sigmoids(inputs[:, :width] + from_state[:, :width])
    update, reset = tf.split(switches, 2, axis=-1)
    candidate = tf.tanh(inputs[:, width:] + reset * from_state[:, width:])
    gates = tf.concat([switches, candidate], axis=-1)
    return update * hidden + (1 - update) * candidate, gates, from_state[:, width:]


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

    def step(time: tf.Tensor, hidden: tf.Tensor, *_: tf.Tensor) -> tuple:
        return gru_step(inputs[time], recurrent_kernel, recurrent_bias, hidden)

    start = (hidden, tf.zeros_like(inputs[0]), tf.zeros_like(hidden))
    hiddens, gates, shares = loop(step, start, tf.shape(inputs)[0])[1]

    def gradient(hiddens_grad: tf.Tensor) -> tuple:
        before = shifted(hidden, hiddens)
        slopes = _gru_slopes(gates, shares, before)
        in_grads, state_grads, first = _gru_backward(slopes, hiddens_grad, recurrent_kernel)
        kernel_grad = weights_gradient(before, state_grads)
        return in_grads, kernel_grad, tf.reduce_sum(state_grads, axis=[0, 1]), first

    return (hiddens,), gradient


def _gru_slopes(gates: tf.Tensor, shares: tf.Tensor, before: tf.Tensor) -> tuple:
    """Return how the hidden state answers to the pre-activations, for all steps at once.

    Returns:
        Its slopes along inputs and along state products, (time, batch, 3 units) each, and along the
        state before, by way of the update gate: (time, batch, units).
    """
    update, reset, candidate = tf.split(gates, 3, axis=-1)
    of_update = (before - candidate) * update * (1 - update)
    of_candidate = (1 - update) * (1 - candidate * candidate)
    of_reset = of_candidate * shares * reset * (1 - reset)
    in_slopes = tf.concat([of_update, of_reset, of_candidate], axis=-1)
    return in_slopes, tf.concat([of_update, of_reset, of_candidate * reset], axis=-1), update


def _gru_backward(slopes: tuple, hiddens_grad: tf.Tensor, recurrent_kernel: tf.Tensor) -> tuple:
    """Walk back through time; return the gradients of inputs, state products and first state."""
    in_slopes, state_slopes, updates = slopes
    transposed, time_steps = tf.transpose(recurrent_kernel), tf.shape(updates)[0]

    def step(back: tf.Tensor, hidden: tf.Tensor, _: tf.Tensor) -> tuple:
        time = time_steps - 1 - back
        hidden += hiddens_grad[time]
        products = tf.tile(hidden, [1, 3]) * state_slopes[time]
        return hidden * updates[time] + products @ transposed, hidden

    zeros = tf.zeros_like(updates[0])
    (first, _), (hiddens,) = loop(step, (zeros, zeros), time_steps, keep=(1,))
    hiddens = tf.tile(tf.reverse(hiddens, axis=[0]), [1, 1, 3])
    return hiddens * in_slopes, hiddens * state_slopes, first


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
