# %% [markdown]
# # Exercise 04 · Encoder and decoder (10 points)
#
# In [lesson 04](../../lessons/04_encoder_decoder.ipynb) we assembled a translator and looked at its parts. Here you
# assemble one yourself: an encoder, a decoder that starts where the encoder stopped, and the loss by which the two would
# learn. The sizes are small and all different, so that an axis in the wrong place shows at once. Nothing is trained; every
# cell runs in seconds.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other sizes and other numbers.

# %% locked="setup"
import numpy as np

from course import checks
from course.backend import keras
from course.models import numpy_cells
from course.text import PAD

# %% [markdown]
# The tests compare your Keras models with the LSTM step that we wrote in NumPy in the lesson. The next cell is theirs.
# `fill` draws random weights and gives them to your layers, since the weights that Keras draws are so small that a mistake
# could hide behind them. What a model should say is then computed from the weights that were drawn.


# %% locked="tools"
def encoder_shapes(size, width, units):
    """Return the shapes of the weights of each of an encoder's layers, by the layer's name."""
    lstm = [(width, 4 * units), (units, 4 * units), (4 * units,)]
    return {"encoder_embedding": [(size, width)], "encoder": lstm}


def decoder_shapes(size, width, units):
    """Return the shapes of the weights of each of a decoder's layers, by the layer's name."""
    lstm = [(width, 4 * units), (units, 4 * units), (4 * units,)]
    output = [(units, size), (size,)]
    return {"decoder_embedding": [(size, width)], "decoder": lstm, "output": output}


def fill(model, shapes, seed, scale=0.5):
    """Draw weights from a seed, give them to the layers, and return them by the layer's name."""
    rng = np.random.default_rng(seed)
    layers = {name: model.get_layer(name) for name in shapes}
    found = {name: [np.shape(old) for old in layers[name].get_weights()] for name in shapes}
    hint = "Compare the layers, and the sizes that you gave them, with the list in the task."
    checks.equal("shapes of the weights, by layer", found, shapes, hint)
    drawn = {name: [rng.normal(scale=scale, size=n) for n in shapes[name]] for name in shapes}
    for name, layer in layers.items():
        layer.set_weights(drawn[name])
    return drawn


def results(name, model, inputs, count, hint):
    """Call a model that has several results, and return them as arrays."""
    found = model(inputs)
    checks.equal(f"{name}: the number of results", len(found), count, hint)
    return [np.asarray(array) for array in found]


def two_models(build_encoder, build_translator, target_size, width, units):
    """Build an encoder, and a translator on top of it, by the functions of tasks 1 and 2."""
    encoder = build_encoder(11, 6, units)
    checks.attempted("build_encoder", encoder)
    translator = build_translator(encoder, target_size, width, units)
    checks.attempted("build_translator", translator)
    return encoder, translator


def states(encoder, ids):
    """Return the hidden and the cell state, (batch, units) each, that an encoder hands back."""
    hint = "return_state=True gives three results; the encoder needs the hidden and the cell state."
    return results("encoder", encoder, ids, 2, hint)


def read(ids, weights, side, first=None):
    """Read ids (batch, time) by the lesson's LSTM step; return all outputs, both states."""
    vectors, (kernel, recurrent, bias) = weights[f"{side}_embedding"][0][ids], weights[side]
    hidden, cell = np.zeros((2, len(ids), len(recurrent))) if first is None else first
    outputs = []
    for step in range(ids.shape[1]):
        inputs = vectors[:, step]
        hidden, cell, _ = numpy_cells.lstm_step(inputs, hidden, cell, kernel, recurrent, bias)
        outputs.append(hidden)
    return np.stack(outputs, axis=1), hidden, cell


def as_handed(found, wanted):
    """Put the two states into the order in which an encoder hands them; one test asks for it."""
    turned = found[0].shape == wanted[1].shape and np.allclose(found[0], wanted[1], atol=1e-3)
    return wanted[::-1] if turned else wanted


def decoder_logits(target_in, weights, first=None):
    """Compute in NumPy what a decoder should say, started from two states; zeros if not given."""
    outputs, hidden, cell = read(target_in, weights, "decoder", first)
    kernel, bias = weights["output"]
    return outputs @ kernel + bias, hidden, cell


def log_probs(said):
    """Return log-probabilities, of logits or of probabilities; which it is, one test asks."""
    if (said >= 0).all() and np.allclose(said.sum(axis=-1), 1, atol=1e-4):
        return np.log(said)
    return np.log(numpy_cells.softmax(said))


