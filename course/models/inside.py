"""What happens inside a recurrent layer while it reads: its gates and states at every step.

The steps are those of `numpy_cells`, so nothing of Keras runs, and the states equal Keras' own to
1e-5. Lesson 04 opens the LSTM, lesson 08 the GRU.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course.errors import CourseError
from course.models import numpy_cells
from course.text import END, PAD

if TYPE_CHECKING:
    from course.models.language import LanguageModel
    from course.models.seq2seq import Seq2Seq

_STEPS = {"lstm": numpy_cells.lstm_step, "gru": numpy_cells.gru_step}
_STATES = {"lstm": ("hidden", "cell"), "gru": ("hidden",)}
# Set otherwise, Keras' layers compute something else than `numpy_cells` does.
_USUAL = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "go_backwards": False,
    "reset_after": True,
}


@dataclass(frozen=True)
class CellRun:
    """How one recurrent layer read one sentence.

    Attributes:
        cell: "lstm" or "gru".
        gates: by name, float arrays (time, units): "input", "forget", "candidate" and "output" of
            an LSTM, "update", "reset" and "candidate" of a GRU. A candidate lies between -1 and 1,
            the others between 0 (shut) and 1 (open).
        states: by name, after each step, float arrays (time, units): "hidden", and "cell" of an
            LSTM. Before the first step they are 0.
    """

    cell: str
    gates: dict[str, np.ndarray]
    states: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.states["hidden"])


def encoder_run(model: "Seq2Seq", source_ids: Sequence[int], layer: int = 1) -> CellRun:
    """Read a sentence with a model's encoder and keep what happens inside one of its layers.

    Args:
        model: the translator.
        source_ids: ids of one sentence, without START and END; PAD is left out.
        layer: 1 for the one that reads the tokens; a higher one reads the hidden states below it.

    Raises:
        CourseError: there is no such layer, no token, or an id that the vocabulary does not hold.
    """
    if layer not in range(1, model.config.layers + 1):
        raise CourseError(f"no layer {layer}: the encoder has 1 to {model.config.layers}")
    ids = _ids(source_ids, model.config.source_size)
    if not ids.size:
        raise CourseError("there is no token to read: give at least one")
    first, *others = (model.layer(f"encoder_{number}") for number in range(1, layer + 1))
    above = [other.get_weights() for other in others]
    return _read_layers(model.config.cell, *_first(model, ids, first.get_weights()), above)


def language_run(model: "LanguageModel", ids: Sequence[int], layer: int = 1) -> CellRun:
    """Read the beginning of a text with a language model, as its `start` does.

    Args:
        model: with GRU or LSTM layers.
        ids: of the text, none for an empty one; PAD is left out. END is read before them.
        layer: 1 for the one that reads the tokens; a higher one reads the hidden states below it.

    Raises:
        CourseError: its layers have no gates, there is no such layer, or the vocabulary does not
            hold an id.
    """
    cell, layers = model.config.cell, len(model.config.units)
    if cell not in _STEPS:
        raise CourseError(f"an {cell.upper()} has no gates to look at: give a GRU or an LSTM")
    if layer not in range(1, layers + 1):
        raise CourseError(f"no layer {layer}: the model has 1 to {layers}")
    read = _ids([END, *ids], model.config.size)
    table = model.layer("embedding").get_weights()[0]
    weights = [model.layer(f"recurrent_{n}").get_weights() for n in range(1, layer + 1)]
    return _read_layers(cell, table[read], weights[0], weights[1:])


def layer_run(keras_layer: Any, inputs: np.ndarray) -> CellRun:
    """Read a sequence with a Keras LSTM or GRU and keep what happens inside.

    Args:
        keras_layer: with weights, and with Keras' default activations.
        inputs: float array (time, features).

    Raises:
        CourseError: it is another kind of layer, or the inputs do not fit it.
    """
    cell = _cell(keras_layer)
    weights = keras_layer.get_weights()
    return _read(cell, _checked(inputs, weights), weights)


def _read(cell: str, inputs: np.ndarray, weights: list[np.ndarray]) -> CellRun:
    """Read a sequence (time, features), at least one step, with a cell's weights."""
    names = _STATES[cell]
    states = [np.zeros((1, len(weights[1])), np.float32) for _ in names]
    gates, after = [], []
    for row in inputs:
        *states, opened = _STEPS[cell](row[None], *states, *weights)
        gates.append(opened)
        after.append(dict(zip(names, states, strict=True)))
    return CellRun(cell, _over_time(gates), _over_time(after))


def _read_layers(
    cell: str, inputs: np.ndarray, weights: list[np.ndarray], above: list[list[np.ndarray]]
) -> CellRun:
    """Read a sequence with a layer, and its hidden states with each of the layers above it."""
    run = _read(cell, inputs, weights)
    for weights in above:
        run = _read(cell, run.states["hidden"], weights)
    return run


def _over_time(steps: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join what each step gave, (1, units) by name, to arrays (time, units)."""
    return {name: np.concatenate([step[name] for step in steps]) for name in steps[0]}


def _ids(ids: Sequence[int], size: int) -> np.ndarray:
    """Return the real tokens of a sentence.

    Raises:
        CourseError: there is one that the vocabulary does not hold.
    """
    ids = np.array([id for id in ids if id != PAD], int)
    if ids.size and (ids.min() < 0 or ids.max() >= size):
        raise CourseError(f"ids run from {ids.min()} to {ids.max()}, the vocabulary has {size}")
    return ids


def _first(
    model: "Seq2Seq", ids: np.ndarray, weights: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return what the encoder's first layer reads, (time, features), and weights that fit it."""
    if model.config.embedding is not None:
        return model.layer("encoder_input").get_weights()[0][ids], weights
    # A one-hot row meets one row of the kernel only; multiplying all others by 0 takes the longest
    # in a large vocabulary.
    return np.eye(len(ids), dtype=np.float32), [weights[0][ids], *weights[1:]]


def _cell(keras_layer: Any) -> str:
    """Say which cell a Keras layer has.

    Raises:
        CourseError: none of which `numpy_cells` has the step.
    """
    kind = type(keras_layer).__name__
    if kind.lower() not in _STEPS:
        raise CourseError(f"layer_run opens an LSTM or a GRU, not {kind}")
    settings = keras_layer.get_config()
    for name, usual in _USUAL.items():
        if settings.get(name, usual) != usual:
            raise CourseError(f"layer_run needs {name}={usual!r}, not {settings[name]!r}")
    return kind.lower()


def _checked(inputs: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Return the inputs as an array, if the weights can read them.

    Raises:
        CourseError: they cannot.
    """
    inputs = np.asarray(inputs, np.float32)
    if not weights:
        raise CourseError("this layer has no weights yet: build it, or call it once")
    if inputs.ndim != 2 or inputs.shape[1] != len(weights[0]):
        wanted = f"(time, {len(weights[0])})"
        raise CourseError(f"inputs must have the shape {wanted}, not {inputs.shape}")
    if not len(inputs):
        raise CourseError("there is no step to read: give at least one")
    return inputs
