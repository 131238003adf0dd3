# %% [markdown]
# # Lesson 01: Sequences and state
#
# *The dog bit the man* and *the man bit the dog* are made of the same words. Whoever reads them must know which word came first, and must still know it at the end. In this lesson we look for the smallest network that can do that, and find one whose heart is a single line of NumPy. We open it, send gradients back through its time steps, watch them vanish and explode, and teach it to tell whether a string of bits has an even or an odd number of ones.
#
# [Lesson 00](00_start_here.ipynb) tells how a lesson is read; no other lesson is needed. Training goes in passes over the examples, called *epochs*, in *batches* of some examples at a time; an *optimizer*, such as *Adam*, decides from the gradient how to move the weights, and the *learning rate* says how far.

# %%
import time

import numpy as np

from course import batches, checks, plots, runtime, text, widgets
from course.models import backprop, graphs, hmm, numpy_cells
from course.models.ngram import NGram

tf = runtime.tensorflow()
import keras

from course import training
from course.corpora import bits
from course.models.tagger import Config, Tagger

if runtime.fast_mode():
    print("fast mode: so little training shows the differences below only faintly, or not at all")

# %% [markdown]
# ## Which kind of network is for what?
#
# A *neural network* is numbers in, numbers out, and *weights* in between that are learnt from examples. Four kinds stand at the beginning of every course:
#
# - a *perceptron* multiplies each input by a weight, adds everything up, and asks whether the sum is above a threshold: a vote;
# - a *feed-forward net* has layers of those, so that the later ones vote on what the earlier ones found;
# - a *convolutional net* slides one small set of weights along its input, and sees what stands side by side, wherever it stands;
# - a *recurrent net* reads its input item by item, and carries a *state* from each item to the next.
#
# We want to see the difference and not only hear of it. So here is the log of a lamp. At each of 16 moments nothing happens (`.`), or somebody presses the button (`P`), or the power is cut for a second (`C`).

# %%
rng = np.random.default_rng(0)


def draw_logs(count, moments=16):
    return rng.choice(3, size=(count, moments), p=[0.5, 0.3, 0.2])


logs, new_logs = draw_logs(runtime.pick(8000, 1000)), draw_logs(2000)
for log in logs[:3]:
    print("".join(".PC"[event] for event in log))

# %% [markdown]
# Four questions about a log, each to be answered by yes or no:
#
# - **vote**: were there at least two more presses than cuts?
# - **pair**: did something happen at exactly one of the moments 3 and 11?
# - **pattern**: do press, cut, press follow each other without a gap, somewhere?
# - **lamp**: a press turns the lamp on or off, a cut turns it off. Is it on in the end?


# %%
def lamp_is_on(logs):
    on = np.zeros(len(logs), bool)
    for event in logs.T:
        on = np.where(event == 1, ~on, on & (event != 2))
    return on


# %%
def answers(logs):
    vote = (logs == 1).sum(axis=1) >= (logs == 2).sum(axis=1) + 2
    pair = (logs[:, 3] > 0) != (logs[:, 11] > 0)
    threes = np.lib.stride_tricks.sliding_window_view(logs, 3, axis=1)
    pattern = (threes == [1, 2, 1]).all(axis=-1).any(axis=1)
    return np.stack([vote, pair, pattern, lamp_is_on(logs)], axis=1)


questions = ["vote", "pair", "pattern", "lamp"]
shares = answers(new_logs).mean(axis=0)
print("share of yes:", *(f"{q} {share:.2f} " for q, share in zip(questions, shares)))

# %% [markdown]
# Each network gets the same logs, an event as a row of three numbers of which one is 1, and answers all four questions at once. They differ in their middle only. (How training works is what the rest of the lesson is about; here it is a box with a lid.) **Which network will be good at which question?** Make a guess for each.

# %%
keras.utils.set_random_seed(0)
layers = keras.layers
middles = {
    "perceptron": [layers.Flatten()],
    "feed-forward": [layers.Flatten(), layers.Dense(32, "tanh")],
    "convolutional": [layers.Conv1D(32, 3, activation="relu"), layers.GlobalMaxPool1D()],
    "recurrent": [layers.SimpleRNN(32)],
}
lengths = {"perceptron": 16, "feed-forward": 16, "convolutional": None, "recurrent": None}


# %%
def rows(logs):
    return np.eye(3, dtype="float32")[logs]


def trained(name):
    keras.utils.set_random_seed(0)
    ends = keras.Input((lengths[name], 3)), layers.Dense(4, "sigmoid")
    net = keras.Sequential([ends[0], *middles[name], ends[1]])
    optimizer = keras.optimizers.Adam(0.01, global_clipnorm=0.1)  # a brake: we shall build one
    net.compile(optimizer, "binary_crossentropy", steps_per_execution=len(logs) // 100)
    net.fit(rows(logs), answers(logs), batch_size=100, epochs=runtime.pick(15, 2), verbose=0)
    return net


nets = {name: trained(name) for name in middles}


# %%
def share_right(net, logs):
    return ((np.asarray(net(rows(logs))) > 0.5) == answers(logs)).mean(axis=0)


right = {"the commoner answer": np.maximum(shares, 1 - shares)}
right |= {name: share_right(net, new_logs) for name, net in nets.items()}
title = "Share of right answers on unseen logs"
plots.matrix(list(right.values()), questions, list(right), title, value_label="share right")

# %% [markdown]
# In a full run every question has a simplest network that answers it. The vote needs no more than one layer of weights. For the pair, two places must be seen together, and that takes a layer in between. The pattern may stand anywhere: the convolutional net learns it once for all places, with few weights. The lamp depends on everything that happened, in its order, and only the recurrent net gets it right.
#
# **Which of the four can read a log of 64 moments, four times as long as any that they have seen?**

# %%
long = draw_logs(2000, 64)
for name, net in nets.items():
    result = "cannot read it"
    if lengths[name] is None:
        found = share_right(net, long)
        result = "  ".join(f"{q} {share:.2f}" for q, share in zip(questions, found))
    print(f"{name:13} {net.count_params():5,} weights: {result}")

# %% [markdown]
# A perceptron and a feed-forward net have a weight for each place of their input, and none for a seventeenth. The other two use the same weights at every place. That saves weights, and it carries what was learnt to lengths that were never seen: in a full run the convolutional net still finds its pattern, and the recurrent net still knows about the lamp. The other questions suffer: the pair stood at fixed places, and the vote was learnt for 16 moments only.
#
# > **What we simplified.** One size, one seed, and a short training. More layers or more data would move the numbers; what each kind finds easy would stay.
#
# ## What can a single perceptron not learn?
#
# The pair was a coin toss for the perceptron. The heart of that question has only two inputs: the *parity* of two bits, 1 if exactly one of them is 1. **How many of the four cases can a perceptron get right, with the best weights in the world?** We try all weights on a fine grid.

# %%
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
parity = np.array([0, 1, 1, 0])
grid = np.linspace(-2, 2, runtime.pick(41, 17))
weights = np.stack(np.meshgrid(grid, grid, grid), axis=-1).reshape(-1, 3)
said = corners @ weights[:, :2].T + weights[:, 2] > 0
correct = (said == parity[:, None]).sum(axis=0)
print(f"the best of {len(weights):,} perceptrons gets {correct.max()} of 4 cases right")

# %% [markdown]
# No finer grid would help. A perceptron says 1 if *a* times the first bit, plus *b* times the second, plus *c* is above zero. The four cases ask for *c* ≤ 0, *a* + *c* > 0, *b* + *c* > 0 and *a* + *b* + *c* ≤ 0. Add the two that must be above zero: *a* + *b* + 2*c* > 0. Add the other two: *a* + *b* + 2*c* ≤ 0. Both cannot hold.
#
# Three perceptrons can do it. One asks whether there is *at least one* 1, one whether there are *two*, and the last one subtracts: at least one, but not two.


# %%
def small_net(bit, other):
    at_least_one = bit + other > 0.5
    two = bit + other > 1.5
    return int(at_least_one) - int(two)


print("parity:", [small_net(*corner) for corner in corners], "wanted:", parity.tolist())

# %% [markdown]
# These weights we thought of. Can a net find its own? We give it four units in the middle, and the four cases again and again.

# %%
keras.utils.set_random_seed(1)
learner = keras.Sequential(
    [keras.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, "sigmoid")]
)
learner.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", steps_per_execution=250)
learner.fit(np.tile(corners, (250, 1)), np.tile(parity, 250), batch_size=4, verbose=0)
for corner, probability in zip(corners, learner(corners).numpy().ravel()):
    print(f"{corner} -> {probability:.3f}")