# %% [markdown]
# ## 1. The encoder's state (2 points)
#
# Write `build_encoder(source_size, width, units)`. It returns a `keras.Model` that takes `ids`, an int array
# `(batch, time)`, and hands back a list of two results, the last hidden state and the last cell state, each
# `(batch, units)`. It has two layers, and since we find layers by their names, the names matter:
#
# - `"encoder_embedding"`, a `keras.layers.Embedding` with `source_size` rows of `width` numbers,
# - `"encoder"`, a `keras.layers.LSTM` with `units` units.
#
# Padding must not move the states. The embedding can see to that: with `mask_zero=True` it passes on, together with its
# rows, a mask that says where the id is 0, our PAD, and the LSTM stands still there.
#
# For example, `build_encoder(11, width=6, units=7)` reads a batch of ids of shape (3, 5) and hands back two arrays of shape
# (3, 7). The row `[5, 9, 0, 0, 0]` leaves the same states as the row `[5, 9]` alone.


# %% solution="build_encoder"
def build_encoder(source_size, width, units):
    """Return a Keras model: ids (batch, time) -> [hidden, cell], each (batch, units)."""
    ### BEGIN SOLUTION
    source = keras.Input((None,), dtype="int32", name="source")
    embed = keras.layers.Embedding(source_size, width, mask_zero=True, name="encoder_embedding")
    lstm = keras.layers.LSTM(units, return_state=True, name="encoder")
    _, hidden, cell = lstm(embed(source))
    return keras.Model(source, [hidden, cell])
    ### END SOLUTION


# %% tests="encoder_states" points=1
def check_states(encoder, sizes, batch, time, seed):
    weights = fill(encoder, encoder_shapes(*sizes), seed)
    ids = np.random.default_rng(seed).integers(1, sizes[0], (batch, time))
    hidden, cell = states(encoder, ids)
    checks.shape("first result", hidden, (batch, sizes[2]), "A state has a row for each sentence.")
    checks.shape("second result", cell, (batch, sizes[2]), "A state has a row for each sentence.")

    _, wanted_hidden, wanted_cell = read(ids, weights, "encoder")
    hint = "Keras' three results are, in this order: the output, the hidden and the cell state."
    checks.close("first result, the hidden state", hidden, wanted_hidden, hint, tolerance=1e-4)
    checks.close("second result, the cell state", cell, wanted_cell, hint, tolerance=1e-4)


sizes = 11, 6, 7
encoder = build_encoder(*sizes)
checks.attempted("build_encoder", encoder)
check_states(encoder, sizes, batch=3, time=2, seed=1)
### BEGIN HIDDEN TESTS
check_states(encoder, sizes, batch=2, time=3, seed=2)
### END HIDDEN TESTS


# %% tests="encoder_padding" points=1
def check_padding(encoder, sizes, lengths, seed):
    weights = fill(encoder, encoder_shapes(*sizes), seed)
    time = max(lengths) + 1
    ids = np.random.default_rng(seed).integers(1, sizes[0], (len(lengths), time))
    padded = np.where(np.arange(time) < np.reshape(lengths, (-1, 1)), ids, PAD)
    found = states(encoder, padded)
    rows = [ids[row : row + 1, :length] for row, length in enumerate(lengths)]
    alone = [read(row, weights, "encoder")[1:] for row in rows]
    wanted = [np.concatenate(state) for state in zip(*alone)]
    hint = "Zeros are read like any other id unless a mask says where they stand: mask_zero=True."
    name = "state after padding, against the state of the sentence alone"
    for state, right in zip(found, as_handed(found, wanted)):
        checks.close(name, state, right, hint, tolerance=1e-4)


sizes = 9, 4, 5
encoder = build_encoder(*sizes)
checks.attempted("build_encoder", encoder)
check_padding(encoder, sizes, [3, 1, 2], seed=3)
### BEGIN HIDDEN TESTS
check_padding(encoder, sizes, [1, 2], seed=4)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The state handed over (3 points)
#
# Write `build_translator(encoder, target_size, width, units)`. `encoder` is what `build_encoder` returned, with as many
# units. The result is the model for training: a `keras.Model` that takes the list `[source, target_in]` and hands back one
# array, the logits `(batch, target_time, target_size)`: a row of logits for each token of `target_in`. Its layers:
#
# - `"decoder_embedding"`, with `target_size` rows of `width` numbers,
# - `"decoder"`, an LSTM that starts from the encoder's two states and hands back its states as well as its outputs,
#   since task 4 will need them,
# - `"output"`, a `keras.layers.Dense` that makes logits of the decoder's outputs, without a softmax.
#
# You need not build the encoder's half again: `encoder.input` is its input, and `encoder.output` is the list of its two
# states. For example, with 7 units and `target_size=13`, a source of shape (3, 5) and a `target_in` of shape (3, 4) give
# logits of shape (3, 4, 13).


