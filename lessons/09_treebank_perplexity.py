# %% [markdown]
# # Lesson 09: A language model and its perplexity
#
# Lesson 08 let a network write, and judged it by a figure in passing: the perplexity. In this lesson the figure comes first. We work it out by hand, see four ways to get it wrong, and measure it on the text that language models were compared on for many years, the Penn Treebank. Then we do what nobody can do with a real newspaper: we train on a newspaper of which we know how well it can be predicted at all, and see how near a network comes.
#
# This lesson stands on [lesson 04](04_encoder_decoder.ipynb) (the LSTM) and [lesson 08](08_gru_book_chapter.ipynb) (running text in streams, Kneser–Ney smoothing).

# %%
import time
from collections import Counter

import numpy as np

from course import corpora, plots, runtime, streams, text, vectors, widgets
from course.corpora.gazette import gazette
from course.models.ngram import NGram

tf = runtime.tensorflow()

from course import decoding, objectives, optimizers, training
from course.models.language import Config, LanguageModel

# %% [markdown]
# ## How surprised is a model that knows nothing?
#
# A *language model* reads the beginning of a text, any beginning, and gives a probability to each token that may come next. We judge it by a text that it has not seen: how likely did it find each token that came? The negative logarithm of that probability is the *surprisal* of the token. With the natural logarithm its unit is the *nat*, with the logarithm to the base 2 it is the *bit*.
#
# The *perplexity* is e to the power of the mean surprisal in nats. We learn from one small text and judge by another; the cell has both. We begin with a model that finds all types equally likely, the *uniform* model. **The first text has eight types: how many bits of surprise is each token, and what is the perplexity?**

# %%
learnt = "the firm said the bank sold the shares and the firm bought the bank".split()
judged = "the bank said the firm sold the bank".split()
types = sorted(set(learnt))
nats = -np.log(1 / len(types))
print(f"{len(types)} types: {nats:.3f} nats a token = {nats / np.log(2):.3f} bits a token")
print(f"perplexity {np.exp(nats):.3f}")

# %% [markdown]
# The perplexity of a uniform model is the number of types. That is how to read the figure of any model: it is as unsure as somebody who has to choose among so many equally likely tokens.
#
# The next model counts. It knows how often each type occurred in what it learnt, and nothing of the order. That is a *unigram* model. **Is it better on the eight tokens of the second text?**

# %%
counts = Counter(learnt)
surprisals = np.array([-np.log(counts[token] / len(learnt)) for token in judged])
for token, nats in zip(judged, surprisals):
    print(f"{token:5} probability {counts[token]}/{len(learnt)}, surprisal {nats:.3f} nats")

# %%
mean = surprisals.sum() / len(surprisals)
print(f"mean {mean:.3f} nats = {mean / np.log(2):.3f} bits a token")
print(f"perplexity e^{mean:.3f} = {np.exp(mean):.3f} = 2^{mean / np.log(2):.3f}")

# %% [markdown]
# So it is as unsure as among fewer than eight. (A type that it had never seen would be infinitely surprising; lesson 08 smoothed that away.) It does not matter which logarithm we take, as long as we undo it with the same base.
#
# Now the arithmetic that goes wrong in many programs. They read a text in batches, take e to the power of each batch's mean, and print the mean of these. Or they leave out what does not fill the last batch. We do the first with batches of two, and the second with batches of three. **Will the two figures be too high, or too low?**

# %%
pairs = surprisals.reshape(-1, 2)
each = np.exp(pairs.mean(axis=1))
print("perplexities of the four batches of two:", np.round(each, 3))
print(f"all tokens, once:                        {np.exp(surprisals.mean()):.3f}")
print(f"the mean of the batches' figures:        {each.mean():.3f}")
print(f"two batches of three, the rest dropped:  {np.exp(surprisals[:6].mean()):.3f}")

# %% [markdown]
# The mean of powers is never below the power of the mean, so with batches of equal length the second figure is too high, unless all batches are equally hard. The third is the perplexity of another text: here it is too high as well, elsewhere it may be too low. Neither is the model's perplexity on these eight tokens. So the rule is: add up the surprisal of *all* tokens, divide once, and then take the power. Two more errors need a network; we shall come to them.
#
# ## What is the treebank?
#
# A million words of the *Wall Street Journal* from the year 1989. Tomáš Mikolov prepared them for language models: small letters, no commas or full stops between the words, numbers as `N`, and all but the most frequent words as `<unk>`. Its publisher does not allow us to hand it on, so the course does not ship it: `course data fetch ptb` downloads it from a page of his, and whoever has it already puts it into the folder `COURSE_DATA`. Where there is no treebank, a text that the course generates stands in for it. The cell says which text we have.