# %% [markdown]
# It can: the numbers are the probabilities of "odd", close to 0 where it should say "even". A middle layer is enough for two bits. Hold on to this small net; we shall need it again.
#
# ## How far back must one remember?
#
# *The grass is …* Green, we say, without having heard anything else. But if the sentence before was *Autumn has come*, the grass is brown, and ten more sentences about other things would change nothing. The word that decides can be far away: this is called a *long dependency*.
#
# For a measurement we need many sentences and control over the distance. So we make our own: a season, some filling, and then the grass.

# %%
COLOURS = {"spring": "green", "summer": "green", "autumn": "brown", "winter": "white"}


def grass(gap):
    season = rng.choice(list(COLOURS))
    filling = rng.choice(["we", "walk", "and", "sing"], gap)
    return ["in", season, *filling, "the", "grass", "is", COLOURS[season]]


for gap in (0, 2, 8):
    print(" ".join(grass(gap)))

# %%
learnt = [grass(gap) for gap in rng.integers(0, 21, runtime.pick(4000, 400))]
gaps = [0, 2, 4, 8, 16, 32, 64]
asked = {gap: [grass(gap) for _ in range(runtime.pick(300, 50))] for gap in gaps}
codec = text.Codec.fit([" ".join(words) for words in learnt], text.tokenizer("word"))
size = len(codec.vocabulary)
print(f"{len(learnt):,} sentences to learn from, with 0 to 20 words of filling;", end=" ")
print(f"{size} different ids, each a word but for the first {len(text.SPECIAL_TOKENS)}")

# %% [markdown]
# (An *id* is a word's number; [lesson 02](02_one_hot_encoding.ipynb) is about them.) **What would you say after *the grass is*, without having heard the season, and how often would you be right?**
#
# An *n-gram model* says what counting says: of all words that followed these three words, which was the commonest? One of order 4 looks at three words and says the fourth.


# %%
def ids(words):
    return codec.vocabulary.ids(words)


running = np.concatenate([[text.END], *[[*ids(words), text.END] for words in learnt]])
short_sighted = NGram(running, size, order=4)
probs = short_sighted.probs(ids(["the", "grass", "is"]))
for colour in ("green", "brown", "white"):
    print(f"the grass is {colour}: {probs[ids([colour])[0]]:.2f}")

# %% [markdown]
# That is the best that anyone can do without the sentence before. To see the season, an n-gram model needs a higher order. **What does a higher order cost?** We try three, and count the different n-grams that each has to keep.


# %%
def right_colours(says):
    return [np.mean([says(words[:-1]) == words[-1] for words in asked[gap]]) for gap in gaps]


def counted(order):
    began = time.perf_counter()
    model = NGram(running, size, order)
    seconds = time.perf_counter() - began
    found = right_colours(lambda words: codec.vocabulary.tokens[model.probs(ids(words)).argmax()])
    return found, sum(model.distinct), seconds


# %%
print("share of right colours by gap:   ", *(f"{gap:4}" for gap in gaps))
results = {f"n-grams of order {order}": counted(order) for order in (4, 6, 8)}
for name, (found, numbers, _) in results.items():
    print(f"{name}, {numbers:6,} numbers:", *(f"{share:.2f}" for share in found))

# %% [markdown]
# Each order sees as far as it is long, if it has met that very n-gram before; and two words more cost several times the numbers, because nearly every longer n-gram is a new one. Beyond its order a model is as blind as the first, or a little worse, because it trusts what stood together by chance.
#
# ## What do Markov chains remember?
#
# An n-gram model is a *Markov chain*: the next word depends on the last few words and on nothing before them. A *hidden Markov model* (HMM) goes one step further. Behind the words it supposes a chain of *hidden states*, one for each word. Each state is drawn from the one before it, by a table of *transitions*, and each word from its state, by a table of *emissions*. We see the words only, and look for the likeliest states behind them; *Viterbi's algorithm* finds them exactly. Taggers of parts of speech worked like this for decades. Both kinds are learnt by counting, in seconds, and their tables can be read. Their memory is the one state that they are in: whatever has to be kept must be a state of its own.
#
# What should the states be? First we let each word be its own state, and give the *is* before green, brown and white three different ones. The label of the last *is* is the answer.


# %%
def arrays(sentences):
    source = batches.pad([ids(words[:-1]) for words in sentences])
    colour = np.zeros_like(source)
    for row, words in enumerate(sentences):
        colour[row, len(words) - 2] = ["brown", "green", "white"].index(words[-1]) + 1
    return source, colour


source, colour = arrays(learnt)
row = (source > 0).sum(axis=1).argmin()
print("ids:   ", source[row][source[row] > 0], "=", *learnt[row][:-1])
print("labels:", colour[row][source[row] > 0], "(0: nothing is asked)")


# %%
def right_labels(label, of_answer=0):
    pairs = [arrays(asked[gap]) for gap in gaps]
    return [(label(words)[:, -1] == of_answer + answer[:, -1]).mean() for words, answer in pairs]


def labelling(states, labels, of_answer=0):
    began = time.perf_counter()
    model = hmm.count(source, labels, states, size)
    seconds = time.perf_counter() - began
    numbers = sum(table.size for table in (model.start, model.transitions, model.emissions))
    return right_labels(lambda words: model.viterbi(words)[0], of_answer), numbers, seconds