# %% solution="build_translator"
def build_translator(encoder, target_size, width, units):
    """Return a Keras model: [source, target_in] -> logits (batch, target_time, target_size)."""
    ### BEGIN SOLUTION
    target_in = keras.Input((None,), dtype="int32", name="target_in")
    embed = keras.layers.Embedding(target_size, width, mask_zero=True, name="decoder_embedding")
    lstm = keras.layers.LSTM(units, return_sequences=True, return_state=True, name="decoder")
    outputs, _, _ = lstm(embed(target_in), initial_state=encoder.output)
    logits = keras.layers.Dense(target_size, name="output")(outputs)
    return keras.Model([encoder.input, target_in], logits)
    ### END SOLUTION


# %% tests="translator_logits" points=1
def check_logits(encoder, translator, sizes, batch, time, seed):
    # An encoder of zeros hands over zeros, so that the order of the states is the next test's.
    fill(encoder, encoder_shapes(11, 6, sizes[2]), seed, scale=0)
    weights = fill(translator, decoder_shapes(*sizes), seed)
    rng = np.random.default_rng(seed)
    source, target_in = rng.integers(1, 11, (batch, 1)), rng.integers(1, sizes[0], (batch, time))
    said = translator([source, target_in])
    hint = "Hand back the logits alone; in training the decoder's states stay inside."
    checks.holds("build_translator: one result", hasattr(said, "shape"), hint)
    said = np.asarray(said)
    hint = "A row of logits for each target token: does the decoder have return_sequences=True?"
    checks.shape("logits", said, (batch, time, sizes[0]), hint)
    hint = "These are probabilities. Leave the softmax to the loss, so that it cannot overflow."
    checks.holds("the results are logits, of both signs", (said < 0).any(), hint)
    hint = "Each step reads its token's row, and the output layer makes logits of what it says."
    checks.close("logits", said, decoder_logits(target_in, weights)[0], hint, tolerance=1e-3)
    hint = "Task 4 takes the decoder's states out: return_state=True."
    checks.holds("the decoder returns states", translator.get_layer("decoder").return_state, hint)


sizes = 13, 6, 7
encoder, translator = two_models(build_encoder, build_translator, *sizes)
check_logits(encoder, translator, sizes, batch=3, time=2, seed=5)
### BEGIN HIDDEN TESTS
check_logits(encoder, translator, sizes, batch=2, time=3, seed=6)
### END HIDDEN TESTS


# %% tests="handed_over" points=2
def check_hand_over(encoder, translator, sizes, batch, time, seed):
    reading = fill(encoder, encoder_shapes(11, 6, sizes[2]), seed)
    writing = fill(translator, decoder_shapes(*sizes), seed + 100)
    rng = np.random.default_rng(seed)
    source, target_in = rng.integers(1, 11, (batch, 2)), rng.integers(1, sizes[0], (batch, time))
    said = np.asarray(translator([source, target_in]))
    checks.shape("logits", said, (batch, time, sizes[0]), "One row for each target token.")

    first = as_handed(states(encoder, source), read(source, reading, "encoder")[1:])
    wanted, _, _ = decoder_logits(target_in, writing, first)
    hint = "The decoder starts from the encoder: initial_state=[hidden, cell], in this order."
    name = "what the decoder says after the encoder has read"
    checks.close(name, log_probs(said), log_probs(wanted), hint, tolerance=1e-3)


sizes = 10, 8, 5
encoder, translator = two_models(build_encoder, build_translator, *sizes)
check_hand_over(encoder, translator, sizes, batch=3, time=2, seed=7)
### BEGIN HIDDEN TESTS
check_hand_over(encoder, translator, sizes, batch=2, time=1, seed=8)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Counted by hand (1 point)
#
# How many parameters has the translator of task 2? Write `count_parameters(source_size, target_size, width, units)`. It
# returns a dictionary with an int for each of the five layers, under the layer's name. Do not build a model for it; the
# sizes are enough. Both embeddings are `width` numbers wide.
#
# For example, a Dense layer that makes 5 logits of 3 units has 5 biases and 3 · 5 weights, so the value under `"output"`
# is 20 for a `target_size` of 5 and 3 units.


