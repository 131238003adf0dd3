# %% [markdown]
# # Lesson 04: Encoder and decoder, assembled
#
# In [lesson 03](03_teacher_forcing.ipynb) we filled three matrices: what the encoder reads, what the decoder
# reads, and what the decoder must say. Now we build the network that stands between them. We take one of its
# cells apart in NumPy, put two of them together, count every parameter, train the whole, and turn its knobs
# one by one.
#
# This lesson stands on [lesson 02](02_one_hot_encoding.ipynb) (ids and vocabularies) and
# [lesson 03](03_teacher_forcing.ipynb) (START, END, and the shift by one).

# %%
import tempfile
import time
from pathlib import Path

import numpy as np
from IPython.display import display

from course import batches, corpora, metrics, plots, pretrained, runtime, text, widgets
from course.models import numpy_cells

tf = runtime.tensorflow()
import keras

from course import decoding, training
from course.models.seq2seq import Config, Seq2Seq

# %% [markdown]
# ## What does an LSTM keep from one word to the next?
#
# A recurrent network reads a sentence one token at a time. What it has read so far must fit into a few rows
# of numbers, its *state*. An *LSTM* (long short-term memory) keeps two:
#
# - the *cell state*, its notebook: numbers that can stay unchanged over many steps,
# - the *hidden state*, what it shows of the notebook to everyone else, at this step.
#
# The width of both is the number of *units*. We take sizes that are small and all different, so that we
# notice at once when an axis stands in the wrong place: three sentences, five input numbers each, seven units.

# %%
rng = np.random.default_rng(0)
batch, features, units = 3, 5, 7
inputs = rng.normal(size=(batch, features)).astype("float32")
hidden, cell = rng.normal(size=(2, batch, units)).astype("float32")
print(
    f"inputs {inputs.shape}, hidden state {hidden.shape}, cell state {cell.shape}: (sentences, numbers)"
)

# %% [markdown]
# How much of the notebook is erased, what is written, and what is shown is decided by four *gates*. Each gate is
# a small layer of its own, and each looks at the same two things: the input of this step, and the hidden state
# of the step before. So each has a matrix for the inputs (the *kernel*), a matrix for the hidden state (the
# *recurrent kernel*) and a *bias*. Keras lays the four side by side, and so do we.
#
# **How many columns will the two matrices have?**

# %%
kernel = rng.normal(size=(features, 4 * units)).astype("float32")
recurrent_kernel = rng.normal(size=(units, 4 * units)).astype("float32")
bias = rng.normal(size=4 * units).astype("float32")
print(f"kernel {kernel.shape}, recurrent kernel {recurrent_kernel.shape}, bias {bias.shape}")

# %% [markdown]
# Four gates, each as wide as the state. One matrix product serves all four; then we cut the result into four
# pieces. Three of them go through a *sigmoid*, which squashes any number into the range from 0 (shut) to 1
# (open). The fourth, the *candidate*, is what might be written; it goes through tanh and lies between −1 and 1.

# %%
sums = inputs @ kernel + hidden @ recurrent_kernel + bias
input_gate, forget_gate, candidate, output_gate = np.split(sums, 4, axis=-1)
input_gate, forget_gate = numpy_cells.sigmoid(input_gate), numpy_cells.sigmoid(forget_gate)
candidate, output_gate = np.tanh(candidate), numpy_cells.sigmoid(output_gate)
gates = {"input": input_gate, "forget": forget_gate, "output": output_gate, "candidate": candidate}
for name, gate in gates.items():
    print(f"{name:9} {gate.shape}: from {gate.min():5.2f} to {gate.max():5.2f}")

# %% [markdown]
# These are the gates of our three sentences. Here they are for the first one, unit by unit. Where the forget
# gate is dark, the unit keeps its note; where the input gate is dark, it takes in a new one.

# %%
rows = np.stack([gate[0] for gate in gates.values()])
names = [f"unit {unit}" for unit in range(units)]
plots.matrix(
    rows,
    names,
    list(gates),
    "The gates of one LSTM step",
    value_label="opening (candidate: content)",
)