# %%
each_word = np.where(colour > 0, size + colour, source)
results["HMM, a state a word"] = labelling(size + 3, each_word, of_answer=size)
print("right colours by gap:", *(f"{share:.2f}" for share in results["HMM, a state a word"][0]))

# %% [markdown]
# It forgets the season with the next word: a chain that is in the state *we* knows that it is there, and nothing else. So we help it, and name the states after what has to be remembered: *green so far*, *brown so far*, *white so far*, and *no season yet*.

# %%
so_far = np.where(source > 0, colour.max(axis=1, keepdims=True), 0)
so_far[:, 0] = 4
results["HMM, told what to keep"] = labelling(4, so_far)
print("right colours by gap:", *(f"{share:.2f}" for share in results["HMM, told what to keep"][0]))

# %% [markdown]
# Right at every distance, with a handful of numbers. But we had to know what matters, and to label every word with it. A recurrent net should find that out by itself, from the answers alone. It is told nothing before the last word. We take two kinds: the simple one that this lesson is about, and a *GRU*, which [lesson 08](08_gru_book_chapter.ipynb) takes apart.


# %%
def recurrent_net(cell):
    began = time.perf_counter()
    model, data = Tagger(Config(size, 4, units=16, cell=cell)), bits.Labelled(source, colour, 100)
    training.fit(model, data, epochs=runtime.pick(10, 2), learning_rate=0.01, show=False)
    seconds = time.perf_counter() - began
    numbers = sum(weight.size for weight in model.get_weights().values())
    return right_labels(model.predict), numbers, seconds


results["simple recurrent net"] = recurrent_net("rnn")
results["GRU"] = recurrent_net("gru")

# %%
shares = [found for found, _, _ in results.values()]
label = "words between season and grass"
plots.matrix(shares, gaps, list(results), "Right colours", x_label=label, value_label="share right")

# %%
for name, (found, numbers, seconds) in results.items():
    print(f"{name:24} {numbers:7,} numbers, {seconds:5.1f} s, worst accuracy {min(found):.2f}")

# %% [markdown]
# In a full run the recurrent nets remember the season over gaps longer than any that they were trained on. They pay in time: counting is over in a moment, and training takes seconds (here mostly for translating the network into machine code). Who knows what matters should use the HMM. Who does not, or has more than one thing to remember, is better served by a net, as a little arithmetic shows:

# %%
facts = 10
states, units = 2**facts, 24
print(f"to remember {facts} independent yes-or-no facts at once:")
print(f"  an HMM needs {states:,} states and {states**2:,} transitions between them")
print(f"  a recurrent net of {units} units has {units**2} recurrent weights")

# %% [markdown]
# The state of an HMM is one of a list, and the list doubles with each fact. The state of a recurrent net is a row of numbers, and each fact can have a direction of its own.
#
# ## How does a feed-forward net become a recurrent one?
#
# Here is our small net for two bits once more. **Can it tell the parity of a string of 50 bits?** It has two inputs and no more. But nobody said that both must be bits of the string.

# %%
string = rng.integers(0, 2, 50)
said = 0
for bit in string:
    said = small_net(bit, said)
print(f"{string.sum()} ones, so the parity is {string.sum() % 2}; the small net says {said}")

# %% [markdown]
# One input is the next bit, the other is what the net itself said one step before. That is all: a *recurrent net* is a feed-forward net that gets its own last result as an input. What is handed on is called the *state*, and the part that is used again and again is the *cell*.
#
# A loop can be drawn as a chain: one copy of the cell for each step, side by side. The net is *unrolled* then, and this course has its name from this picture. All copies have the same weights; what differs from one to the next is the state.

# %%
short = [0, 1, 1, 0, 1]
states = np.bitwise_xor.accumulate(short)
says = ["odd" if state else "even" for state in states]
plots.unrolled(short, states, says, "A string of five bits, unrolled")

# %% [markdown]
# A feed-forward net that reads the whole string at once has weights for every place. How do the two grow?

# %%
for length in (5, 50, 500):
    whole = (3 * length + 1) * 24 + 25
    looped = (3 + 24 + 1) * 24 + 25
    print(f"{length:3} bits, 24 units: feed-forward {whole:6,} weights, recurrent {looped:,}")

# %% [markdown]
# (A bit is again a row of three numbers, with one for padding.) The recurrent net pays with time instead: each step has to wait for the one before it.
#
# In the demo a recurrent net with two units does what our small net does, with smooth units in place of thresholds. Step through it: what it reads, how its state moves, what it says. **Which two numbers tell you, together, that it has seen an odd number of ones?** Type a string of your own, and look at the folded picture as well. (The first unit says *at least one*, the second *two*, as the units of our small net did: odd is the first without the second.)

# %%
widgets.unrolled_network("0110100", step=3)

# %% [markdown]
# ## When does it read, and when does it speak?
#
# An unrolled net can read something at each step, and say something at each step. It need not do both. The four *shapes*:
#
# | shape | reads | says | for example |
# |---|---|---|---|
# | many-to-many | at each step | at each step | the parity so far, the kind of each word |
# | many-to-one | at each step | at the end | is this review friendly, how many ones were there |
# | one-to-many | once | at each step | a picture in, a sentence about it out |
# | many-to-many, shifted | first | then | translation: this is lesson 03 |
#
# Many-to-one is the picture from above with only the last answer asked for. What is not asked is not trained, and yet the state has to be right all the way.

# %%
plots.unrolled(short, states, [None] * 4 + ["odd"], "Many-to-one: the parity at the end")

# %% [markdown]
# One-to-many needs a state that moves on by itself. Here the state is one number, and each step turns its sign. **What is the recurrent weight?**

# %%
signs = [1.0]
for _ in range(4):
    signs.append(-1.0 * signs[-1])
says = ["tick" if sign > 0 else "tock" for sign in signs]
plots.unrolled(["go"] + [None] * 4, signs, says, "One-to-many: a clock that is started once")

# %% [markdown]
# It is −1. In Keras the shapes differ by a switch: `return_sequences` asks for the state after every step. With three sequences of five steps, four numbers a step, and a state of seven units:

# %%
sequences = rng.normal(size=(3, 5, 4)).astype("float32")
at_the_end = keras.layers.SimpleRNN(7)(sequences)
at_each_step = keras.layers.SimpleRNN(7, return_sequences=True)(sequences)
repeated = keras.layers.RepeatVector(5)(sequences[:, 0])
started_once = keras.layers.SimpleRNN(7, return_sequences=True)(repeated)
print("many-to-one ", sequences.shape, "->", tuple(at_the_end.shape))
print("many-to-many", sequences.shape, "->", tuple(at_each_step.shape))
print("one-to-many ", sequences[:, 0].shape, "->", tuple(started_once.shape))

