"""A recurrent net that gives every token a label: the parity of a bit string in lesson 01.

A recurrent layer reads, and a Dense layer answers: after every token (many-to-many), or after the
last one alone (many-to-one), which spares the other answers. The layers are wired twice: as a Keras
model, and as the fast path that `course.training` uses.
"""

from dataclasses import asdict, dataclass

import numpy as np

from course.backend import keras, tf
from course.errors import CourseError
from course.models import recurrent
from course.models.layered import Layered
from course.models.layers import NeverSaid, OneHot
from course.text import PAD


@dataclass(frozen=True)
class Config:
    """The shape of a model.

    Attributes:
        inputs: different ids of the input, padding included: bits are 1 and 2, so 3.
        labels: different labels, the 0 for "nothing is asked" included.
        units: width of the hidden state.
        cell: "rnn", "gru" or "lstm".
        activation: "tanh" or "relu", of an "rnn"; the other cells have their own.
        seed: draws the first weights.
        every_step: answer after every token; else after the last one only: `time` of logits and
            labels is then 1.
    """

    inputs: int
    labels: int
    units: int = 24
    cell: str = "rnn"
    activation: str = "tanh"
    seed: int = 0
    every_step: bool = True

    def __post_init__(self) -> None:
        """Refuse a shape that no model can have."""
        recurrent.check_cell(self.cell)
        if self.activation not in ("tanh", "relu"):
            raise CourseError(f"no activation {self.activation!r}: choose tanh or relu")


class Tagger(Layered):
    """A recurrent layer and a Dense layer on what it gives, for training and for reading.

    Attributes:
        config: its shape.
        keras_model: ids (batch, time) -> logits (batch, time, labels), wired from the same layers.
    """

    kind, noun = "tagger", "a tagger"

    def __init__(self, config: Config) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        super().__init__(_make_layers(config))
        self.config = config
        self.keras_model = self._wire()
        # One program for batches of all shapes.
        shape = tf.TensorSpec((None, None), tf.int32)
        self._labels = tf.function(self._likeliest, input_signature=[shape], autograph=False)

    def hiddens(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the hidden state after each token: (batch, time, units).

        Args:
            ids: int (batch, time), padding on the right only.
        """
        return tf.transpose(self._read(tf.convert_to_tensor(ids))[0], [1, 0, 2])

    def logits(self, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Run the fast path.

        Args:
            ids: int (batch, time), padding on the right only.
            training: changes nothing; what trains a model asks for it.

        Returns:
            float32 (batch, time, labels). Over padding they mean nothing.
        """
        outputs, hidden = self._read(tf.convert_to_tensor(ids))
        asked = outputs if self.config.every_step else hidden[None]
        return tf.transpose(self._answer(asked), [1, 0, 2])

    def predict(self, ids: np.ndarray, batch: int = 1_000) -> np.ndarray:
        """Return the likeliest label of each token, and 0 over padding.

        Args:
            ids: int (rows, time), padding on the right only.
            batch: rows at a time.

        Returns:
            int array (rows, time).
        """
        ids = np.asarray(ids, np.int32)
        starts = range(0, len(ids), batch)
        parts = [self._labels(ids[start : start + batch]).numpy() for start in starts]
        return np.concatenate(parts) if parts else ids

    def _likeliest(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the likeliest labels, and 0 over padding: int32 (batch, time)."""
        labels = tf.argmax(self.logits(ids), -1, tf.int32)
        read = ids if self.config.every_step else tf.reduce_max(ids, axis=1, keepdims=True)
        return tf.where(read == PAD, PAD, labels)

    def _description(self) -> dict:
        """Return the shape."""
        return {"config": asdict(self.config)}

    @classmethod
    def _described(cls, manifest: dict) -> "Tagger":
        """Make an untrained model of a saved one's shape."""
        return cls(Config(**manifest["config"]))

    def _wire(self) -> keras.Model:
        """Wire the layers as a Keras model."""
        ids = keras.Input((None,), dtype="int32", name="ids")
        outputs, hidden = self.layer("recurrent")(self.layer("input")(ids))[:2]
        asked = outputs if self.config.every_step else keras.ops.expand_dims(hidden, 1)
        return keras.Model(ids, self._answer(asked), name="tagger")

    def _read(self, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the hidden states: all (time, batch, units), and the rows' last (batch, units)."""
        lengths = tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=1)
        layer, config = self.layer("recurrent"), self.config
        zeros = tf.zeros([tf.shape(ids)[0], config.units])
        first = [zeros for _ in recurrent.STATES[config.cell]]
        projected = recurrent.project_ids(layer, tf.transpose(ids))
        outputs, states = recurrent.recur(layer, projected, first, lengths)
        return outputs, states[0]

    def _answer(self, outputs: tf.Tensor) -> tf.Tensor:
        """Turn outputs (…, units) into logits (…, labels)."""
        return self.layer("labels_only")(self.layer("output")(outputs))


def _make_layers(config: Config) -> dict[str, keras.layers.Layer]:
    """Make all layers by name, each with weights of its own seed."""
    place = config.seed * 100
    own = {"activation": config.activation} if config.cell == "rnn" else {}
    seeds = (place, place + 1)
    initializer = keras.initializers.GlorotUniform(seed=place + 2)
    return {
        "input": OneHot(config.inputs, name="input"),
        "recurrent": recurrent.recurrent_layer(
            config.cell, config.units, "recurrent", seeds, **own
        ),
        "output": keras.layers.Dense(config.labels, name="output", kernel_initializer=initializer),
        "labels_only": NeverSaid([PAD], name="labels_only"),
    }