# %% [markdown]
# Two lines are left, and they are the whole idea of the LSTM. The new cell state is what the forget gate keeps
# of the old one, plus what the input gate lets in of the candidate. The new hidden state is what the output
# gate shows of it.

# %%
new_cell = forget_gate * cell + input_gate * candidate
new_hidden = output_gate * np.tanh(new_cell)
print("cell state, first sentence, before:", np.round(cell[0], 2))
print("cell state, first sentence, after: ", np.round(new_cell[0], 2))

# %% [markdown]
# That is an LSTM step in six lines of NumPy. Does Keras compute the same? We hand our three weight arrays to
# Keras' own cell and compare. `course.models.numpy_cells.lstm_step` holds our six lines as a function; we
# compare that as well.

# %%
keras_cell = keras.layers.LSTMCell(units)
keras_cell.build(inputs.shape)
keras_cell.set_weights([kernel, recurrent_kernel, bias])
_, (keras_hidden, keras_cell_state) = keras_cell(inputs, [hidden, cell])
library = numpy_cells.lstm_step(inputs, hidden, cell, kernel, recurrent_kernel, bias)
difference = max(np.abs(new_hidden - keras_hidden).max(), np.abs(new_cell - keras_cell_state).max())
assert (
    difference < 1e-5 and np.allclose(library[0], new_hidden) and np.allclose(library[1], new_cell)
)
print(f"largest difference between our step and Keras' step: {difference:.1e}")

# %% [markdown]
# No more than rounding. Now we can ask the cell a question that its formula only hints at.
#
# **Suppose that the forget gate stands wide open and the input gate is shut. What does the cell state look like
# after a hundred steps?** We can force the gates by large biases. Make a guess, then run the cell.

# %%
forced = np.repeat(
    [-100.0, 100.0, 0.0, 0.0], units
)  # input, forget, candidate, output: Keras' order
after_hidden, after_cell = hidden, cell
for _ in range(100):
    after_hidden, after_cell, _ = numpy_cells.lstm_step(
        inputs, after_hidden, after_cell, kernel, recurrent_kernel, forced
    )
print(f"largest change of the cell state after 100 steps: {np.abs(after_cell - cell).max():.1e}")
print(f"largest change of the hidden state: {np.abs(after_hidden - hidden).max():.2f}")

# %% [markdown]
# The notebook is untouched, while the hidden state went its own way. A plain recurrent cell has no such
# path: there, every step multiplies the memory by a matrix. Training learns *when* to open and shut the gates.
#
# What do gates look like that have learnt it? A small translator ships with the course that reads English letter by
# letter, with one LSTM layer. The demo shows one of its units at a time while it reads. Step through the sentence, and
# look at other units. **Can you find one that does something at every space?**

# %%
speller = pretrained.load("characters")
widgets.inside_a_cell(speller, "Where are my keys?", step=5)

# %% [markdown]
# Each number there is what our six lines give with the layer's trained weights. Few units have a meaning that we could
# name; the network was asked for translations, and not for units that explain themselves.

# %% [markdown]
# ## What does a Keras LSTM hand back?
#
# A Keras layer runs the step over a whole sentence. What it hands back depends on two switches:
# `return_sequences` asks for the hidden state of every step, `return_state` for the last hidden state and the
# last cell state. **Which of the shapes below do you expect for three sentences of six tokens?**

# %%
sentences = rng.normal(size=(batch, 6, features)).astype("float32")
for sequences, state in ((False, False), (True, False), (False, True), (True, True)):
    layer = keras.layers.LSTM(units, return_sequences=sequences, return_state=state)
    result = layer(sentences)
    shapes = [tuple(array.shape) for array in (result if state else [result])]
    print(f"return_sequences={sequences!s:5}  return_state={state!s:5} ->", *shapes)

# %% [markdown]
# With both switches on there are three results: all outputs, the last hidden state, the last cell state. The
# *encoder* needs the last two only; the *decoder* needs an output for each token that it must say.
# Is the last of the outputs the hidden state, or the cell state?

