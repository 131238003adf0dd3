"""Keras' recurrent layers, run by the fast path of `course.models.scan`: what models share.

Arrays have time first, (time, batch, width), and sequences are padded on the right only.
"""

from collections.abc import Sequence
from functools import partial

from course.backend import keras, tf
from course.errors import CourseError
from course.models import scan

State = dict[str, tf.Tensor]
STATES = {"rnn": ("hidden",), "gru": ("hidden",), "lstm": ("hidden", "cell")}
_LAYERS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def check_cell(cell: str) -> None:
    """Refuse a kind of cell that there is not."""
    if cell not in STATES:
        raise CourseError(f"no cell {cell!r}: choose {', '.join(STATES)}")


def state_names(cell: str, layers: int) -> list[str]:
    """Name the states of a stack of layers, layer by layer, as "hidden_1"."""
    return [f"{kind}_{layer}" for layer in range(1, layers + 1) for kind in STATES[cell]]


def recurrent_layer(
    cell: str, units: int, name: str, seeds: tuple[int, int], **options
) -> keras.layers.Layer:
    """Make one recurrent layer that returns its outputs and its states.

    Args:
        cell: "rnn", "gru" or "lstm".
        units: width of its state.
        name: of the layer.
        seeds: of the kernel and of the recurrent kernel.
        options: of the Keras layer, as `activation`.
    """
    return _LAYERS[cell](
        units,
        return_sequences=True,
        return_state=True,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds[0]),
        recurrent_initializer=keras.initializers.Orthogonal(seed=seeds[1]),
        name=name,
        **options,
    )


def dropout_layer(rate: float, name: str, seed: int) -> keras.layers.Dropout:
    """Make a dropout layer whose mask is the same at every time step."""
    return keras.layers.Dropout(rate, noise_shape=(None, 1, None), seed=seed, name=name)


def drop(
    layer: keras.layers.Dropout | None, inputs: tf.Tensor, training: bool, time_axis: int = 0
) -> tf.Tensor:
    """Drop out, as Keras' layer does; without a layer nothing is dropped.

    The mask is the same at every time step (Gal and Ghahramani, 2016), which also spares most of
    the random numbers: drawn for each step, they would take longer than the model itself.

    Args:
        layer: made by `dropout_layer`.
        inputs: (time, batch, width), or with time elsewhere.
        training: without it nothing is dropped.
        time_axis: where time stands in `inputs`: 0 or 1.
    """
    if layer is None or not training:
        return inputs
    shape = tf.unstack(tf.shape(inputs))
    shape[time_axis] = 1
    seed = tf.cast(layer.seed_generator.next(), tf.int32)
    kept = tf.random.stateless_uniform(shape, seed) >= layer.rate
    return inputs * tf.cast(kept, inputs.dtype) / (1 - layer.rate)


def project(layer: keras.layers.Layer, inputs: tf.Tensor) -> tf.Tensor:
    """Return inputs @ kernel + bias for all steps: (time, batch, gates * units).

    Args:
        layer: a recurrent layer.
        inputs: (time, batch, width).
    """
    # As one product of two matrices: the gradient of a product for each step would be summed up.
    return tf.tensordot(inputs, tf.convert_to_tensor(layer.cell.kernel), 1) + _input_bias(layer)


def project_ids(layer: keras.layers.Layer, ids: tf.Tensor) -> tf.Tensor:
    """Do the same for one-hot inputs: rows of the kernel, so those are looked up.

    Args:
        layer: a recurrent layer.
        ids: int (time, batch).
    """
    return tf.gather(tf.convert_to_tensor(layer.cell.kernel), ids) + _input_bias(layer)


def recur(
    layer: keras.layers.Layer,
    projected: tf.Tensor,
    first: Sequence[tf.Tensor],
    lengths: tf.Tensor,
    kernel: tf.Tensor | None = None,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Run a recurrent layer.

    Args:
        layer: of Keras: SimpleRNN, GRU or LSTM.
        projected: what `project` gave.
        first: its states before the first step, (batch, units) each.
        lengths: real tokens a row: int (batch,).
        kernel: in place of its recurrent kernel, as one with dropped weights.

    Returns:
        Its outputs (time, batch, units), and its states where each row ends.
    """
    whole, single, weights = _fast(layer, kernel)
    if projected.shape[0] == 1:
        after = single(projected[0], *weights, *first)[: len(first)]
        real = lengths[:, None] > 0
        picked = [tf.where(real, new, old) for new, old in zip(after, first, strict=True)]
        return after[0][None], picked
    states = whole(projected, *weights, *first)
    return states[0], [scan.last(old, new, lengths) for old, new in zip(first, states, strict=True)]


def _fast(layer: keras.layers.Layer, kernel: tf.Tensor | None) -> tuple:
    """Return a layer's functions for a sequence and for a step, and the weights both take."""
    if kernel is None:
        kernel = tf.convert_to_tensor(layer.cell.recurrent_kernel)
    if isinstance(layer, keras.layers.LSTM):
        return scan.lstm, scan.lstm_step, [kernel]
    if isinstance(layer, keras.layers.GRU):
        return scan.gru, scan.gru_step, [kernel, tf.convert_to_tensor(layer.cell.bias)[1]]
    activation = layer.activation.__name__
    whole, single = (partial(step, activation=activation) for step in (scan.rnn, scan.rnn_step))
    return whole, single, [kernel]


def _input_bias(layer: keras.layers.Layer) -> tf.Tensor:
    """Return the bias that belongs to the inputs: a GRU has one for the state as well."""
    bias = tf.convert_to_tensor(layer.cell.bias)
    return bias[0] if isinstance(layer, keras.layers.GRU) else bias
