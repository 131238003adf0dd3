"""A language model: what comes next in running text. Lessons 08 and 09 train it.

Embedding, recurrent layers, logits over the vocabulary. With tied weights (Press and Wolf, 2017)
the table that turns tokens into vectors also turns vectors into logits.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from course import metrics, runtime
from course.backend import keras, tf
from course.errors import CourseError
from course.models import recurrent
from course.models.layered import Layered
from course.models.layers import NeverSaid, TiedOutput, embedding, rows_and_biases
from course.models.recurrent import State
from course.streams import StreamBatches
from course.text import END, PAD, START, Codec


@dataclass(frozen=True)
class Config:
    """The shape of a model.

    Attributes:
        size: tokens of the vocabulary.
        units: width of each recurrent layer's state, the lowest layer first.
        cell: "rnn", "gru" or "lstm".
        embedding: width of the embeddings.
        tied: use the embeddings for the output as well.
        dropout: share of the embeddings and of each layer's outputs that training drops.
        weight_dropout: share of the recurrent weights that training drops (Merity et al., 2018).
        spread: draw all weights evenly from -spread to spread, with biases of 0, as the classic
            experiments did, so that an LSTM does not begin by remembering; 0 for each layer's own.
        seed: draws the first weights.
    """

    size: int
    units: tuple[int, ...] = (256,)
    cell: str = "gru"
    embedding: int = 128
    tied: bool = True
    dropout: float = 0.0
    weight_dropout: float = 0.0
    spread: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a shape that no model can have."""
        recurrent.check_cell(self.cell)
        if not self.units or min(self.units) < 1:
            raise CourseError(f"units must be a width for each layer, as (256,), not {self.units}")
        for rate in (self.dropout, self.weight_dropout):
            if not 0 <= rate < 1:
                raise CourseError(f"dropout must be from 0 to below 1, not {rate}")
        if self.spread < 0:
            raise CourseError(f"spread must not be negative, as {self.spread} is")