# %% [markdown]
# > **What we simplified.** Keras' layers read something at each step. Our one-to-many repeats the one input at each of them, which is the usual way out.
#
# ## What is inside the cell?
#
# Two equations. The first makes the new state from what is read and from the old state; the second makes an output from the new state:
#
#     state  = tanh(inputs @ kernel + state @ recurrent_kernel + bias)
#     logits = state @ output_kernel + output_bias
#
# In the pictures above the three kernels are W, U and V. `@` is the product of matrices, and *tanh* squashes any number into the range from −1 to 1. A *logit* is any number; the higher, the likelier is its label. We take sizes that are small and all different, so that we notice at once when an axis stands in the wrong place. **Which shapes must the five arrays have?**

# %%
batch, steps, features, units, labels = 3, 5, 4, 7, 6
inputs = rng.normal(size=(batch, steps, features))
weights = backprop.draw_weights(features, units, labels, seed=0)
for name, array in weights._asdict().items():
    print(f"{name:17}{array.shape}")

# %% [markdown]
# The first step starts from a state of zeros. Nothing has been read yet.

# %%
kernel, recurrent_kernel, bias, output_kernel, output_bias = weights
state = np.zeros((batch, units))
state = np.tanh(inputs[:, 0] @ kernel + state @ recurrent_kernel + bias)
logits = state @ output_kernel + output_bias
print(f"state {state.shape}, logits {logits.shape}: a row for each of {batch} sequences")

# %% [markdown]
# The second step is the same line, with the next inputs and the new state. So a whole sequence is a loop.


# %%
def run(inputs, weights):
    state, states = np.zeros((len(inputs), units)), []
    for time_step in range(inputs.shape[1]):
        state = np.tanh(
            inputs[:, time_step] @ weights.kernel + state @ weights.recurrent_kernel + weights.bias
        )
        states.append(state)
    return np.stack(states, axis=1)


states = run(inputs, weights)
print("states:", states.shape, "= (sequences, time steps, units)")

# %% [markdown]
# Does Keras compute the same? We give our arrays to its `SimpleRNN`. The library has the line as `numpy_cells.rnn_step`, and the loop with both equations as `backprop.forward`; we compare those as well.

# %%
layer = keras.layers.SimpleRNN(units, return_sequences=True, dtype="float64")
layer.build(inputs.shape)
layer.set_weights(weights[:3])
their_step = numpy_cells.rnn_step(inputs[:, 1], states[:, 0], *weights[:3])
their_states, their_logits = backprop.forward(inputs, weights)
assert np.allclose(their_step, states[:, 1]) and np.allclose(their_states[:, 1:], states)
print(f"largest difference to Keras: {np.abs(states - layer(inputs)).max():.1e}")

# %% [markdown]
# No more than rounding. (`forward` hands back one state more than there are steps: the zeros at the beginning.)

# %% [markdown]
# ### Try it
#
# A net reads bits as rows of 3 numbers, has 24 units, and says one of 52 labels. How many weights does it have, biases included? Replace the `...` by a number, or by a formula.

# %%
answer = ...

counts = [array.size for array in backprop.draw_weights(3, 24, 52)]
with checks.softly():
    checks.equal("answer", answer, sum(counts), hint="five arrays, two of them biases")

# %% [markdown]
# ## Why squash at all?
#
# Without tanh, both equations would be sums, and sums of sums are sums: the whole chain would be one vote, however long. A function that bends is called an *activation*. Three are in use everywhere. *tanh* goes from −1 to 1. The *sigmoid* goes from 0 to 1, and serves where a share is wanted. *ReLU* cuts off what is below zero, and lets everything else through. By hand:


# %%
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


x = np.linspace(-4, 4, 33)
by_hand_and_library = [(sigmoid, numpy_cells.sigmoid), (tanh, np.tanh), (relu, numpy_cells.relu)]
assert all(np.allclose(ours(x), theirs(x)) for ours, theirs in by_hand_and_library)
activations = {"tanh": tanh, "sigmoid": sigmoid, "ReLU": relu}
curves = {name: (x, function(x)) for name, function in activations.items()}
plots.lines(curves, "sum that goes in", "what comes out", "Three activations")

# %% [markdown]
# In training we shall go back through these functions, and then their *slope* counts: how much the result moves, when the sum moves a little. **Which of the three has the steepest slope, and what do the slopes do far away from zero?**

# %%
for name, function in activations.items():
    slopes = (function(x + 1e-5) - function(x - 1e-5)) / 2e-5
    print(f"{name:8} slope from {slopes.min():.3f} to {slopes.max():.3f}; at +4: {slopes[-1]:.3f}")

# %% [markdown]
# The sigmoid never has a slope above a quarter. tanh is at its steepest around zero, and flat on both sides: a unit that is sure hardly moves. ReLU has a slope of 1 or of nothing.
#
# ## How wrong is an answer?
#
# The logits must become *probabilities*: none below zero, all together 1. The *softmax* takes e to the power of each, and divides by their sum. The *cross-entropy* is the loss: the negative logarithm of the probability that the right label got. It is 0 for a label that was certain, and large for one that was held to be impossible. Its unit is *nats*, since the logarithm is the natural one. **What is the loss of somebody who gives each of six labels the same probability?**


# %%
def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropy(logits, target):
    probs = softmax(logits)
    right = np.take_along_axis(probs, target[..., None], axis=-1)
    return -np.log(right).mean()


target = rng.integers(1, labels, (batch, steps))
no_idea = np.zeros((batch, steps, labels))
print(f"no idea:     {cross_entropy(no_idea, target):.4f} nats, log(6) = {np.log(6):.4f}")
print(f"our weights: {cross_entropy(their_logits, target):.4f} nats")

# %% [markdown]
# Our weights are random, and a little worse than having no idea. Do we agree with TensorFlow and with the library? The library's function leaves out steps at which nothing is asked (label 0), and guards against powers that overflow.

# %%
by_tensorflow = tf.nn.sparse_softmax_cross_entropy_with_logits(target, their_logits)
ours, library = cross_entropy(their_logits, target), backprop.cross_entropy(their_logits, target)[0]
checks.close("cross-entropy", ours, np.mean(by_tensorflow))
checks.close("cross-entropy of the library", library, ours)
large = np.array([1000.0, 0.0])
with np.errstate(all="ignore"):
    print("softmax of 1,000 and 0:", softmax(large), "library:", numpy_cells.softmax(large))

# %% [markdown]
# ## What is a time step, and what is a training step?
#
# Two kinds of step are easily mixed up. A *time step* moves along the sequence: the state changes, and the weights stay. A *training step* comes after whole sequences: the weights change, so that the loss gets smaller, and the state begins anew.
#
# Which way should a weight change? The honest way to find out: move it a little up, measure the loss, move it a little down, measure again. The difference, divided by the way, is the slope of the loss along this weight. All slopes together are the *gradient*.


# %%
def loss_of(weights):
    return backprop.cross_entropy(backprop.forward(inputs, weights)[1], target)[0]