# %%
outputs, last_hidden, last_cell = layer(sentences)
print("last output equals last hidden state:", np.array_equal(outputs[:, -1], last_hidden))
print("last output equals last cell state:  ", np.array_equal(outputs[:, -1], last_cell))

# %% [markdown]
# The outputs *are* the hidden states. The cell state is seen only by those who ask for it, and without it
# nobody can go on where the layer stopped. That is what `initial_state` is for: it sets the state before the
# first step. **If we read two tokens, keep both states, and read the other four from there: same end?**

# %%
_, *halfway = layer(sentences[:, :2])
_, resumed_hidden, resumed_cell = layer(sentences[:, 2:], initial_state=halfway)
_, forgot_hidden, _ = layer(sentences[:, 2:], initial_state=[halfway[0], tf.zeros_like(halfway[1])])
print(f"both states handed over:   difference {np.abs(resumed_hidden - last_hidden).max():.1e}")
print(f"hidden state handed over, cell state lost: {np.abs(forgot_hidden - last_hidden).max():.1e}")

# %% [markdown]
# With both states the layer goes on as if nothing had happened. This hand-over is the only connection between
# our encoder and our decoder: the encoder reads the English sentence, and its two last states become the
# decoder's first ones.
#
# One trap is left. Sentences in a batch are filled up to one length, and an LSTM that reads on over the filling
# changes its state. A *mask* tells it which steps hold a real token; on the others it stands still.

# %%
longer = np.concatenate([sentences, np.zeros((batch, 3, features), "float32")], axis=1)
real = np.arange(longer.shape[1]) < sentences.shape[1]
mask = np.tile(real, (batch, 1))
print(f"padding read:   state moved by {np.abs(layer(longer)[1] - last_hidden).max():.1e}")
print(
    f"padding masked: state moved by {np.abs(layer(longer, mask=mask)[1] - last_hidden).max():.1e}"
)

# %% [markdown]
# Zeros in the input are not nothing: the bias and the hidden state still turn the gates. With the mask, padding
# moves nothing. The course's models set the mask by themselves, wherever an id is PAD;
# lesson 06 will come back to masks.
#
# ## How does a state become a word?
#
# The decoder's output has as many numbers as there are units. We need one number for each token type of the
# target language. That is the work of a *Dense* layer: one matrix product and one bias. Its results are called
# *logits*. They can be any number, so a *softmax* makes *probabilities* of them: e to the power of each,
# divided by the sum of them all.

# %%
dense_kernel, dense_bias = rng.normal(size=(units, 9)).astype("float32"), np.zeros(9, "float32")
logits = np.asarray(last_hidden) @ dense_kernel + dense_bias
probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
print("logits:       ", np.round(logits[0], 2))
print("probabilities:", np.round(probs[0], 2))
print(
    f"sum {probs[0].sum():.3f}, largest difference to Keras {np.abs(probs - keras.ops.softmax(logits)).max():.1e}"
)

# %% [markdown]
# The order stays, the signs go, and the sum is one. **What happens to the probabilities if we add 1,000 to
# every logit?**

# %%
with np.errstate(over="ignore", invalid="ignore"):
    naive = np.exp(logits + 1000) / np.exp(logits + 1000).sum(axis=-1, keepdims=True)
print("by the formula:     ", np.round(naive[0, :4], 2))
print("numpy_cells.softmax:", np.round(numpy_cells.softmax(logits + 1000)[0, :4], 2))
print("without the 1,000:  ", np.round(probs[0, :4], 2))

# %% [markdown]
# In mathematics nothing happens, since only differences count. In a computer the power overflows. The function
# of the course subtracts the largest logit first. A model is therefore best built to end in logits, and the loss
# is told so (`from_logits=True`): then Keras can do the same. Ours ends in logits.
#
# ## How do two halves become one model?
#
# Now we assemble. To keep it countable we take a tiny character corpus with 18 token types in the source
# language and 27 in the target language, one-hot rows as in [lesson 02](02_one_hot_encoding.ipynb), and 256
# units. The first half reads and keeps only its states:

# %%
source_in = keras.Input((None, 18), name="source")
encoder = keras.layers.LSTM(256, return_state=True, name="encoder")
_, encoder_hidden, encoder_cell = encoder(source_in)
print("handed over:", encoder_hidden.shape, "and", encoder_cell.shape)

# %% [markdown]
# The second half starts from these states, reads the target sentence shifted by one, and says a row of
# logits at each step.

# %%
target_in = keras.Input((None, 27), name="target_in")
decoder = keras.layers.LSTM(256, return_sequences=True, return_state=True, name="decoder")
decoder_outputs, _, _ = decoder(target_in, initial_state=[encoder_hidden, encoder_cell])
logits_out = keras.layers.Dense(27, name="output")(decoder_outputs)
assembled = keras.Model([source_in, target_in], logits_out, name="assembled")
print("from", [tuple(tensor.shape) for tensor in assembled.inputs], "to", tuple(logits_out.shape))

# %% [markdown]
# That is the whole network of this lesson. *None* stands for a size that may differ from batch to batch:
# sentences in a batch, and time steps.
#
# ## How many parameters is that?
#
# We know every matrix by now, so we can count by hand before we ask Keras. An LSTM has four gates, and each gate has a
# number for every unit. Each of these numbers is made with a weight for every input feature, a weight for every unit
# of the hidden state, and one bias. **Why does the number of time steps not occur?**


# %%
def lstm_parameters(features, units):
    return 4 * units * (features + units + 1)


counted = {
    "encoder": lstm_parameters(18, 256),
    "decoder": lstm_parameters(27, 256),
    "output": (256 + 1) * 27,
}
for name, count in counted.items():
    print(f"{name:8} {count:8,}  Keras: {assembled.get_layer(name).count_params():8,}")
print(f"together {sum(counted.values()):8,}  Keras: {assembled.count_params():8,}")

# %% [markdown]
# The same weights serve every step, so a longer sentence costs time and no parameters.
#
# The library's translator is the same network with two conveniences: it takes ids, and it never gives PAD and
# START a share of the softmax, since they can never be a target. Does that change the count?

# %%
model = Seq2Seq(Config(18, 27, units=256))
model.training_model.summary(line_length=100)
assert model.training_model.count_params() == sum(counted.values())

# %% [markdown]
# It does not: turning ids into one-hot rows and ruling out two logits has nothing to learn, and neither has the mask.
#
# ## What shall it learn from?
#
# From the sentence pairs that ship with the course. We keep those of at most six tokens on both sides, so that
# this lesson takes minutes and not hours.

# %%
tokenizer = text.tokenizer("word", lower=True)
pairs = corpora.load_pairs()
short = [pair for pair in pairs if max(len(tokenizer.tokens(side)) for side in pair) <= 6]
short = short[: runtime.pick(3000, 90)]
print(pairs.source)
print(f"{len(short):,} short pairs, the first: {short[0]}")

# %% [markdown]
# Some of these we must not learn from. A model is judged on sentences that it has not seen; we call them *held
# out*, and what they measure *validation*. Keras offers `validation_split`, which cuts off the last rows.
# One English sentence may stand in the file several times, with different translations.
# **Do the last rows hold sentences that stand among the others too?**

# %%
cut = len(short) * 9 // 10
seen = {source for source, _ in short[:cut]}
leaked = sum(source in seen for source, _ in short[cut:])
train, held_out = batches.split_by_source(short, 0.1, seed=0)
shared = {source for source, _ in train} & {source for source, _ in held_out}
print(f"last rows: {leaked} of {len(short) - cut} pairs have a source sentence that is trained on")
print(
    f"split by source: {len(shared)} shared; {len(train):,} pairs to train, {len(held_out):,} held out"
)

# %% [markdown]
# How many leak depends on the file; with ours it is the printed number, with a file sorted by length or full of
# doubles it is worse, and the last rows are then the longest as well. The split by source lets through none,
# whatever the file. It is drawn from a seed, so that we all hold out the same sentences.
#
# Vocabularies come from the training pairs alone, and the ids go into batches as in
# [lesson 03](03_teacher_forcing.ipynb).

