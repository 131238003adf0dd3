"""Attention over what the encoder left, for many steps of a decoder at once: the fast path.

`numpy_attention` has the same for one step, for reading. The two ways of comparing share all but
their scores. Keys are computed once a sentence, not once a step.
"""

from typing import NamedTuple

from course.backend import keras, tf
from course.models.layers import IMPOSSIBLE

KINDS = ("multiplicative", "additive")


class Memory(NamedTuple):
    """What the decoder may look at.

    Attributes:
        values: the encoder's outputs: (batch, source_time, width).
        keys: what queries are compared with: (batch, source_time, depth).
        real: 1 where a real token stands, 0 over padding: float (batch, source_time).
    """

    values: tf.Tensor
    keys: tf.Tensor
    real: tf.Tensor


def attention_layers(kind: str, units: int, width: int, seed: int) -> dict:
    """Make and build the layers of a kind of attention, by name.

    Args:
        kind: "multiplicative" or "additive".
        units: width of a query; also the depth in which it is compared.
        width: of a row of the memory.
        seed: draws the weights.
    """
    layers = {"attention_keys": _dense(units, "attention_keys", seed)}
    layers["attention_keys"].build((None, None, width))
    if kind == "additive":
        layers["attention_query"] = _dense(units, "attention_query", seed + 1)
        layers["attention_query"].build((None, None, units))
        layers["attention"] = keras.layers.AdditiveAttention(name="attention")
    else:
        layers["attention"] = keras.layers.Attention(use_scale=True, name="attention")
    keys = (None, None, units)
    layers["attention"].build([keys, (None, None, width), keys])
    if kind == "multiplicative":
        # Sums over many units are large: unscaled, attention settles on a place before it has
        # learnt which (docs/measurements.md). From here on the scale is trained.
        layers["attention"].scale.assign(units**-0.5)
    return layers


def _dense(units: int, name: str, seed: int) -> keras.layers.Dense:
    """Make a product with a matrix, and nothing else."""
    draw = keras.initializers.GlorotUniform(seed=seed)
    return keras.layers.Dense(units, use_bias=False, kernel_initializer=draw, name=name)


def attend(layers: dict, query: tf.Tensor, memory: Memory) -> tuple[tf.Tensor, tf.Tensor]:
    """Look at the memory, for all queries at once.

    Args:
        layers: of `attention_layers`.
        query: (batch, time, units).
        memory: of the same sentences.

    Returns:
        The contexts (batch, time, width), and the weights (batch, time, source_time): each row
        sums to 1, padding gets exactly 0, and a row of nothing but padding is all 0.
    """
    real = memory.real[:, None]
    weights = tf.nn.softmax(_scores(layers, query, memory.keys) + (1 - real) * IMPOSSIBLE) * real
    return tf.matmul(weights, memory.values), weights


def _scores(layers: dict, query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
    """Compare each query with each key: (batch, time, source_time)."""
    scale = layers["attention"].scale
    if "attention_query" not in layers:
        return tf.matmul(query * scale, keys, transpose_b=True)
    query = layers["attention_query"](query)
    hidden = tf.tanh(query[:, :, None] + keys[:, None])
    return tf.reduce_sum(hidden * scale, axis=-1)