# %% solution="count_parameters"
def count_parameters(source_size, target_size, width, units):
    """Return the number of parameters of each layer, by the layer's name."""
    ### BEGIN SOLUTION
    lstm = 4 * units * (width + units + 1)
    return {
        "encoder_embedding": source_size * width,
        "encoder": lstm,
        "decoder_embedding": target_size * width,
        "decoder": lstm,
        "output": (units + 1) * target_size,
    }
    ### END SOLUTION


# %% tests="counted" points=1
def check_count(source_size, target_size, width, units):
    gates = [np.zeros((width, 4 * units)), np.zeros((units, 4 * units)), np.zeros(4 * units)]
    in_gates = sum(array.size for array in gates)
    found = count_parameters(source_size, target_size, width, units)
    checks.attempted("count_parameters", found)
    wanted = {
        "encoder_embedding": np.zeros((source_size, width)).size,
        "encoder": in_gates,
        "decoder_embedding": np.zeros((target_size, width)).size,
        "decoder": in_gates,
        "output": np.zeros((units, target_size)).size + target_size,
    }
    hint = (
        "An LSTM has four gates, each with weights for the input, weights for the hidden state, "
        "and a bias. An embedding is a table and has no bias; a Dense layer has one."
    )
    checks.equal("parameters by layer", found, wanted, hint)


check_count(source_size=11, target_size=13, width=6, units=7)
### BEGIN HIDDEN TESTS
check_count(source_size=29, target_size=17, width=5, units=9)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. The same layers, wired again (2 points)
#
# To translate, the decoder must move one token at a time, and its states must come out and go in again. A Keras layer can be
# called a second time, on other inputs; it keeps its weights. So we need no new layers, only a new wiring.
#
# Write `wire_decoder(translator, units)`. `translator` is what `build_translator` returned. The result is a
# `keras.Model` that takes the list `[token, hidden, cell]`, of shapes `(batch, 1)`, `(batch, units)` and `(batch, units)`, and
# hands back the list `[logits, hidden, cell]` after this token: logits `(batch, 1, target_size)`, and the two new states. Fetch the
# translator's layers by name with `translator.get_layer(name)`; the three names stand in task 2. The input of a state is a
# `keras.Input((units,))`.
#
# For example, three tokens of shape (3, 1) with two states of shape (3, 7) give logits of shape (3, 1, 13) and two states of
# shape (3, 7). Feeding the tokens of `target_in` one after another, each with the states that the one before it left, gives
# the rows of logits that the translator gives at once.


# %% solution="wire_decoder"
def wire_decoder(translator, units):
    """Return a Keras model: [token, hidden, cell] -> [logits, hidden, cell]."""
    ### BEGIN SOLUTION
    token = keras.Input((None,), dtype="int32", name="token")
    before = [keras.Input((units,), name="hidden"), keras.Input((units,), name="cell")]
    rows = translator.get_layer("decoder_embedding")(token)
    outputs, *after = translator.get_layer("decoder")(rows, initial_state=before)
    return keras.Model([token, *before], [translator.get_layer("output")(outputs), *after])
    ### END SOLUTION


# %% tests="decoder_steps" points=1
def check_steps(translator, sizes, batch, time, seed):
    weights = fill(translator, decoder_shapes(*sizes), seed)
    decoder = wire_decoder(translator, sizes[2])
    checks.attempted("wire_decoder", decoder)
    rng = np.random.default_rng(seed)
    target_in = rng.integers(1, sizes[0], (batch, time))
    before = [*rng.normal(size=(2, batch, sizes[2]))]
    hint = "The logits and both states must come out, or the next step has nothing to start from."
    for step in range(time):
        token = target_in[:, step : step + 1]
        said, *after = results("wire_decoder", decoder, [token, *before], 3, hint)
        why = "Are these the decoder's layers, found by their names, started from the given states?"
        checks.shape(f"logits of step {step}", said, (batch, 1, sizes[0]), why)
        wanted, *before = decoder_logits(token, weights, before)
        name = f"what step {step} says"
        checks.close(name, log_probs(said), log_probs(wanted), why, tolerance=1e-3)
        why = "Hand back the states after the token, hidden state first, and not those before it."
        checks.close(f"hidden state after step {step}", after[0], before[0], why, tolerance=1e-4)
        checks.close(f"cell state after step {step}", after[1], before[1], why, tolerance=1e-4)


sizes = 13, 6, 7
_, translator = two_models(build_encoder, build_translator, *sizes)
check_steps(translator, sizes, batch=3, time=2, seed=9)
### BEGIN HIDDEN TESTS
check_steps(translator, sizes, batch=2, time=1, seed=10)
### END HIDDEN TESTS


