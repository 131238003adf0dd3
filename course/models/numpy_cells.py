"""One time step of an RNN, an LSTM and a GRU in NumPy, for reading; equal to Keras' own.

Weights have Keras' layout, so `keras_layer.get_weights()` can be passed on as it is. Lesson 01
takes the RNN apart, lesson 04 the LSTM, lesson 08 the GRU.
"""

from collections.abc import Callable

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Squash numbers into the range from 0 to 1."""
    # Equal to 1 / (1 + exp(-x)), but exp overflows far below zero and tanh does not.
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def relu(x: np.ndarray) -> np.ndarray:
    """Keep what is above zero; everything else becomes zero."""
    return np.maximum(x, 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities along the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def rnn_step(
    inputs: np.ndarray,
    hidden: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    activation: Callable[[np.ndarray], np.ndarray] = np.tanh,
) -> np.ndarray:
    """Move a simple recurrent network one time step on.

    Args:
        inputs: (batch, features).
        hidden: the hidden state before the step: (batch, units).
        kernel: (features, units).
        recurrent_kernel: (units, units).
        bias: (units,).
        activation: what squashes the sums: `np.tanh`, `relu` or any other function of an array.

    Returns:
        The hidden state after the step: (batch, units).

    Reference:
        Elman, 1990, "Finding structure in time".
    """
    return activation(inputs @ kernel + hidden @ recurrent_kernel + bias)


def lstm_step(
    inputs: np.ndarray,
    hidden: np.ndarray,
    cell: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Move an LSTM one time step on.

    Args:
        inputs: (batch, features).
        hidden: the hidden state before the step: (batch, units).
        cell: the cell state before the step: (batch, units).
        kernel: (features, 4 units), the gates in Keras' order: input, forget, candidate, output.
        recurrent_kernel: (units, 4 units), in the same order.
        bias: (4 units,), in the same order.

    Returns:
        The hidden state and the cell state after the step, each (batch, units), and the gates by
        name: "input", "forget", "candidate", "output".

    Reference:
        Hochreiter and Schmidhuber, 1997; with the forget gate of Gers et al., 2000.
    """
    pre_activation = inputs @ kernel + hidden @ recurrent_kernel + bias
    input_gate, forget_gate, candidate, output_gate = np.split(pre_activation, 4, axis=-1)
    input_gate, forget_gate = sigmoid(input_gate), sigmoid(forget_gate)
    candidate, output_gate = np.tanh(candidate), sigmoid(output_gate)
    cell = forget_gate * cell + input_gate * candidate
    hidden = output_gate * np.tanh(cell)
    gates = {
        "input": input_gate,
        "forget": forget_gate,
        "candidate": candidate,
        "output": output_gate,
    }
    return hidden, cell, gates


def gru_step(
    inputs: np.ndarray,
    hidden: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray,
    reset_after: bool = True,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Move a GRU one time step on, in either of Keras' conventions.

    They differ in the candidate alone: the reset gate scales what the recurrent kernel makes of the
    state, or the state itself before the product.

    Args:
        inputs: (batch, features).
        hidden: the hidden state before the step: (batch, units).
        kernel: (features, 3 units), in Keras' order: update, reset, candidate.
        recurrent_kernel: (units, 3 units), in the same order.
        bias: (2, 3 units), for the inputs and for the state; (3 units,) without `reset_after`.
        reset_after: whether the reset gate acts after the product, Keras' default, or before it.

    Returns:
        The hidden state after the step: (batch, units), and the gates by name: "update", "reset",
        "candidate".

    Reference:
        Cho et al., 2014, equations 5 to 8; the reset after the product as cuDNN does it.
    """
    bias, state_bias = bias if reset_after else (bias, np.zeros_like(bias))
    from_inputs = np.split(inputs @ kernel + bias, 3, axis=-1)
    kernels, biases = np.split(recurrent_kernel, 3, axis=-1), np.split(state_bias, 3)
    update = sigmoid(from_inputs[0] + hidden @ kernels[0] + biases[0])
    reset = sigmoid(from_inputs[1] + hidden @ kernels[1] + biases[1])
    if reset_after:
        from_past = reset * (hidden @ kernels[2] + biases[2])
    else:
        from_past = (reset * hidden) @ kernels[2]
    candidate = np.tanh(from_inputs[2] + from_past)
    hidden = update * hidden + (1.0 - update) * candidate
    return hidden, {"update": update, "reset": reset, "candidate": candidate}
