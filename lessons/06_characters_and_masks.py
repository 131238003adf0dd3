# %% [markdown]
# # Lesson 06: Characters and masks
#
# A translator that spells, one character after another, is the best known of all tutorial examples. It is short, it runs on any machine, and it reports an accuracy above ninety percent. In this lesson we build it, get a figure that is made in the same way, and find out how much of it is made of nothing. The nothing is called *padding*; the remedy is a *mask*. Then we compare characters with words, give the words vectors that were learnt beforehand, and set up a project with sentence pairs of your own.
#
# This lesson stands on [lesson 02](02_one_hot_encoding.ipynb) (one-hot rows, vocabularies), [lesson 03](03_teacher_forcing.ipynb) (START, END, the shift by one), [lesson 04](04_encoder_decoder.ipynb) (the LSTM, training, splits) and [lesson 05](05_inference_decoding.ipynb) (greedy decoding). It trains a dozen small models, which takes a few minutes.

# %%
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from course import batches, corpora, metrics, plots, runtime, text, vectors, widgets
from course.text import END, PAD, START, UNK

tf = runtime.tensorflow()
import keras

from course import decoding, training
from course.models.seq2seq import Config, Seq2Seq

if runtime.fast_mode():
    print(
        "fast mode: tiny models, hardly trained; the differences below show faintly, or not at all"
    )

# %% [markdown]
# ## What does the ten-minute translator do?
#
# It is an encoder and a decoder as in lesson 04, with an LSTM of 256 units on each side, and a token is a *character*. The recipe: take the first 10,000 lines of a file of sentence pairs. Put a tab before each target sentence and a newline behind it, as START and END. Turn every character into a one-hot row. Fill up each sentence with spaces until it is as long as the longest one. Train 40 epochs with RMSprop in batches of 64, and keep the last 20 % of the pairs for validation. One published run took about an hour and ended with a loss of 0.192, an accuracy of 0.9425, and a validation accuracy of 0.8162.
#
# We do the same with fewer pairs, units and epochs. Set `FULL_SIZE` to `True` for the recipe's own sizes, and bring time.

# %%
FULL_SIZE = False
ours = runtime.pick((2_500, 128, 64, 10), (240, 16, 16, 1))
PAIRS, UNITS, BATCH, EPOCHS = (10_000, 256, 64, 40) if FULL_SIZE else ours
usual = {"optimizer": "adam", "learning_rate": 0.008}  # learns more in few epochs
recipe = {"optimizer": "rmsprop", "learning_rate": 0.001, "schedule": "constant"}
optimizer = recipe if FULL_SIZE else usual

# %% [markdown]
# Files of sentence pairs are usually sorted by the length of the source sentence, so the first lines are the shortest. We sort ours, to be sure of it.

# %%
pairs = corpora.load_pairs(runtime.pick("spa-eng", "shipped"), say=None)
rows = sorted(pairs, key=lambda pair: len(pair[0]))[:PAIRS]
print(pairs.source)
print(f"the {len(rows):,} shortest pairs, from {rows[0]} to {rows[-1]}")

# %% [markdown]
# Before we split as the recipe does, we put a tenth of the rows aside, drawn at random. They will answer a question that the recipe's own validation cannot.