# %%
source_codec = text.Codec.fit([source for source, _ in train], tokenizer)
target_codec = text.Codec.fit([target for _, target in train], tokenizer)
data = batches.PairBatches.encode(train, source_codec, target_codec, batch=32, buckets=1)
valid = batches.PairBatches.encode(held_out, source_codec, target_codec, batch=100, buckets=1)
print(
    f"token types: {len(source_codec.vocabulary)} English, {len(target_codec.vocabulary)} Spanish"
)
print(
    f"{len(data)} batches of shape {next(iter(data)).source.shape} and {next(iter(data)).target_in.shape}"
)

# %% [markdown]
# From here on the layers read *embeddings*: as [lesson 02](02_one_hot_encoding.ipynb) showed, a one-hot row times a
# matrix is a row of that matrix, so we look the row up. The embeddings are trained with everything else.


# %%
def translator(units=64):
    sizes = len(source_codec.vocabulary), len(target_codec.vocabulary)
    return Seq2Seq(Config(*sizes, units=units, embedding=64, seed=0), source_codec, target_codec)


model = translator()
print(f"{model.training_model.count_params():,} parameters")

# %% [markdown]
# ## What do compile and fit do?
#
# `compile` names three things: an *optimizer*, which turns gradients into steps; a *loss*, the number that is to
# fall; and *metrics*, numbers that we only watch. Our loss is the *cross-entropy*: the negative
# logarithm of the probability that the model gave to the right token. *Sparse* means that the target is an id and
# not a one-hot row; *from logits* that there is no softmax at the model's end.
# The unit is *nats* (the logarithm is the natural one), per token.


# %%
def compile_for_keras(model, optimizer):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    # Our runs are short: jit_compile would start slower than it saves, and a test's run
    # (fast mode) is too short even for plain compilation.
    options = {"jit_compile": False, "run_eagerly": runtime.fast_mode()}
    model.training_model.compile(optimizer, loss, weighted_metrics=[accuracy], **options)


compile_for_keras(model, keras.optimizers.Adam(0.01))

# %% [markdown]
# An untrained model knows nothing about the next token. **Which loss do you expect, if it gives every one of the
# V token types the same probability 1/V?** Two of them, PAD and START, are ruled out.

# %%
batch = next(iter(data))
keras_loss = model.training_model.evaluate(
    (batch.source, batch.target_in), batch.target_out, verbose=0
)[0]
print(
    f"expected: log({len(target_codec.vocabulary) - 2}) = {np.log(len(target_codec.vocabulary) - 2):.3f} nats"
)
print(f"Keras:    {keras_loss:.3f} nats a token")

# %% [markdown]
# As expected, or nearly so. And is padding left out? We compute the loss of this batch ourselves, once over the real tokens
# and once over every step, padding included.

# %%
logits = model.training_model.predict_on_batch((batch.source, batch.target_in)).astype("float64")
nll, tokens = metrics.masked_nll(logits, batch.target_out)
every = keras.losses.sparse_categorical_crossentropy(batch.target_out, logits, from_logits=True)
print(
    f"real tokens only: {nll / tokens:.3f} nats a token over {tokens} of {batch.target_out.size} steps"
)
print(f"padding counted:  {np.mean(every):.3g} nats a step")

# %% [markdown]
# Keras' figure is the masked one: the mask travels with the data from the first layer to the loss. The second
# figure is absurd, because our model holds PAD to be impossible; in a model that may say PAD, counting padding
# makes the loss look *better* than it is, and lesson 06 measures by how much.
#
# Now `fit`. It goes through the batches once an epoch, and judges the held-out pairs after each.

# %%
history = model.training_model.fit(
    data.dataset(seed=0), validation_data=valid.dataset(), epochs=2, shuffle=False, verbose=2
)
print(f"validation loss after 2 epochs: {history.history['val_loss'][-1]:.3f} nats a token")

