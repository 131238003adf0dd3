# %% [markdown]
# # Lesson 08: A GRU writes a chapter
#
# A translator reads a sentence and answers it. In this lesson the network reads a whole book, word by word, and at every word it guesses the next one. That is all it learns. Then we let it write: we feed it its own guesses, put the capitals and the quotation marks back, and have a chapter. We shall also find out, by counting, how much of the chapter is its own.
#
# This lesson stands on [lesson 01](01_sequences_and_state.ipynb) (recurrent networks, Markov chains), [lesson 04](04_encoder_decoder.ipynb) (the LSTM and its gates) and [lesson 05](05_inference_decoding.ipynb) (greedy decoding and sampling).

# %%
import tempfile
import textwrap
import time
from dataclasses import replace

import numpy as np

from course import corpora, metrics, novelty, plots, prose, runtime, streams, text, widgets
from course.models import numpy_cells
from course.models.ngram import NGram
from course.models.numpy_cells import sigmoid

tf = runtime.tensorflow()
import keras

from course import decoding, training
from course.decoding import writing
from course.models.language import Config, LanguageModel

# %% [markdown]
# ## Does a memory need three gates and two states?
#
# The LSTM of lesson 04 has a cell state and a hidden state, and three gates. The *GRU* (gated recurrent unit) gets along with two gates and the hidden state alone:
#
# - the *update gate* says how much of the old state stays: z = sigmoid(x W_z + h U_z + b_z),
# - the *reset gate* says how much of the old state has a say in what is new: r = sigmoid(x W_r + h U_r + b_r),
# - the *candidate* is what might be new: c = tanh(x W_c + (r · h) U_c + b_c),
# - and the new state is a mixture of old and new: z · h + (1 − z) · c.
#
# Here x is what is read at this step, h is the state before it, and a dot multiplies number by number. The three W are the kernel, the three U the recurrent kernel; Keras lays them side by side, in the order update, reset, candidate. We take sizes that are all different: three sentences, five input numbers, seven units.

# %%
rng = np.random.default_rng(0)
inputs, hidden = rng.normal(size=(3, 5)), rng.normal(size=(3, 7))
kernel, recurrent_kernel = rng.normal(size=(5, 3 * 7)), rng.normal(size=(7, 3 * 7))
bias = rng.normal(size=3 * 7)
print(f"kernel {kernel.shape}, recurrent kernel {recurrent_kernel.shape}, bias {bias.shape}")

# %%
x_z, x_r, x_c = np.split(inputs @ kernel + bias, 3, axis=-1)
u_z, u_r, u_c = np.split(recurrent_kernel, 3, axis=-1)
update = sigmoid(x_z + hidden @ u_z)
reset = sigmoid(x_r + hidden @ u_r)
candidate = np.tanh(x_c + (reset * hidden) @ u_c)
new_hidden = update * hidden + (1 - update) * candidate
print("update gate, first sentence:", np.round(update[0], 2))
print("hidden state, before:", np.round(hidden[0], 2))
print("hidden state, after: ", np.round(new_hidden[0], 2))

# %% [markdown]
# Where the update gate is near 1, the number hardly moved. One gate does what the LSTM's forget gate and input gate do: what is not kept is replaced, and nothing else.
#
# Does Keras compute the same? Its GRU has a switch, `reset_after`. The equations above are those of the GRU's authors, `reset_after=False`: the reset gate scales the state, and *then* comes the matrix product.

# %%
keras_cell = keras.layers.GRUCell(7, reset_after=False)
keras_cell.build((3, 5))
keras_cell.set_weights([kernel, recurrent_kernel, bias])
theirs, _ = keras_cell(inputs.astype("float32"), hidden.astype("float32"))
before = numpy_cells.gru_step(inputs, hidden, kernel, recurrent_kernel, bias, reset_after=False)
difference = np.abs(new_hidden - theirs).max()
assert difference < 1e-5 and np.allclose(before[0], new_hidden)
print(f"largest difference between our step and Keras' step: {difference:.1e}")

# %% [markdown]
# `numpy_cells.gru_step` holds our lines as a function, and the cell above compared it too. Keras' own default is the other convention, `reset_after=True`: first the product, then the gate. One product with the state can then serve all three parts, which is faster on a GPU; and each part of it has a bias of its own, so there are two rows of biases. **Which of the four lines change?**

# %%
biases = rng.normal(size=(2, 3 * 7))
x_z, x_r, x_c = np.split(inputs @ kernel + biases[0], 3, axis=-1)
h_z, h_r, h_c = np.split(hidden @ recurrent_kernel + biases[1], 3, axis=-1)
update, reset = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
candidate = np.tanh(x_c + reset * h_c)
new_hidden = update * hidden + (1 - update) * candidate
after = numpy_cells.gru_step(inputs, hidden, kernel, recurrent_kernel, biases)

