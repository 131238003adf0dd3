"""The layers of a translator with attention, and how Keras would wire them.

`attentive` runs the same layers by the fast path. The wiring here is for comparison, and for
learners who know Keras: masks go from the embeddings into the layers, and padding gets no weight.
"""

from typing import TYPE_CHECKING

from course.backend import keras
from course.errors import CourseError
from course.models import recurrent
from course.models.attention import attention_layers
from course.models.layers import NeverSaid, TiedOutput, WordDropout, embedding
from course.text import PAD

if TYPE_CHECKING:
    from course.models.attentive import Config


def make_layers(config: "Config") -> dict[str, keras.layers.Layer]:
    """Make and build all layers by name, each with weights of its own seed."""
    layers = {}
    sizes = {"encoder": config.source_size, "decoder": config.target_size}
    for place, (side, size) in enumerate(sizes.items(), 1):
        name, seed = f"{side}_embedding", config.seed * 1000 + place
        if config.shared and layers:
            layers[f"{side}_input"] = layers["encoder_input"]
        else:
            layers[f"{side}_input"] = embedding(size, config.embedding, name, seed, mask_zero=True)
        if config.dropout:
            layers[f"{side}_dropout"] = _dropout(config, f"{side}_dropout", 10 + place)
    if config.word_dropout:
        seed = config.seed * 1000 + 14
        layers["encoder_words"] = WordDropout(config.word_dropout, seed, name="encoder_words")
    for number in range(1, config.layers + 1):
        layers |= _encoder(config, number) | _bridges(config, number) | _decoder(config, number)
    if config.attention:
        seed = config.seed * 1000 + 20
        layers |= attention_layers(config.attention, config.units, config.memory_width, seed)
    if config.dropout:
        layers["output_dropout"] = _dropout(config, "output_dropout", 13)
    return layers | _output(config, layers["decoder_input"])


def _dropout(config: "Config", name: str, place: int) -> keras.layers.Dropout:
    """Make a dropout layer with a seed of its own."""
    return recurrent.dropout_layer(config.dropout, name, config.seed * 1000 + place)


def _encoder(config: "Config", number: int) -> dict[str, keras.layers.Layer]:
    """Make one layer of the encoder, in both directions if it has two."""
    layers = {}
    for way, direction in enumerate(config.directions):
        name = f"encoder_{direction}_{number}"
        seed = config.seed * 1000 + 100 * number + 10 * way
        layers[name] = recurrent.recurrent_layer(
            config.cell, config.units, name, (seed, seed + 1), go_backwards=direction == "backward"
        )
        layers[name].build((None, None, config.embedding if number == 1 else config.width))
    return layers


def _bridges(config: "Config", number: int) -> dict[str, keras.layers.Layer]:
    """Make what turns the encoder's last states into the decoder's first ones."""
    layers = {}
    for place, kind in enumerate(recurrent.STATES[config.cell]):
        name = f"bridge_{kind}_{number}"
        layers[name] = _dense(config, config.units, name, 100 * number + 30 + place, "tanh")
        layers[name].build((None, config.width))
    return layers


def _decoder(config: "Config", number: int) -> dict[str, keras.layers.Layer]:
    """Make one layer of the decoder."""
    name, seed = f"decoder_{number}", config.seed * 1000 + 100 * number + 40
    layer = recurrent.recurrent_layer(config.cell, config.units, name, (seed, seed + 1))
    first = config.embedding * (2 if config.input_feeding else 1)
    layer.build((None, None, first if number == 1 else config.units))
    return {name: layer}


def _output(config: "Config", table: keras.layers.Embedding) -> dict[str, keras.layers.Layer]:
    """Make what turns the decoder's state, and what it found, into logits."""
    mixing = _dense(config, config.embedding, "mixing", 30, "tanh")
    mixing.build((None, None, config.units + (config.memory_width if config.attention else 0)))
    if config.tied:
        output = TiedOutput(table, name="output")
    else:
        output = _dense(config, config.target_size, "output", 31, None)
    output.build((None, None, config.embedding))
    return {"mixing": mixing, "output": output, "targets_only": NeverSaid(name="targets_only")}