# %% [markdown]
# (`shuffle=False` because our dataset shuffles itself, from its seed.) The loss falls, on sentences that the model
# has never seen too: it has begun to learn Spanish, and not only these pairs.
#
# ## Does the course's own fit learn the same?
#
# The course trains with `course.training.fit`. It has a loop of its own because one compiled step with hand-written
# gradients is faster once it is compiled. A faster way to something else would be of no use. So we train two models
# from the same first weights, on the same few batches, with the same optimizer: one by Keras, one by the course.

# %%
few = batches.PairBatches.encode(
    train[: runtime.pick(160, 64)], source_codec, target_codec, batch=32, buckets=1
)
by_keras, by_course = translator(units=16), translator(units=16)
compile_for_keras(by_keras, training.make_optimizer("adam", 0.001, "constant", 1.0, steps=0))
first = by_keras.get_weights()
keras_history = by_keras.training_model.fit(few.dataset(seed=0), epochs=1, shuffle=False, verbose=0)
course_history = training.fit(
    by_course, few, epochs=1, learning_rate=0.001, schedule="constant", clip=1.0, seed=0, show=False
)
print(f"mean loss over {len(few)} steps: Keras {keras_history.history['loss'][0]:.5f}", end=", ")
print(f"course {course_history.epochs[0].loss:.5f} nats a token")

# %%
ours, theirs = by_course.get_weights(), by_keras.get_weights()
moved = max(np.abs(theirs[name] - first[name]).max() for name in first)
apart = max(np.abs(theirs[name] - ours[name]).max() for name in first)
assert apart < 1e-4
print(f"training moved a weight by up to {moved:.1e}; the two models differ by up to {apart:.1e}")

# %% [markdown]
# The same model. What differs is rounding: both add up the same numbers, in another order. Over thousands of steps
# such differences grow, as they do between two kinds of processor; the two ways then reach equally good models, not
# equal ones. The losses can differ a little for a second reason: Keras averages the averages of the batches, and the
# course divides once, by all tokens.
#
# ## Which optimizer, and how fast?
#
# An optimizer turns the gradient into a step. *SGD* (stochastic gradient descent) steps along the gradient, times
# the *learning rate*. *RMSprop* divides each weight's gradient by its usual size, so that all weights move at a
# similar pace. *Adam* does that too, and averages the direction over the last steps. **Is there one rate that suits all
# three?** We try a few for each, always from the same first weights, on the same batches.

# %%
part = batches.PairBatches.encode(
    train[: runtime.pick(640, 32)], source_codec, target_codec, batch=32, buckets=1
)
rates = runtime.pick([0.001, 0.01, 0.1, 1.0], [0.01])
model = translator(units=32)
first = model.get_weights()


def short_run(optimizer, rate):
    model.set_weights(first)
    for variable in optimizer.variables:  # forget the gradients of the run before
        variable.assign(tf.zeros_like(variable))
    optimizer.learning_rate.assign(rate)
    history = model.training_model.fit(part.dataset(seed=0), epochs=2, shuffle=False, verbose=0)
    return history.history["loss"][-1]


# %%
results = {}
for kind in (keras.optimizers.SGD, keras.optimizers.RMSprop, keras.optimizers.Adam):
    optimizer = kind(global_clipnorm=1.0)
    compile_for_keras(model, optimizer)
    results[kind.__name__] = [short_run(optimizer, rate) for rate in rates]
    losses = "  ".join(f"{rate:g}: {loss:.2f}" for rate, loss in zip(rates, results[kind.__name__]))
    print(f"{kind.__name__:8} loss in the second epoch, by rate:  {losses}")

# %%
curves = {name: (rates, losses) for name, losses in results.items()}
plots.lines(
    curves,
    "learning rate",
    "training loss (nats a token)",
    "Each optimizer has its own range",
    log_x=True,
)

# %%
for name, losses in results.items():
    print(
        f"{name:8} best of these rates: {rates[int(np.argmin(losses))]:g}, with a loss of {min(losses):.2f} nats"
    )