# %%
keras_cell = keras.layers.GRUCell(7)
keras_cell.build((3, 5))
keras_cell.set_weights([kernel, recurrent_kernel, biases])
theirs, _ = keras_cell(inputs.astype("float32"), hidden.astype("float32"))
difference = np.abs(new_hidden - theirs).max()
assert difference < 1e-5 and np.allclose(after[0], new_hidden)
print(f"reset_after=True: largest difference {difference:.1e}")

# %% [markdown]
# Only the candidate differs in kind: the reset gate moved from the state to the product. The two matrices have the same shapes in both conventions, and mean different things: whoever carries weights from one library to another should look at this switch first. (And at the update gate itself: some books write it the other way round, as the share of what is new.)
#
# **What becomes of the state if the update gate is held at 1 for a hundred steps? And what is left of it after a single step if both gates are 0?** Large biases force the gates.

# %%
kept, shut = biases + np.repeat([100.0, 0, 0], 7), biases - np.repeat([100.0, 100, 0], 7)
state = hidden
for _ in range(100):
    state, _ = numpy_cells.gru_step(inputs, state, kernel, recurrent_kernel, kept)
one, other = (
    numpy_cells.gru_step(inputs, old, kernel, recurrent_kernel, shut)[0]
    for old in (hidden, -hidden)
)
print(f"update gate 1, 100 steps: the state changed by up to {np.abs(state - hidden).max():.1e}")
print(f"both gates 0, one step: opposite states differ by {np.abs(one - other).max():.1e} after it")

# %% [markdown]
# With the update gate open, a unit remembers for as long as it likes; with both shut, it begins anew, as at the start of a chapter. The network learns when to do which. We look at gates that have learnt it further down, when we have a book that they can learn from.
#
# ## Which book?
#
# `corpora.load_book` takes the path of a plain-text file, the number of a book in Project Gutenberg, or nothing: then it takes the novella that was written for this course. In each case the licence header, the chapter heads and the line breaks are dealt with, and the book says where it comes from.

# %%
book = corpora.load_book()
print(book.source)
for chapter in book.chapters:
    print(f"{chapter.words:6,} words  {chapter.title}")

# %% [markdown]
# It is meant to be read, by people too. Here is how it begins.

# %%
for paragraph in book.chapters[0].paragraphs[:4]:
    print(textwrap.fill(paragraph, 100), end="\n\n")

# %% [markdown]
# A network that has read the whole book could learn it by heart, and nobody would notice. So we hold a chapter out. It must be a whole chapter: sentences drawn at random would have their neighbours in the training text.

# %%
train, held_out = corpora.split_book(book, share=0.1, seed=0)
train = train[: runtime.pick(None, 3)]
print("held out:", *(chapter.title for chapter in held_out))
texts = [prose.chapter_text(chapter.paragraphs) for chapter in train]
judged_texts = [prose.chapter_text(chapter.paragraphs) for chapter in held_out]
print(texts[0][:205])

# %% [markdown]
# The sign ¶ stands between two paragraphs: where a paragraph ends is something a writer has to decide, so it is a token like any other.
#
# How many different words are there, *types* as they are called? We write small letters only, so that *The* and *the* are one. **How many of the types occur only once, do you think?**

# %%
tokenizer = text.tokenizer("word", lower=True)
everything = text.Codec.fit(texts, tokenizer)
codec = text.Codec.fit(texts, tokenizer, min_count=2)
size, types = len(codec.vocabulary), len(everything.vocabulary) - 4
tokens = sum(len(tokenizer.tokens(chapter)) for chapter in texts)
print(f"{tokens:,} tokens (words and marks) of {types:,} types")
print(f"{types - size + 4:,} types occur only once; a vocabulary of {size:,} is left without them")

# %% [markdown]
# From a word that occurs once, nothing can be learnt about its company. We let all those be one token, `<unk>`, the *unknown word*. The model reads it and predicts it; when it writes, we forbid it.
#
# Now the book becomes one long row of ids, with END between the chapters.

# %%
ids = streams.running_ids(texts, codec)
judged = streams.running_ids(judged_texts, codec)
unknown = (judged == text.UNK).mean()
print(
    f"{len(ids) - 1:,} tokens to learn from, {len(judged) - 1:,} to judge by ({unknown:.1%} unknown)"
)
print(ids[:12], codec.vocabulary.words(ids[1:12]))

# %% [markdown]
# ## How do twenty words become an example?
#
# The simplest form: a *section* of twenty tokens goes in, and the twenty-first is to be predicted. Then the section moves on by one token.

# %%
length = 20
sections = np.lib.stride_tricks.sliding_window_view(ids, length)[:-1]
targets = ids[length:]
print(f"{len(sections):,} sections of {length} tokens")
for section, target in zip(sections[40:43], targets[40:43]):
    print(f"{codec.text(section)}  ->  {codec.vocabulary.tokens[target]}")

