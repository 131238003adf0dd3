"""An encoder and a decoder: the translator of lessons 03 to 05.

The same layers are wired three times: as Keras' training model, as the pair of Keras models that
lesson 05 decodes with, and as the fast path (`logits`, `start`, `step`) that `course.training` and
`course.decoding` use. All three share their weights and agree to 1e-5.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course.backend import keras, tf
from course.errors import CourseError
from course.models import scan, storage
from course.text import PAD, START, Codec

IMPOSSIBLE = -1e9
State = dict[str, tf.Tensor]


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


@keras.saving.register_keras_serializable("course")
class TargetsOnly(keras.layers.Layer):
    """Takes PAD and START, which are never a target, out of the softmax."""

    def __init__(self, **options) -> None:
        """Let the mask of the decoder pass through."""
        super().__init__(**options)
        self.supports_masking = True

    def call(self, logits: tf.Tensor) -> tf.Tensor:
        """Return the logits with those of PAD and START too low for any share."""
        never = np.zeros(logits.shape[-1], np.float32)
        never[[PAD, START]] = IMPOSSIBLE
        return logits + never


class Seq2Seq:
    """An encoder–decoder in Keras, with everything that training and decoding need.

    Attributes:
        config: its shape.
        source, target: the codecs, if it translates text.
        about: plain data that is saved with it, as what it was trained on; empty at first.
        training_model: (source, target_in) -> logits (batch, time, target_size).
        encoder_model: source -> a dictionary of the states after the last real token.
        decoder_model: {"token": ids (batch, time), and the states} -> {"logits", and new states}.
    """

    def __init__(
        self, config: Config, source: Codec | None = None, target: Codec | None = None
    ) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        self.config, self.source, self.target = config, source, target
        self.about: dict = {}
        self._layers = _make_layers(config)
        self.training_model = self._wire_training()
        self.encoder_model, self.decoder_model = self._wire_inference()

    def layer(self, name: str) -> keras.layers.Layer:
        """Return a layer by its name."""
        return self._layers[name]

    @property
    def trainable_variables(self) -> list:
        """What the optimizer moves."""
        return self.training_model.trainable_variables

    @property
    def random_states(self) -> list:
        """What the dropout layers draw from; it moves with every training step."""
        layers = [layer for layer in self._layers.values() if hasattr(layer, "seed_generator")]
        return [layer.seed_generator.state for layer in layers]

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
        outputs = self._drop("output_dropout", outputs, training)
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

    @property
    def state_names(self) -> list[str]:
        """Names of the decoder's states, layer by layer."""
        kinds = ("hidden", "cell") if self.config.cell == "lstm" else ("hidden",)
        return [f"{kind}_{layer}" for layer in range(1, self.config.layers + 1) for kind in kinds]

    def save(self, folder: str | Path) -> None:
        """Write weights, configuration, vocabularies and the course's version into one folder.

        Raises:
            CourseError: it cannot be written; a model that was there is kept.
        """
        codecs = {"source": self.source, "target": self.target}
        about = {
            "kind": "seq2seq",
            "config": asdict(self.config),
            **{name: codec and codec.to_dict() for name, codec in codecs.items()},
            "about": self.about,
        }
        storage.save_arrays(folder, "model", self.get_weights(), about)

    @classmethod
    def load(cls, folder: str | Path) -> "Seq2Seq":
        """Read what `save` wrote.

        Raises:
            CourseError: the folder is missing, half-written, of another version or another kind.
        """
        arrays, manifest = storage.load_arrays(folder, "model")
        if manifest.get("kind") != "seq2seq":
            raise CourseError(f"{folder} holds a {manifest.get('kind')!r} model, not a translator")
        try:
            codecs = [manifest[side] and Codec.from_dict(manifest[side]) for side in _SIDES]
            model = cls(Config(**manifest["config"]), *codecs)
            model.set_weights(arrays)
            model.about = manifest.get("about", {})
        except (KeyError, TypeError, ValueError) as error:
            raise CourseError(f"{folder} does not fit this course: train it again") from error
        return model

    def get_weights(self) -> dict[str, np.ndarray]:
        """Return all weights by "layer/weight" name."""
        return {path: weight.numpy() for path, weight in self._named_weights()}

    def set_weights(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over weights by name.

        Raises:
            CourseError: a name or a shape does not fit.
        """
        weights = dict(self._named_weights())
        if set(arrays) != set(weights):
            odd = sorted(set(arrays) ^ set(weights))[0]
            raise CourseError(f"these weights are of another model: {odd} does not fit")
        for name, weight in weights.items():
            if arrays[name].shape != tuple(weight.shape):
                raise CourseError(f"these weights are of another model: {name} has another shape")
            weight.assign(arrays[name])

    def _named_weights(self) -> list[tuple[str, tf.Variable]]:
        """Pair each weight with the name of its layer and its own."""
        return [
            (f"{name}/{weight.name}", weight)
            for name, layer in self._layers.items()
            for weight in layer.trainable_weights
        ]

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

    def _drop(self, name: str, inputs: tf.Tensor, training: bool) -> tf.Tensor:
        """Drop out in the fast path, as Keras' layer does, in arrays (time, batch, width).

        The mask is the same at every time step (Gal and Ghahramani, 2016), which also spares most
        of the random numbers: drawn for each step, they would take longer than the model itself.
        """
        layer = self._layers.get(name)
        if layer is None or not training:
            return inputs
        _, batch, width = tf.unstack(tf.shape(inputs))
        seed = tf.cast(layer.seed_generator.next(), tf.int32)
        kept = tf.random.stateless_uniform([1, batch, width], seed) >= layer.rate
        return inputs * tf.cast(kept, inputs.dtype) / (1 - layer.rate)

    def _run(
        self, side: str, ids: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Apply one side's layers by the fast path.

        Returns:
            The last layer's outputs (time, batch, units), and the states by name.
        """
        ids = tf.transpose(ids)
        lengths = tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=0)
        outputs, new_state = None, {}
        for number in range(1, self.config.layers + 1):
            layer = self._layers[f"{side}_{number}"]
            projected = self._project(side, layer, ids, outputs, training)
            outputs, after = self._recur(layer, projected, state, number, lengths)
            new_state.update(after)
        return outputs, new_state

    def _project(self, side, layer, ids, outputs, training) -> tf.Tensor:
        """Return inputs @ kernel + bias for all steps: (time, batch, gates * units).

        One-hot rows times the kernel are rows of the kernel, so those are looked up.
        """
        bias = layer.cell.bias if self.config.cell == "lstm" else layer.cell.bias[0]
        if outputs is None and self.config.embedding is None:
            rows = tf.gather(tf.convert_to_tensor(layer.cell.kernel), ids)
            return rows + bias
        if outputs is None:
            outputs = tf.gather(self._layers[f"{side}_input"].embeddings, ids)
            outputs = self._drop(f"{side}_dropout", outputs, training)
        return tf.matmul(outputs, layer.cell.kernel) + bias

    def _recur(self, layer, projected, state, number, lengths) -> tuple:
        """Run one recurrent layer; return its outputs and its states by name."""
        names = [name for name in self.state_names if name.endswith(f"_{number}")]
        first = [state[name] for name in names]
        weights = [tf.convert_to_tensor(layer.cell.recurrent_kernel)]
        if self.config.cell == "gru":
            weights.append(tf.convert_to_tensor(layer.cell.bias)[1])
        whole, single = _SCANS[self.config.cell]
        if projected.shape[0] == 1:
            after = single(projected[0], *weights, *first)[: len(first)]
            real = lengths[:, None] > 0
            picked = [tf.where(real, new, old) for new, old in zip(after, first, strict=True)]
            return after[0][None], dict(zip(names, picked, strict=True))
        states = whole(projected, *weights, *first)
        picked = [scan.last(old, new, lengths) for old, new in zip(first, states, strict=True)]
        return states[0], dict(zip(names, picked, strict=True))


_SIDES = ("source", "target")
_SCANS = {"lstm": (scan.lstm, scan.lstm_step), "gru": (scan.gru, scan.gru_step)}


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
    layers["targets_only"] = TargetsOnly(name="targets_only")
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
    """Make a dropout layer with a seed of its own, whose mask is the same at every time step."""
    seed = config.seed * 100 + place
    return keras.layers.Dropout(config.dropout, noise_shape=(None, 1, None), seed=seed, name=name)


def _recurrent(config: Config, side: str, number: int) -> keras.layers.Layer:
    """Make one recurrent layer that returns its outputs and its states."""
    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[config.cell]
    place = {"encoder": 10, "decoder": 50}[side] + 2 * number
    return kind(
        config.units,
        return_sequences=True,
        return_state=True,
        kernel_initializer=_draw(config, "GlorotUniform", place),
        recurrent_initializer=_draw(config, "Orthogonal", place + 1),
        name=f"{side}_{number}",
    )