# %% [markdown]
# There is no good rate as such, only a good rate for an optimizer. SGD multiplies by the gradient, which is small,
# so it wants large rates; the other two divide by the gradient's size, so their rate *is* about the size of a step,
# and a large one throws the weights about. If the best of the tried rates is the largest, nobody can say yet that it
# is the best: put a larger one into `rates` and run again. Too slow and too fast can give the same bad loss: look at the curve, not
# at one run.
#
# > **What we simplified.** We compared two epochs, from one seed, at one batch size. The best rate of a short run
# > is often too large for a long one; that is why `course.training.fit` lets the rate fall along a cosine.
#
# ## When is a model too simple, and when does it learn by heart?
#
# Now a longer run with the course's `fit`, and with more units. The picture below follows it while it runs.

# %%
epochs = runtime.pick(12, 2)
model = translator(units=runtime.pick(128, 16))
dashboard = widgets.training_dashboard()
shown = display(dashboard, display_id=True)
live = {"show": False, "on_epoch": dashboard.add, "on_progress": dashboard.follow}
history = training.fit(model, data, valid, epochs=epochs, learning_rate=0.01, **live)
dashboard.end(history)
shown.update(dashboard)  # so that a page without a kernel shows the end and not the beginning

# %% [markdown]
# Two curves, two questions. How high is the training loss? That is what the model cannot express, or has not
# learnt yet: its *bias*. How far is the validation loss above it? That gap is what it has learnt by heart and cannot
# use elsewhere: its *variance*. We provoke both: a model with very few units, and a model with enough units that
# sees very few pairs. **Which curves will lie close together?**

# %%
scarce = batches.PairBatches.encode(
    train[:: runtime.pick(10, 4)], source_codec, target_codec, batch=32, buckets=1
)
few_pairs, few_units = translator(units=64), translator(units=4)


def keras_curves(model, data, epochs, rate=0.01):
    compile_for_keras(model, keras.optimizers.Adam(rate, global_clipnorm=1.0))
    history = model.training_model.fit(
        data.dataset(seed=0),
        validation_data=valid.dataset(),
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )
    return history.history


runs = {
    "4 units": keras_curves(few_units, data, runtime.pick(6, 1), rate=0.03),
    f"{len(scarce.source)} pairs": keras_curves(few_pairs, scarce, runtime.pick(16, 2), rate=0.02),
}

# %%
for name, run in runs.items():
    loss, valid_loss = run["loss"][-1], run["val_loss"][-1]
    print(
        f"{name:9} training {loss:.2f}, validation {valid_loss:.2f}, gap {valid_loss - loss:+.2f} nats a token"
    )
long = history.epochs[len(runs["4 units"]["loss"]) - 1]
print(
    f"long run  training {long.loss:.2f}, validation {long.valid_loss:.2f} after epoch {long.epoch}"
)

# %%
curves = {}
for name, run in runs.items():
    for label, column in (("training", "loss"), ("validation", "val_loss")):
        curves[f"{name}, {label}"] = (range(1, len(run[column]) + 1), run[column])
plots.lines(curves, "epoch", "loss (nats a token)", "Too few units, too few pairs")

# %% [markdown]
# In a full run the two curves with few units lie close together, and far above the long run after as many epochs: high
# bias, little variance. More data would not help such a model; more units would. The model with few pairs falls on in
# training, while its validation loss hardly follows or even rises: high variance. More units would not help it; more data
# would, or stopping early.
# `training.fit` keeps the weights of the epoch with the best validation loss.
#
# ## What does each knob do?
#
# Three knobs turn up in every recipe: the *latent dimension* (our units), the *batch size*, and the number of
# epochs. First the units. We let each model train for the same number of epochs. The seconds
# include compiling, which costs about the same each time.

# %%
knobs = runtime.pick(2, 1)
for units in runtime.pick([8, 64], [8]):
    turned = translator(units=units)
    began = time.perf_counter()
    run = keras_curves(turned, data, knobs)
    seconds, parameters = time.perf_counter() - began, turned.training_model.count_params()
    print(
        f"{units:4} units: {parameters:8,} parameters, {seconds:5.1f} s, validation loss {run['val_loss'][-1]:.2f}"
    )

# %% [markdown]
# More units learn more in an epoch, and each epoch costs more: twice the units are four times the
# numbers in the recurrent kernel. Now the batch size, with everything else as it was.