# %%
treebank = corpora.load_treebank(runtime.pick("ptb", "gazette"))
print(treebank.source)

# %%
for line in treebank.train[:3]:
    print(line, "<eos>")

# %% [markdown]
# A sentence is a line, and a token is what stands between two spaces. The end of a line is a token as well, `<eos>`: it has to be predicted like any other. `load_treebank(path="my-folder")` reads any three files of this form; those of WikiText are of this form, too.
#
# The course numbers the tokens by falling frequency, behind its own four. Here `<eos>` is END, which our lists call `<end>`, and `<unk>` is UNK. **Which types are at the top of the list?**

# %%
codec = treebank.codec
ids = {
    split: streams.running_ids(getattr(treebank, split), codec)
    for split in ("train", "valid", "test")
}
frequency = np.bincount(ids["train"][1:], minlength=len(codec.vocabulary))
for id in [text.END, text.UNK, *range(4, 11)]:
    print(f"id {id:2}  {codec.vocabulary.tokens[id]:8} {frequency[id]:7,} times")

# %%
size = len(codec.vocabulary)
print(f"{size - 2:,} types that can be said, and PAD and START, which nobody has to predict")
print(f"of train, {frequency[text.UNK] / frequency.sum():.1%} is <unk>")
for split in ("valid", "test"):
    missing = sum(len(codec.unknown(line)) for line in getattr(treebank, split))
    print(f"{split}: {len(ids[split]) - 1:,} tokens, {missing} of them of types that train lacks")

# %% [markdown]
# PAD and START get no share of the probability, so our perplexities are over the corpus' own types, as the published ones are. A caution that belongs beside each of these figures: `<unk>` can be guessed like a word, and is often among the most frequent. A corpus with more rare words replaced is easier.
#
# ## What has a network to beat?
#
# Counting, again. `NGram` is the interpolated Kneser–Ney model of lesson 08. **How much will a model gain that looks at four tokens before the next one, over a model that looks at two?**

# %%
counted = {}
for name, order in {"unigram": 1, "3-gram": 3, "5-gram": 5}.items():
    counted[name] = NGram(ids["train"], size, order).perplexity(ids["test"])
    print(f"{name:8} perplexity {counted[name]:7.2f} on test")

# %% [markdown]
# These three figures need seconds, and they are a check, too: for the treebank, Mikolov (2012) reports 148.3 for the 3-gram and 141.2 for the 5-gram, with the same kind of smoothing. Whoever reads the files differently, forgets `<eos>` or averages wrongly does not arrive there. (If another text stands in for the treebank, there is nothing to compare with.)
#
# ## How does a text become batches?
#
# As in lesson 08: the text is cut into a few long *streams*, one for each row, and a batch takes the next few tokens of all of them. The classic experiment that we follow has 60 rows, and 20 steps in a batch.

# %%
rows, steps = runtime.pick((60, 20), (9, 10))
grid = streams.StreamBatches(ids["train"], batch=rows, steps=steps)
print(f"{grid.tokens:,} targets in {rows} streams of at most {-(-grid.tokens // rows):,} tokens")
print(f"{len(grid):,} batches of {rows} x {steps}, {grid.nbytes / 1e6:.1f} MB")

# %% [markdown]
# Here is the corner of the first batch, as ids and as words. **Row 0 begins with an END and the lines that we printed above. Count on there: with which word must it go on in the second batch?**

# %%
(first, first_targets), (second, _) = [pair for _, pair in zip(range(2), grid)]
print(first[:3, :8])
for row in range(3):
    print("reads", *[codec.vocabulary.tokens[id] for id in first[row, :8]])

# %%
words = codec.vocabulary.tokens
for row in range(3):
    print(f"row {row}: … {' '.join(words[id] for id in first[row, -4:])}", end=" | ")
    print(f"{' '.join(words[id] for id in second[row, :4])} …")
print("each row's target is its next token:", (first_targets[:, :-1] == first[:, 1:]).all())

# %% [markdown]
# Left of the bar is the end of a row in the first batch, right of it the beginning of the same row in the second one. It reads on, so the state after the first batch is the right one to begin the second with.
#
# ## What becomes of a batch, tensor by tensor?
#
# The classic network has an embedding of 200 numbers for each type, two LSTM layers of 256 and 128 units, and a logit for each type. All weights are drawn evenly between −0.1 and 0.1, and all biases begin at 0, that of the forget gate too, which Keras would begin at 1. No dropout.

# %%
embedding, units = runtime.pick((200, (256, 128)), (20, (24, 16)))
classic = Config(size, units=units, cell="lstm", embedding=embedding, tied=False, spread=0.1)
model = LanguageModel(classic, codec)
state = model.zero_state(rows)
for name, zeros in state.items():
    print(f"{name:9} {tuple(zeros.shape)}, largest number {float(tf.reduce_max(zeros))}")