# %% [markdown]
# Many recipes go on by encoding all sections one-hot: for each of the tokens a row with as many numbers as there are types, and another row for the target. **How much memory does that take for a real novel?** We compute it, and do not try it. The novel is number 1342 of Project Gutenberg, if it is on this machine, and else our novella.

# %%
here = {row.name for row in corpora.available_books()}
novel = corpora.load_book(1342 if "1342" in here else "shipped")
chapters = [prose.chapter_text(chapter.paragraphs) for chapter in novel.chapters]
novel_tokens = sum(len(tokenizer.tokens(chapter)) for chapter in chapters)
novel_types = len(text.Codec.fit(chapters, tokenizer).vocabulary)
one_hot = (novel_tokens - length) * (length + 1) * novel_types * 4
print(f"{novel.title}: {novel_tokens:,} tokens, {novel_types:,} types")
print(f"sections one-hot, 4 bytes a number: {one_hot / 1e9:,.1f} GB")
print(f"the same text as ids:               {novel_tokens * 4 / 1e9:,.4f} GB")

# %% [markdown]
# As in lesson 02, the zeros say nothing: one-hot rows times a matrix are rows of the matrix, and an embedding looks them up by id.
#
# Sections have another fault, which ids do not cure: every token is read twenty times, and each time the network begins with an empty memory. What stood twenty-one tokens before is out of its reach.
#
# ## How does a network read on where it stopped?
#
# It keeps its state. We cut the text into a few long *streams*, one for each row of a batch, and read them side by side, a window at a time. **Row 0 of a batch ends with some word. With which word must row 0 of the next batch begin?**

