# %% [markdown]
# # Lesson 11: Better and faster
#
# The models of this course work. Could they be better, and could they be there sooner? In this lesson we read from two losses what a model lacks, look at what can be done with the data, let a search find the settings, and find out where the time goes. Every claim is a cell that measures it, here, on your machine, while you watch. That is the lesson's real subject: not the tricks, but how one finds out whether a trick works.
#
# It stands on [lesson 04](04_encoder_decoder.ipynb) (the translator), [lesson 06](06_characters_and_masks.ipynb) (validation, buckets) and [lesson 08](08_gru_book_chapter.ipynb) (n-gram counts).

# %%
import functools
import gc
import time

import numpy as np

from course import batches, corpora, noising, plots, runtime, streams, text, tuning
from course.models.ngram import NGram
from course.tuning.recorded import SPACE, Recorded

tf = runtime.tensorflow()
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras

from course import decoding, objectives, optimizers, profiling, replicas, training
from course.models import recurrent
from course.models.seq2seq import Config, Seq2Seq

# %% [markdown]
# ## What is wrong with a model that is wrong?
#
# Work on a model goes round in a loop: an idea, the code for it, an experiment, and from its result the next idea. How good the next idea is depends on how well we read the result. Here are four classifiers of pictures. A person who takes care gets 1.5 of a hundred wrong; call that *the best that is possible*. The other two figures are the errors on the data that a model learnt from, and on data that it has not seen. **Which of the four should be given more data, and which a larger network?**

# %%
best = 1.5
for learnt, unseen in ((2, 14), (14, 15), (14, 30), (2, 2.4)):
    print(f"training {learnt:4} %, unseen {unseen:4} %: ", end="")
    print(f"{learnt - best:4.1f} above the best, then {unseen - learnt:4.1f} more on unseen data")

# %% [markdown]
# The first difference is called *bias*: what the model cannot do even where it has seen the answer. The second is called *variance*: what it did learn, but only by heart. The first model has variance, the second bias, the third both, and the fourth hardly any of either. The cures differ:
#
# | | what may help |
# |---|---|
# | bias | a larger network, longer training, another learning rate, another architecture |
# | variance | more data, noise in the data, dropout, a smaller network, stopping earlier |
#
# And the "best" is what makes the difference visible: if people get 13 % wrong, the second model has nothing left to learn.
#
# A word on the data that is not for learning. *Validation* data is for choosing: the epoch, the settings, the idea to keep. Whoever chooses among many by the same sentences chooses by luck as well, so the figure that comes out is a little too good. *Test* data is for reporting, once, when there is nothing left to choose.
#
# ## Which trouble has our translator?
#
# We need a translator that trains in seconds: a GRU of 64 units, on short sentences of the corpus that ships. `learn` trains one; `loss` measures it on a part of what it learnt from as well as on what it did not.

# %%
words = text.tokenizer("word")
corpus = corpora.load_pairs(say=None).up_to(10, words).sample(runtime.pick(6_000, 300), seed=3)
print(corpus.source)
train, valid = batches.split_by_source(corpus, 0.1, seed=0)
codecs = [text.Codec.fit(side, words) for side in zip(*corpus)]
sizes = [len(codec.vocabulary) for codec in codecs]
encode = functools.partial(batches.PairBatches.encode, source=codecs[0], target=codecs[1])
judged = encode(valid, batch=256, buckets=1)
STEPS = runtime.pick(300, 6)


def forget():
    """Free what models that are gone have compiled."""
    keras.backend.clear_session()
    gc.collect()


def learn(pairs, units=64, steps=STEPS, **noise):
    """Train a translator for a number of steps, however few the pairs are."""
    forget()
    model = Seq2Seq(Config(*sizes, units=units, embedding=64, cell="gru"), *codecs)
    data = encode(pairs, batch=64, buckets=1)
    data = noising.Noised(data, **noise) if noise else data
    epochs = max(1, round(steps / len(data)))
    training.fit(model, data, epochs=epochs, learning_rate=8e-3, xla=False, show=False)
    return model


def loss(model, pairs):
    """Return the loss on some pairs, in nats a token."""
    return training.evaluate(model, encode(pairs[:500], batch=256, buckets=1))["loss"]