def moved(by):
    changed = recurrent_kernel.copy()
    changed[2, 4] += by
    return loss_of(weights._replace(recurrent_kernel=changed))


slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
print(f"slope of the loss along recurrent_kernel[2, 4]: {slope:+.6f} nats a unit")

# %% [markdown]
# `backprop.finite_differences` does that for every weight. It is slow, and hard to get wrong, and so it will be our judge. With the gradient we can take one training step: each weight goes a little way against its slope. **By how much will the loss fall?**

# %%
measured = backprop.finite_differences(loss_of, weights)
count = sum(array.size for array in weights)
checks.close("the same slope", measured.recurrent_kernel[2, 4], slope)
stepped = backprop.Weights(*(array - 0.5 * grad for array, grad in zip(weights, measured)))
print(f"{count} weights, {2 * count} runs of the network for one gradient")
print(f"loss before the training step {loss_of(weights):.4f}, after it {loss_of(stepped):.4f} nats")

# %% [markdown]
# One step of training costs two runs for each weight. For a large net that is out of the question. There must be a cheaper way.
#
# ## How does a gradient travel back through time?
#
# The unrolled chain is only a long feed-forward net, so we can walk it backwards, from the loss to the weights. Two things reach the state of each step: what the loss says about this step's own output, and what comes back from the step after it. Their sum goes back through tanh, whose slope is 1 − state². That gives the gradient along the sums inside tanh, and the recurrent kernel carries it to the step before.
#
# This is *back-propagation through time* (BPTT). It begins at the logits, where the gradient of softmax and cross-entropy is simply what was said minus what was wanted.

# %%
one_hot = np.eye(labels)[target]
logits_grad = (softmax(their_logits) - one_hot) / target.size
states_grad = logits_grad @ output_kernel.T
print("gradient along the logits:", logits_grad.shape, " along the states:", states_grad.shape)


# %%
def back_through_time(states, states_grad, cut_every=None):
    sums_grad, from_later = np.zeros_like(states), np.zeros_like(states[:, 0])
    for time_step in reversed(range(states.shape[1])):
        arriving = states_grad[:, time_step] + from_later
        sums_grad[:, time_step] = arriving * (1 - states[:, time_step] ** 2)
        from_later = sums_grad[:, time_step] @ recurrent_kernel.T
        if cut_every and time_step % cut_every == 0:
            from_later = np.zeros_like(from_later)
    return sums_grad


sums_grad = back_through_time(states, states_grad)
print("gradient along the sums:", sums_grad.shape, "= (sequences, time steps, units)")

# %% [markdown]
# (`cut_every` is for later.) The same weights work at every step, so every step has a say in their gradient, and the shares are added: for the recurrent kernel, the state *before* each step times the gradient along its sums.

# %%
before = np.concatenate([np.zeros((batch, 1, units)), states[:, :-1]], axis=1)
recurrent_grad = sum(before[:, t].T @ sums_grad[:, t] for t in range(steps))
kernel_grad = sum(inputs[:, t].T @ sums_grad[:, t] for t in range(steps))
bias_grad = sums_grad.sum(axis=(0, 1))
ours = {"kernel": kernel_grad, "recurrent_kernel": recurrent_grad, "bias": bias_grad}
for name, grad in ours.items():
    difference = np.abs(grad - getattr(measured, name)).max()
    print(f"{name:17} differs from finite differences by at most {difference:.1e}")

# %% [markdown]
# One walk forward and one walk back, and the judge agrees. Does TensorFlow? Its `GradientTape` records what is computed and walks back by itself.


# %%
def forward_in_tensorflow(variables, cut_every):
    kernel, recurrent_kernel, bias, output_kernel, output_bias = variables
    state, logits = tf.zeros((batch, units), tf.float64), []
    for time_step in range(steps):
        if cut_every and time_step % cut_every == 0:
            state = tf.stop_gradient(state)
        state = tf.tanh(inputs[:, time_step] @ kernel + state @ recurrent_kernel + bias)
        logits.append(state @ output_kernel + output_bias)
    return tf.stack(logits, axis=1)


def by_tape(cut_every=None):
    variables = [tf.Variable(array) for array in weights]
    with tf.GradientTape() as tape:
        logits = forward_in_tensorflow(variables, cut_every)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits))
    return tape.gradient(loss, variables)


# %%
_, library = backprop.gradients(inputs, target, weights)
for name, ours, theirs in zip(weights._fields, library, by_tape()):
    assert np.abs(ours - theirs).max() < 1e-5
    print(f"{name:17} largest difference to TensorFlow {np.abs(ours - theirs).max():.1e}")
assert np.allclose(recurrent_grad, library.recurrent_kernel)

# %% [markdown]
# `backprop.gradients` is our walk in the library; it gives all five gradients at once. In lessons to come TensorFlow does this work, and we know what it does.
#
# The demo can walk back as well: suppose that the other answer had been the right one. Each press of *Step* now goes one time step back. **How much of the gradient arrives at the first step?**

# %%
widgets.unrolled_network("0110100", backward=True, step=6)

# %% [markdown]
# Very little. The units of this net are sure of themselves, and there tanh is almost flat. Its weights were thought of; from the last answer alone it could hardly have learnt them. We come back to this.
#
# ## Must we go all the way back?
#
# For a string of 50 bits that is no trouble. For a book it is: every state since its first word would have to be kept. *Truncated* back-propagation lets the gradient go back a few steps only. The state is still carried on, over the whole text; only the way back is cut. In our loop that was `cut_every`, and in TensorFlow it is `stop_gradient`.

# %%
cut_sums = back_through_time(states, states_grad, cut_every=2)
cut_recurrent = sum(before[:, t].T @ cut_sums[:, t] for t in range(steps))
_, cut_library = backprop.gradients(inputs, target, weights, cut_every=2)
cut_tape = by_tape(cut_every=2)
apart = max(np.abs(ours - theirs).max() for ours, theirs in zip(cut_library, cut_tape))
assert apart < 1e-5 and np.allclose(cut_recurrent, cut_library.recurrent_kernel)
away = np.abs(cut_recurrent - recurrent_grad).max()
print(f"cut every 2 steps: TensorFlow differs by {apart:.1e}, the whole gradient by {away:.1e}")

# %% [markdown]
# The truncated gradient is not the true one. **What can a net not learn any more, if its gradients are cut?** We ask for something that needs a long way back: after 20 bits, what was the *first* one? Nothing else is asked. This is the training loop for it, in NumPy, with all that we have: draw strings, compute gradients, take a step.


# %%
def first_bit(rng, length):
    drawn = rng.integers(0, 2, (32, length))
    target = np.zeros((32, length), int)
    target[:, -1] = drawn[:, 0] + 1
    return np.eye(3)[drawn + 1], target