class LanguageModel(Layered):
    """A recurrent language model, with everything that training and decoding need.

    Attributes:
        config: its shape.
        codec: turns text into its ids.
    """

    kind, noun = "language", "a language model"

    def __init__(self, config: Config, codec: Codec | None = None) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        super().__init__(_make_layers(config))
        self.config, self.codec = config, codec
        self._scored = tf.function(self._score, jit_compile=runtime.compiles(), autograph=False)
        if config.spread:
            self._spread_out()

    @property
    def state_names(self) -> list[str]:
        """Names of the states, layer by layer."""
        return recurrent.state_names(self.config.cell, len(self.config.units))

    def zero_state(self, rows: int) -> State:
        """Return the states before the first token of a text, each (rows, units)."""
        kinds = recurrent.STATES[self.config.cell]
        widths = [width for width in self.config.units for _ in kinds]
        zeros = (tf.zeros([rows, width]) for width in widths)
        return dict(zip(self.state_names, zeros, strict=True))

    def logits(
        self, ids: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Read on in running text.

        Args:
            ids: int (batch, time), padding on the right only.
            state: what `zero_state` or the batch before gave.
            training: drop out.

        Returns:
            float32 (batch, time, size), and the states after the last real token of each row.
        """
        outputs, state = self.outputs(ids, state, training)
        return self._said(outputs), state

    def outputs(
        self, ids: tf.Tensor, state: State, training: bool = False
    ) -> tuple[tf.Tensor, State]:
        """Return what becomes the logits, (batch, time, width), and the states, as `logits`."""
        outputs, state = self._run(ids, state, training)
        return self._mixed(tf.transpose(outputs, [1, 0, 2])), state

    def output_weights(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the rows (size, width) and biases (size,) behind the logits."""
        return rows_and_biases(self._layers["output"])

    def start(self, prompt_ids: tf.Tensor) -> State:
        """Read the beginning of a chapter.

        Args:
            prompt_ids: int (batch, time), padding on the right only; without a token the chapter
                is still empty.
        """
        prompt_ids = tf.cast(prompt_ids, tf.int32)
        rows = tf.shape(prompt_ids)[0]
        # What stands before a chapter is the end of another one.
        ids = tf.concat([tf.fill([rows, 1], END), prompt_ids], axis=1)
        return self._run(ids, self.zero_state(rows))[1]

    def step(self, token_ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Read one token more; START, with which decoding begins, is none and is not read.

        Args:
            token_ids: int (batch,).
            state: what `start` or the last `step` gave.

        Returns:
            Logits of the next token (batch, size) and the new states.
        """
        token_ids = tf.cast(token_ids, tf.int32)
        _, new = self._run(tf.where(token_ids == START, PAD, token_ids)[:, None], state)
        return self._said(self._mixed(new[f"hidden_{len(self.config.units)}"])), new

    def log_probs(self, ids: Sequence[int] | np.ndarray, steps: int = 200) -> np.ndarray:
        """Return how likely each token of a running text is, given all before it.

        Args:
            ids: int (tokens,). The first token is only read, like END before a text.
            steps: tokens that are read at a time; it changes nothing but the speed.

        Returns:
            Natural logarithms, float32 (tokens - 1,).

        Raises:
            CourseError: there is no token to predict.
        """
        state, parts = self.zero_state(1), []
        batches = StreamBatches(ids, batch=1, steps=steps)
        for inputs, targets in batches:
            part, state = self._scored(inputs, targets, state)
            parts.append(part.numpy())
        return np.concatenate(parts)[: batches.tokens]

    def perplexity(self, ids: Sequence[int] | np.ndarray, steps: int = 200) -> float:
        """Return the perplexity of a running text, each token counted once; as `log_probs`."""
        log_probs = self.log_probs(ids, steps)
        return metrics.perplexity(-log_probs.sum(dtype=np.float64), len(log_probs))

    def _score(self, inputs: tf.Tensor, targets: tf.Tensor, state: State) -> tuple:
        """Return the log-probabilities (time,) of one row of targets, and the states behind."""
        logits, state = self.logits(inputs, state)
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        return -nll[0], state

    def _run(self, ids: tf.Tensor, state: State, training: bool = False) -> tuple:
        """Run all recurrent layers; return outputs (time, batch, units) and the states by name."""
        ids = tf.transpose(ids)
        lengths = tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=0)
        outputs, new_state = tf.gather(self._layers["embedding"].embeddings, ids), {}
        for number in range(1, len(self.config.units) + 1):
            outputs = recurrent.drop(self._layers.get(f"dropout_{number}"), outputs, training)
            layer = self._layers[f"recurrent_{number}"]
            names = [f"{kind}_{number}" for kind in recurrent.STATES[self.config.cell]]
            first = [state[name] for name in names]
            projected = recurrent.project(layer, outputs)
            kernel = self._thinned(layer, number, training)
            outputs, after = recurrent.recur(layer, projected, first, lengths, kernel)
            new_state |= dict(zip(names, after, strict=True))
        return recurrent.drop(self._layers.get("output_dropout"), outputs, training), new_state

    def _thinned(self, layer: keras.layers.Layer, number: int, training: bool) -> tf.Tensor | None:
        """Return a recurrent kernel with some weights dropped; None stands for the whole one."""
        thin = self._layers.get(f"weight_dropout_{number}")
        if thin is None or not training:
            return None
        return recurrent.drop(thin, layer.cell.recurrent_kernel[None], training)[0]

    def _mixed(self, outputs: tf.Tensor) -> tf.Tensor:
        """Bring the last layer's outputs (…, units) to the width of the rows that they meet."""
        return self._layers["mixing"](outputs) if "mixing" in self._layers else outputs

    def _said(self, outputs: tf.Tensor) -> tf.Tensor:
        """Turn outputs (…, width) into logits (…, size)."""
        return self._layers["targets_only"](self._layers["output"](outputs))

    def _spread_out(self) -> None:
        """Draw all weights anew from one even distribution."""
        draw, spread = np.random.default_rng(self.config.seed), self.config.spread
        for name, weight in self._named_weights():
            drawn = draw.uniform(-spread, spread, weight.shape)
            weight.assign(np.zeros(weight.shape) if name.endswith("bias") else drawn)

    def _description(self) -> dict:
        """Return the shape and the vocabulary."""
        return {"config": asdict(self.config), "codec": self.codec and self.codec.to_dict()}

    @classmethod
    def _described(cls, manifest: dict) -> "LanguageModel":
        """Make an untrained model of a saved one's shape."""
        shape = dict(manifest["config"])
        codec = manifest["codec"] and Codec.from_dict(manifest["codec"])
        return cls(Config(**shape | {"units": tuple(shape["units"])}), codec)


def _make_layers(config: Config) -> dict[str, keras.layers.Layer]:
    """Make and build all layers by name, each with weights of its own seed."""
    table = embedding(config.size, config.embedding, "embedding", config.seed * 100 + 1)
    layers = {"embedding": table}
    width = config.embedding
    for number, units in enumerate(config.units, 1):
        place = config.seed * 100 + 10 * number
        name = f"recurrent_{number}"
        layers[name] = recurrent.recurrent_layer(config.cell, units, name, (place, place + 1))
        layers[name].build((None, None, width))
        layers |= _dropouts(config, number, place + 2)
        width = units
    if config.dropout:
        place = config.seed * 100 + 97
        layers["output_dropout"] = recurrent.dropout_layer(config.dropout, "output_dropout", place)
    return layers | _output_layers(config, width, table)


def _dropouts(config: Config, number: int, place: int) -> dict[str, keras.layers.Layer]:
    """Make what drops a layer's inputs, and its recurrent weights."""
    rates = {f"dropout_{number}": config.dropout, f"weight_dropout_{number}": config.weight_dropout}
    return {
        name: recurrent.dropout_layer(rate, name, place + offset)
        for offset, (name, rate) in enumerate(rates.items())
        if rate
    }


def _output_layers(config: Config, width: int, table: keras.layers.Embedding) -> dict:
    """Make what turns the last layer's outputs into logits."""
    draw = keras.initializers.GlorotUniform(seed=config.seed * 100 + 99)
    layers = {}
    if config.tied and width != config.embedding:
        layers["mixing"] = keras.layers.Dense(
            config.embedding, kernel_initializer=draw, name="mixing"
        )
    if config.tied:
        layers["output"] = TiedOutput(table, name="output")
    else:
        layers["output"] = keras.layers.Dense(config.size, kernel_initializer=draw, name="output")
    for layer in layers.values():
        layer.build((None, width))
    return layers | {"targets_only": NeverSaid(name="targets_only")}