# %% tests="weights_shared" points=1
def check_sharing(translator, decoder, sizes, batch, seed):
    # New weights after the wiring, as training would give: the wired decoder has to learn along.
    weights = fill(translator, decoder_shapes(*sizes), seed)
    rng = np.random.default_rng(seed)
    token = rng.integers(1, sizes[0], (batch, 1))
    before = [*rng.normal(size=(2, batch, sizes[2]))]
    said = np.asarray(decoder([token, *before])[0])
    wanted, _, _ = decoder_logits(token, weights, before)
    hint = "New layers have their own weights. The translator's layers, called again, share theirs."
    name = "what the decoder says after the translator got other weights"
    checks.close(name, log_probs(said), log_probs(wanted), hint, tolerance=1e-3)


sizes = 9, 4, 6
_, translator = two_models(build_encoder, build_translator, *sizes)
decoder = wire_decoder(translator, sizes[2])
checks.attempted("wire_decoder", decoder)
check_sharing(translator, decoder, sizes, batch=3, seed=11)
### BEGIN HIDDEN TESTS
check_sharing(translator, decoder, sizes, batch=1, seed=12)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. The loss (2 points)
#
# With teacher forcing the translator gives a row of logits for each token that it must say. Write
# `loss(logits, target_out)` in NumPy: the cross-entropy in nats per real token, a single number. `logits` has the shape
# `(batch, time, vocabulary)`; `target_out` is an int array `(batch, time)`, with PAD (0) behind the end of a sentence. It
# is the negative logarithm of the probability of the right token, averaged over all real tokens of the batch; padding
# counts nowhere. Remember the thousand that we added to every logit in the lesson.
#
# For example, if the logits of all 13 token types are equal, each has the probability 1/13, and the loss is
# log(13) ≈ 2.565, however many rows are padding.


# %% solution="loss"
def loss(logits, target_out):
    """Return the cross-entropy of the real tokens, in nats per token."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_probs, target_out[..., None], axis=-1)[..., 0]
    return -chosen[target_out != PAD].mean()
    ### END SOLUTION


# %% tests="loss_of_tokens" points=1
def check_loss(batch, time, size, seed):
    rng = np.random.default_rng(seed)
    logits, target_out = rng.normal(size=(batch, time, size)), rng.integers(2, size, (batch, time))
    hint = "The softmax runs over the last axis: of V equally likely token types each has 1/V."
    checks.close("loss: equal logits", loss(0 * logits, target_out), np.log(size), hint)
    chosen = [
        np.log(numpy_cells.softmax(logits[row, step])[target_out[row, step]])
        for row in range(batch)
        for step in range(time)
    ]
    hint = "Take the logarithm of the right token's probability, and the mean over all tokens."
    checks.close("loss: no padding", loss(logits, target_out), -np.mean(chosen), hint)
    hint = "exp overflows. Only differences count: take the largest logit off first."
    checks.close("loss: logits + 1000", loss(logits + 1000, target_out), -np.mean(chosen), hint)


check_loss(batch=3, time=5, size=13, seed=13)
### BEGIN HIDDEN TESTS
check_loss(batch=2, time=4, size=7, seed=14)
### END HIDDEN TESTS


# %% tests="loss_of_padding" points=1
def check_padded_loss(lengths, size, seed):
    rng = np.random.default_rng(seed)
    batch, time = len(lengths), max(lengths) + 1
    logits, target_out = rng.normal(size=(batch, time, size)), rng.integers(2, size, (batch, time))
    real = np.arange(time) < np.reshape(lengths, (-1, 1))
    chosen = [
        np.log(numpy_cells.softmax(logits[row, step])[target_out[row, step]])
        for row, step in np.argwhere(real)
    ]
    found = loss(logits, np.where(real, target_out, PAD))
    hint = "Add up over the real tokens of the whole batch, and divide once, by their number."
    checks.close("loss: rows with padding", found, -np.mean(chosen), hint)


check_padded_loss([5, 1, 3], size=13, seed=15)
### BEGIN HIDDEN TESTS
check_padded_loss([2, 7], size=8, seed=16)
### END HIDDEN TESTS

# %% [markdown]
# ## Where to go on
#
# Tasks 1 and 2 together are the translator of the lesson. Its training takes two lines more,
# `translator.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))` and `translator.fit`, on the
# arrays of lesson 03; with `mask_zero=True` in both embeddings Keras leaves padding out of this loss, as you did in
# task 5. What `wire_decoder` is good for is the subject of [lesson 05](../../lessons/05_inference_decoding.ipynb).