# %%
def learn(weights, length=20, cut_every=None, limit=None):
    rng, losses = np.random.default_rng(0), []
    for _ in range(runtime.pick(200, 20)):
        inputs, target = first_bit(rng, length)
        loss, grads = backprop.gradients(inputs, target, weights, cut_every=cut_every)
        grads = grads if limit is None else backprop.clip_by_global_norm(grads, limit)
        weights = backprop.Weights(*(array - 0.5 * grad for array, grad in zip(weights, grads)))
        losses.append(loss)
    return np.array(losses), weights


# %%
def lively(seed, radius=1.5):
    drawn = backprop.draw_weights(3, 24, 3, seed)
    scaled = backprop.with_spectral_radius(drawn.recurrent_kernel, radius)  # see the next section
    return drawn._replace(recurrent_kernel=scaled)


for name, cut_every in (("whole way back", None), ("cut every 5 steps", 5)):
    losses, _ = learn(lively(seed=0), cut_every=cut_every)
    print(f"{name:18} loss at the end {losses[-20:].mean():.3f} nats (a coin: {np.log(2):.3f})")

# %% [markdown]
# The state goes past every cut, so the net could carry the bit along. But no gradient ever reaches the step where the bit was read, so nobody tells it to keep it. How far back the gradient goes is how far back a net can *learn* to look; that it can look further is then luck.
#
# ## Why does the gradient fade, or burst?
#
# Each step back multiplies by the recurrent kernel and by the slopes. Multiply a number by 0.9 again and again, and little is left of it; by 1.1, and it grows and grows. For a matrix, the place of this number is taken by its *spectral radius*, the greatest absolute value of its eigenvalues: applied again and again, it makes a row of numbers grow or shrink by that factor a step.
#
# So we scale one recurrent kernel to several radii. We ask for a loss at the last of 100 steps, and measure how long the gradient is at each step back. The inputs are small, which keeps the slopes of tanh near 1. **At which radius will it stay as it is?**


# %%
def fading(radius, size=0.1, activation="tanh", length=100):
    draw = np.random.default_rng(3)
    weights = backprop.draw_weights(4, 24, 6, seed=2)
    scaled = backprop.with_spectral_radius(weights.recurrent_kernel, radius)
    inputs, wanted = size * draw.normal(size=(20, length, 4)), draw.integers(1, 6, 20)
    weights = weights._replace(recurrent_kernel=scaled)
    norms = backprop.norms_back(inputs, wanted, weights, activation)
    return norms / norms[0]


# %%
radii = (0.5, 0.9, 1.0, 1.1, 1.5, 2.0)
curves = {f"radius {radius}": (range(100), fading(radius)) for radius in radii}
label = "length of the gradient (last step: 1)"
plots.lines(curves, "steps back", label, "One kernel, six radii", log_y=True)

# %%
for radius in radii:
    left = fading(radius)[50]
    print(f"radius {radius}: {left:8.1e} left after 50 steps; 50th power {radius**50:8.1e}")

# %% [markdown]
# On this logarithmic axis a constant factor is a straight line. Below 1 the gradient *vanishes*: after a few dozen steps the first words of a sentence have no say in what is learnt. Far above 1 it *explodes*. Even at a radius of 1 it fades, and here it takes a radius between 1.1 and 1.5 to keep it as it is, since the slope of tanh is below 1 as soon as a unit holds anything; and for the same reason it grows less than the radius alone would have it.
#
# How much that matters depends on how full the units are. The same picture the other way round: what is left after 50 steps, against the radius, for small and for larger inputs, and for ReLU.

# %%
radii = np.linspace(0.4, 2.4, runtime.pick(21, 6))
kinds = {
    "tanh, small inputs": (0.1, "tanh"),
    "tanh, inputs of size 1": (1.0, "tanh"),
    "ReLU, inputs of size 1": (1.0, "relu"),
}
left = {
    name: [fading(radius, *kind, length=51)[50] for radius in radii] for name, kind in kinds.items()
}
curves = {name: (radii, values) for name, values in left.items()}
label = "what is left after 50 steps"
plots.lines(curves, "spectral radius", label, "Few radii are harmless", log_y=True)

# %% [markdown]
# No radius suits everything: it takes luck or a remedy. Against vanishing helps another cell: the gates of the LSTM in [lesson 04](04_encoder_decoder.ipynb) and of the GRU in [lesson 08](08_gru_book_chapter.ipynb) let a state pass unchanged. Against exploding there is a brake that costs one line: if the gradient is longer than a limit, shorten it, and keep its direction. This is *clipping* by the global norm, the length of all gradients laid end to end.


# %%
def clip(grads, limit):
    norm = np.sqrt(sum((grad**2).sum() for grad in grads))
    return [grad * (limit / max(norm, limit)) for grad in grads]


_, grads = backprop.gradients(inputs, target, weights)
by_tensorflow, norm = tf.clip_by_global_norm([tf.constant(grad) for grad in grads], 0.1)
checks.close("clipped recurrent kernel", clip(grads, 0.1)[1], by_tensorflow[1])
checks.close("the library's", backprop.clip_by_global_norm(grads, 0.1)[1], by_tensorflow[1])
print(f"length before {norm:.3f}, after {backprop.global_norm(clip(grads, 0.1)):.3f}")

# %% [markdown]
# **Does it help?** We let the net learn the first bit again, from five different first weights, with a brake and without.

# %%
seeds = range(runtime.pick(5, 1))
unclipped = [learn(lively(seed))[0] for seed in seeds]
clipped = [learn(lively(seed), limit=1.0)[0] for seed in seeds]
for name, runs in (("without clipping", unclipped), ("clipped to 1", clipped)):
    print(f"{name:17} loss at the end:", *(f"{run[-20:].mean():.3f}" for run in runs))

# %%
worst = int(np.argmax([run[-20:].mean() for run in unclipped]))
curves = {"without clipping": unclipped[worst], "clipped to 1": clipped[worst]}
curves = {name: (range(1, len(losses) + 1), losses) for name, losses in curves.items()}
plots.lines(curves, "training step", "loss (nats)", "One of the runs, with and without a brake")

# %% [markdown]
# In a full run, without the brake, one long gradient throws the weights to a place from which there is no quick way back, and the loss with them. With it, more of the runs arrive. A clipped run may fail as well: the brake limits how far one step goes, and does not say where to.
#
# ## Where should the weights begin?
#
# We have always drawn the first weights at random, in a certain size. **What happens if they all begin at zero? Or all at the same value? Or ten times as small, or as large?** Each of these nets learns the first bit once more, of 8 bits and with the brake on.

# %%
drawn = backprop.draw_weights(3, 24, 3, seed=0)
factors = {"all zero": 0, "ten times too small": 0.1, "as drawn": 1, "ten times too large": 10}
beginnings = {name: [factor * array for array in drawn] for name, factor in factors.items()}
beginnings["all equal"] = [0 * array + 0.1 for array in drawn]
beginnings = {name: backprop.Weights(*arrays) for name, arrays in beginnings.items()}
ends = {name: learn(weights, length=8, limit=1.0) for name, weights in beginnings.items()}