# %%
rng = np.random.default_rng(0)
drawn = set(rng.choice(len(rows), len(rows) // 10, replace=False).tolist())
aside = [pair for place, pair in enumerate(rows) if place in drawn]
rest = [pair for place, pair in enumerate(rows) if place not in drawn]
cut = len(rest) * 8 // 10
train, last_fifth = rest[:cut], rest[cut:]
print(
    f"{len(train):,} pairs to train, the last {len(last_fifth):,} to validate, {len(aside)} aside"
)

# %% [markdown]
# Now the characters. The course's tokenizer makes equal-looking text equal: white space, and letters with accents that can be written in two ways. The recipe does not, and `unicode=False` leaves all as it is. **How many different characters does it take to write these sentences?**

# %%
tokenizer = text.tokenizer("character", unicode=False)
source_codec, target_codec = (text.Codec.fit(side, tokenizer) for side in zip(*train))
sizes = len(source_codec.vocabulary), len(target_codec.vocabulary)
source_time = max(len(source) for source, _ in rows)
target_time = max(len(target) for _, target in rows) + 1  # END is a token as well
print(f"{sizes[0]} source and {sizes[1]} target characters, the four special tokens included")
print(f"the longest: {source_time} characters to read, {target_time} to say, END included")

# %% [markdown]
# So few, and they spell every word: that is the charm of characters. START and END are tokens of their own here and need not be a tab and a newline; nothing else changes.
#
# The recipe's arrays are as wide as the longest sentence, and filled up with one token. We write them as ids and leave open *which* token that is.


# %%
class Filled:
    """Pairs in arrays as wide as the longest sentence; `training.fit` takes its batches."""

    def __init__(self, pairs, source_fill, target_fill):
        self.pairs, self.batch = len(pairs), BATCH
        source = batches.pad([source_codec.ids(source) for source, _ in pairs], source_time)
        target = [[START, *target_codec.ids(target), END] for _, target in pairs]
        target = batches.pad(target, target_time + 1)
        self.source = np.where(source == PAD, source_fill, source)
        self.target = np.where(target == PAD, target_fill, target)

    def __len__(self):
        return -(-self.pairs // self.batch)

    def __iter__(self):
        return self.in_order(np.arange(self.pairs))

    def shuffled(self, seed, epoch=0):
        return self.in_order(np.random.default_rng((seed, epoch)).permutation(self.pairs))

    def in_order(self, places):
        for begin in range(0, self.pairs, self.batch):
            chosen = places[begin : begin + self.batch]
            empty = ((0, self.batch - len(chosen)), (0, 0))  # rows of PAD, which count nowhere
            source, target = (np.pad(ids[chosen], empty) for ids in (self.source, self.target))
            yield batches.Batch(source, target[:, :-1], target[:, 1:])


# %% [markdown]
# The recipe fills with spaces. A space is a real token, with an id of its own; nothing marks it as filling.

# %%
SPACES = [codec.vocabulary.features[" "] for codec in (source_codec, target_codec)]
spaced = Filled(train, *SPACES)
print(train[0], "as the encoder and the decoder see it:")
print(spaced.source[0])
print(spaced.target[0])

# %% [markdown]
# ## May we leave out the zeros?
#
# The recipe feeds one-hot rows, we feed ids. In lesson 02 we saw that a one-hot row times a matrix is a row of the matrix. Is that all there is to it in a whole encoder and decoder? We take one set of weights, feed it one-hot rows through Keras' own layers, and ids through the course's fast path. **How large will the difference be?**


# %%
def new_model():
    return Seq2Seq(Config(*sizes, units=UNITS), source_codec, target_codec)


padded = new_model()
source, target_in = spaced.source[:3], spaced.target[:3, :-1]
_, *states = padded.layer("encoder_1")(text.one_hot(source, sizes[0]))
outputs, *_ = padded.layer("decoder_1")(text.one_hot(target_in, sizes[1]), initial_state=states)
by_rows = padded.layer("output")(outputs).numpy()
by_ids = padded.logits(source, target_in).numpy()
difference = np.abs(by_rows - by_ids)[..., END:].max()  # PAD and START are never a target
assert difference < 1e-5
print(f"largest difference between logits from one-hot rows and from ids: {difference:.1e}")

# %% [markdown]
# Rounding. What the zeros would have cost is easily told:

# %%
floats = len(rows) * (source_time * sizes[0] + 2 * target_time * sizes[1])
ids = len(rows) * (source_time + target_time + 1)
print(
    f"one-hot rows: {4 * floats / 1e6:,.1f} MB, ids: {4 * ids / 1e6:,.1f} MB for {len(rows):,} pairs"
)

# %% [markdown]
# ## How good is it?
#
# We train as the recipe does, and watch what it would watch. Adam with a falling rate stands in for RMSprop, since we have few epochs.

# %%
history = training.fit(
    padded, spaced, Filled(last_fifth, *SPACES), epochs=EPOCHS, show=False, **optimizer
)
best = history.best
print(f"epoch {best.epoch}: loss {best.loss:.3f}, accuracy {best.accuracy:.4f}", end=", ")
print(f"validation accuracy {best.valid_accuracy:.4f}")

# %% [markdown]
# Can it translate, then? We fill up a sentence as in training and decode greedily. These are from the part that it has been trained on; on the right what it should say.


# %%
def translate_filled(model, sentences, length):
    ids = [source_codec.ids(sentence) for sentence in sentences]
    filled = [row + [SPACES[0]] * (length - len(row)) for row in ids]
    return [
        target_codec.text(trace.tokens)
        for trace in decoding.greedy(model, filled, max_tokens=target_time)
    ]


shown = train[:: len(train) // 5][:5]
for (source, target), said in zip(
    shown, translate_filled(padded, [pair[0] for pair in shown], source_time)
):
    print(f"{source:16} {said:34} {target}")

# %% [markdown]
# Compare the sentences with the accuracy. **Would you have guessed that they belong to the same model?**
#
# ## What is the accuracy made of?
#
# We take the predictions for the last fifth, once, and count three times: the share of all places that are right, the share of the real characters, and the share of sentences without a mistake. All three with the right beginning given, as in training. **How far will the first two lie apart?**


# %%
def predictions(model, data):
    said = [model.logits(some.source, some.target_in).numpy().argmax(-1) for some in data]
    return np.concatenate(said)[: data.pairs]


spaced, real = Filled(last_fifth, *SPACES), Filled(last_fifth, PAD, PAD)
all_places, real_places = spaced.target[:, 1:], real.target[:, 1:]
predicted = predictions(padded, spaced)
accuracies = {
    "all places": metrics.masked_accuracy(predicted, all_places),
    "real characters": metrics.masked_accuracy(predicted, real_places),
    "whole sentences": metrics.sentence_accuracy(predicted, real_places),
}
for name, accuracy in accuracies.items():
    print(f"{name:16} {accuracy:.4f}")

# %%
plots.bars(accuracies, "accuracy (share that is right)", "One set of predictions, three accuracies")

# %% [markdown]
# The recipe reports the first one. Between the first and the second lies nothing but filling: places after END, where the model has to say "space" and says it. **What accuracy does a model get that says nothing but spaces, whatever it reads?**

# %%
lazy = np.full_like(all_places, SPACES[1])
print(f"all places:      {metrics.masked_accuracy(lazy, all_places):.4f}")
print(f"real characters: {metrics.masked_accuracy(lazy, real_places):.4f}")

# %% [markdown]
# No model is needed for that figure; whatever is counted over all places has to be read from there upwards. Accuracy over all places is a mixture, and we can take it apart: the share of filling times the accuracy on it, plus the share of real characters times the accuracy on those.

# %%
filling = real_places == PAD
on_filling = (predicted == all_places)[filling].mean()
from_filling = filling.mean() * on_filling
from_real = (1 - filling.mean()) * accuracies["real characters"]
print(f"{filling.mean():.1%} of the places are filling; {on_filling:.1%} of those are right")
print(f"{from_filling:.4f} from filling + {from_real:.4f} from characters", end=" = ")
print(f"{from_filling + from_real:.4f}")

# %% [markdown]
# Now we can read the published figures. Suppose that the published run had our file's sentences and got every place of filling right. What did it reach on real characters?

# %%
published = sorted(pairs, key=lambda pair: len(pair[0]))[:10_000]
lengths = np.array([len(target) + 1 for _, target in published])
fifth = len(lengths) * 8 // 10
for name, part, accuracy in (
    ("", lengths[:fifth], 0.9425),
    ("validation ", lengths[fifth:], 0.8162),
):
    share = 1 - part.mean() / lengths.max()
    print(f"{name}accuracy {accuracy}: {share:.1%} filling,", end=" ")
    print(f"so {max(0, accuracy - share) / (1 - share):.3f} on real characters at most")

# %% [markdown]
# "At most" holds for these sentences; another file has another share. The demo shows a dozen of our sentences. **What happens to the three accuracies when the arrays are made wider, as one long sentence in the file would make them?**

# %%
some = slice(0, 12)
says = np.where(filling & (predicted == SPACES[1]), PAD, predicted)
widgets.padding_trap(
    says[some], real_places[some], target_codec, sources=[source for source, _ in last_fifth[some]]
)

# %% [markdown]
# ## What changes with a mask?
#
# One id. We fill with PAD instead of the space, and everything in the course knows PAD: the state stands still over it, the loss leaves it out, and it gets no share of the softmax. Same pairs, same first weights, same number of epochs. **Will the new model's accuracy be higher or lower than the first one's?**

# %%
masked = new_model()
masked_history = training.fit(
    masked, Filled(train, PAD, PAD), real, epochs=EPOCHS, show=False, **optimizer
)
best = masked_history.best
print(f"epoch {best.epoch}: loss {best.loss:.3f}, accuracy {best.accuracy:.4f}", end=", ")
print(f"validation accuracy {best.valid_accuracy:.4f}")

# %% [markdown]
# Whether lower or higher, this must not be compared with the first figure: it counts other places. What can be compared is how both do on the same real characters.


# %%
def score(model, data, target):
    logits = np.concatenate([model.logits(some.source, some.target_in) for some in data])
    predicted = logits[: data.pairs].argmax(-1)
    nll, tokens = metrics.masked_nll(logits[: data.pairs], target)
    right = metrics.masked_accuracy(predicted, target)
    return nll / tokens, right, metrics.sentence_accuracy(predicted, target)


print("on real characters   loss (nats)   accuracy   whole sentences")
for name, model, data in (("filled with spaces", padded, spaced), ("masked", masked, real)):
    loss, right, whole = score(model, data, real_places)
    print(f"{name:20} {loss:11.3f} {right:10.4f} {whole:17.4f}")

# %% [markdown]
# This is the table that a report should have. The mask has taken the filling out of the count, and out of the loss too, so that every gradient is about a character. Which of the two comes out ahead on real characters, and by how much, the table says for this run; with one seed, a difference in the third digit is none.
#
# ## Does the filling do harm beyond the figure?
#
# In lesson 04 we saw that an LSTM which reads on over filling changes its state. Here is by how much. We take a sentence, put more and more filling behind it, and measure how far the encoder's last hidden state moves away from where it was after the last real character.

# %%
sentence = aside[-1][0]
counts = range(0, 41, 2)
own = source_codec.ids(sentence)


def distances(model, fill):
    filled = batches.pad([own + [fill] * count for count in counts])
    hidden = model.start(filled)["hidden_1"].numpy()
    return np.linalg.norm(hidden - hidden[0], axis=1)


moved = {"spaces": distances(padded, SPACES[0]), "PAD, masked": distances(masked, PAD)}
many = padded.start(spaced.source[:100])["hidden_1"].numpy()
apart = np.linalg.norm(many[1:] - many[:-1], axis=1).mean()
print(
    f"{sentence!r} and {counts[-1]} spaces: the state moves by {moved['spaces'][-1]:.2f}", end=", "
)
print(f"masked by {moved['PAD, masked'][-1]:.2f}")
print(f"the states of two different sentences lie {apart:.2f} apart on average")

# %%
plots.lines(
    {name: (counts, distance) for name, distance in moved.items()},
    "places of filling behind the sentence",
    "distance of the hidden state",
    "Filling moves the state, unless it is masked",
)

# %% [markdown]
# The decoder starts from that state. So what it starts from depends on how long the longest sentence of the file is. In training that was one fixed length, and the model has got used to it. Suppose that the file gets one longer sentence, and all arrays ten columns more. **How many translations change, with the same weights?**

# %%
known = [source for source, _ in train[:: max(1, len(train) // 300)]]
usual_length = translate_filled(padded, known, source_time)
longer = translate_filled(padded, known, source_time + 10)
changed = [place for place in range(len(known)) if usual_length[place] != longer[place]]
print(f"spaces: {len(changed)} of {len(known)} training sentences are translated differently")
for place in changed[:3]:
    print(f"   {known[place]:16} {usual_length[place]:30} {longer[place]}")

# %%
wider = np.pad(real.source, ((0, 0), (0, 10)))
moved_logits = masked.logits(wider, real.target[:, :-1]) - masked.logits(
    real.source, real.target[:, :-1]
)
assert np.abs(moved_logits).max() < 1e-5
print(f"masked: largest change of a logit with ten columns more: {np.abs(moved_logits).max():.1e}")

# %% [markdown]
# With the mask a sentence means the same, alone or beside any neighbour. Here is the encoder of the first model at work, inside a cell, with the same sentence and twenty spaces behind it. Go to the last character of the sentence, then on into the spaces. **Do the gates close when the sentence is over?**

# %%
widgets.inside_a_cell(padded, sentence + " " * 20, step=len(own) - 1)

# %% [markdown]
# Whatever the gates do, nothing has told the network that the sentence was over, and what it hands to the decoder is its state after the last space.
#
# ## Why does it translate its own training sentences differently?
#
# Many copies of the recipe have one more fault, which nobody sees. Training fills with spaces: one-hot rows with a one in the column of the space. The function that encodes a *typed* sentence makes an array of zeros, writes the characters into it, and stops there. The rest are rows of zeros, and no row of training was ever all zeros. **Does it matter what stands behind the sentence?**
#
# We wrap the trained model in one whose encoder gets zero rows. Decoding asks for `start` and `step` and nothing else, so that is quickly done.


# %%
class ZeroRows:
    """The trained model, for sentences whose one-hot array is all zeros after the last character."""

    def __init__(self, model):
        self.model = model

    def start(self, source_ids):
        rows = tf.one_hot(tf.where(source_ids == PAD, -1, source_ids), sizes[0])  # -1: all zeros
        rows = tf.pad(rows, [[0, 0], [0, source_time - tf.shape(rows)[1]], [0, 0]])
        _, hidden, cell = self.model.layer("encoder_1")(rows)
        return {"hidden_1": hidden, "cell_1": cell}

    def step(self, token_ids, state):
        return self.model.step(token_ids, state)


# %%
typed_model = ZeroRows(padded)
traces = decoding.greedy(
    typed_model, [source_codec.ids(source) for source in known], max_tokens=target_time
)
typed = [target_codec.text(trace.tokens) for trace in traces]
changed = [place for place in range(len(known)) if usual_length[place] != typed[place]]
print(f"{len(changed)} of {len(known)} training sentences are translated differently when typed")
for place in changed[:3]:
    print(f"   {known[place]:16} in training: {usual_length[place]:26} typed: {typed[place]}")

# %% [markdown]
# Nothing raises an error, and the model gets the blame. The remedy is one function from text to ids, used for training sentences and typed ones alike. In the course it is the `Codec`, and it is saved with the model.
#
# ## What does the last fifth measure?
#
# The recipe validates on the last rows of a file sorted by length. And one English sentence often stands in such a file several times, with different translations, row after row. **How do the last rows differ from the others, and how often is a validation sentence one that has been trained on?** Three ways to hold out a fifth:

# %%
order = np.random.default_rng(1).permutation(len(rows))
shuffled = [rows[place] for place in order]
fifth = len(rows) * 8 // 10
splits = {
    "last fifth": (rows[:fifth], rows[fifth:]),
    "random rows": (shuffled[:fifth], shuffled[fifth:]),
    "by source": batches.split_by_source(rows, 0.2, seed=0),
}
print("held out       pairs   source trained on   characters a source (training)")
for name, (learnt, held_out) in splits.items():
    known_sources = {source for source, _ in learnt}
    leaked = sum(source in known_sources for source, _ in held_out)
    long, short = (np.mean([len(source) for source, _ in part]) for part in (held_out, learnt))
    print(f"{name:12} {len(held_out):7,} {leaked:19,} {long:16.1f} ({short:.1f})")

# %% [markdown]
# The last fifth is the longest sentences. Random rows have the right lengths, but let through every sentence that is repeated; how many that is depends on the file. The split by source has neither fault. The first two are easily taken for a fair test, so we ask our masked model about three groups: the last fifth, and the rows that we put aside, those whose source sentence it has been trained on and those that are new to it.

# %%
trained_on = {source for source, _ in train}
groups = {
    "last fifth": last_fifth,
    "aside, source trained on": [pair for pair in aside if pair[0] in trained_on],
    "aside, source new": [pair for pair in aside if pair[0] not in trained_on],
}
print("validated on               pairs   loss (nats)   accuracy   filling it would have")
for name, group in groups.items():
    if group:
        data = Filled(group, PAD, PAD)
        loss, right, _ = score(masked, data, data.target[:, 1:])
        share = (data.target[:, 1:] == PAD).mean()
        print(f"{name:25} {len(group):6,} {loss:13.3f} {right:10.4f} {share:14.1%}")
    else:
        print(f"{name:25}      0")

# %% [markdown]
# One model, and a figure for each way to ask. Only the last row says what it does with new sentences of the kind it will meet. A group of few pairs gives a rough figure; and where one source has several translations, knowing one of them can help with the next or mislead, so the second row may lie on either side of the third. It is in any case the answer to another question.
#
# > **What we simplified.** Lessons 04 and 05 split by source as well, and so does `course train translator`. Two sentences that differ in one name still count as two.
#
# ## Words or characters?
#
# Now both levels on the same split: the pairs that we trained on, judged by the new sources that were put aside. The word model has the same units and as many epochs, and one-hot inputs too. Before we look: **which level has the larger vocabulary, which the longer sentences, which is faster to train, and which translates better?**

# %%
word_tokenizer = text.tokenizer("word")
word_codecs = [text.Codec.fit(side, word_tokenizer) for side in zip(*train)]
new = groups["aside, source new"]
word_data, word_valid = (
    batches.PairBatches.encode(part, *word_codecs, batch=BATCH, buckets=1)
    for part in (train, last_fifth)
)
by_words = Seq2Seq(
    Config(*(len(codec.vocabulary) for codec in word_codecs), units=UNITS), *word_codecs
)
word_history = training.fit(by_words, word_data, word_valid, epochs=EPOCHS, show=False, **optimizer)
print(f"best epoch {word_history.best.epoch}, validation loss", end=" ")
print(f"{word_history.best.valid_loss:.3f} nats a word")

# %% [markdown]
# That loss is per word and the other one per character, so the two are not comparable. Translations are.


# %%
def unknown_share(codec, sentences):
    tokens = [id for sentence in sentences for id in codec.ids(sentence)]
    return np.mean([id == UNK for id in tokens])


def level_figures(model, history, sources, references):
    decoding.translate(model, sources[:20], max_tokens=target_time)  # the first call compiles
    began = time.perf_counter()
    said = decoding.translate(model, sources, max_tokens=target_time)
    seconds = time.perf_counter() - began
    targets = [target for group in references for target in group]
    epoch = np.median(history.column("seconds")[1:] if len(history.epochs) > 1 else np.nan)
    return {
        "source vocabulary": f"{len(model.source.vocabulary):,}",
        "target vocabulary": f"{len(model.target.vocabulary):,}",
        "parameters": f"{model.training_model.count_params():,}",
        "unknown in new sources": f"{unknown_share(model.source, sources):.1%}",
        "unknown in new targets": f"{unknown_share(model.target, targets):.1%}",
        "steps a target, mean": f"{np.mean([len(model.target.ids(t)) + 1 for t in targets]):.1f}",
        "training pairs a second": f"{len(train) / epoch:,.0f}",
        "sentences decoded a second": f"{len(sources) / seconds:,.0f}",
        "BLEU on new sources": f"{metrics.bleu(said, references):.1f}",
    }


# %%
new_sources, new_references = metrics.references_by_source(new)
by_level = [
    level_figures(model, past, new_sources, new_references)
    for model, past in ((by_words, word_history), (masked, masked_history))
]
print(f"{'':28}{'words':>12}{'characters':>14}")
for name, by_word in by_level[0].items():
    print(f"{name:28}{by_word:>12}{by_level[1][name]:>14}")

# %% [markdown]
# Words give short sequences and large vocabularies; what is not in the vocabulary cannot be said. Characters give small vocabularies and long sequences: every step costs time, in training and in decoding, and the model must first learn to spell. (BLEU is the score of lesson 05, from 0 to 100. So few pairs and so little training make small figures, and so few new sentences rough ones: only a large difference counts.)
#
# What do they say about new sentences?

# %%
print(f"{'':20} {'words':30} {'characters':30} in the corpus")
for source, target in new[:: max(1, len(new) // 5)][:5]:
    said = [decoding.translate(m, [source], max_tokens=target_time)[0] for m in (by_words, masked)]
    print(f"{source:20} {said[0]:30} {said[1]:30} {target}")

# %% [markdown]
# The character model writes words that look Spanish, and sometimes are not. Step through one, character by character. **Where does it hesitate: within a word, or at its first letter?**

# %%
widgets.decoding_stepper(masked, new_sources[len(new_sources) // 2])

# %% [markdown]
# ## What replaces the one-hot row?
#
# An *embedding*: a row of a table, as in lesson 02, and narrower than the vocabulary. With one-hot input the first layer's kernel has a row for every token, four times as wide as the state. **For which level does an embedding save parameters?**

# %%
for name, model in (("characters", masked), ("words", by_words)):
    config = model.config
    for wide in (None, 64):
        shape = Config(config.source_size, config.target_size, units=UNITS, embedding=wide)
        count = Seq2Seq(shape).training_model.count_params()
        print(f"{name:11} {'embeddings of 64' if wide else 'one-hot':17} {count:9,} parameters")

# %% [markdown]
# With a vocabulary of words it saves much, with one of characters nothing; it is how all larger models read. There is a second reason for embeddings: the table can be learnt from text that has no translation. For that we draw a new set of pairs from the whole file, of at most eight tokens on each side, in small letters, split by source.
#
# And we let rare words become UNK *in training*, so that the model meets unknown words before a learner types one; in lesson 05 it had met none. `min_count` says how often a word must occur to get an id. **What does each value cost?**

# %%
lower = text.tokenizer("word", lower=True)
drawn_pairs = pairs.sample(runtime.pick(8_000, 400), seed=0)
short = drawn_pairs.up_to(8, lower).limit(runtime.pick(2_500, 120))
learnt, held_out = batches.split_by_source(short, 0.1, seed=0, key=str.lower)
held_targets = [target for _, target in held_out]
for least in (1, 2, 3):
    codec = text.Codec.fit([target for _, target in learnt], lower, min_count=least)
    inside, outside = (
        unknown_share(codec, side) for side in ([target for _, target in learnt], held_targets)
    )
    print(f"min_count={least}: {len(codec.vocabulary):5,} target words,", end=" ")
    print(f"unknown: {inside:.1%} in training, {outside:.1%} held out")

# %% [markdown]
# With 1 nothing in training is unknown, so UNK is never learnt. With 2 the vocabulary shrinks, and UNK has examples. We take 2.
#
# ## Can words be learnt before they are translated?
#
# *Word2vec* reads plain text and gives each word a vector, such that words with like neighbours get like vectors. It needs no translation, so it can read many more English sentences than the pairs we train on. Only the held-out ones it must not see.

# %%
source_side, target_side = (text.Codec.fit(side, lower, min_count=2) for side in zip(*learnt))
hidden = {source.lower() for source, _ in held_out}
plain = [source for source, _ in pairs[: runtime.pick(40_000, 400)] if source.lower() not in hidden]
plain += [source for source, _ in learnt]
began = time.perf_counter()
word_vectors = vectors.word2vec(map(lower.tokens, plain), width=64, epochs=runtime.pick(5, 1))
print(f"{len(plain):,} sentences read in {time.perf_counter() - began:.1f} s", end=": ")
print(f"{len(word_vectors.tokens):,} vectors of {word_vectors.matrix.shape[1]} numbers")

# %%
for word in ("he", "house", "big", "sleep"):
    if word in word_vectors.tokens:
        near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in word_vectors.nearest(word))
        print(f"{word:6} {near}")

# %% [markdown]
# The nearest neighbours of some words, with the cosine of the angle between the vectors (1: the same direction). Near is what can stand in the same places, and that is not always what means the same: opposites stand in the same places too.
#
# Sixty-four numbers cannot be drawn. *t-SNE* lays the words out on a page so that near ones stay near. **Which groups can you name?**

# %%
frequent = [word for word in source_side.vocabulary.tokens[4:] if word.isalpha()][:50]
frequent = [word for word in frequent if word in word_vectors.tokens]
points = vectors.tsne(word_vectors, frequent, seed=0)
plots.words(points, frequent, "The most frequent English words, laid out by t-SNE")

# %% [markdown]
# Only who stands beside whom means something on this page; the axes do not, and neither do large distances. Another seed gives another page.
#
# Now the question: does a translator learn faster if its table begins with these vectors and not with chance? We train the same model twice from each of two seeds: equal but for the table of the source words. As in lesson 04 we compile it once with Keras, and set the weights back before each run. **By how much will the validation loss differ after equal epochs?**

# %%
config = Config(
    len(source_side.vocabulary), len(target_side.vocabulary), runtime.pick(64, 16), embedding=64
)
data, valid = (
    batches.PairBatches.encode(part, source_side, target_side, batch=64, buckets=1)
    for part in (learnt, held_out)
)


def compile_for_keras(model, rate=0.01):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rule = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    model.training_model.compile(rule, loss, jit_compile=False, run_eagerly=runtime.fast_mode())


# %%
translator = Seq2Seq(config, source_side, target_side)
compile_for_keras(translator)


def begin_and_train(weights, seed, epochs):
    translator.set_weights(weights)
    rule = translator.training_model.optimizer
    for variable in rule.variables:  # forget the run before
        variable.assign(tf.zeros_like(variable))
    rule.learning_rate.assign(0.01)
    return translator.training_model.fit(
        data.dataset(seed), validation_data=valid.dataset(), epochs=epochs, shuffle=False, verbose=0
    ).history


runs = {}
for seed in runtime.pick((0, 1), (0,)):
    chance = Seq2Seq(replace(config, seed=seed)).get_weights()
    matrix, found = word_vectors.rows(source_side.vocabulary, seed=seed)
    prepared = {**chance, "encoder_input/embeddings": matrix}
    for name, weights in (("chance", chance), ("word2vec", prepared)):
        runs[name, seed] = begin_and_train(weights, seed, runtime.pick(4, 1))
print(f"{found} of {len(source_side.vocabulary)} rows of the table come from word2vec")

# %%
for (name, seed), run in runs.items():
    losses = "  ".join(f"{loss:.3f}" for loss in run["val_loss"])
    print(f"seed {seed}, {name:9} validation loss after each epoch: {losses} nats a word")

# %%
curves = {
    f"{name}, seed {seed}": (range(1, len(run["val_loss"]) + 1), run["val_loss"])
    for (name, seed), run in runs.items()
}
plots.lines(
    curves,
    "epoch",
    "validation loss (nats a word)",
    "Tables that begin with chance, or with word2vec",
)

# %%
ends = {
    name: [min(run["val_loss"]) for (n, _), run in runs.items() if n == name]
    for name in ("chance", "word2vec")
}
gain = np.mean(ends["chance"]) - np.mean(ends["word2vec"])
spread = np.ptp(ends["chance"])
print(f"word2vec gains {gain:+.3f} nats a word; two seeds of chance differ by {spread:.3f}")

# %% [markdown]
# Compare the two figures of the last line before believing in the gain: what is not clearly larger than the difference between two seeds is noise. Word2vec knows which words are alike; it knows nothing about Spanish. It helps most where few pairs stand against much plain text, and least where the pairs themselves show every word often.
#
# The same from the command line: `course train translator --embeddings vectors.txt` reads the text form of word2vec and of GloVe, so vectors that others have learnt from far larger texts will do as well.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "vectors.txt"
    word_vectors.save(path)
    again = vectors.read_vectors(path)
    print(path.read_text(encoding="utf-8").splitlines()[0], "(the header: words, numbers a vector)")
print(f"{len(again.tokens):,} vectors read back, {path.name} would be given to --embeddings")

# %% [markdown]
# ## What about sentences that are in no corpus?
#
# Type your own and run the cell again. The model is the last one of the runs above; both models say something about every sentence, and only `unknown` tells you that a word did not reach them.

# %%
for typed_sentence in (
    "We are very happy.",
    "The platypus is very happy.",
    "I bought a new xylophone.",
):
    said = decoding.translate(translator, [typed_sentence], max_tokens=12)[0]
    spelt = decoding.translate(masked, [typed_sentence], max_tokens=target_time)[0]
    print(f"{typed_sentence:28} unknown words: {translator.source.unknown(typed_sentence)}")
    print(f"   by words: {said}\n   by characters: {spelt}")

# %% [markdown]
# By words, everything unknown is the same UNK, and the answer may hold `<unk>` too. By characters hardly anything is unknown, and a strange word becomes a familiar one, or an invention. Neither of them copies the word, as a human translator would.
#
# ## How do I do it with my own pairs?
#
# This page is a project from the file to typed sentences. Any file of manythings.org will do: `course data fetch fra-eng` in a terminal fetches French and English, `course data list` shows the others. Set the knobs, then run the cells in order. Where the corpus is not on this machine the page takes the one that ships, and says so.

# %%
CORPUS = "fra-eng"  # a name of `course data list`
FILE = None  # or a file of your own, with source<TAB>target in each line
LINES = runtime.pick(1_500, 150)  # sentence pairs
LATENT = runtime.pick(64, 16)  # units of the LSTM, the latent dimension
BATCH_SIZE = 32
PASSES = runtime.pick(10, 1)  # epochs
LEVEL = "word"  # or "character"
MOST_TOKENS = 8 if LEVEL == "word" else 30

# %%
here = {row.name: row.here for row in corpora.available()}
name = CORPUS if here.get(CORPUS) else "shipped"
cutter = text.tokenizer(LEVEL, lower=True)
everything = corpora.load_pairs(name, path=FILE)
project = everything.sample(5 * LINES, seed=0).up_to(MOST_TOKENS, cutter).limit(LINES)
project_train, project_held = batches.split_by_source(project, 0.1, seed=0, key=text.unify)
print(project.source)
print(
    f"{len(project_train):,} pairs to train, {len(project_held):,} held out, first: {project_train[0]}"
)

# %% [markdown]
# OPUS, the other great source of pairs, hands out two files, in which line n of one is the translation of line n of the other. `corpora.read_aligned(source_file, target_file)` reads those; on the command line it is `--source-file` and `--target-file`. Two small files show it:

# %%
with tempfile.TemporaryDirectory() as folder:
    files = [Path(folder) / f"talk.{language}" for language in ("en", "xx")]
    for file, side in zip(files, zip(*project_train[:3])):
        file.write_text("\n".join(side) + "\n", encoding="utf-8")
    print(corpora.read_aligned(*files).pairs)

# %% [markdown]
# Before any training we look at what the model will see: the first fifty entries of the *features dictionary* (token to id), one entry of the reverse one, and the sizes.

# %%
project_codecs = [text.Codec.fit(side, cutter, min_count=2) for side in zip(*project_train)]
features = project_codecs[0].vocabulary.features
print(dict(islice(features.items(), 50)))
print(
    "token 50 of the reverse features dictionary:",
    project_codecs[0].vocabulary.reverse_features.get(50),
)
print(
    "tokens:",
    *(
        f"{len(codec.vocabulary):,} {side}"
        for codec, side in zip(project_codecs, ("source", "target"))
    ),
)

# %% [markdown]
# Then what it will cost. Memory: each parameter is kept as itself, as its gradient, in two averages of Adam, and in the best epoch's copy; to that come the ids and the logits of one step. TensorFlow itself comes on top, with some hundred megabytes.


# %%
def project_model(units=LATENT, codecs=project_codecs):
    shape = Config(*(len(codec.vocabulary) for codec in codecs), units=units, embedding=64)
    return Seq2Seq(shape, *codecs)


def encode(pairs, codecs=project_codecs, batch=BATCH_SIZE):
    return batches.PairBatches.encode(pairs, *codecs, batch=batch, buckets=1)


def megabytes(model, data):
    some = next(iter(data))
    logits = 3 * some.target_in.size * model.config.target_size
    return (4 * (5 * model.training_model.count_params() + logits) + data.nbytes) / 1e6


final = project_model()
project_data, project_valid = encode(project_train), encode(project_held)
print(f"{final.training_model.count_params():,} parameters", end=", ")
print(f"about {megabytes(final, project_data):,.0f} MB beside TensorFlow's own")

# %% [markdown]
# Time: we train for a few steps and multiply. The first pass over them compiles, so the second one is timed. **Will the estimate be too high or too low?**


# %%
class Few:
    """The first batches of an epoch, the same ones in every epoch."""

    def __init__(self, data, steps):
        self.data, self.steps = data, min(steps, len(data))

    def __len__(self):
        return self.steps

    def shuffled(self, seed, epoch=0):
        return islice(self.data.shuffled(seed, 1), self.steps)


first_weights = final.get_weights()
few = Few(project_data, runtime.pick(12, 2))
trial = training.fit(final, few, epochs=2, show=False)
final.set_weights(first_weights)
compiling, passing = trial.column("seconds")
estimate = compiling - passing + passing / len(few) * len(project_data) * PASSES
print(f"{passing / len(few) * 1000:.0f} ms a step, {len(project_data) * PASSES} steps", end=": ")
print(f"about {estimate:.0f} s, of which {compiling - passing:.0f} s are compiling")

# %%
began = time.perf_counter()
training.fit(
    final,
    project_data,
    project_valid,
    epochs=PASSES,
    learning_rate=0.01,
    show=not runtime.fast_mode(),
)
print(f"it took {time.perf_counter() - began:.0f} s; the estimate was {estimate:.0f} s")

# %% [markdown]
# The estimate leaves out the validation after each epoch, and a machine that does other things at the same time makes any estimate rough.
#
# Now ten translations of held-out sentences, to judge by hand. Give each a mark: 2 for right, 1 for understandable, 0 for wrong. BLEU compares with the corpus only, and often there is another good translation.

# %%
limit = 2 * MOST_TOKENS
project_sources, project_references = metrics.references_by_source(
    [(s, t.lower()) for s, t in project_held]
)
said = decoding.translate(final, project_sources, max_tokens=limit)
for place in range(0, len(project_sources), max(1, len(project_sources) // 10))[:10]:
    print(f"[ ] {project_sources[place]:32} {said[place]:36} ({project_references[place][0]})")
print(f"BLEU of all {len(said)}: {metrics.bleu(said, project_references):.1f}")

# %% [markdown]
# And your own sentences. This is the end of the road from a file to typed sentences; save the model with `final.save("my-translator")`, and `course translate --model my-translator` asks for sentences in a terminal.

# %%
for typed_sentence in ("Where is my book?", "My sister is tired."):
    print(typed_sentence, "->", decoding.translate(final, [typed_sentence], max_tokens=limit)[0])

# %% [markdown]
# ## What does each knob do to time and quality?
#
# We turn one knob at a time and keep the others. Each row is a model of its own, judged on the same held-out sentences. The seconds are those of training by Keras' own `fit` at a constant rate, compiling included, so the first row is not the model from above. **Which turn will save most time, and which will lose most BLEU?**


# %%
def turned(lines=1.0, latent=LATENT, batch=BATCH_SIZE, passes=PASSES):
    part = project_train[: int(lines * len(project_train))]
    codecs = [text.Codec.fit(side, cutter, min_count=2) for side in zip(*part)]
    model, data = project_model(latent, codecs), encode(part, codecs, batch)
    compile_for_keras(model)
    began = time.perf_counter()
    model.training_model.fit(data.dataset(seed=0), epochs=passes, shuffle=False, verbose=0)
    seconds = time.perf_counter() - began
    said = decoding.translate(model, project_sources, max_tokens=limit)
    return seconds, model.training_model.count_params(), metrics.bleu(said, project_references)


changes = {
    "as set": {},
    "half the lines": {"lines": 0.5},
    f"latent dimension {LATENT // 2}": {"latent": LATENT // 2},
    f"batch {2 * BATCH_SIZE}": {"batch": 2 * BATCH_SIZE},
    f"epochs {max(1, PASSES // 2)}": {"passes": max(1, PASSES // 2)},
}
chosen_changes = dict(islice(changes.items(), runtime.pick(None, 1)))
print(f"{'':24} {'seconds':>8} {'parameters':>11} {'BLEU':>6}")
grid = {}
for name, change in chosen_changes.items():
    grid[name] = turned(**change)
    seconds, count, bleu = grid[name]
    print(f"{name:24} {seconds:8.1f} {count:11,} {bleu:6.1f}")

# %%
plots.bars({name: row[2] for name, row in grid.items()}, "BLEU (0 to 100)", "One knob at a time")

# %% [markdown]
# Read the table by its price: a knob that halves the time and costs little BLEU is turned the right way, and the other way round. The level, too, is a knob; its table stands further up. One seed and a small held-out set: a difference of one or two BLEU means nothing here.
#
# > **What we simplified.** Knobs depend on each other, and a table of single turns does not show it: a larger batch makes fewer steps and often wants a larger rate. Lesson 11 searches in all directions at once.
#
# ## And without a notebook?
#
# Two ways. The command line does the whole in one line, `course train translator --corpus fra-eng --level character --save my-translator`, with `--units`, `--batch`, `--epochs` and `--limit` as knobs. And the folder [project](project/README.md) has the three steps as three short scripts, `prepare.py`, `train.py` and `translate.py`, for those who like files better, and want to change them.
#
# ## What we learnt, what we simplified, where to go on
#
# - Padding that is a token is easy to predict, and an accuracy that counts it says more about the longest sentence of the file than about the model. Masked accuracy, whole sentences and BLEU do not.
# - Padding that is read moves the state. With a mask a sentence means the same alone and in a batch.
# - Training sentences and typed sentences go through one function, or the model answers another question than it was trained on.
# - The last rows of a sorted file are the longest; random rows leak repeated sentences; a split by source does neither.
# - Characters spell every word and pay in steps; words are short and pay in vocabulary, and need UNK in training.
# - Word vectors from plain text may give a translator a head start. Two seeds say whether they did.
#
# > **What we simplified.** Fewer and shorter sentences than the recipe has, few epochs, one seed for most comparisons. Between characters and words lie *pieces of words*, which nearly all large models use; they have a vocabulary of chosen size and no unknown words.
#
# The [exercise for this lesson](../exercises/06_characters_and_masks/characters_and_masks.ipynb) builds the masks, the three accuracies and the split anew. Before it, try this: fill with the most frequent letter and not with the space, and predict first which of the printed figures change.
#
# Lesson 07 asks why one state is too little for a long sentence, and takes BLEU apart.
