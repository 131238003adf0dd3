"""A recurrent network whose weights were thought of and not trained: the parity of bits so far.

Its arrays are those of `backprop`, so that its gradients can be looked at as well. Lesson 01 steps
through it, and the demo `unrolled_network` opens with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.errors import CourseError
from course.models import backprop
from course.models.backprop import Weights

NEVER = -1e9  # the bias of logit 0, which stands for "nothing is asked"


@dataclass(frozen=True)
class Network:
    """A simple recurrent network, and what its inputs and outputs are called.

    Attributes:
        weights: the five arrays.
        inputs: what is read for each token: float array (features,).
        labels: names of logits 1, 2, …; logit 0 stands for "nothing is asked".
        activation: "tanh" or "relu".
    """

    weights: Weights
    inputs: Mapping[str, np.ndarray]
    labels: Sequence[str]
    activation: str = "tanh"

    def vectors(self, tokens: Sequence[str]) -> np.ndarray:
        """Return what is read for each token: float array (time, features).

        Raises:
            CourseError: there is a token that it does not know.
        """
        for token in tokens:
            if token not in self.inputs:
                known = ", ".join(list(self.inputs)[:10]) + ", …" * (len(self.inputs) > 10)
                raise CourseError(f"this network does not know {token!r}: it reads {known}")
        return np.stack([self.inputs[token] for token in tokens])

    def read(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Read tokens.

        Returns:
            The states, (time + 1, units), the one before the first step included; and the logits of
            each label, (time, labels).

        Raises:
            CourseError: there is a token that it does not know.
        """
        inputs = self.vectors(tokens)[None]
        states, logits = backprop.forward(inputs, self.weights, activation=self.activation)
        return states[0], logits[0, :, 1:]

    def norms_back(self, tokens: Sequence[str], label: int) -> np.ndarray:
        """Measure how much of a loss at the last step arrives at each state before it.

        Args:
            tokens: at least one.
            label: what the last step should have said, counted from 0.

        Returns:
            The norms in the order of the steps: float array (time,).
        """
        inputs, target = self.vectors(tokens)[None], np.array([label + 1])
        return backprop.norms_back(inputs, target, self.weights, self.activation)[::-1]


def parity(sharpness: float = 3.0) -> Network:
    """Wire two tanh units that keep the parity of all bits so far.

    An odd count becomes even by a one, an even one odd: the parity after a bit is XOR of the bit
    and the parity before. One unit cannot compute XOR, two can: z = bit + parity is 0, 1 or 2; the
    first unit asks whether z is at least 1 (OR), the second whether it is 2 (AND), and the parity
    is 1 where only the first says yes. tanh says yes by a number near 1 and no by one near -1, so
    half the difference of the units is the parity, 0 or 1; that is how the recurrent kernel reads
    it back. Before the first bit both are 0, and so is their difference.

    What tanh leaves short of 1 does not add up: at z of 0, 1 and 2 it is so flat that an error in
    the parity comes out smaller than it went in. For the same reason next to no gradient comes
    back through it.

    Args:
        sharpness: how steeply the units answer; from 2.5 on it is right on strings of any length,
            below that errors add up.

    Returns:
        The network; it reads "0" and "1" and says "even" or "odd" after each.
    """
    half = sharpness / 2
    return Network(
        Weights(
            kernel=np.array([[sharpness, sharpness]]),
            recurrent_kernel=np.array([[half, half], [-half, -half]]),
            bias=np.array([-half, -3 * half]),  # the thresholds: z above 1/2, and above 3/2
            output_kernel=np.array([[0.0, -2.0, 2.0], [0.0, 2.0, -2.0]]),
            output_bias=np.array([NEVER, 2.0, -2.0]),
        ),
        {"0": np.array([0.0]), "1": np.array([1.0])},
        ("even", "odd"),
    )


def network(
    model: Any, symbols: Sequence[str], labels: Sequence[str], activation: str = "tanh"
) -> Network:
    """Name the inputs and outputs of weights, or of a trained `Tagger` with a simple cell.

    Args:
        model: the five arrays of `backprop`, or a `Tagger`. Ids of tokens and labels count from 1:
            row 0 of the kernel is that of padding, logit 0 that of "nothing is asked".
        symbols: the tokens of ids 1, 2, …
        labels: names of logits 1, 2, …
        activation: "tanh" or "relu"; a `Tagger` has its own.

    Raises:
        CourseError: it has gates, or another activation, or other numbers of tokens or labels than
            there are names.
    """
    weights, activation = (model, activation) if isinstance(model, Weights) else _of_tagger(model)
    if activation not in backprop.ACTIVATIONS:
        known = " or ".join(backprop.ACTIVATIONS)
        raise CourseError(f"no activation {activation!r}: choose {known}")
    for what, names, count in (
        ("symbols", symbols, len(weights.kernel)),
        ("labels", labels, len(weights.output_bias)),
    ):
        if len(names) != count - 1:
            raise CourseError(
                f"{what} names {len(names)}, but this network has {count - 1}: pass one each"
            )
    vectors = np.eye(len(weights.kernel))[1:]
    return Network(weights, dict(zip(symbols, vectors, strict=True)), tuple(labels), activation)


def _of_tagger(model: Any) -> tuple[Weights, str]:
    """Return a trained model's weights as the five arrays, and its activation."""
    if not (hasattr(model, "config") and hasattr(model, "layer")):
        raise CourseError(f"a {type(model).__name__} has no recurrent layer to unroll")
    cell = getattr(model.config, "cell", None)
    if cell != "rnn":
        raise CourseError(f"the unrolled picture shows a simple cell (cell='rnn'), not {cell!r}")
    arrays = [*model.layer("recurrent").get_weights(), *model.layer("output").get_weights()]
    weights = Weights(*(np.asarray(array, float) for array in arrays))
    never = np.eye(len(weights.output_bias))[0] * NEVER  # as the model's own last layer does
    return weights._replace(output_bias=weights.output_bias + never), model.config.activation