# %%
curves = {name: (range(1, len(losses) + 1), losses) for name, (losses, _) in ends.items()}
plots.lines(curves, "training step", "loss (nats)", "The same net from five beginnings")

# %% [markdown]
# We look inside. Two units with the same weights do the same work, so we count the different ones at the end. And a unit is *saturated* where it is so near to ±1 that its slope is next to nothing.

# %%
for name, (losses, weights) in ends.items():
    different = len(np.unique(weights.recurrent_kernel.round(6), axis=1).T)
    states, _ = backprop.forward(first_bit(np.random.default_rng(1), 8)[0], beginnings[name])
    saturated = (np.abs(states[:, 1:]) > 0.99).mean()
    print(f"{name:19} first loss {losses[0]:5.2f}, last {losses[-20:].mean():.3f} nats;", end=" ")
    print(f"{different:2} different units at the end, {saturated:.0%} saturated at first")

# %% [markdown]
# Zeros stay zeros, all but the last bias: the states are zero, so no gradient reaches the output kernel, and the output kernel is zero, so none goes past it. Equal weights get equal gradients, and 24 units remain one unit. Weights that are too small let the gradient fade within 8 steps. Weights that are too large make a net that is sure of everything and wrong half of the time, and its saturated units have no slopes to learn by. The library draws weights so that a sum of many of them has a size of about 1.

# %% [markdown]
# ## Can it count the ones in a string of bits?
#
# Now everything comes together, in one task: the parity of 50 bits. We draw strings to learn from, and others, different from all of those, to judge by.

# %%
strings, judged = bits.split(runtime.pick(100_000, 3_000), 2_000, length=50)
print("".join(map(str, strings[0])), f"has {strings[0].sum()} ones")
print(f"{len(strings):,} of {2**50:,} possible strings to learn from, {len(judged):,} to judge by")

# %% [markdown]
# Learning by heart is no way here. The classic way to ask is many-to-one: read all bits, then say how many ones there were. Parity follows from that. Each possible count is a *class* with a label of its own. **How many classes are there for 50 bits?**

# %%
extremes = np.stack([np.zeros(50, np.int8), np.ones(50, np.int8)])
print("labels of 50 zeros and of 50 ones:", bits.count_labels(extremes)[:, -1])
try:
    np.eye(50)[extremes.sum(axis=1)]
except IndexError as error:
    print("with 50 classes:", error)

# %% [markdown]
# From no ones to 50 ones there are 51 counts. Whoever takes 50 classes has no label for the string of all ones, and may never notice: such a string hardly ever comes up by chance. It is worth a test of its own, at both ends.
#
# A textbook run of this task looks like this: 24 ReLU units, batches of 1,000 strings, the optimizer *Adam* at a learning rate of 0.001, 100 epochs, and the remark that this takes four or five hours. We do the first epochs, and let the cell say how long all of them would take here.


# %%
def train(task, strings, epochs, batch, learning_rate, schedule="cosine"):
    labels = bits.label_count(task, strings.shape[1])
    model = Tagger(Config(bits.INPUTS, labels, units=24, activation="relu"))
    rows = bits.Labelled(bits.ids(strings), bits.TASKS[task](strings), batch)
    options = {"epochs": epochs, "learning_rate": learning_rate, "schedule": schedule}
    return model, training.fit(model, rows, **options, show=False)


# %%
textbook = {"batch": 1000, "learning_rate": 0.001, "schedule": "constant"}
textbook["epochs"] = runtime.pick(3, 2)
counter, history = train("count", strings, **textbook)
seconds = history.column("seconds")
print("loss by epoch:", *(f"{loss:.2f}" for loss in history.column("loss")), "nats")
print(f"{len(seconds)} epochs: {seconds.sum():.0f} s;", end=" ")
print(f"100 epochs: about {(seconds[0] + 99 * np.median(seconds[1:])) / 60:.0f} minutes here")

# %% [markdown]
# What does it say about strings that it has never seen?

# %%
said, true = counter.predict(bits.ids(judged))[:, -1] - 1, judged.sum(axis=1)
for ones, guess in list(zip(true, said))[:8]:
    print(f"ones: {ones:2}, predicted {guess:2};", end="  ")
    print(f"parity: {ones % 2}, predicted {guess % 2}  {'' if ones % 2 == guess % 2 else 'wrong'}")
print(f"off by {np.abs(said - true).mean():.1f} on average; right: ", end="")
print(f"count {(said == true).mean():.3f}, parity {(said % 2 == true % 2).mean():.3f}")

# %% [markdown]
# In a full run the count is about right after these epochs, and the parity is a coin toss: a count that is off by one is a good guess and the wrong parity. More epochs bring the count closer, slowly. One answer for 50 steps says little about where it went wrong.
#
# ## What if we ask at every step?
#
# Parity needs no counting. The parity so far and the next bit are enough: that was our small net. So we ask many-to-many: after every bit, is the number of ones so far even (label 1) or odd (label 2)? **How much sooner will the same 24 units learn that?**

# %%
print("bits:  ", *strings[0][:12])
print("labels:", *bits.running_labels(strings)[0][:12])

# %%
few = strings[: runtime.pick(20_000, 3_000)]
runner, history = train("running", few, epochs=3, batch=100, learning_rate=0.01)
said = runner.predict(bits.ids(judged))
right = bits.parity(said) == judged.sum(axis=1) % 2
print(f"{len(few):,} strings, {history.column('seconds').sum():.0f} s in all")
print(f"parity of whole strings right: {right.sum():,} of {len(judged):,}")
ends_said = bits.parity(runner.predict(bits.ids(extremes)))
print("at both ends, no ones and 50 ones:", ends_said, "(0: even)")

# %% [markdown]
# In a full run hardly any unseen string, or none, is answered wrongly, after a fraction of the time. The network is the same, and so are the bits. What changed is the question: the first steps are easy, each answer is close to its cause, and the gradient has one step to go where it had 50.
#
# In a terminal, `course train parity` does the same; its options choose the task, the cell and the sizes, and `--save` keeps the net.
#
# ## What if the strings are not what we think?
#
# There is a well-known slip in this task. The strings are to be drawn at random; so one draws random *numbers*, below 2²⁰ for instance, and writes them with 50 digits. **What is wrong with such strings?**

# %%
faulty, faulty_judged = bits.draw_faulty(len(strings)), bits.draw_faulty(2000, seed=1)
for string in (faulty[0], faulty[1], strings[0]):
    print("".join(map(str, string)), f"{string.sum():2} ones")

# %% [markdown]
# The first 30 digits are always 0. That is easily overlooked, because nothing fails: the net trains, and strings for a test are drawn the same way. **What happens when it meets real ones?** We train both formulations once more, in the same way, on the faulty strings.

# %%
faulty_counter, _ = train("count", faulty, **textbook)
faulty_runner, _ = train("running", faulty[: len(few)], epochs=3, batch=100, learning_rate=0.01)


