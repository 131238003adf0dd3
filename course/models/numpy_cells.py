"""One time step of an LSTM and of a GRU in NumPy, for reading; equal to Keras' own.

Weights have Keras' layout, so `keras_layer.get_weights()` can be passed on as it is. Lesson 04
takes the LSTM apart, lesson 08 the GRU.
"""

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Squash numbers into the range from 0 to 1."""
    # Equal to 1 / (1 + exp(-x)), but exp overflows far below zero and tanh does not.
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities along the last axis."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


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
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Move a GRU one time step on, in Keras' default convention (`reset_after=True`).

    Args:
        inputs: (batch, features).
        hidden: the hidden state before the step: (batch, units).
        kernel: (features, 3 units), in Keras' order: update, reset, candidate.
        recurrent_kernel: (units, 3 units), in the same order.
        bias: (2, 3 units): for the inputs and for the state.

    Returns:
        The hidden state after the step: (batch, units), and the gates by name: "update", "reset",
        "candidate".

    Reference:
        Cho et al., 2014, equations 5 to 8; the reset after the product as cuDNN does it.
    """
    from_inputs = np.split(inputs @ kernel + bias[0], 3, axis=-1)
    from_state = np.split(hidden @ recurrent_kernel + bias[1], 3, axis=-1)
    update = sigmoid(from_inputs[0] + from_state[0])
    reset = sigmoid(from_inputs[1] + from_state[1])
    candidate = np.tanh(from_inputs[2] + reset * from_state[2])
    hidden = update * hidden + (1.0 - update) * candidate
    return hidden, {"update": update, "reset": reset, "candidate": candidate}
