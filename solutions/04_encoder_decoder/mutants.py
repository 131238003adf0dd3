"""Plausible wrong answers to exercise 04, with the points that each deserves."""

from autograder.mutants import Mutant

ENCODER = """
def build_encoder(source_size, width, units):
    source = keras.Input((None,), dtype="int32", name="source")
    embed = keras.layers.Embedding(source_size, width, mask_zero=True, name="encoder_embedding")
    lstm = keras.layers.LSTM(units, return_state=True, name="encoder")
    _, hidden, cell = lstm(embed(source))
    return keras.Model(source, [hidden, cell])
"""

TRANSLATOR = """
def build_translator(encoder, target_size, width, units):
    target_in = keras.Input((None,), dtype="int32", name="target_in")
    embed = keras.layers.Embedding(target_size, width, name="decoder_embedding")
    lstm = keras.layers.LSTM(units, return_sequences=True, return_state=True, name="decoder")
    outputs, _, _ = lstm(embed(target_in), initial_state=encoder.output)
    logits = keras.layers.Dense(target_size, name="output")(outputs)
    return keras.Model([encoder.input, target_in], logits)
"""

WIRED = """
def wire_decoder(translator, units):
    token = keras.Input((None,), dtype="int32", name="token")
    before = [keras.Input((units,), name="hidden"), keras.Input((units,), name="cell")]
    rows = translator.get_layer("decoder_embedding")(token)
    outputs, *after = translator.get_layer("decoder")(rows, initial_state=before)
    return keras.Model([token, *before], [translator.get_layer("output")(outputs), *after])
"""

COUNT = """
def count_parameters(source_size, target_size, width, units):
    lstm = 4 * units * (width + units + 1)
    return {
        "encoder_embedding": source_size * width,
        "encoder": lstm,
        "decoder_embedding": target_size * width,
        "decoder": lstm,
        "output": (units + 1) * target_size,
    }
"""

LOSS = """
def loss(logits, target_out):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_probs, target_out[..., None], axis=-1)[..., 0]
    return -chosen[target_out != 0].mean()
"""

# Layers and results have the right names and shapes, but no model is behind them: it says zeros.
FAKE = """
class Fake:
    def __init__(self, shapes, answer):
        self.weights = {{name: [np.zeros(n) for n in shapes[name]] for name in shapes}}
        self.answer = answer

    def get_layer(self, name):
        return Layer(self.weights, name)

    def __call__(self, inputs):
        return self.answer(inputs)


class Layer:
    return_state = True

    def __init__(self, weights, name):
        self.all, self.name = weights, name

    def get_weights(self):
        return self.all[self.name]

    def set_weights(self, arrays):
        {keep}


def build_encoder(source_size, width, units):
    zeros = lambda ids: [np.zeros((len(ids), units)), np.zeros((len(ids), units))]
    return Fake(encoder_shapes(source_size, width, units), zeros)
"""

FAKE_TRANSLATOR = """
def build_translator(encoder, target_size, width, units):
    zeros = lambda inputs: np.zeros((*inputs[1].shape, target_size)) - 1e-9
    fake = Fake(decoder_shapes(target_size, width, units), zeros)
    fake.size = target_size
    return fake
"""

FAKE_WIRED = """
def wire_decoder(translator, units):
    zeros = lambda inputs: [np.zeros((len(inputs[0]), 1, translator.size)), *inputs[1:]]
    return Fake({}, zeros)
"""


def fake(keep):
    """Return answers without a model; `keep` is what they do with the weights that they get."""
    return {
        "build_encoder": FAKE.format(keep=keep),
        "build_translator": FAKE_TRANSLATOR,
        "wire_decoder": FAKE_WIRED,
    }


