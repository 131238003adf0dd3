"""An encoder and a decoder: the translator of lessons 03 to 05.

The same layers are wired three times: as Keras' training model, as the pair of Keras models that
lesson 05 decodes with, and as the fast path (`logits`, `start`, `step`) that `course.training` and
`course.decoding` use. All three share their weights and agree to 1e-5.
"""

from dataclasses import dataclass

from course.backend import keras, tf
from course.models import recurrent
from course.models.layers import NeverSaid, OneHot
from course.models.recurrent import State
from course.models.translator import Translator
from course.text import PAD, Codec


@dataclass(frozen=True)
class Config:
    """The shape of a model.

    Attributes:
        source_size: tokens of the source vocabulary.
        target_size: tokens of the target vocabulary.
        units: width of the hidden state, the latent dimension.
        cell: "lstm" or "gru".
        layers: recurrent layers in the encoder, and as many in the decoder.
        embedding: width of the embeddings; None for one-hot inputs.
        dropout: share of the embeddings and of the decoder's outputs that training drops.
        seed: draws the first weights.
    """

    source_size: int
    target_size: int
    units: int = 256
    cell: str = "lstm"
    layers: int = 1
    embedding: int | None = None
    dropout: float = 0.0
    seed: int = 0


class Seq2Seq(Translator):
    """An encoder–decoder in Keras, with everything that training and decoding need.

    Attributes:
        config: its shape.
        source, target: the codecs, if it translates text.
        training_model: (source, target_in) -> logits (batch, time, target_size).
        encoder_model: source -> a dictionary of the states after the last real token.
        decoder_model: {"token": ids (batch, time), and the states} -> {"logits", and new states}.
    """

    kind, noun, shape = "seq2seq", "a translator", Config

    def __init__(
        self, config: Config, source: Codec | None = None, target: Codec | None = None
    ) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        super().__init__(_make_layers(config), config, source, target)
        self.training_model = self._wire_training()
        self.encoder_model, self.decoder_model = self._wire_inference()

    def logits(self, source: tf.Tensor, target_in: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Run the fast path over whole sentences.

        Args:
            source: int (batch, source_time), padding on the right only.
            target_in: int (batch, time), padding on the right only.
            training: drop out.

        Returns:
            float32 (batch, time, target_size). Over padding they mean nothing.
        """
        state = self.start(source, training)
        outputs, _ = self._run("decoder", target_in, state, training)
        outputs = recurrent.drop(self._layers.get("output_dropout"), outputs, training)
        return tf.transpose(self._output(outputs), [1, 0, 2])

    def start(self, source_ids: tf.Tensor, training: bool = False) -> State:
        """Read the source sentences.

        Args:
            source_ids: int (batch, source_time), padding on the right only.
            training: drop out.

        Returns:
            The decoder's first states by name, each (batch, units).
        """
        source_ids = tf.convert_to_tensor(source_ids)
        zeros = tf.zeros([tf.shape(source_ids)[0], self.config.units])
        first = {name: zeros for name in self.state_names}
        return self._run("encoder", source_ids, first, training)[1]

    def step(self, token_ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Move the decoder one token on.

        Args:
            token_ids: int (batch,).
            state: what `start` or the last `step` gave.

        Returns:
            Logits (batch, target_size) and the new states.
        """
        outputs, state = self._run("decoder", tf.convert_to_tensor(token_ids)[:, None], state)
        return self._output(outputs)[0], state

    def _wire_training(self) -> keras.Model:
        """Wire the layers for teacher forcing: both sentences go in at once."""
        source = keras.Input((None,), dtype="int32", name="source")
        target_in = keras.Input((None,), dtype="int32", name="target_in")
        states = self._stack("encoder", source, None)[1]
        outputs, _ = self._stack("decoder", target_in, states)
        return keras.Model([source, target_in], self._said(outputs), name="training_model")

    def _wire_inference(self) -> tuple[keras.Model, keras.Model]:
        """Wire the same layers for inference: states come out of one model and into the other."""
        source = keras.Input((None,), dtype="int32", name="source")
        states = dict(zip(self.state_names, self._stack("encoder", source, None)[1], strict=True))
        encoder = keras.Model(source, states, name="encoder_model")
        token = keras.Input((None,), dtype="int32", name="token")
        before = {name: keras.Input((self.config.units,), name=name) for name in self.state_names}
        outputs, after = self._stack("decoder", token, list(before.values()))
        results = {"logits": self._said(outputs)} | dict(zip(self.state_names, after, strict=True))
        return encoder, keras.Model({"token": token, **before}, results, name="decoder_model")

    def _stack(self, side: str, ids, states: list | None) -> tuple:
        """Apply one side's Keras layers; return its outputs and the states of all its layers."""
        outputs = self._dropped(f"{side}_dropout", self._layers[f"{side}_input"](ids))
        new_states, kinds = [], len(self.state_names) // self.config.layers
        for number in range(self.config.layers):
            first = None if states is None else states[number * kinds : (number + 1) * kinds]
            layer = self._layers[f"{side}_{number + 1}"]
            outputs, *after = layer(outputs, initial_state=first)
            new_states += after
        return outputs, new_states

    def _said(self, outputs: keras.KerasTensor) -> keras.KerasTensor:
        """Wire what follows the decoder's outputs: dropout and logits."""
        return self._output(self._dropped("output_dropout", outputs))

    def _dropped(self, name: str, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Wire a dropout layer, if the model has it."""
        return self._layers[name](inputs) if name in self._layers else inputs

    def _output(self, outputs: tf.Tensor) -> tf.Tensor:
        """Turn the decoder's outputs (…, units) into logits (…, target_size)."""
        return self._layers["targets_only"](self._layers["output"](outputs))

    def _run(
        self, side: str, ids: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Apply one side's layers by the fast path.

        Returns:
            The last layer's outputs (time, batch, units), and the states by name.
        """
        ids = tf.transpose(ids)
        lengths = tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=0)
        outputs, new_state, kinds = None, {}, recurrent.STATES[self.config.cell]
        for number in range(1, self.config.layers + 1):
            layer = self._layers[f"{side}_{number}"]
            if outputs is None:
                projected = self._read(side, layer, ids, training)
            else:
                projected = recurrent.project(layer, outputs)
            names = [f"{kind}_{number}" for kind in kinds]
            first = [state[name] for name in names]
            outputs, after = recurrent.recur(layer, projected, first, lengths)
            new_state |= dict(zip(names, after, strict=True))
        return outputs, new_state

    def _read(
        self, side: str, layer: keras.layers.Layer, ids: tf.Tensor, training: bool
    ) -> tf.Tensor:
        """Return what the tokens give to a side's first layer: (time, batch, gates * units)."""
        if self.config.embedding is None:
            return recurrent.project_ids(layer, ids)
        rows = tf.gather(self._layers[f"{side}_input"].embeddings, ids)
        rows = recurrent.drop(self._layers.get(f"{side}_dropout"), rows, training)
        return recurrent.project(layer, rows)


def _make_layers(config: Config) -> dict[str, keras.layers.Layer]:
    """Make all layers by name, each with weights of its own seed."""
    layers = {}
    for side, size in (("encoder", config.source_size), ("decoder", config.target_size)):
        layers[f"{side}_input"] = _input_layer(config, side, size)
        if config.dropout and config.embedding is not None:
            layers[f"{side}_dropout"] = _dropout(config, f"{side}_dropout", len(layers))
        for number in range(1, config.layers + 1):
            layers[f"{side}_{number}"] = _recurrent(config, side, number)
    if config.dropout:
        layers["output_dropout"] = _dropout(config, "output_dropout", len(layers))
    layers["output"] = keras.layers.Dense(
        config.target_size, name="output", kernel_initializer=_draw(config, "GlorotUniform", 99)
    )
    layers["targets_only"] = NeverSaid(name="targets_only")
    return layers


def _draw(config: Config, initializer: str, place: int) -> keras.initializers.Initializer:
    """Return an initializer whose seed belongs to one place of the model."""
    return getattr(keras.initializers, initializer)(seed=config.seed * 100 + place)


def _input_layer(config: Config, side: str, size: int) -> keras.layers.Layer:
    """Make the layer that turns ids into vectors: one-hot, or an embedding."""
    if config.embedding is None:
        return OneHot(size, name=f"{side}_one_hot")
    place = {"encoder": 1, "decoder": 2}[side]
    return keras.layers.Embedding(
        size,
        config.embedding,
        mask_zero=True,
        embeddings_initializer=_draw(config, "RandomUniform", place),
        name=f"{side}_embedding",
    )


def _dropout(config: Config, name: str, place: int) -> keras.layers.Layer:
    """Make a dropout layer with a seed of its own."""
    return recurrent.dropout_layer(config.dropout, name, config.seed * 100 + place)


def _recurrent(config: Config, side: str, number: int) -> keras.layers.Layer:
    """Make one recurrent layer."""
    place = config.seed * 100 + {"encoder": 10, "decoder": 50}[side] + 2 * number
    name = f"{side}_{number}"
    return recurrent.recurrent_layer(config.cell, config.units, name, (place, place + 1))