print(f"{len(train):,} pairs to learn from, {len(valid)} of other source sentences to judge by")

# %% [markdown]
# Now a *learning curve*: the same network, the same number of training steps, and more and more data. Beside it a model that counts: a trigram model of the Spanish sentences, which sees no English at all. **How will the two losses of the network move towards each other, or apart?**

# %%
amounts = runtime.pick((200, 800, 5_000), (50, 200))
curve = {"network, learnt": [], "network, unseen": [], "trigrams, unseen": []}
spanish = [streams.running_ids([pair[1] for pair in part], codecs[1]) for part in (train, valid)]
for amount in amounts:
    model = learn(train[:amount])
    curve["network, learnt"].append(loss(model, train[:amount]))
    curve["network, unseen"].append(loss(model, valid))
    counted = streams.running_ids([pair[1] for pair in train[:amount]], codecs[1])
    curve["trigrams, unseen"].append(np.log(NGram(counted, sizes[1], 3).perplexity(spanish[1])))
    print(f"{amount:5} pairs: learnt {curve['network, learnt'][-1]:.2f}, ", end="")
    print(f"unseen {curve['network, unseen'][-1]:.2f}", end="")
    print(f", trigrams {curve['trigrams, unseen'][-1]:.2f} nats a token")

# %%
plots.lines(
    {name: (amounts, losses) for name, losses in curve.items()},
    "sentence pairs (learnt from)",
    "loss (nats a token)",
    log_x=True,
)

# %% [markdown]
# With few pairs the network does far better on what it learnt than on anything else: variance. With more data the two lines approach each other. Where the gap is still wide on the right, more data would still help; where the two lines lie close together and high, it would not. The trigrams are there as a plausibility check: a network that reads the source and does worse than counts which do not is not yet a translator. Ours, after so few steps, is none, however much data it has: there is bias as well.
#
# So we turn to the other axis, the size of the network. **With all our pairs and the same number of steps: what will a network with 8 units have, bias or variance?**

# %%
widths = runtime.pick((8, 32, 128), (4, 8))
for units in widths:
    model = learn(train, units=units)
    learnt, unseen = loss(model, train), loss(model, valid)
    print(f"{units:4} units: learnt {learnt:.2f}, unseen {unseen:.2f}, gap {unseen - learnt:.2f}")

# %% [markdown]
# The narrow one is bad on both sides, and equally: bias. The wide ones are better on both, and the gap opens. So each picture asks for its own cure, and the pair of losses told us which, before we spent a night on the wrong one.

# %% [markdown]
# ## Can the data be made better?
#
# Work on data goes in four steps: *select* what can have to do with the question, bring it into one *form*, *clean* it (repair or drop what is missing), and *sample* if there is too much. Sentences hide what scaling does, so for a page we leave them. Here are 600 days of a made-up power station: the load in megawatts, the temperature in two units, the price in cents, and a lottery number. Some readings are missing. We want to know tomorrow's load. **Which columns would you drop at once?**

# %%
rng = np.random.default_rng(7)
days = np.arange(600)
celsius = 11 - 9 * np.cos(2 * np.pi * days / 365) + rng.normal(0, 2, 600)
load = 800 - 12 * celsius + 60 * (days % 7 < 5) + rng.normal(0, 10, 600)
price = 0.01 * load + rng.normal(0, 2, 600)
lottery = rng.integers(0, 1_000_000, 600)
series = np.stack([load, celsius, celsius * 1.8 + 32, price, lottery], axis=1)
names = ["load, MW", "temperature, °C", "temperature, °F", "price, cents", "lottery"]
series[rng.random(series.shape) < 0.03] = np.nan
for name, column in zip(names, series.T):
    spread = f"{np.nanmean(column):9.1f} ± {np.nanstd(column):9.1f}"
    print(f"{name:16} {spread}, {np.isnan(column).sum()} readings missing")

# %% [markdown]
# To drop a day for each missing reading costs more days than one would think. A reading in a series of days is repaired better by the line between its neighbours. Then we scale. A tanh or a sigmoid has its slope around zero and is flat elsewhere: a million in its input says the same as two million. So every column gets mean 0 and spread 1, by the mean and the spread *of the days that we learn from*; those of the future are not known yet.