# %%
for size in runtime.pick([16, 128], [64]):
    cut = batches.PairBatches.encode(train, source_codec, target_codec, batch=size, buckets=1)
    began = time.perf_counter()
    run = keras_curves(translator(units=32), cut, knobs)
    seconds = time.perf_counter() - began
    print(
        f"batches of {size:3}: {len(cut) * knobs:4} steps, {seconds:5.1f} s, validation loss {run['val_loss'][-1]:.2f}"
    )

# %% [markdown]
# Large batches make an epoch faster, because the processor works on many sentences at once; but an epoch then has
# fewer steps, and at the same rate the model has come less far. A larger batch wants a larger rate, or more
# epochs. And the epochs themselves? Their curve is in the long run above.

# %%
losses = history.column("valid_loss")
for epoch in (1, len(losses) // 2, len(losses)):
    print(f"after epoch {epoch:2}: validation loss {losses[epoch - 1]:.3f} nats a token")
print(f"the best was epoch {history.best.epoch} of {len(losses)}")

# %% [markdown]
# Each further epoch brings less than the one before. When training goes on after the validation curve has turned,
# it only adds variance.
#
# ## What does it say now?
#
# We let the trained model translate the first ten sentences that it was trained on.
# How decoding works is the subject of [lesson 05](05_inference_decoding.ipynb); here we only look.

# %%
for (source, target), said in zip(
    train[:10], decoding.translate(model, [source for source, _ in train[:10]])
):
    print(f"{source:28} {said:28} {'as in the corpus' if said == target.lower() else target}")

# %% [markdown]
# These sentences it has seen; a model with enough units and epochs can learn them by heart, and those of them that
# resemble no other sentence it *has* to learn by heart. The held-out ones tell more.

# %%
sources, references = metrics.references_by_source(
    [(source, target.lower()) for source, target in held_out]
)
translations = decoding.translate(model, sources)
right = sum(said in group for said, group in zip(translations, references))
print(f"held-out sentences translated word for word as in the corpus: {right} of {len(sources)}")
for source, said, group in list(zip(sources, translations, references))[-5:]:
    print(f"{source:28} {said:28} {' / '.join(group)}")

# %% [markdown]
# Counting only exact matches is harsh: a correct translation in other words counts as wrong. Lesson 07
# will measure with BLEU.
#
# ## Can we keep it?
#
# `save` writes one folder: the weights by name, the configuration and both vocabularies. Without the vocabularies the
# ids would mean nothing. `load` builds the model anew from that. **How would you prove that nothing was lost?**

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder) / "translator")
    print("files:", *sorted(path.name for path in (Path(folder) / "translator").iterdir()))
    restored = Seq2Seq.load(Path(folder) / "translator")
same = decoding.translate(restored, sources) == translations
assert same
print(f"all {len(sources)} held-out translations are the same after loading: {same}")

# %% [markdown]
# Equal translations are the proof that counts: it covers weights, layers and vocabularies at once.
#
# ## What we learnt, what we simplified, where to go on
#
# - An LSTM keeps a cell state and shows a hidden state; three gates and a candidate decide what is erased, written and
#   shown. Six lines of NumPy equal Keras.
# - The encoder's two last states are the decoder's first ones, and nothing else passes between them.
# - Every parameter can be counted by hand.
# - The loss is the cross-entropy of the real tokens; validation is a split by source sentence.
# - An optimizer and its rate belong together; bias shows in the height of the training curve, variance in the gap.
#
# > **What we simplified.** One layer on each side, short sentences, one seed for each experiment, and few epochs: the
# > printed differences show directions, not laws. The fixed-size state is a bottleneck for long sentences; lesson
# > 07 opens it with attention.
#
# The [exercise for this lesson](../exercises/04_encoder_decoder/encoder_decoder.ipynb) builds the two halves anew. Before
# it, try this: choose other `units`, predict the number of parameters by hand, and check it with `count_params()`.
#
# Next: [lesson 05](05_inference_decoding.ipynb) takes the decoder's loop apart, which we have used here with closed eyes.