# %% [markdown]
# Before the first batch each row has a state of zeros: for each layer a hidden state and a cell (lesson 04). Now we send the batch through, a layer at a time. **What is the shape after each?**

# %%
embedded = tf.gather(model.layer("embedding").embeddings, first)
lower, *lower_state = model.layer("recurrent_1")(
    embedded, initial_state=[state["hidden_1"], state["cell_1"]]
)
upper, *upper_state = model.layer("recurrent_2")(
    lower, initial_state=[state["hidden_2"], state["cell_2"]]
)
logits = model.layer("targets_only")(model.layer("output")(upper))
chain = {"ids": first, "embedding": embedded, "LSTM 1": lower, "LSTM 2": upper, "logits": logits}
for (before, tensor), (after, result) in zip(list(chain.items())[:-1], list(chain.items())[1:]):
    print(f"{before:9} {tuple(tensor.shape)!s:15} -> {after:9} {tuple(result.shape)}")

# %% [markdown]
# The embedding adds an axis, and each layer changes its length; row and step stay what they were. `targets_only` lowers two columns of the logits so far that PAD and START get nothing.
#
# The *loss* compares the logits with the targets: for each of the places it is the surprisal of the token that came. **What do you expect of the untrained network?**

# %%
nll = tf.nn.sparse_softmax_cross_entropy_with_logits(first_targets, logits)
print(f"logits {tuple(logits.shape)}, targets {first_targets.shape} -> losses {tuple(nll.shape)}")
print(f"mean loss {float(tf.reduce_mean(nll)):.4f} nats; ln {size - 2:,} = {np.log(size - 2):.4f}")

# %% [markdown]
# It is the uniform model, almost: with weights so small, all logits are near 0. A first loss that is far from this figure is a sign of an error.
#
# The notebook from which many know this experiment was written for the first TensorFlow. One described the network there with *placeholders* for its inputs, and then had a *session* run it. Today a placeholder is the argument of a function, and the session is a call; `tf.function` makes a graph of it at the first call.


# %%
def reader(model):
    @tf.function(autograph=False)
    def read(ids, targets, state):
        logits, state = model.logits(ids, state)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        return losses, tf.argmax(logits, axis=-1), state

    return read


# %%
read = reader(model)
for call in ("first", "second"):
    began = time.perf_counter()
    losses, untrained, _ = read(first, first_targets, model.zero_state(rows))
    print(
        f"{call} call: {time.perf_counter() - began:.2f} s, mean loss {losses.numpy().mean():.4f}"
    )
print(f"largest difference to our layers: {np.abs(losses - nll).max():.1e} nats")
del logits, chain  # twelve million numbers that we need no more

# %% [markdown]
# The first call builds the graph, the second one only runs it. `model.logits` computes what our layers computed, and returns the states after the batch with them.
#
# ## What is there to train?
#
# Here is the list of all trainable variables. **Which of them has the most numbers?**

# %%
for name, array in model.get_weights().items():
    print(f"{name:30} {array.shape!s:15} {array.size:10,} numbers")
print(f"{'all':46} {sum(array.size for array in model.get_weights().values()):10,} numbers")

# %% [markdown]
# Training needs the derivative of the loss with respect to each of them. As in lesson 01, TensorFlow writes down on a *tape* what it computes, and reads the tape backwards. Before we trust it with millions, we try it where we can check it: f = 2x² + 3xy at x = 1, y = 2. **Work out both derivatives first: 4x + 3y, and 3x.**

# %%
x, y = tf.Variable(1.0), tf.Variable(2.0)
with tf.GradientTape() as tape:
    f = 2 * x**2 + 3 * x * y
by_x, by_y = tape.gradient(f, [x, y])
print(f"by x: {float(by_x)}, by y: {float(by_y)}")

# %% [markdown]
# Now the same with the network. The classic loss is the surprisal *summed* over the steps of a batch, and averaged over its rows. The tape gives a gradient for each variable, of the variable's own shape; we print its length, the *norm*. (As a graph the reckoning needs less memory: it gives back what is used up.)


# %%
@tf.function(autograph=False)
def gradients(loss_of):
    with tf.GradientTape() as tape:
        loss = loss_of(model.logits(first, model.zero_state(rows))[0])
    found = [tf.convert_to_tensor(grad) for grad in tape.gradient(loss, model.trainable_variables)]
    return loss, found