# %%
page = "the ferry came in at ten and the keeper came down to him"
tiny = text.Codec.fit([page], tokenizer)
page_ids = np.array(tiny.ids(page))  # 13 ids: 12 to read, and one more that is only asked
rows, steps = 2, 3
windows = np.stack(np.split(page_ids[:-1].reshape(rows, -1), 12 // (rows * steps), axis=1))
for window in windows:
    print(" | ".join(f"{tiny.text(row):16}" for row in window))

# %% [markdown]
# Each line is a batch, its two rows are parted by a bar. Read the left column downwards, then the right one: that is the text. Each row goes on where it stopped, so the state after one batch is the right state to begin the next one with. And at every place the next token is asked, not only at the end of the window. The library's `StreamBatches` cuts in the same way; where the text does not fill the last window it puts PAD, and where PAD is the target nothing is asked.

# %%
library = streams.StreamBatches(page_ids, batch=rows, steps=steps)
same = all((ours == theirs[0]).all() for ours, theirs in zip(windows, library))
print("the same windows as ours:", same)
for read, asked in library:
    print("reads", read.tolist(), " is asked", asked.tolist())

# %% [markdown]
# Two ways to get this wrong are common. One is to throw the state away after each batch: then the network never sees further than one window. The other is to keep it and shuffle the batches: then the state tells of a place from which the text does not go on. We shall measure what the first one costs.
#
# ## What has the network to beat?
#
# Counting. In lesson 01 a Markov chain predicted the next token from the token before it; such a pair is a *bigram*. How well does that do on a chapter that it has not counted?

# %%
counts = np.zeros((size, size))
np.add.at(counts, (ids[:-1], ids[1:]), 1)
bigrams = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
unigrams = counts.sum(axis=0) / counts.sum()
unseen = (bigrams[judged[:-1], judged[1:]] == 0).mean()
print(f"{unseen:.0%} of the held-out chapter's bigrams do not occur in the other chapters")

# %% [markdown]
# To each of these the counted chain gives the probability 0. We judge by *perplexity*: exp of the mean negative logarithm of the probability, over all tokens. It is the number of equally likely tokens among which a model would be as unsure. (Over all tokens *at once*: a mean of the perplexities of batches is another figure.) A single zero makes it infinite. The remedy is to *interpolate*: mix the bigram's probability with that of the token alone, the *unigram*. **What share should the bigram have?**

# %%
for share in (1.0, 0.9, 0.7, 0.5, 0.3, 0.0):
    probs = share * bigrams[judged[:-1], judged[1:]] + (1 - share) * unigrams[judged[1:]]
    with np.errstate(divide="ignore"):
        print(f"bigram's share {share:.1f}: perplexity {np.exp(-np.log(probs).mean()):.1f}")

# %% [markdown]
# A fixed share is a crude rule. It would be better to trust the bigram where its first token was counted often, and to fall back on tokens that follow *many different* ones where it was not. That is *Kneser–Ney smoothing*, the best that counting has to offer; `NGram` does it for any length. A trigram looks at two tokens before.

# %%
names = {1: "unigram", 2: "bigram, Kneser–Ney", 3: "trigram, Kneser–Ney"}
counted = {name: NGram(ids, size, order).perplexity(judged) for order, name in names.items()}
for name, perplexity in counted.items():
    print(f"{name:20} perplexity {perplexity:6.1f} on the held-out chapter")

# %% [markdown]
# These are the figures to beat, on the same tokens of the same chapter. A caution: the unknown word counts as one token that can be guessed, so a smaller vocabulary makes every perplexity smaller. Perplexities are comparable for one vocabulary and one text only.
#
# ## What is the network made of?
#
# Three parts: an embedding, the GRU, and an output that turns the hidden state into a logit for each token type. The embedding is a table with a row for each type. The output's weights are a table with a row for each type, too. **Do we need both?** With *tied weights* there is one table for both: the logit of a token is the product of the state and this token's own embedding.

# %%
units = runtime.pick(128, 16)
config = Config(size, units=(units,), embedding=units, dropout=0.5, seed=0)


def parameters(config):
    return sum(int(np.prod(array.shape)) for array in LanguageModel(config).get_weights().values())


for name, tied in {"two tables": False, "tied weights": True}.items():
    print(f"{name:12} {parameters(replace(config, tied=tied)):9,} parameters")

# %% [markdown]
# With few words to learn from, fewer parameters are not only cheaper: each row of the one table is trained by two tasks.
#
# An untrained model knows nothing. **Which perplexity do you expect of it?** PAD and START are ruled out.

# %%
model = LanguageModel(config, codec)
beginning = streams.StreamBatches(judged[:201], batch=20, steps=10)
untrained = training.evaluate(model, beginning)["perplexity"]
print(f"untrained: perplexity {untrained:.1f}, with {size - 2} tokens to choose from")

# %% [markdown]
# ## Is the GRU the right cell?
#
# We give a simple recurrent network, a GRU and an LSTM the same text, the same number of units, the same learning rate and the same few epochs. **Which has the most parameters, and which learns the most?**

# %%
epochs = runtime.pick(3, 1)
short = {"epochs": epochs, "learning_rate": 0.004, "show": False}
data = streams.StreamBatches(ids, batch=20, steps=10)
valid = streams.StreamBatches(judged, batch=1, steps=10)
models, runs = {}, {}
for cell in ("rnn", "gru", "lstm"):
    models[cell] = LanguageModel(replace(config, cell=cell), codec)
    runs[cell] = training.fit(models[cell], data, valid, **short)

# %%
print(f"after {epochs} epochs:      parameters   tokens a second   perplexity")
for cell, run in runs.items():
    speed = run.epochs[-1].tokens_per_second
    many, perplexity = parameters(replace(config, cell=cell)), np.exp(run.best.valid_loss)
    print(f"{cell.upper():20} {many:12,} {speed:17,.0f} {perplexity:12.1f}")

# %% [markdown]
# The parameters are certain: beside the table of words, a GRU has three matrices where the simple network has one and the LSTM has four. The other two columns are from one short run each. How far a cell comes in so few epochs depends on the learning rate and the seed as well, and the speed on what else the machine is doing. We take the GRU because it is a good bargain on a short text, and not because it always wins.
#
# ## What if the state is thrown away?
#
# The GRU in the table carried its state from batch to batch. Now the first of the two faults, with everything else as it was: a model that begins each window of ten tokens with zeros.


# %%
class Forgetful(LanguageModel):
    def logits(self, ids, state, training=False):
        return super().logits(ids, self.zero_state(ids.shape[0]), training)


forgetful = Forgetful(config, codec)
without_state = training.fit(forgetful, data, valid, **short)

# %% [markdown]
# We also judge the first GRU without its state: each window of the held-out chapter becomes a row of its own, so that each begins with zeros. **Which of the two models will do better on such windows?**


# %%
def perplexity_with_windows(model, window):
    cut = streams.StreamBatches(judged, batch=-(-(len(judged) - 1) // window), steps=window)
    read, asked = next(iter(cut))  # as many rows as there are windows
    logits, _ = model.logits(read, model.zero_state(len(read)))
    return metrics.perplexity(*metrics.masked_nll(logits.numpy(), asked))


# %%
carried, thrown = np.exp(runs["gru"].best.valid_loss), np.exp(without_state.best.valid_loss)
print(f"trained and judged with its state: perplexity {carried:6.1f}")
print(
    f"trained with it, judged without:   perplexity {perplexity_with_windows(models['gru'], 10):6.1f}"
)
print(f"trained and judged without:        perplexity {thrown:6.1f}")

# %% [markdown]
# Same parameters, same windows, and no error is raised: whoever has only the third figure takes it for the best that such a model can do. It learns *something*, since most of what can be guessed about a word lies in the few words before it. How far back the rest lies, we shall ask a model that is better trained.
#
# The second fault you can measure yourself: give `StreamBatches` a subclass whose `shuffled` draws the order of its windows, and train on that.
#
# ## How do we train for longer, and survive an interruption?
#
# Now the model that shall write. Two things are new. *Dropout* sets half of the embeddings' and the outputs' numbers to zero at random while training, so that no unit can rely on another. And the run has a `folder`: after each epoch the best model is kept there, with everything that is needed to go on, the optimizer's averages and the dropout's draws included. We interrupt it halfway, as Ctrl-C would.

# %%
epochs = runtime.pick(12, 2)
folder = tempfile.TemporaryDirectory()
data = streams.StreamBatches(ids, batch=10, steps=35)
valid = streams.StreamBatches(judged, batch=1, steps=35)
options = {"epochs": epochs, "learning_rate": 0.008, "folder": folder.name}
model.about = {"capitals": prose.capitals(texts)}


def interrupt(epoch):
    if epoch.epoch == epochs // 2:
        raise KeyboardInterrupt


history = training.fit(model, data, valid, on_epoch=interrupt, **options)

# %% [markdown]
# The power came back. We build the model anew, as if the notebook had been closed, and resume. **At which epoch does it go on?**

# %%
model = LanguageModel(config, codec)
model.about = {"capitals": prose.capitals(texts)}
history = training.fit(model, data, valid, resume=True, **options)
print(f"best epoch {history.best.epoch}: perplexity {np.exp(history.best.valid_loss):.1f}")

# %% [markdown]
# ## What does dropout do?
#
# The same model once more, from the same first weights, without dropout. **Which of the two will have the lower loss on the training text, and which on the held-out chapter?**

# %%
whole = LanguageModel(replace(config, dropout=0.0), codec)
options = {"epochs": epochs, "learning_rate": 0.008, "show": False}
without = training.fit(whole, data, valid, **options)

# %%
curves = {}
for name, run in {"dropout 0.5": history, "no dropout": without}.items():
    for label, column in (("training", "loss"), ("validation", "valid_loss")):
        losses = run.column(column)
        curves[f"{name}, {label}"] = (range(1, len(losses) + 1), losses)
plots.lines(curves, "epoch", "loss (nats a token)", "With and without dropout")

# %%
for name, run in {"dropout 0.5": history, "no dropout": without}.items():
    last, best = run.epochs[-1], run.best
    print(
        f"{name:11} training {last.loss:.2f}, validation {last.valid_loss:.2f} nats in the end;",
        end=" ",
    )
    print(f"best perplexity {np.exp(best.valid_loss):.1f}, in epoch {best.epoch}")

# %% [markdown]
# A network of this size can learn a short book by heart. Without dropout that is what it sets out to do: in a full run its training loss goes far below its validation loss, and that is the gap that lesson 04 called variance. With dropout the training loss is measured while half of the numbers are missing, so it looks worse than the model is. `fit` keeps the weights of the best epoch in either case.
#
# ## Did it beat counting?

# %%
perplexities = {**counted, "GRU": float(np.exp(history.best.valid_loss))}
best_count = min(counted, key=counted.get)
lower = perplexities["GRU"] < counted[best_count]
print(f"The GRU's perplexity is {'lower' if lower else 'not lower'} than that of the {best_count}:")
print(
    f"{perplexities['GRU']:.1f} against {counted[best_count]:.1f}, on the same {len(judged) - 1:,} tokens."
)
plots.bars(perplexities, "perplexity (lower is better)", "The held-out chapter", highlight="GRU")

# %% [markdown]
# One chapter is a small exam, and we looked at it to choose the best epoch, which flatters the network a little. Mixing the two models' probabilities would most likely beat both: they err at different places.
#
# Now we can ask how far back the network looks. The trained model reads the held-out chapter; after every so many tokens we take its state away. **From how many tokens on does it make hardly any difference?**


# %%
reaches = [1, 2, 3, 5, 10, 20, 50, 100]
found = [perplexity_with_windows(model, window) for window in reaches]
carried = float(np.exp(history.best.valid_loss))
for window, perplexity in zip(reaches, found):
    print(f"state thrown away after {window:3} tokens: perplexity {perplexity:.1f}")
print(f"state carried on: perplexity {carried:.1f}")

# %%
curves = {"state thrown away": (reaches, found)}
curves["state carried on"] = ([1, reaches[-1]], [carried] * 2)
title = "How far back the model looks"
plots.lines(curves, "window (tokens)", "perplexity", title, log_x=True)

# %% [markdown]
# The first words of a window are guessed without knowing what stands before them, and the shorter the windows, the more first words there are. The line of the state that is carried on is the same model, the same chapter, and one more row of numbers handed on.
#
# ## What do the gates do with a sentence?
#
# Now there are gates worth looking at. The demo shows one unit at a time while our model reads a sentence of its book; END comes first, as before a chapter. Step through the words, and look at other units. **Can you find a unit whose update gate shuts at a full stop or at a quotation mark?**

# %%
sentence = "“They can see it's morning,” said Gran. Tib took hold of the rope."
widgets.inside_a_cell(model, sentence, step=7)

# %% [markdown]
# Where the update gate falls to 0, the unit takes the candidate and keeps nothing of its own; if its reset gate is shut as well, it knows only what is read at this step. Where the update gate stays near 1, the unit carries something through the sentence. Each number is what our four lines give with the trained weights; few units have a meaning that we could name.
#
# ## How does it write?
#
# As in lesson 05: it reads a beginning, says which tokens may come next, we take one, and feed it back. Let us see what it would say after a beginning of ours.

# %%
start = "It was dark when Tib"
state = model.start(np.array([codec.ids(start)[:-1]]))
logits, _ = model.step(np.array(codec.ids(start)[-1:]), state)
probs = numpy_cells.softmax(logits.numpy()[0])
print(f"unknown words of the start: {codec.unknown(start)}")
for id in probs.argsort()[::-1][:6]:
    print(f"{probs[id]:6.3f}  {codec.vocabulary.tokens[id]}")

# %% [markdown]
# **What becomes of a chapter if we always take the likeliest?** We forbid the special tokens, so that the chapter does not end, and look at forty tokens from further on.

# %%
forbid = (text.PAD, text.START, text.END, text.UNK)
many = runtime.pick(300, 60)


def say(**knobs):
    options = {"max_tokens": many, "forbid": forbid, "seed": 1, **knobs}
    return decoding.sample(model, [codec.ids(start)], **options)[0].tokens


greedy = say(temperature=0)
print("…", codec.text(greedy[-40:]))

# %% [markdown]
# In a full run the same words come back, as a loop that never ends: once the last words are the same as before and the state is nearly so, the likeliest next word is the same as well. A likely *word* at each step does not make a likely *text*; no author takes the most expected word every time.
#
# So we draw. *Temperature*, *top-k* and *top-p* are those of lesson 05: divide the logits; keep the k likeliest tokens; keep the likeliest ones that together have the probability p.

# %%
knobs = {
    "temperature 0.5": {"temperature": 0.5},
    "temperature 1": {"temperature": 1.0},
    "temperature 1.5": {"temperature": 1.5},
    "temperature 1, top-k 40": {"temperature": 1.0, "top_k": 40},
    "temperature 1, top-p 0.8": {"temperature": 1.0, "top_p": 0.8},
}
said = {name: say(**chosen) for name, chosen in knobs.items()}
for name, tokens in said.items():
    print(f"{name}: … {codec.text(tokens[:30])} …\n")

# %% [markdown]
# The knobs on one distribution, the one after our beginning. **At which temperature do most of a hundred draws fall outside the ten likeliest words?**

# %%
widgets.temperature_playground(logits.numpy()[0], codec.vocabulary, temperature=0.8)

# %% [markdown]
# There is another brake on loops: forbid what was said before. *No n-gram twice* means: a token is banned if it would complete an n-gram that stands in the text already. **Suppose that the last two tokens have occurred before. Which tokens must not come next, if no trigram may occur twice?**

# %%
last = greedy[-2:].tolist()
places = [place for place in range(many - 2) if greedy[place : place + 2].tolist() == last]
banned = sorted({int(greedy[place + 2]) for place in places})
print(f"{codec.vocabulary.words(last)} stood at {len(places)} places before")
print(f"behind them stood, and so are banned now: {codec.vocabulary.words(banned)}")

# %% [markdown]
# The tokens that stood behind the two, each time they were said. `decoding.sample` keeps such a list while it draws, if it is given `no_repeat=3`.

# %%
said = {"greedy": greedy, "greedy, no 3-gram twice": say(temperature=0, no_repeat=3), **said}
said["temperature 1, no 3-gram twice"] = say(no_repeat=3)
print("…", codec.text(said["greedy, no 3-gram twice"][-40:]))

# %% [markdown]
# ## How much of it is new?
#
# Two questions to every text that a machine wrote. First: does it repeat itself? *Distinct-n* is the share of different n-grams among all n-grams of the text.


# %%
def distinct(tokens, n):
    grams = [tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)]
    return len(set(grams)) / len(grams)


print(f"greedy: distinct-1 {distinct(greedy, 1):.2f}, distinct-2 {distinct(greedy, 2):.2f}")
print("the library's:", distinct(greedy, 2) == novelty.distinct(greedy.tolist(), 2))

# %% [markdown]
# Second: is it a copy? We look for the longest run of tokens that stands, word for word, in the training text. If a run of n tokens is copied, so is one of n − 1; so we ask for longer and longer ones, until there is none.


# %%
def grams(tokens, n):
    return {tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)}


def longest_copy(tokens, corpus):
    n = 0
    while n < len(tokens) and grams(tokens, n + 1) & grams(corpus, n + 1):
        n += 1
    return n


corpus, drawn = ids.tolist(), said["temperature 1"].tolist()
print("longest copied run at temperature 1:", longest_copy(drawn, corpus), "tokens,", end=" ")
print("the library's:", novelty.longest_copy(drawn, corpus)[0])

# %% [markdown]
# Distinct-n falls with the length of a text, whoever wrote it, so all the texts in the table have the same length. The last row is the measure: the beginning of the chapter that was held out, which the author wrote. **Where will greedy decoding stand, and where temperature 1.5?**

# %%
said["the author, held out"] = judged[1 : many + 1]
print(f"{many} tokens each                 distinct-1  distinct-2  4-grams repeated  longest copy")
for name, tokens in said.items():
    row = novelty.report(tokens.tolist(), corpus)
    figures = f"{row['distinct_1']:11.2f} {row['distinct_2']:11.2f} {row['repeated_4']:16.1%}"
    print(f"{name:31} {figures} {row['longest_copy']:10} tokens")

# %% [markdown]
# Read it from both sides. A low distinct-2 and many repeated 4-grams: the text goes in circles. A long copied run: it recites. A text of random words would have the best figures of all, so the table does not say which text is *good*; for that one has to read. An author repeats phrases too, and uses the same runs of words in several chapters.
#
# Where was most copied, and from where? The copied run stands between bars, in its place in the book.

# %%
machines = {name: tokens.tolist() for name, tokens in said.items() if "author" not in name}
copies = {name: novelty.longest_copy(tokens, corpus) for name, tokens in machines.items()}
name = max(copies, key=lambda name: copies[name][0])
run, place = copies[name]
around = [
    corpus[max(0, place - 12) : place],
    corpus[place : place + run],
    corpus[place + run :][:12],
]
print(f"{name}: {run} tokens copied from token {place:,} of the training text:")
print(" | ".join(codec.text(id for id in part if id != text.END) for part in around))

# %% [markdown]
# ## How does it become a page?
#
# The model writes small letters, and ¶ for a new paragraph; nothing keeps it from opening a speech that it never closes. `prose.typeset` sets the page: a sentence and a speech begin with a capital letter, and names get theirs, which `prose.capitals` has counted in the training text; quotation marks are paired within each paragraph; the sentence that is not finished goes. **Which words need a capital letter though they begin nothing?**

# %%
names = model.about["capitals"]
print(
    f"{len(names)} words with a capital letter inside sentences, such as {list(names.values())[:8]}\n"
)
drawn = f"{start.lower()} {codec.text(said['temperature 0.5'][:60])}"
print(textwrap.fill(drawn, 100), prose.typeset(drawn, names), sep="\n\n")

# %% [markdown]
# `writing.write` does all of it: it reads the start, draws as many tokens as a thousand words need, sets the page, and finds a title, as old novels have it, in one of the page's own sentences. The first call compiles the loop, so we let it write a few words first, and then measure a chapter of 1,000 words.

# %%
words = runtime.pick(1000, 100)
style = {"temperature": 0.8, "top_p": 0.95, "no_repeat": 4}
writing.write(model, start, 20, **style)
began = time.perf_counter()
page = writing.write(model, start, words, seed=8, **style)
seconds = time.perf_counter() - began
print(f"{words:,} words in {seconds:.1f} s, {words / seconds:,.0f} words a second")

# %%
print(page.title, end="\n\n")
for paragraph in page.text.split("\n\n")[:12]:
    print(textwrap.fill(paragraph, 100), end="\n\n")

# %% [markdown]
# That is the beginning of it; `print(page.text)` shows the whole. In a full run many phrases could stand in the book, paragraphs have the length of paragraphs, and people speak in quotation marks; and nothing leads anywhere, since hardly anything is remembered from one sentence to the next. Beside it, the report:

# %%
known = [token for chapter in texts for token in tokenizer.tokens(chapter)]
row = novelty.report(page.tokens, known)
print(
    f"{row['tokens']:,} tokens, distinct-1 {row['distinct_1']:.2f}, distinct-2 {row['distinct_2']:.2f}"
)
print(f"3-grams repeated {row['repeated_3']:.1%}, 4-grams {row['repeated_4']:.1%}", end=", ")
print(f"longest copied run {row['longest_copy']} tokens:")
print(tokenizer.join(known[row["copied_from"] :][: row["longest_copy"]]))

# %% [markdown]
# ## Words or characters?
#
# A word-level model can only say words that it knows, and a rare word teaches it nothing. A character-level model has no unknown words, needs no rule for capitals, and its table is tiny. But its text is longer, and a word is several guesses. **How many guesses does the held-out chapter take, in characters?** We train a small model for a short while.

# %%
letters = text.Codec.fit(texts, text.tokenizer("character"))
letter_ids, letter_judged = (streams.running_ids(part, letters) for part in (texts, judged_texts))
letter_data = streams.StreamBatches(letter_ids, batch=10, steps=50)
letter_valid = streams.StreamBatches(letter_judged, batch=4, steps=50)
small = Config(len(letters.vocabulary), units=(units,), embedding=32)
speller = LanguageModel(small, letters)
options = {"epochs": runtime.pick(3, 1), "learning_rate": 0.01, "show": False}
spelt = training.fit(speller, letter_data, letter_valid, **options)

# %%
for name, run, row in (("words", history, judged), ("characters", spelt, letter_judged)):
    kilobits = run.best.valid_loss * (len(row) - 1) / np.log(2) / 1000
    print(
        f"{name:10} {len(row) - 1:6,} guesses, perplexity {np.exp(run.best.valid_loss):5.1f},",
        end=" ",
    )
    print(f"{kilobits:5.1f} kilobits for the chapter")
print(writing.write(speller, start, runtime.pick(50, 10), temperature=0.7).text)

# %% [markdown]
# The perplexities cannot be compared: one is a choice among characters, the other among words. The kilobits can, nearly: both say how much is missing to the same chapter; but the word model is let off spelling its unknown words and the capitals. The character model had far less training, and spends it on learning to spell. Given a long text and much time, that is worth it; with a short book and little time, words are the better bargain.
#
# ## How large could it be?
#
# A well-known recipe for this task has 1,024 units, sections of 20 words, batches of 512, and 100,000 steps of Adam at 0.001. What would that take here? Nearly all of the work is matrix products: for each token two operations for each weight on the way forward, and twice as many on the way back. So we measure how many operations this machine can do, and how near to it our training came.

# %%
left, right = rng.random((2, 1024, 1024), np.float32)
seconds = []
for _ in range(10):
    began = time.perf_counter()
    left @ right
    seconds.append(time.perf_counter() - began)
rate = 2 * 1024**3 / np.median(seconds)
speed = np.median(history.column("tokens_per_second"))
reached = speed * 6 * parameters(model.config) / rate
print(f"matrix products: {rate / 1e9:,.0f} billion operations a second")
print(f"our training: {speed:,.0f} tokens a second, {reached:.1%} of that")

# %%
classic = Config(size, units=(1024,), embedding=256)
operations = 100_000 * 512 * 20 * 6 * parameters(classic)
days = operations / rate / 86_400
print(f"{parameters(classic):,} parameters, {operations:.1e} operations")
print(
    f"at the machine's full rate {days:,.1f} days; at the share that we reached {days / reached:,.0f} days"
)
print(f"that is {100_000 * 512 * 20 / (len(ids) - 1):,.0f} times through our book")

# %% [markdown]
# We expect the truth between the two, because larger matrices usually come closer to the full rate than small ones. That is why the size has a name in the command line, for those who have a GPU, and is not what this lesson runs. And see the last line: so many passes through a short book are passes of learning by heart.
#
# ## And without a notebook?
#
# The command line does all this with any book:
#
# - `course train writer --save my-book` trains on the novella; `--book 1342` takes a number of Project Gutenberg, `--book story.txt` a file; `--level character`, `--cell lstm`, and `--size classic` for the size above;
# - `course train writer --continue my-book --book other.txt --save both` goes on training a saved model on another text;
# - `course write --model my-book --start "It was raining" --words 1000 --temperature 0.8` writes a chapter, and its report.
#
# ## What we learnt, what we simplified, where to go on
#
# - A GRU has two gates and one state. Its four equations equal Keras' in both conventions, and the conventions are not interchangeable.
# - Running text is read in streams: row i goes on where row i stopped, and its state goes with it. One-hot sections of the same text take tens of thousands of times the memory of its ids.
# - Perplexity on a held-out chapter, beside counted n-grams of the same text, says what the network has learnt.
# - Tied weights use one table for reading and for writing; dropout keeps a short book from being learnt by heart.
# - Greedy decoding goes in circles; sampling and a ban on repeated n-grams break them. Distinct-n and the longest copied run belong beside every generated text.
#
# > **What we simplified.** One held-out chapter, which also chose the best epoch; one seed for each comparison, and short runs: the tables show directions, not laws. Rare words were thrown together. Our chapter has sentences and no story: a plot would need a memory that reaches over pages, and a text much longer than ten chapters to learn it from.
#
# The [exercise for this lesson](../exercises/08_gru_book_chapter/gru_book_chapter.ipynb) builds the GRU step, the streams, the perplexity, the ban and the report anew. Before it, try this: hold out another chapter with another `seed`, and see which of the printed comparisons stay as they are.