MUTANTS = [
    Mutant(
        "no models: objects whose weights stay zero and that say zeros",
        points=3,
        says="the hidden state",
        answers=fake("pass"),
    ),
    Mutant(
        "no models: objects that keep the weights they get, and say zeros",
        points=3,
        says="the hidden state",
        answers=fake("self.all[self.name] = arrays"),
    ),
    Mutant(
        "a Keras translator whose logits do not depend on its weights",
        points=7,
        says="makes logits",
        answers={
            "build_translator": TRANSLATOR.replace(
                "target_in], logits", "target_in], 0 * logits - 1"
            )
        },
    ),
    Mutant(
        "Keras layers that report the weights they get, and work with zeros",
        points=6,
        says="the hidden state",
        answers={
            "build_encoder": ENCODER.replace("keras.layers.LSTM", "Deaf")
            + """
class Deaf(keras.layers.LSTM):
    told = None

    def set_weights(self, arrays):
        self.told = arrays
        super().set_weights([0 * array for array in arrays])

    def get_weights(self):
        return super().get_weights() if self.told is None else self.told
"""
        },
    ),
    Mutant(
        "hidden and cell state change places in the encoder",
        points=9,
        says="hidden state",
        answers={"build_encoder": ENCODER.replace("[hidden, cell]", "[cell, hidden]")},
    ),
    Mutant(
        "the encoder's outputs are handed back with its states",
        points=5,
        says="number of results",
        answers={
            "build_encoder": ENCODER.replace("_, hidden", "last, hidden").replace(
                "[hidden, cell]", "[last, hidden, cell]"
            )
        },
    ),
    Mutant(
        "the mask is forgotten: padding moves the state",
        points=9,
        says="padding",
        answers={"build_encoder": ENCODER.replace("mask_zero=True, ", "")},
    ),
    Mutant(
        "the decoder starts from zeros",
        points=8,
        says="initial_state",
        answers={"build_translator": TRANSLATOR.replace(", initial_state=encoder.output", "")},
    ),
    Mutant(
        "the decoder starts from cell and hidden state, in the wrong order",
        points=8,
        says="in this order",
        answers={"build_translator": TRANSLATOR.replace("encoder.output", "encoder.output[::-1]")},
    ),
    Mutant(
        "the model ends in a softmax",
        points=9,
        says="softmax",
        answers={
            "build_translator": TRANSLATOR.replace(
                'name="output"', 'activation="softmax", name="output"'
            )
        },
    ),
    Mutant(
        "only the decoder's last output becomes logits",
        points=5,
        says="return_sequences",
        answers={"build_translator": TRANSLATOR.replace("return_sequences=True, ", "")},
    ),
    Mutant(
        "the gates' biases are not counted",
        points=9,
        says="bias",
        answers={"count_parameters": COUNT.replace("width + units + 1", "width + units")},
    ),
    Mutant(
        "the decoder is wired with layers found by position, one off",
        points=8,
        says="names",
        answers={
            "wire_decoder": WIRED.replace(
                'translator.get_layer("decoder")(',
                "[one for one in translator.layers if isinstance(one, keras.layers.LSTM)][0](",
            )
        },
    ),
    Mutant(
        "the decoder is wired of new layers with copied weights",
        points=9,
        says="share",
        answers={
            "wire_decoder": WIRED.replace(
                "    token =",
                "    translator = keras.models.clone_model(trained := translator)\n"
                "    translator.set_weights(trained.get_weights())\n"
                "    token =",
            )
        },
    ),
    Mutant(
        "the wired decoder hands back the states that it was given",
        points=9,
        says="not those before",
        answers={"wire_decoder": WIRED.replace("*after])", "*before])")},
    ),
    Mutant(
        "the loss counts padding",
        points=9,
        says="real tokens",
        answers={"loss": LOSS.replace("[target_out != 0]", "")},
    ),
    Mutant(
        "the loss is a mean of the sentences' means",
        points=9,
        says="divide once",
        answers={
            "loss": LOSS.replace(
                "-chosen[target_out != 0].mean()",
                "np.mean([-row[ids != 0].mean() for row, ids in zip(chosen, target_out)])",
            )
        },
    ),
    Mutant(
        "the softmax runs over the time steps",
        points=8,
        says="last axis",
        answers={
            "loss": LOSS.replace("sum(axis=-1", "sum(axis=1").replace("max(axis=-1", "max(axis=1")
        },
    ),
    Mutant(
        "the softmax overflows",
        points=9,
        says="overflow",
        answers={"loss": LOSS.replace(" - logits.max(axis=-1, keepdims=True)", "")},
    ),
]
