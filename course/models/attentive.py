"""A translator that looks back at the source: encoder, attention, decoder. Lesson 07 trains it.

The decoder's state after a token asks the memory, and what it finds is mixed with that state into
the next token's logits (Luong et al., 2015); with input feeding the mixture also goes into the next
step. Without attention the same model sees the encoder's last states only, which makes a fair
comparison. As in `seq2seq`, the layers are wired twice, as a Keras model and as the fast path, and
both agree to 1e-5.
"""

from dataclasses import dataclass

from course.backend import keras, tf
from course.errors import CourseError
from course.models import attention, recurrent
from course.models.attention import Memory
from course.models.attentive_keras import make_layers, wire
from course.models.layers import rows_and_biases
from course.models.loops import loop
from course.models.recurrent import State
from course.models.translator import Translator
from course.text import PAD, Codec


@dataclass(frozen=True)
class Config:
    """The shape of a model.

    Attributes:
        source_size: tokens of the source vocabulary.
        target_size: tokens of the target vocabulary.
        units: width of each recurrent layer's state.
        cell: "gru" or "lstm".
        layers: recurrent layers in the encoder, and as many in the decoder.
        embedding: width of the embeddings, and of what becomes the logits.
        attention: "multiplicative", "additive", or None to see the last encoder states only.
        bidirectional: the encoder reads in both directions.
        direct: the memory holds each token's embedding too, so that a word itself can be looked at.
        input_feeding: what became a token's logits goes into the next step as well.
        shared: one table of embeddings for source and target, which have one vocabulary.
        tied: use the target's embeddings for the output as well.
        dropout: share of the embeddings and of what becomes the logits that training drops.
        word_dropout: share of the source's tokens that training reads as unknown.
        seed: draws the first weights.
    """

    source_size: int
    target_size: int
    units: int = 256
    cell: str = "gru"
    layers: int = 1
    embedding: int = 256
    attention: str | None = "multiplicative"
    bidirectional: bool = True
    direct: bool = False
    input_feeding: bool = False
    shared: bool = False
    tied: bool = True
    dropout: float = 0.0
    word_dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a shape that no model can have."""
        if self.cell not in ("gru", "lstm"):
            raise CourseError(f"no cell {self.cell!r}: choose gru or lstm")
        if self.attention not in (None, *attention.KINDS):
            kinds = ", ".join(attention.KINDS)
            raise CourseError(f"no attention {self.attention!r}: choose {kinds}, or None")
        for name in ("dropout", "word_dropout"):
            if not 0 <= (share := getattr(self, name)) < 1:
                raise CourseError(f"{name} must be from 0 to below 1, not {share}")
        if self.shared and self.source_size != self.target_size:
            sizes = f"{self.source_size:,} and {self.target_size:,}"
            raise CourseError(f"shared embeddings need one vocabulary, not {sizes} tokens")

    @property
    def directions(self) -> tuple[str, ...]:
        """The ways in which the encoder reads."""
        return ("forward", "backward") if self.bidirectional else ("forward",)

    @property
    def width(self) -> int:
        """Width of what the encoder says of a token."""
        return self.units * len(self.directions)

    @property
    def memory_width(self) -> int:
        """Width of a row of the memory."""
        return self.width + (self.embedding if self.direct else 0)


class Attentive(Translator):
    """An encoder–decoder with attention, with everything that training and decoding need.

    Attributes:
        config: its shape.
        source, target: the codecs, if it translates text.
        training_model: in Keras: (source, target_in) -> logits (batch, time, target_size).
    """

    kind, noun, shape = "attentive", "a translator with attention", Config

    def __init__(
        self, config: Config, source: Codec | None = None, target: Codec | None = None
    ) -> None:
        """Build the layers and draw their weights from `config.seed`."""
        super().__init__(make_layers(config), config, source, target)

    @property
    def training_model(self) -> keras.Model:
        """The same layers, wired in Keras."""
        return wire(self.config, self._layers)

    def logits(self, source: tf.Tensor, target_in: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Run the fast path over whole sentences.

        Args:
            source: int (batch, source_time), padding on the right only.
            target_in: int (batch, time), padding on the right only.
            training: drop out.

        Returns:
            float32 (batch, time, target_size). Over padding they mean nothing.
        """
        return self.said(self.outputs(source, target_in, training))

    def outputs(self, source: tf.Tensor, target_in: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return what becomes the logits: (batch, time, embedding); arguments as of `logits`."""
        state = self._read(source, training)
        rows = self._embedded("decoder", tf.transpose(target_in), training)
        if self.config.input_feeding:
            outputs = self._fed(rows, target_in, state)
        else:
            hiddens, _ = self._decode(rows, target_in, state)
            outputs, _ = self._mix(tf.transpose(hiddens, [1, 0, 2]), state)
        return recurrent.drop(self._layers.get("output_dropout"), outputs, training, time_axis=1)

    def said(self, outputs: tf.Tensor) -> tf.Tensor:
        """Turn outputs (…, embedding) into logits (…, target_size)."""
        return self._layers["targets_only"](self._layers["output"](outputs))

    def output_weights(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the rows (target_size, embedding) and biases (target_size,) behind the logits."""
        return rows_and_biases(self._layers["output"])

    def start(self, source_ids: tf.Tensor) -> State:
        """Read the source sentences.

        Args:
            source_ids: int (batch, source_time), padding on the right only.

        Returns:
            The decoder's first states by name, (batch, units) each; with attention also "memory…",
            and "attention": zeros (batch, source_time).
        """
        return self._read(tf.convert_to_tensor(source_ids))

    def step(self, token_ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Move the decoder one token on.

        Args:
            token_ids: int (batch,).
            state: what `start` or the last `step` gave.

        Returns:
            Logits (batch, target_size) and the new states.
        """
        ids = tf.convert_to_tensor(token_ids)[:, None]
        outputs, state = self._step(self._embedded("decoder", tf.transpose(ids)), ids, state)
        return self.said(outputs), state

    def _step(self, rows: tf.Tensor, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Move on by one embedded token (1, batch, embedding), whose ids are (batch, 1)."""
        if self.config.input_feeding:
            rows = tf.concat([rows, state["fed"][None]], axis=-1)
        hiddens, after = self._decode(rows, ids, state)
        outputs, weights = self._mix(hiddens[0][:, None], state)
        new = state | after
        if weights is not None:
            new["attention"] = weights[:, 0]
        if self.config.input_feeding:
            new["fed"] = outputs[:, 0]
        return outputs[:, 0], new

    def _fed(self, rows: tf.Tensor, target_in: tf.Tensor, state: State) -> tf.Tensor:
        """Decode step by step, each step fed with what the last one gave; see `outputs`."""
        moving = [*self.state_names, "fed"]

        def step(time: tf.Tensor, *values: tf.Tensor) -> tuple:
            ids = tf.gather(target_in, [time], axis=1)
            here = state | dict(zip(moving, values, strict=True))
            _, after = self._step(rows[time][None], ids, here)
            return tuple(after[name] for name in moving)

        first = tuple(state[name] for name in moving)
        (fed,) = loop(step, first, tf.shape(rows)[0], keep=(len(moving) - 1,))[1]
        return tf.transpose(fed, [1, 0, 2])

    def _read(self, source: tf.Tensor, training: bool = False) -> State:
        """Run the encoder; return the decoder's first state, and its memory."""
        lengths = tf.reduce_sum(tf.cast(source != PAD, tf.int32), axis=1)
        outputs = rows = self._embedded("encoder", tf.transpose(source), training)
        state = {}
        for number in range(1, self.config.layers + 1):
            outputs, last = self._encode(number, outputs, lengths)
            for kind, value in last.items():
                state[f"{kind}_{number}"] = self._layers[f"bridge_{kind}_{number}"](value)
        if self.config.input_feeding:
            state["fed"] = tf.zeros([tf.shape(source)[0], self.config.embedding])
        if self.config.direct:
            outputs = tf.concat([outputs, rows], axis=-1)
        return state | self._remember(source, outputs)

    def _remember(self, source: tf.Tensor, outputs: tf.Tensor) -> State:
        """Return the memory, as parts of a state, and an attention that looks nowhere yet."""
        if self.config.attention is None:
            return {}
        values, real = tf.transpose(outputs, [1, 0, 2]), tf.cast(source != PAD, tf.float32)
        keys = self._layers["attention_keys"](values)
        memory = {"memory": values, "memory_keys": keys, "memory_real": real}
        return memory | {"attention": tf.zeros_like(real)}

    def _encode(self, number: int, inputs: tf.Tensor, lengths: tf.Tensor) -> tuple:
        """Run one layer of the encoder, in both directions if it has two.

        Returns:
            Its outputs (time, batch, width), and its last states by kind, (batch, width) each.
        """
        kinds = recurrent.STATES[self.config.cell]
        zeros = tf.zeros([tf.shape(lengths)[0], self.config.units])
        outputs, last = [], []
        for direction in self.config.directions:
            layer, back = self._layers[f"encoder_{direction}_{number}"], direction == "backward"
            read = _turned(inputs, lengths) if back else inputs
            first = [zeros for _ in kinds]
            found, states = recurrent.recur(layer, recurrent.project(layer, read), first, lengths)
            outputs.append(_turned(found, lengths) if back else found)
            last.append(states)
        joined = [tf.concat(states, axis=-1) for states in zip(*last, strict=True)]
        return tf.concat(outputs, axis=-1), dict(zip(kinds, joined, strict=True))

    def _decode(self, inputs: tf.Tensor, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Run the decoder's recurrent layers.

        Args:
            inputs: (time, batch, width).
            ids: their tokens: int (batch, time).
            state: before the first step.

        Returns:
            The last layer's outputs (time, batch, units), and the states by name.
        """
        lengths = tf.reduce_sum(tf.cast(ids != PAD, tf.int32), axis=1)
        outputs, after = inputs, {}
        for number in range(1, self.config.layers + 1):
            layer = self._layers[f"decoder_{number}"]
            names = [f"{kind}_{number}" for kind in recurrent.STATES[self.config.cell]]
            first, projected = [state[name] for name in names], recurrent.project(layer, outputs)
            outputs, states = recurrent.recur(layer, projected, first, lengths)
            after |= dict(zip(names, states, strict=True))
        return outputs, after

    def _mix(self, hiddens: tf.Tensor, state: State) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Mix the decoder's outputs (batch, time, units) with what they find in the memory.

        Returns:
            What becomes the logits (batch, time, embedding), and the attention (batch, time,
            source_time), None without any.
        """
        if self.config.attention is None:
            return self._layers["mixing"](hiddens), None
        memory = Memory(state["memory"], state["memory_keys"], state["memory_real"])
        context, weights = attention.attend(self._layers, hiddens, memory)
        return self._layers["mixing"](tf.concat([hiddens, context], axis=-1)), weights

    def _embedded(self, side: str, ids: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Look up one side's embeddings: (time, batch, embedding)."""
        if f"{side}_words" in self._layers:
            ids = self._layers[f"{side}_words"](ids, training=training)
        rows = tf.gather(self._layers[f"{side}_input"].embeddings, ids)
        return recurrent.drop(self._layers.get(f"{side}_dropout"), rows, training)


def _turned(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Turn each row's real tokens round, and leave its padding: (time, batch, width)."""
    return tf.reverse_sequence(values, lengths, seq_axis=0, batch_axis=1)