# %%
def judge(model, strings):
    labels = model.predict(bits.ids(strings))
    return labels[:, -1] - 1, (bits.parity(labels) == strings.sum(axis=1) % 2).mean()


for name, tests in (("faulty", faulty_judged), ("real", judged)):
    count, _ = judge(faulty_counter, tests)
    off, parity_right = np.abs(count - tests.sum(axis=1)).mean(), judge(faulty_runner, tests)[1]
    print(f"{name:6} strings: count off by {off:4.1f}, highest said {count.max():2};", end=" ")
    print(f"running parity right {parity_right:.3f}")

# %% [markdown]
# In a full run the counter looks as good as before, as long as it is tested on strings with the same fault. On real ones it is far off, and could not be otherwise: it has never heard of a count above 20. The running parity suffers less, because each of its steps is the same small task. **Where does it go wrong, when it does?**

# %%
labels = faulty_runner.predict(bits.ids(judged))
wrong = labels != bits.running_labels(judged)
lost = wrong[:, -1]
first_slip = wrong[lost].argmax(axis=1) + 1
print(f"{lost.sum()} of {len(judged):,} strings end wrong;", end=" ")
print(f"half of these have gone wrong by bit {np.median(first_slip):.0f}")

# %% [markdown]
# In a full run it stumbles at the beginning. It has never met a one among the first 30 digits, and its state there is not yet what it will be after a long row of zeros. One slip is enough: the parity stays wrong from there on.
#
# The last question about parity: **how far does it carry?** All of them were trained on 50 bits. The counter has no labels beyond; the running parity can go on as long as there are bits.

# %%
lengths_asked = [50, 100, 200, 500]
longer = {length: bits.draw(runtime.pick(2000, 200), length, seed=2) for length in lengths_asked}
runners = {"trained on real strings": runner, "trained on faulty strings": faulty_runner}
found = {
    name: [judge(model, longer[length])[1] for length in lengths_asked]
    for name, model in runners.items()
}
print(f"{'parity right at':25}", *(f"{length:5}" for length in lengths_asked), "bits")
for name, shares in found.items():
    print(f"{name:25}", *(f"{share:.3f}" for share in shares))

# %%
curves = {name: (lengths_asked, shares) for name, shares in found.items()}
title = "Trained on 50 bits, asked for more"
plots.lines(curves, "length of the string (bits)", "parity right (share)", title)

# %% [markdown]
# A net that has learnt the one small step can repeat it, ten times as often as it ever did in training. Whether a net has learnt the rule or only the data is seen on data of another kind than it was trained on: other lengths, both extremes, and strings drawn in another way.
#
# ## What does tf.function change?
#
# All these trainings ran as a *graph*. TensorFlow can work in two ways. *Eager* execution does each operation at once, when Python comes to it. With `tf.function`, Python runs through the function a single time, and TensorFlow writes down which operations there are and which needs which: the graph. From then on it runs the graph, without Python. Here is one for b·c + d·e.


# %%
@tf.function
def two_products(b, c, d, e):
    return b * c + d * e


numbers = [tf.constant(number) for number in (2.0, 3.0, 4.0, 5.0)]
values = {"b": 2, "c": 3, "d": 4, "e": 5, "mul": 6, "mul_1": 20, "add": 26}
operations = graphs.operations(two_products, *numbers)
plots.graph(operations, values, "b·c + d·e as a graph")

# %% [markdown]
# What does not wait for each other in the graph, such as the two products, can be done side by side. A consequence takes some getting used to. **How often does this function print its line, when it is called three times?**


# %%
@tf.function
def speaking(number):
    print("Python was here")
    return number + 1


print("results:", [float(speaking(number)) for number in numbers[:3]])

# %% [markdown]
# Once: `print` is Python, and not an operation of the graph. Now the same training step in both ways: a batch of bit strings, the gradients, Adam.

# %%
model = Tagger(Config(bits.INPUTS, 3, units=24, activation="relu"))
optimizer = keras.optimizers.Adam(0.001)
optimizer.build(model.trainable_variables)
rows_of_bits = tf.constant(bits.ids(few[:100]))
wanted = tf.constant(bits.running_labels(few[:100]))


def training_step(ids, labels):
    with tf.GradientTape() as tape:
        nll, _, asked = training.token_sums(model.logits(ids, training=True), labels)
        loss = nll / asked
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply([tf.convert_to_tensor(grad) for grad in grads], model.trainable_variables)
    return loss


# %%
def milliseconds(step):
    spent = []
    for _ in range(runtime.pick(20, 5)):
        began = time.perf_counter()
        loss = float(step(rows_of_bits, wanted))
        spent.append(1000 * (time.perf_counter() - began))
    return spent[0], np.median(spent[1:]), loss


# %%
moving = [*model.trainable_variables, *optimizer.variables]
first, later = [variable.numpy() for variable in moving], {}
compiled = tf.function(training_step, autograph=False)  # Python's own loops stay as they are
for name, step in (("eager", training_step), ("graph", compiled)):
    for variable, value in zip(moving, first):  # both begin at the same place
        variable.assign(value)
    begun, later[name], loss = milliseconds(step)
    print(f"{name}: first step {begun:7.1f} ms, later ones {later[name]:6.1f} ms,", end=" ")
    print(f"last loss {loss:.5f} nats")
print(f"the graph's later steps are {later['eager'] / later['graph']:.0f} times as fast")

# %% [markdown]
# Both ways come to the same loss, but for rounding. The graph pays once, at its first call, for being written down; every later step saves the way through Python, and a recurrent net, with its many small operations, goes that way often. The price is comfort: in eager mode each line can be looked at and printed. So we write and try in eager mode, and train as a graph; `training.fit` does, and has the graph translated into machine code where that is possible.
#
# ## What have we learnt, what did we simplify, where do we go on?
#
# - A perceptron votes, a feed-forward net combines, a convolutional net finds what may stand anywhere, and a recurrent net keeps what happened, in its order.
# - A recurrent net is a feed-forward net that gets its own last result as an input. Unrolled, it is a chain of copies with the same weights.
# - n-grams see as far as they are long, a hidden Markov model keeps what it was told to, and a recurrent net learns what to keep, for more time in training.
# - The gradient goes back through the same chain. It is multiplied at every step, so it fades or bursts; clipping holds the bursts, and other cells hold the rest. Cut gradients cannot teach what lies behind the cut.
# - How a question is asked decides how hard it is to learn, and a test must not share the training data's faults.
#
# > **What we simplified.** Tasks that we made up, small sizes, and one seed in most places: the printed differences show directions, not laws. Real sentences have many dependencies at once, at all distances. Lesson 08 meets them.
#
# In the [exercise for this lesson](../exercises/01_sequences_and_state/sequences_and_state.ipynb) you write the cell, its way back, and its brake yourself. Next, [lesson 02](02_one_hot_encoding.ipynb) turns sentences into numbers.