# %%
repaired = series.copy()
for column in repaired.T:
    gaps = np.isnan(column)
    column[gaps] = np.interp(days[gaps], days[~gaps], column[~gaps])
past, future = repaired[:450], repaired[450:]
scaled = (repaired - past.mean(axis=0)) / past.std(axis=0)
print(f"days with no reading missing: {(~np.isnan(series).any(axis=1)).sum()} of {len(series)}")
print(f"after repair and scaling, largest number: {np.abs(scaled).max():.1f}")

# %%
week = slice(100, 160)
plots.lines(
    {name: (days[week], repaired[week, n]) for n, name in enumerate(names[:4])},
    "day",
    "reading (each in its unit)",
    "Before",
)

# %%
plots.lines(
    {name: (days[week], scaled[week, n]) for n, name in enumerate(names[:4])},
    "day",
    "reading (spreads from the mean)",
    "After",
)

# %% [markdown]
# Now the columns have a common scale, and one sees what the first picture hid: the two temperatures are one, and the load goes against them. Two well-known tools find that without eyes. A *principal component analysis* turns the columns into as many new ones that have nothing in common, by falling spread. A *feature selection* asks of each column what it says about tomorrow's load. **How many of five components will be needed for nearly all of the spread?**

# %%
from sklearn.decomposition import PCA
from sklearn.feature_selection import mutual_info_regression
from sklearn.neural_network import MLPRegressor

tomorrow = scaled[1:, 0]
shares = PCA().fit(scaled[:449]).explained_variance_ratio_
print("share of the spread in each component:", np.round(shares, 3))
told = mutual_info_regression(scaled[:449], tomorrow[:449], random_state=0)
for name, nats in zip(names, told):
    print(f"{name:16} says {nats:.2f} nats about tomorrow's load")

# %% [markdown]
# One component has no spread left: that is the second temperature. And the lottery says nothing. (A tree's or a network's own opinion of the columns is worth asking, too.) Does it matter to a network? A small one with tanh units, the same each time, guesses tomorrow's load of the days after the 450th. **Put the three in order before you run the cell.**

# %%
chosen = {
    "as measured": repaired,
    "scaled": scaled,
    "scaled, without lottery and °F": scaled[:, [0, 1, 3]],
}
for name, inputs in chosen.items():
    network = MLPRegressor(hidden_layer_sizes=16, activation="tanh", max_iter=400, random_state=0)
    network.fit(inputs[:449], tomorrow[:449])
    missed = network.predict(inputs[450:-1]) - tomorrow[450:]
    wrong = np.abs(missed).mean() * past[:, 0].std()
    print(f"{name:30} wrong by {wrong:5.1f} MW in the mean")

# %% [markdown]
# As measured, the lottery's millions push every unit to where it is flat, and the network says about the same every day. What we knew about the data was worth more than any setting of the network.
#
# ## Can there be more data than there is?
#
# For pictures one mirrors and shifts. For sentences there are two ways that help. *Data noising* blanks some of the words that the network reads, or replaces them by words drawn as often as they occur; what it has to say stays as it is, and the noise is another one each time. It makes a network lean on the words that are left, as smoothing does with counts (Xie et al., 2017). We train twice as long as before, so that the network has time to learn its few pairs by heart. **With few pairs, which disturbs the network usefully: blanks, or wrong words?**

# %%
few = train[: runtime.pick(300, 60)]
for name, noise in {
    "no noise": {},
    "blanks for 15 %": {"share": 0.15, "way": "blank"},
    "others for 15 %": {"share": 0.15, "way": "replace"},
}.items():
    model = learn(few, steps=2 * STEPS, **noise)
    print(f"{name:16} learnt {loss(model, few):.2f}, unseen {loss(model, valid):.2f}")

