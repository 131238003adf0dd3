"""Keras layers that several models have, with masks as Keras has them."""

from collections.abc import Sequence

import numpy as np

from course.backend import keras, tf
from course.text import PAD, START, UNK

IMPOSSIBLE = -1e9  # a logit too low for any share of a softmax


@keras.saving.register_keras_serializable("course")
class OneHot(keras.layers.Layer):
    """Ids to one-hot rows, with a mask over padding, as `Embedding(mask_zero=True)` has it."""

    def __init__(self, depth: int, **options) -> None:
        """Make rows of `depth` columns."""
        super().__init__(**options)
        self.depth, self.supports_masking = depth, True

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Return (batch, time, depth)."""
        return keras.ops.one_hot(ids, self.depth, dtype=self.compute_dtype)

    def compute_mask(self, ids: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Return True where a real token stands: (batch, time)."""
        return keras.ops.not_equal(ids, PAD)

    def get_config(self) -> dict:
        """Return what Keras needs to make the layer again."""
        return {**super().get_config(), "depth": self.depth}


def never_said(size: int, ids: Sequence[int] = (PAD, START)) -> np.ndarray:
    """Return what is added to logits (…, size) so that the ids get no share: float32 (size,)."""
    never = np.zeros(size, np.float32)
    never[list(ids)] = IMPOSSIBLE
    return never


@keras.saving.register_keras_serializable("course")
class NeverSaid(keras.layers.Layer):
    """Takes ids that are never a target, usually PAD and START, out of the softmax."""

    def __init__(self, ids: Sequence[int] = (PAD, START), **options) -> None:
        """Let the mask of the layer below pass through."""
        super().__init__(**options)
        self.ids, self.supports_masking = tuple(ids), True

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        """Return the logits with those of the ids too low for any share."""
        return logits + never_said(logits.shape[-1], self.ids)

    def get_config(self) -> dict:
        """Return what Keras needs to make the layer again."""
        return {**super().get_config(), "ids": self.ids}


@keras.saving.register_keras_serializable("course")
class WordDropout(keras.layers.Layer):
    """In training, reads a share of the tokens as unknown, so that no single word is relied on."""

    def __init__(self, rate: float, seed: int, **options) -> None:
        """Draw with a seed of its own."""
        super().__init__(**options)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the ids, of any shape; padding stays what it is."""
        if not training:
            return ids
        draws = keras.random.uniform(keras.ops.shape(ids), seed=self.seed_generator)
        read = keras.ops.logical_or(draws >= self.rate, ids == PAD)
        return keras.ops.where(read, ids, UNK)

    def get_config(self) -> dict:
        """Return what Keras needs to make the layer again."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class TiedOutput(keras.layers.Layer):
    """Logits by an embedding's own table: outputs (…, width) times the rows of all tokens.

    Reference:
        Press and Wolf, 2017.
    """

    def __init__(self, embedding: keras.layers.Embedding, **options) -> None:
        """Use the table of an embedding layer."""
        super().__init__(**options)
        self.supports_masking = True
        # A function: Keras would count the weights of a layer that it finds here as this one's too,
        # and the optimizer would move the table twice in each step.
        self._table = lambda: embedding.embeddings

    def build(self, shape: tuple) -> None:
        """Make the bias, a number for each token."""
        self.bias = self.add_weight(self._table().shape[:1], "zeros", name="bias")

    @property
    def table(self) -> tf.Tensor:
        """The rows of all tokens: (tokens, width)."""
        return tf.convert_to_tensor(self._table())

    def call(self, outputs: tf.Tensor) -> tf.Tensor:
        """Return the logits (…, tokens)."""
        return tf.tensordot(outputs, self.table, [[-1], [1]]) + self.bias


def rows_and_biases(output: keras.layers.Layer) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the rows (tokens, width) and biases (tokens,) behind an output layer's logits.

    Args:
        output: a `TiedOutput`, or a dense layer.
    """
    rows = output.table if isinstance(output, TiedOutput) else tf.transpose(output.kernel)
    return rows, tf.convert_to_tensor(output.bias)


def embedding(
    size: int, width: int, name: str, seed: int, mask_zero: bool = False
) -> keras.layers.Embedding:
    """Make the table of the tokens' vectors, with rows of length about 1.

    With Keras' usual ±0.05 tied weights trained badly (docs/measurements.md).

    Args:
        size: tokens.
        width: of a vector.
        name: of the layer.
        seed: draws the vectors.
        mask_zero: mask padding, in Keras' own wiring.
    """
    bound = (3 / width) ** 0.5
    draw = keras.initializers.RandomUniform(-bound, bound, seed=seed)
    layer = keras.layers.Embedding(
        size, width, embeddings_initializer=draw, mask_zero=mask_zero, name=name
    )
    layer.build((None, None))
    return layer