def _dense(
    config: "Config", units: int, name: str, place: int, activation: str | None
) -> keras.layers.Dense:
    """Make a Dense layer with a seed of its own."""
    draw = keras.initializers.GlorotUniform(seed=config.seed * 1000 + place)
    return keras.layers.Dense(units, activation, kernel_initializer=draw, name=name)


def wire(config: "Config", layers: dict[str, keras.layers.Layer]) -> keras.Model:
    """Wire the layers in Keras for teacher forcing: both sentences go in at once.

    Returns:
        (source, target_in) -> logits (batch, time, target_size).

    Raises:
        CourseError: the model feeds each step with the last one's output, which no layer of Keras
            does.
    """
    if config.input_feeding:
        raise CourseError("input feeding goes from step to step: Keras has no layer that does")
    source = keras.Input((None,), dtype="int32", name="source")
    target_in = keras.Input((None,), dtype="int32", name="target_in")
    real = keras.ops.not_equal(source, PAD)
    memory, states = _wire_encoder(config, layers, source, real)
    hiddens = _dropped(layers, "decoder_dropout", layers["decoder_input"](target_in))
    mask = keras.ops.not_equal(target_in, PAD)
    for number in range(1, config.layers + 1):
        first = states[number - 1]
        hiddens, *_ = layers[f"decoder_{number}"](hiddens, initial_state=first, mask=mask)
    if config.attention:
        hiddens = _wire_attention(layers, hiddens, memory, real)
    outputs = _dropped(layers, "output_dropout", layers["mixing"](hiddens))
    return keras.Model([source, target_in], layers["targets_only"](layers["output"](outputs)))


def _wire_encoder(config: "Config", layers: dict, source, real) -> tuple:
    """Wire the encoder; return its outputs, and the decoder's first states, layer by layer."""
    words = layers["encoder_input"](_dropped(layers, "encoder_words", source))
    outputs = words = _dropped(layers, "encoder_dropout", words)
    all_states = []
    for number in range(1, config.layers + 1):
        outputs, last = _wire_both_ways(config, layers, number, outputs, real)
        kinds = recurrent.STATES[config.cell]
        bridges = [layers[f"bridge_{kind}_{number}"] for kind in kinds]
        all_states.append([bridge(state) for bridge, state in zip(bridges, last, strict=True)])
    if config.direct:
        outputs = keras.ops.concatenate([outputs, words], axis=-1)
    return outputs, all_states


def _wire_both_ways(config: "Config", layers: dict, number: int, inputs, real) -> tuple:
    """Wire one layer of the encoder: its outputs and last states, directions side by side."""
    found, last = [], []
    for direction in config.directions:
        rows, *states = layers[f"encoder_{direction}_{number}"](inputs, mask=real)
        # A layer that goes backwards gives its outputs in the order in which it read.
        found.append(keras.ops.flip(rows, axis=1) if direction == "backward" else rows)
        last.append(states)
    joined = [keras.ops.concatenate(states, axis=-1) for states in zip(*last, strict=True)]
    return keras.ops.concatenate(found, axis=-1), joined


def _wire_attention(layers: dict, hiddens, memory, real):
    """Wire Keras' own layer of attention: the outputs, and beside them what they found."""
    query = layers["attention_query"](hiddens) if "attention_query" in layers else hiddens
    inputs = [query, memory, layers["attention_keys"](memory)]
    context = layers["attention"](inputs, mask=[None, real])
    return keras.ops.concatenate([hiddens, context], axis=-1)


def _dropped(layers: dict, name: str, inputs):
    """Wire a dropout layer, if the model has it."""
    return layers[name](inputs) if name in layers else inputs