# %% [markdown]
# Without noise the network knows its pairs by heart, and that is all it knows. Noise trades variance for bias: the loss on what it learnt rises, the gap narrows. It pays only where the gap was wide. In a short run, which has no time to learn by heart, the same noise does harm; change `2 * STEPS` to `STEPS // 2` and see. And one run with one seed is one throw of a die, so we do not make a law of the second digit.
#
# The other way needs sentences of the target language only. A translator for the other direction, trained on the same few pairs, translates them back. That gives pairs with a clumsy source and a faultless target, and it is the target that we learn to say (*back-translation*; Sennrich et al., 2016). **Can such clumsy English teach anything?**

# %%
others = train[len(few) : 4 * len(few)]
back = Seq2Seq(Config(*sizes[::-1], units=64, embedding=64, cell="gru"), *codecs[::-1])
turned = [(spanish, english) for english, spanish in few]
turned = batches.PairBatches.encode(turned, *codecs[::-1], batch=64, buckets=1)
epochs = max(1, STEPS // len(turned))
training.fit(back, turned, epochs=epochs, learning_rate=8e-3, xla=False, show=False)
clumsy = decoding.translate(back, [spanish for _, spanish in others])
made = list(zip(clumsy, [spanish for _, spanish in others]))
print(f"{others[0][1]!r} came back as {clumsy[0]!r}; a person wrote {others[0][0]!r}")

# %%
for name, pairs in {"few": few, "few and made": few + made, "few and true": few + others}.items():
    model = learn(pairs)
    print(f"{name:13} {len(pairs):5,} pairs, unseen {loss(model, valid):.2f} nats a token")

# %% [markdown]
# The last line is what it would be worth if people had translated those sentences. What the machine made is worth less than that, and how much of the way it goes the three lines say. (A translator that is larger than ours, with more sentences of one language, gains more; it is how many systems were trained.)

# %% [markdown]
# ## Who finds the settings?
#
# Units, layers, the cell, the longest sentence to learn from, the batch, the number of epochs, the learning rate: none of them is learnt by the gradient, so they are called *hyperparameters*. One can turn them by hand, and should for a while, because one learns what each does. Then a program should. `tuning` draws settings from a *space*, trains with them, and keeps what came out; one such training is a *trial*. **What is odd about the range of the learning rate?**

# %%
for name, values in SPACE.items():
    print(f"{name:14} {values}")

# %% [markdown]
# A rate of 0.001 is to 0.002 as 0.01 is to 0.02, so it is drawn on a *logarithmic* scale: as many draws below 0.003 as above it. Now three trials, with real trainings. The first ones of every search are drawn at random.


# %%
def train_with(settings, report):
    """Train a small translator with some settings; return its lowest validation loss."""
    forget()
    longest = settings["max_length"] or 100
    pairs = [pair for pair in some if max(len(side.split()) for side in pair) <= longest]
    shape = {name: settings[name] for name in ("layers", "cell")}
    model = Seq2Seq(Config(*sizes, units=settings["units"], embedding=64, **shape), *codecs)
    data = encode(pairs, batch=settings["batch"], buckets=1)
    run = training.fit(
        model,
        data,
        judged,
        epochs=settings["epochs"],
        learning_rate=settings["learning_rate"],
        xla=False,
        show=False,
        on_epoch=report,
    )
    return run.best.valid_loss


some = train[: runtime.pick(2_000, 60)]
study = tuning.search(train_with, SPACE, runtime.pick(3, 1), seed=1)
for trial in study.trials:
    print(f"{trial.value:.2f} nats a token with {trial.params}")

# %% [markdown]
# To compare ways to search we need hundreds of trials for each, many times over. So that this takes no days, the course brings trials that were made before, each with its loss after every epoch. For settings that were not among them a forest of decision trees guesses; what follows is measured on its guesses. **How far off will they be?**

# %%
recorded = Recorded()
ends = [trial["losses"][-1] for trial in recorded.trials]
print(f"{len(ends)} trials on 900 pairs: {min(ends):.2f} to {max(ends):.2f} nats a token")
print(f"a guess about a trial it has not seen is off by {recorded.error():.2f} in the mean")

# %% [markdown]
# Five ways to draw the next trial. A *grid* tries three values of each number with all three of each other: it is thorough, and there are hundreds of points. *Random* draws anew each time, so that it sees as many different values of the important number as there are trials (Bergstra and Bengio, 2012). *Zoom* begins with the very draws of random, and from half way on draws between the best it has seen. *TPE*, a tree-structured Parzen estimator, asks where good trials are dense and bad ones are not (Bergstra et al., 2011). A *Gaussian process* guesses the loss everywhere, with how sure it is, and tries where the loss may be low; Optuna's needs PyTorch. **Which will be first after thirty trials?**

# %%
TRIALS, SEEDS = runtime.pick(30, 4), runtime.pick(9, 2)
found = {}
for sampler in tuning.SAMPLERS:
    try:
        studies = [
            tuning.search(
                recorded.objective, SPACE, TRIALS, sampler=sampler, seed=seed, prune=False
            )
            for seed in range(SEEDS)
        ]
    except ValueError as error:
        print(f"{sampler:7} {error}")
        continue
    found[sampler] = np.median([tuning.best_so_far(study) for study in studies], axis=0)
    print(
        f"{sampler:7} best of {TRIALS} trials, median of {SEEDS} searches: {found[sampler][-1]:.2f}"
    )

# %%
plots.lines(
    {name: (np.arange(1, TRIALS + 1), lowest) for name, lowest in found.items()},
    "trials",
    "lowest validation loss so far (nats a token)",
)

# %% [markdown]
# TPE and the Gaussian process draw their first ten trials at random, too; then they begin to use what they have seen, and the longer the search, the more they gain. For ten trials random is as good as anything, and it can be done on ten machines at once without a word between them.
#
# That is the other choice: *nurse* one model, look at its curve every hour and turn a knob; or start many and let the bad ones go. Letting go is called *pruning*. The rule here: a trial that after an epoch does worse than the median of the others after as many is given up. **How much of the training does that save, and what does it cost?**

# %%
for prune in (False, True):
    studies = [
        tuning.search(recorded.objective, SPACE, TRIALS, seed=seed, prune=prune)
        for seed in range(SEEDS)
    ]
    epochs = np.median([sum(len(t.intermediate_values) for t in s.trials) for s in studies])
    lowest = np.median([tuning.best(study).value for study in studies])
    print(f"pruning {prune!s:5}: {epochs:.0f} epochs trained, best {lowest:.2f}")

# %% [markdown]
# In the terminal, `course tune translator --trials 40 --storage sqlite:///trials.db` does this with real trainings. It goes on where it was stopped, `--workers 2` trains twice at once, and another machine that reaches the same database works at the same study. At the end it writes a page with the trials, and the command that trains with the best settings.
#
# > **What we simplified.** The best of thirty trials on one validation set is partly the luckiest. Before you report it, train it again with another seed, and look at data that took no part.
#
# ## Where does the time go?
#
# First measure. TensorFlow's *profiler* notes when each operation began and ended. We sum up its notes of ten training steps. **Which operations do you expect at the top, and what share have the matrix products?**

# %%
forget()
data = encode(train, batch=64, buckets=1)
batch = [tf.constant(array) for array in next(iter(data))]
tokens = int((batch[2].numpy() != text.PAD).sum())


def stepper(xla=False, units=128):
    """Return a training step of a new model."""
    model = Seq2Seq(Config(*sizes, units=units, embedding=64, cell="gru"), *codecs)
    optimizer = optimizers.make_optimizer("adam", 1e-3, "constant", 1.0, 1)
    optimizer.build(model.trainable_variables)
    step = training.train_step(model, optimizer, objectives.cross_entropy, xla)
    return lambda *arrays: float(step(None, *arrays)[1][0])


def seconds(work, times=7):
    """Return the median time of something, after a first time that does not count."""
    spent = []
    for _ in range(runtime.pick(times, 1) + 1):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return float(np.median(spent[1:]))


graph = stepper()
graph(*batch)
spent = profiling.operations(lambda: [graph(*batch) for _ in range(10)])
whole = sum(kind.seconds for kind in spent.values())
for kind, (took, calls) in list(spent.items())[:6]:
    print(f"{kind:38} {took / whole:5.1%} of the time, {calls / 10:4.0f} calls a step")
products = sum(took for kind, (took, _) in spent.items() if "MatMul" in kind)
print(f"all matrix products: {products / whole:.0%}")

# %% [markdown]
# There are hundreds of small operations in a step, because each time step of the sentence has its own. So the way in which they are started matters. *Eager* execution starts each from Python. A *graph* is traced once and then run without Python. *XLA* compiles the graph to machine code and melts operations that follow each other into one, which takes seconds the first time for each shape. **By what factors do they differ?**

# %%
ways = {}
tf.config.run_functions_eagerly(True)
eager = stepper()
ways["eager"] = seconds(lambda: eager(*batch), 2)
tf.config.run_functions_eagerly(False)
ways["graph"] = seconds(lambda: graph(*batch))
if runtime.compiles():
    began, melted = time.perf_counter(), stepper(xla=True)
    melted(*batch)
    print(f"XLA compiles for {time.perf_counter() - began:.0f} s, and then")
    ways["XLA"] = seconds(lambda: melted(*batch))
for name, took in ways.items():
    print(f"{name:6} {1e3 * took:6.1f} ms a step, {tokens / took:7,.0f} tokens a second")

# %% [markdown]
# Now the layer alone: an LSTM with 128 units over 16 sequences of 30 steps, forwards. Keras' layer, TensorFlow's fused operation `BlockLSTMV2` (one operation for the whole sequence), the course's own scan, and the scan compiled. With a GPU, Keras' layer calls cuDNN's fused LSTM, and wins. **Who wins without one?**

# %%
WIDE, LONG, ROWS = 128, 30, 16
inputs = tf.constant(np.random.default_rng(0).normal(size=(ROWS, LONG, WIDE)).astype("float32"))
layer = keras.layers.LSTM(WIDE, return_sequences=True)
by_keras = layer(inputs)
kernel, recurrent_kernel, bias = layer.weights


def block():
    """Return the outputs by TensorFlow's fused operation."""
    zeros, none = tf.zeros([ROWS, WIDE]), tf.zeros([WIDE])
    return tf.raw_ops.BlockLSTMV2(
        seq_len_max=LONG,
        x=tf.transpose(inputs, [1, 0, 2]),
        cs_prev=zeros,
        h_prev=zeros,
        w=tf.concat([kernel, recurrent_kernel], 0),
        wci=none,
        wcf=none,
        wco=none,
        b=tf.convert_to_tensor(bias),
        cell_clip=0.0,
        use_peephole=False,
    ).h


def scan():
    """Return the outputs by the course's own loop."""
    projected = recurrent.project(layer, tf.transpose(inputs, [1, 0, 2]))
    zeros = tf.zeros([ROWS, WIDE])
    return recurrent.recur(layer, projected, [zeros, zeros], tf.fill([ROWS], LONG))[0]


rivals = {
    "Keras' layer": tf.function(lambda: layer(inputs), autograph=False),
    "BlockLSTMV2": tf.function(block, autograph=False),
    "our scan": tf.function(scan, autograph=False),
}
if runtime.compiles():
    rivals["our scan, XLA"] = tf.function(scan, autograph=False, jit_compile=True)
for name, rival in rivals.items():
    outputs = rival().numpy()
    if name != "Keras' layer":
        outputs = outputs.transpose(1, 0, 2)
    apart = np.abs(outputs - by_keras.numpy()).max()
    print(f"{name:14} {1e3 * seconds(rival, 15):6.2f} ms, differs from Keras by {apart:.0e}")

# %% [markdown]
# All give the same numbers, so only the time is different. What is the limit? A layer cannot be faster than its matrix products, and those not faster than the machine multiplies. The batch decides how near a step comes to that. **What happens to the tokens a second if the batch is made sixteen times as large?**

# %%
matrix = np.random.default_rng(0).random((768, 768), np.float32)
limit = 2 * 768**3 / seconds(lambda: matrix @ matrix, 15)
print(f"this machine multiplies {limit / 1e9:.0f} thousand million times a second")
work = (
    3 * 2 * (3 * 128 * (64 + 128) * 2 + 128 * sizes[1])
)  # a token of both sentences, forwards and backwards
for rows in (16, 64, 256):
    many = [tf.constant(array) for array in next(iter(encode(train, batch=rows, buckets=1)))]
    count = int((many[2].numpy() != text.PAD).sum())
    took = seconds(functools.partial(graph, *many), 3)
    share = count / took * work / limit
    print(f"batch {rows:3}: {count / took:7,.0f} tokens a second, {share:.0%} of the limit")

# %% [markdown]
# A larger batch is faster a token, until the matrices are large enough; and it takes fewer steps an epoch, so it learns less in an epoch. Speed is only worth what the loss says at the same second.
#
# What about feeding? A step that waits for its data is time lost. `tf.data` prepares the next batches while a step runs (*prefetch*), can keep them (*cache*), and can bring sentences of like length together (*buckets*). We go once through all pairs without a step, to see what feeding costs, and count how much of it is padding.

# %%
fed = encode(train, batch=64, buckets=1)
bucketed = encode(train, batch=64, buckets=5)
kept = fed.dataset(seed=0).cache()
feeds = {
    "arrays cut by hand": lambda: [None for _ in fed.shuffled(0, 1)],
    "tf.data, prefetch": lambda: [None for _ in fed.dataset(seed=0)],
    "tf.data, cache": lambda: [None for _ in kept],
}
for name, feed in feeds.items():
    print(f"{name:20} {1e3 * seconds(feed, 3) / len(fed):5.2f} ms a batch")
for name, packed in {"one shape": fed, "five buckets": bucketed}.items():
    steps = sum(array.target_out.size for array in packed)
    print(f"{name:20} {1 - packed.tokens / steps:5.1%} of the target steps are padding")

# %% [markdown]
# Set these beside the milliseconds of a step, further up: feeding is a small part here, because ids are small and are cut from one flat array. To bring each batch from Python into `tf.data` costs more than to cut it. With one-hot rows, or pictures to be decoded, it would be otherwise. The buckets save more than any prefetching: they save work.
#
# ## Smaller numbers?
#
# A number of 16 bits takes half the memory of one of 32, and hardware that is made for it multiplies it several times as fast. *Mixed precision* computes in 16 bits and keeps the weights in 32, since a small step would be lost to rounding otherwise. **Is your machine made for it?**

# %%
for kind in (tf.float32, tf.bfloat16):
    left = tf.cast(matrix, kind)
    product = tf.function(lambda left=left: left @ left, autograph=False)
    took = seconds(lambda product=product: product().numpy(), 15)
    print(f"{kind.name:8} {1e3 * took:6.2f} ms for a product of 768 × 768")
step, weight = tf.constant(1e-3), tf.constant(1.0)
for kind in (tf.float32, tf.bfloat16):
    print(f"{kind.name:8} 1 + 0.001 = {float(tf.cast(weight, kind) + tf.cast(step, kind)):.6f}")

# %% [markdown]
# The second pair of lines is why the weights stay in 32 bits. In Keras, `keras.mixed_precision.set_global_policy("mixed_bfloat16")` does all of it.
#
# ## Fewer steps?
#
# Time is steps times seconds a step. *Batch normalisation* gives each unit mean 0 and spread 1 over the batch; *layer normalisation* gives each row the same over its units, so that a batch of one will do, and padding does no harm. Both make a step slower. Twelve layers of tanh on the days of the power station, until the loss is below a mark: **which is there first, in steps and in seconds?**

# %%
MARK, MOST = 0.22, runtime.pick(400, 3)
x, y = scaled[:449, [0, 1, 3]].astype("float32"), tomorrow[:449, None].astype("float32")


def race(kind):
    """Train a deep network; return its steps and seconds until the mark, and its last loss."""
    keras.utils.set_random_seed(0)
    stack = [keras.Input((3,))]
    for _ in range(12):
        stack.append(keras.layers.Dense(32))
        if kind:
            stack.append(kind())
        stack.append(keras.layers.Activation("tanh"))
    network = keras.Sequential([*stack, keras.layers.Dense(1)])
    network.compile(keras.optimizers.SGD(0.02), "mse")
    network.train_on_batch(x, y)  # builds and traces
    began = time.perf_counter()
    error, number = np.inf, 0
    while error >= MARK and number < MOST:
        error, number = float(network.train_on_batch(x, y)), number + 1
    return number, time.perf_counter() - began, error


layers = keras.layers
for name, kind in {
    "none": None,
    "batch": layers.BatchNormalization,
    "layer": layers.LayerNormalization,
}.items():
    number, took, error = race(kind)
    state = "there after" if error < MARK else "not there after"
    print(f"{name:5} {state} {number} steps, {took:.2f} s, loss {error:.3f}")

# %% [markdown]
# Whoever compares only the steps, or only the seconds a step, gets it wrong. For recurrent layers it is layer normalisation that is used, since the sentences of a batch have different lengths.
#
# ## And memory?
#
# A training step keeps what its backward pass needs: for each target step a row of states, and a row of logits as wide as the vocabulary. **Which of the two is the larger?**

# %%
for size in (sizes[1], 10_000, 50_000):
    logits, states = 64 * 20 * size * 4, 64 * 20 * 128 * 4 * 4
    print(f"{size:6,} words: logits {logits / 1e6:6.1f} MB, states {states / 1e6:4.1f} MB a batch")

# %% [markdown]
# So a large vocabulary is paid for in memory before anything else; the library computes its loss a part of the places at a time, and `objectives.sampled` only over a sample of the words.
#
# ## More than one machine?
#
# The plainest way to use several: each *replica* has all the weights and takes a share of every batch. They add up their gradients and make the same move. One step of two replicas is then one step of a single one with the whole batch, no more and no less. `replicas.scope` builds a model for that by TensorFlow's `tf.distribute`: `mirrored` for the GPUs of one machine, `multiworker` for several machines, which find each other by the environment variable `TF_CONFIG`. At the top of this lesson we told TensorFlow to make two devices of this machine's processor. **Will two replicas have the same loss as one, and which is faster on one machine?**

# %%
forget()
several = encode(some, batch=101, buckets=1)
for way in (None, "mirrored"):
    with replicas.scope(way):
        model = Seq2Seq(Config(*sizes, units=32, embedding=32, cell="gru"), *codecs)
    run = training.fit(model, several, judged, epochs=2, xla=False, show=False)
    took = run.epochs[-1].seconds / len(several)
    print(
        f"{way or 'one device':10} valid loss {run.epochs[-1].valid_loss:.6f}, {1e3 * took:.0f} ms a step"
    )

# %% [markdown]
# The losses agree to the digits of a 32-bit number, although 101 pairs cannot be shared evenly: each replica's gradient counts by its tokens. And two are not faster than one, because both share the same cores, and after each step they have to tell each other every gradient. On two machines each step would cost half the work, plus the time to send as many numbers as the model has weights. That is the sum to do before one buys a second machine: large batches and small models gain, small batches and large models do not. In the terminal it is `course train translator --distribute multiworker`, started on each machine with its own `TF_CONFIG`; the course's tests do it with two processes, and hold them to the loss of one. Searches scale better, since trials need not talk: `course tune` by its storage; and grading does, by Dask (`autograder grade --scheduler`).
#
# ## What we learnt, what we simplified, where to go on
#
# - Two losses and the best that is possible say what a model lacks: bias or variance. The cure follows.
# - Data that is understood beats settings that are tuned: scale by the past, drop what says nothing, make more where you can.
# - Search on a logarithmic scale, at random first; let a program learn from the trials when there are many; give up early.
# - Measure, then claim: in turn, several times, with the machine's limit beside it, at equal loss.
# - Replicas make the same step together; what they gain, talking can eat.
#
# > **What we simplified.** Small networks, short runs, one seed for most comparisons. The orders of magnitude will hold elsewhere; the second digits will not.
#
# `python -m benchmarks` measures all that the course claims about its own speed, and [the last tables](../docs/performance.md) are in the repository.
#
# The [exercise for this lesson](../exercises/11_better_and_faster/better_and_faster.ipynb) says what a model lacks and when to stop, draws settings and gives trials up, counts padding, and lets several machines find one gradient. Before it, try this: give the learning curve 600 steps in place of 300, and guess first which of its lines moves.