def surprise(logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(first_targets, logits)


summed, by_sum = gradients(lambda logits: tf.reduce_sum(surprise(logits)) / rows)
averaged, by_mean = gradients(lambda logits: tf.reduce_mean(surprise(logits)))

# %%
for name, grad in zip(model.get_weights(), by_sum):
    print(f"{name:30} gradient {tuple(grad.shape)!s:15} norm {float(tf.norm(grad)):.4f}")
print(f"global norm, of all of them together: {float(tf.linalg.global_norm(by_sum)):.4f}")

# %% [markdown]
# Each variable has a gradient, so nothing is cut off from the loss. We computed them for another loss as well, the mean over rows *and* steps. **By which factor do the two differ?**

# %%
norms = [float(tf.linalg.global_norm(grads)) for grads in (by_sum, by_mean)]
print(f"summed over steps: loss {float(summed):8.4f}, global norm {norms[0]:.4f}")
print(f"mean over steps:   loss {float(averaged):8.4f}, global norm {norms[1]:.4f}")
print(
    f"ratio {float(summed / averaged):.2f} and {norms[0] / norms[1]:.2f}; steps of a batch: {steps}"
)

# %% [markdown]
# A rate of 1.0 with the sum moves the weights as far as a rate of 20 with the mean over 20 steps. Whoever copies the rate of a recipe and not its loss trains at a twentieth of the rate, and wonders.
#
# ## What is the classic recipe?
#
# | setting | value | what it means |
# |---|---|---|
# | batch, steps | 60, 20 | 60 streams; gradients reach back 20 tokens, the state reaches further |
# | loss | sum over steps, mean over rows | see above |
# | clipping | global norm 5 | a longer gradient is shortened to 5, its direction kept |
# | optimizer | plain gradient descent | no averages of earlier gradients |
# | learning rate | 1.0 for five epochs, then halved before each | large steps first, small ones to settle |
# | epochs | 15 | passes through the whole text |
#
# The schedule as numbers:

# %%
schedule = optimizers.decaying(1.0, flat=5, epochs=15, batches=len(grid))
rates = [float(schedule(epoch * len(grid))) for epoch in range(15)]
print("rate by epoch:", *(f"{rate:.4g}" for rate in rates))

# %% [markdown]
# Fifteen epochs take long on two cores. That run is a command, `course train treebank`, and its results stand in [our measurements](../docs/measurements.md). Here we train on the first part of the text, once, at the rate of 1.0: enough to see what changes. `fit` reports to us every dozen batches; of each tenth of the part we log the first report, if there is one: the perplexity so far, and the speed.

# %%
batches = runtime.pick(80, 30)
part = streams.StreamBatches(ids["train"][: 1 + rows * steps * batches], batch=rows, steps=steps)
tenths = set()


def log(now):
    tenth = 10 * now.done // now.total
    if tenth and tenth not in tenths:
        tenths.add(tenth)
        so_far, speed = np.exp(now.nll / now.tokens), now.tokens / now.seconds
        print(
            f"{tenth / 10:.1f} of the part: perplexity {so_far:8.1f}, {speed:6,.0f} words a second"
        )


# %%
recipe = {"optimizer": "sgd", "learning_rate": 1.0, "schedule": "constant", "clip": 5.0}
recipe |= {"objective": objectives.summed_over_steps}
history = training.fit(model, part, epochs=1, on_progress=log, show=False, xla=False, **recipe)

# %% [markdown]
# The logged figure is a *running* perplexity: it counts what the network was worth while it learnt, its first steps included. The published log of the classic notebook shows about 2,300 words a second.
#
# ## What has it learnt?
#
# The beginning of the second row: the target, and the likeliest token, before and after. **Which words do you expect it to learn first?**

# %%
_, trained, _ = read(first, first_targets, model.zero_state(rows))
before, after = untrained.numpy(), trained.numpy()
print(f"{'reads':14} {'target':14} {'before':14} after")
for place in range(min(12, steps)):
    row = (first, first_targets, before, after)
    print(*(f"{words[array[1, place]]:14}" for array in row))

# %%
for name, guesses in (("before", before), ("after", after)):
    right = (guesses == first_targets).mean()
    print(f"{name:6}: {right:6.1%} right, {len(np.unique(guesses)):3} different words guessed")

# %% [markdown]
# Before, the guesses were chance. After so short a training it guesses the few most frequent tokens, whatever it has read: these are right most often. What may follow a beginning of ours?


# %%
beginning = "this is an" if "this" in codec.vocabulary else "the captain of"


def next_words(model, beginning, count=6):
    typed = treebank.typed.ids(beginning)
    logits, _ = model.step(np.array(typed[-1:]), model.start(np.array([typed[:-1]])))
    probs = tf.nn.softmax(logits)[0].numpy()
    best = probs.argsort()[::-1][:count]
    return ", ".join(f"{words[id]} {probs[id]:.4f}" for id in best)


print(f"{beginning} … {next_words(LanguageModel(classic), beginning)}  (untrained)")
print(f"{beginning} … {next_words(model, beginning)}")

# %% [markdown]
# Hold these beside what a better model says, further down.
#
# ## Which perplexity is it?
#
# Now that there is a model with a memory, we can measure all that goes wrong. The same weights, the beginning of the validation text, six reckonings. First we collect the surprisal of each token, batch by batch: with the state carried on, and with zeros before each batch.


# %%
def read_through(model, read, ids, carry=True):
    state, found = model.zero_state(rows), []
    for inputs, targets in streams.StreamBatches(ids, batch=rows, steps=steps):
        losses, _, after = read(inputs, targets, state)
        found.append(losses.numpy()[targets != text.PAD])
        state = after if carry else state
    return found


piece = ids["valid"][: runtime.pick(20_000, 2_000)]
carried, thrown = (read_through(model, read, piece, carry) for carry in (True, False))

# %% [markdown]
# And the classic reader: it cuts the file into 60 equal streams and each stream into whole windows of 20, and leaves out whatever is over. **Which of these figures will be furthest from the first one?**

# %%
columns = (len(piece) // rows - 1) // steps * steps
kept = rows * columns
cut = piece[: rows * (len(piece) // rows)].reshape(rows, -1)[:, : columns + 1]
tails, state = [], model.zero_state(rows)
for place in range(0, columns, steps):
    window = cut[:, place : place + steps + 1]
    losses, _, state = read(window[:, :-1], window[:, 1:], state)
    tails.append(losses.numpy())

# %%
losses = np.concatenate(carried)
places = rows * steps * len(carried)
reckoned = {
    f"each of {len(piece) - 1:,} tokens once, in one stream": model.perplexity(piece),
    f"the same in {rows} streams": np.exp(losses.mean()),
    "mean of the batches' figures": np.mean([np.exp(x.mean()) for x in carried]),
    f"tail dropped ({len(piece) - 1 - kept:,} tokens unread)": np.exp(np.mean(tails)),
    "padding counted as tokens of loss 0": np.exp(losses.sum() / places),
    "state thrown away between batches": np.exp(np.concatenate(thrown).mean()),
}
for name, figure in reckoned.items():
    print(f"{name:44} {figure:8.2f}")

# %% [markdown]
# The first is the perplexity. The second begins each of its streams without knowing what stood before, which costs next to nothing for a long text. The others answer other questions, and nothing in the program complains. Counting padding flatters the model; the mean of the batches may be too low as well, since the last batch is not full and counts as much as the others. After so short a training the state knows little that is worth carrying; for a model that has learnt more, throwing it away costs more, as we shall see on a text that is easier to learn.
#
# The classic notebook reports 58.6 on train, 121.5 on valid and 118.0 on test after its 15 epochs. They are not reckoned as the first of ours: its valid and test leave out the tail of the file, and its train figure is the running one, the mean over the last epoch while the weights still moved. How far apart are the two train figures for our own short run, and how long is the tail?

# %%
again = ids["train"][: 1 + part.tokens // 4]
settled = np.exp(np.concatenate(read_through(model, read, again)).mean())
print(f"train, running over our pass:           {np.exp(history.epochs[-1].loss):8.1f}")
print(f"train, a quarter of that text after it: {settled:8.1f}")
for split in ("valid", "test"):
    tokens = len(ids[split]) - 1
    judged_tokens = rows * ((tokens // rows - 1) // steps) * steps
    print(
        f"{split}: {tokens - judged_tokens:,} of {tokens:,} tokens are not judged, if the tail is dropped"
    )

# %% [markdown]
# In the first pass the two train figures are far apart, since the running one remembers the beginning; in the last of fifteen, with a small rate, they are nearly the same ([our measurements](../docs/measurements.md)). Of the treebank's files the tail is about one token in a hundred, which moves a perplexity by little. So the published figures may be set beside ours, but not without saying this, and a difference of a few tenths between them would mean nothing. Ours are over each token of the file, once; those of all fifteen epochs stand in [our measurements](../docs/measurements.md).
#
# ## How good can a model be at all?
#
# Is 118 good? For a real newspaper nobody knows the lowest possible perplexity, because nobody knows the probabilities by which a newspaper is written. So the course has a newspaper of its own, the *gazette*, written by an *automaton*: in each of its states it draws a token from a table, and state and token decide the next state.

# %%
paper = corpora.load_treebank("gazette")
for line in paper.train[:6]:
    print(line, "<eos>")

# %% [markdown]
# A section of the paper lasts for some sentences and decides which nouns and verbs there are, and a verb agrees with its subject over the words between them. So it pays to remember.
#
# Each state has an *entropy*: the mean surprisal of what is drawn there, for somebody who knows the table. Whoever has read from the beginning also knows the state, since state and token decide the next one. The mean over the states, each weighted by the share of time that is spent there, is the *entropy rate* of the *source*, as such a machine is called. No model can have a lower mean surprisal on an endless text: that is the *floor*. **The gazette has some hundreds of types. How low is the perplexity of its floor, do you guess?**

# %%
source = gazette()
logs = np.log(np.where(source.probs > 0, source.probs, 1.0))
entropies = -(source.probs * logs).sum(axis=1)
rate = source.occupancy() @ entropies
print(f"{len(source.probs):,} states, {len(source.tokens):,} types")
print(
    f"entropy rate {rate:.4f} nats = {rate / np.log(2):.4f} bits a token: perplexity {np.exp(rate):.4f}"
)

# %% [markdown]
# We did not read a single line for this figure (`occupancy` solves for the shares of time; the exercise does it by hand). Does the text agree? The automaton itself can read the test split, and say how likely it found each token.

# %%
lines = runtime.pick(None, 2_000)
paper_codec = paper.codec
paper_ids = {
    split: streams.running_ids(getattr(paper, split)[:lines], paper_codec)
    for split in ("train", "test")
}
tokens = [token for line in paper.test[:lines] for token in (*line.split(), "<eos>")]
own = source.log_probs(tokens)
print(f"the source reads its own {len(tokens):,} tokens: perplexity {np.exp(-own.mean()):.4f}")

# %% [markdown]
# Not the same to the last digit: a text of finite length is a sample. From here on we compare with this second figure where we judge on the test split, because it is the source's own on the same tokens.
#
# Counting first, then a network of one LSTM layer. **How near will each come?**

# %%
paper_size = len(paper_codec.vocabulary)
found = {
    name: NGram(paper_ids["train"], paper_size, order).perplexity(paper_ids["test"])
    for name, order in {"unigram": 1, "3-gram": 3, "5-gram": 5}.items()
}
for name, perplexity in found.items():
    print(f"{name:8} perplexity {perplexity:7.2f}")

# %%
width = runtime.pick(128, 16)
apprentice = LanguageModel(Config(paper_size, units=(width,), cell="lstm", embedding=64))
paper_data = streams.StreamBatches(paper_ids["train"], batch=20, steps=25)
options = {"epochs": runtime.pick(2, 1), "learning_rate": 0.01, "show": False, "xla": False}
began = time.perf_counter()
training.fit(apprentice, paper_data, **options)
print(
    f"{options['epochs']} epochs of {paper_data.tokens:,} tokens in {time.perf_counter() - began:.0f} s"
)

# %%
found["LSTM"] = apprentice.perplexity(paper_ids["test"])
found["source"] = float(np.exp(-own.mean()))
above = found["LSTM"] / found["source"] - 1
gap = np.log(found["3-gram"] / found["source"])
closed = 1 - np.log(found["LSTM"] / found["source"]) / gap
print(f"LSTM: perplexity {found['LSTM']:.2f}, {above:.1%} above the source's own")
print(f"of what the 3-gram lacks, {gap:.3f} nats a token, the LSTM closes {closed:.0%}")

# %%
plots.bars(
    found, "perplexity on the gazette's test split", "How near to the floor", highlight="source"
)

# %% [markdown]
# **What if its state is thrown away after each batch?** The section was named somewhere before.

# %%
for name, carry in {"state carried on": True, "state thrown away": False}.items():
    losses = read_through(apprentice, reader(apprentice), paper_ids["test"], carry)
    print(f"{name:18} perplexity {np.exp(np.concatenate(losses).mean()):6.2f}")

# %% [markdown]
# The difference is what the state is worth beyond the edge of a batch. So here "how good at all" has an answer. A model of longer and longer n-grams does not get there: what section we are in was said many tokens before, and contexts of so many tokens are too rare to be counted. Outside fast mode the network closes most of the gap, because it can keep the section in its state. For the treebank there is such a bar, too; nobody knows how long it is.
#
# ## What does clipping do?
#
# The gradient of a recurrent network is a sum of products over the steps (lesson 01), and a product can grow beyond all bounds: the gradient *explodes*. We train a simple recurrent network (lesson 01) on the gazette, at a rate of 1.0, with the loss summed over the steps: once with its gradients clipped to a global norm of 1, once without. The rate is large on purpose, so that it shows within a few steps. The loop is what `fit` does, in a few lines, and notes the norm of each step before clipping. **What will the norms do?**


# %%
def clipped_step(pupil, clip, rate=1.0):
    @tf.function(autograph=False)
    def step(inputs, targets, state):
        with tf.GradientTape() as tape:
            loss, sums, state = objectives.summed_over_steps(pupil, [inputs], targets, state, 0)
        grads = map(tf.convert_to_tensor, tape.gradient(loss, pupil.trainable_variables))
        grads, norm = tf.clip_by_global_norm(list(grads), clip)
        for variable, grad in zip(pupil.trainable_variables, grads):
            variable.assign_sub(rate * grad)
        return norm, sums[0] / sums[2], state

    return step


# %%
paper_grid = streams.StreamBatches(paper_ids["train"], batch=20, steps=20)
simple = Config(paper_size, units=(64,), cell="rnn", embedding=32, tied=False, spread=0.1)


def norms_and_losses(clip):
    pupil = LanguageModel(simple)
    step, state, noted = clipped_step(pupil, clip), pupil.zero_state(20), []
    for batch in list(paper_grid)[: runtime.pick(120, 30)]:
        norm, loss, state = step(*batch, state)
        noted.append((float(norm), float(loss)))
    return np.array(noted)


runs = {"clipped to 1": norms_and_losses(1.0), "not clipped": norms_and_losses(1e9)}

# %%
curves = {name: (np.arange(1, len(run) + 1), run[:, 0]) for name, run in runs.items()}
plots.lines(curves, "step", "global norm before clipping", "Exploding gradients", log_y=True)

# %%
for name, run in runs.items():
    largest, last = run[:, 0].max(), run[-10:, 1].mean()
    print(
        f"{name:13} largest norm {largest:8.1f}, loss {last:6.2f} nats a token in the last 10 steps"
    )
print(f"a uniform model: {np.log(paper_size - 2):.2f} nats a token")

# %% [markdown]
# Within a few steps the weights are thrown to a place from which there is no quick way back, and there the gradients stay longer than those of the clipped run. Outside fast mode the network without clipping ends far above the uniform model: it is very sure, and wrong. Clipping keeps the direction and shortens the step. The LSTM's gates make that rarer; the classic recipe clips it all the same.
#
# ## What gains beyond the classic?
#
# Back to the `treebank` of the beginning. We train a few variants on the same part of the text, once. The first has batches of 20 rows, so three times as many steps for the same words, and a softmax of 2,000: a target competes with at most 2,000 of the types (lesson 07). That loss is a mean over the steps; so the rate is the number of steps, and the clip is divided by it: the classic recipe in other units. Each further variant differs from this one in one respect:
#
# - *Adam*: each weight has a rate of its own, from averages of its gradients; its rate falls along a cosine, and its clip is `fit`'s own.
# - *tied embeddings*: one table to read and to write (lesson 08).
# - *larger*: more units in both layers.
# - *dropout 0.3*.
#
# **Which will help in a run this short, and which will not?**

# %%
fewer = objectives.sampled(2_000)
descent = {"optimizer": "sgd", "learning_rate": float(steps), "clip": 5.0 / steps}
descent |= {"schedule": "constant", "objective": fewer}
adam = {"optimizer": "adam", "learning_rate": 2e-3, "objective": fewer}
shape = {"units": units, "embedding": embedding, "spread": 0.1, "tied": False}
variants = {
    f"{rows // 3} rows, softmax of 2,000": (shape, descent),
    "… with Adam": (shape, adam),
    "… with tied embeddings": (shape | {"tied": True}, descent),
    "… larger": (shape | {"units": runtime.pick((384, 256), (32, 24))}, descent),
    "… with dropout 0.3": (shape | {"dropout": 0.3}, descent),
}

# %%
perplexity = float(np.exp(np.concatenate(carried).mean()))
table = {"classic": (perplexity, history.epochs[-1].tokens_per_second)}
narrow = streams.StreamBatches(ids["train"][: 1 + part.tokens], batch=rows // 3, steps=steps)
best, lowest = model, perplexity
for name, (changed, options) in variants.items():
    variant = LanguageModel(Config(size, cell="lstm", **changed), codec)
    run = training.fit(variant, narrow, epochs=1, show=False, xla=False, **options)
    losses = np.concatenate(read_through(variant, reader(variant), piece))
    perplexity = float(np.exp(losses.mean()))
    table[name] = perplexity, run.epochs[-1].tokens_per_second
    best, lowest = min((best, lowest), (variant, perplexity), key=lambda pair: pair[1])

# %%
print(f"{part.tokens:,} words, once          perplexity (valid)   words a second")
for name, (perplexity, speed) in table.items():
    print(f"{name:28} {perplexity:18.1f} {speed:16,.0f}")

# %% [markdown]
# A run of seconds says who learns quickly, and little about where a long run ends. Rows that lie within a tenth of each other tell nothing: with another seed they may change places. Dropout keeps a network from learning the text by heart, and in one pass there is little to learn by heart; whatever stands in its row here, it is no reason to leave it out of a long run. Tied embeddings let one table serve two ends, and with these small first weights and plain gradient descent that begins slowly. [Our measurements](../docs/measurements.md) have longer runs, and what each step gained there: with Adam, tied embeddings, one wider layer and dropout the full text was read in the same time, and much better.
#
# We go on with the row that has the lowest perplexity, by whatever margin.

# %%
print("the lowest:", min(table, key=lambda name: table[name][0]))
print(f"{beginning} … {next_words(model, beginning)}  (classic)")
print(f"{beginning} … {next_words(best, beginning)}")

# %% [markdown]
# ## Where do the words lie?
#
# Each type has a row in the table of embeddings. Rows that point in nearly the same direction are near each other, as in lesson 06. **Which words are near to each of these?**

# %%
embeddings = vectors.Vectors(words, best.layer("embedding").embeddings.numpy())
chosen = [
    word for word in "monday president million mr. rose bank captain".split() if word in words
]
for word in chosen:
    near = embeddings.nearest(word)
    print(f"{word:10} {', '.join(f'{other} {cosine:.2f}' for other, cosine in near)}")

# %%
frequent = list(words[4:104])
points = vectors.tsne(embeddings, frequent, seed=0)
plots.words(points, frequent, "The hundred most frequent types, laid out by t-SNE")

# %% [markdown]
# Nobody told the network what a verb or a number is. Words that stand in the same places are read in the same way, so their rows move together; look for articles beside each other, or prepositions, or the forms of *to be*. A short run is little for that, and many neighbours are chance. Only who is beside whom means something on the page; rare words have hardly moved from where chance put them.
#
# ## What surprises it?
#
# Type sentences of your own into the meter; it cuts them as the treebank was cut, so `3.5%` is `N`. Each bar is the surprisal of a token in bits. **Where is your sentence most surprising, and what does the end of the sentence cost?**

# %%
sentence = "The bank said its profit rose 3.5% in the third quarter."
print(" ".join(treebank.typed.tokenizer.tokens(sentence)))
widgets.perplexity_meter(best, sentence, target=treebank.typed)

# %% [markdown]
# The perplexity in the demo is over the tokens of this one sentence: a few easy words more or less move it by a lot. That is why a corpus is judged by many thousands.
#
# ## And if it speaks itself?
#
# A model of the next token is also a writer (lesson 08): draw a token, feed it back, and go on until `<eos>`. Forbidden are PAD, START and `<unk>`.

# %%
forbid = (text.PAD, text.START, text.UNK)
said = decoding.sample(best, [[]] * 5, max_tokens=30, forbid=forbid, seed=1)
for trace in said:
    print("-", codec.text(trace.tokens))

# %% [markdown]
# Here and there two words fit together, and no sentence holds: that is what a perplexity of this size looks like. Put `best = LanguageModel.load("my-model")` before the cell, with a model that was trained to its end (below), and compare.
#
# ## And without a notebook?
#
# - `course data fetch ptb` downloads the treebank and checks it; `course data gazette my-gazette` writes the gazette as three files of the same form.
# - `course train treebank --config classic --save my-model` is the classic run with its log; `--config tuned` and `--config large` are the better ones; `--data DIR` takes three files of your own, `--config small --data gazette` the text of known entropy; `--resume` goes on after an interruption.
# - `course perplexity --model my-model FILE` judges a text, each token once; `--tokens` prints the surprisal of each.
#
# ## What we learnt, what we simplified, where to go on
#
# - A language model gives probabilities; its perplexity is e to the power of the mean surprisal, over all tokens, once. A mean of batches, a dropped tail or a lost state gives another figure without a word of warning.
# - n-grams by counting are quick, and a check of the data and of the arithmetic.
# - An untrained model stands near ln of the number of types. The sum over steps and the mean over steps want different rates.
# - For a source whose table we know, the entropy rate is the floor, and we can say how much of the gap a model closes. For real text the floor is unknown.
# - Gradients explode in a recurrent network; clipping shortens the step and keeps its direction.
#
# > **What we simplified.** We trained on a small part of the text and judged on the beginning of the validation split, with one seed: the table shows who is quick, and no law. The model we went on with was chosen on the tokens that the table shows, which flatters it a little. The gazette's table is small and its words are few, so a network comes nearer to its floor than it ever will to that of a real newspaper. Perplexities over different texts, or over one text cut into other tokens, cannot be compared as they stand (the exercise converts a pair that can).
#
# In the [exercise for this lesson](../exercises/09_treebank_perplexity/treebank_perplexity.ipynb) we build the perplexity, the streams, the gradients and the entropy rate by hand. Before it, try this: give the gazette's network 32 units in place of 128, and guess how much of the gap it still closes.
