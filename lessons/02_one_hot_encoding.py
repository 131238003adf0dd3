# %% [markdown]
# # Lesson 02: One-hot encoding
#
# A neural network computes with numbers, and a sentence is not made of numbers. In this lesson we carry sentences over to the numbers' side: first to *tokens*, then to *ids*, then to large matrices of zeros with a few ones. Then we ask what those matrices cost, and whether we need them.
#
# We start with a dozen sentences, so few that every matrix can be printed whole. Nothing here needs TensorFlow, and it runs in seconds.

# %%
import re

import numpy as np

from course import batches, checks, corpora, plots, text, widgets

# %% [markdown]
# ## What is a sequence-to-sequence model used for?
#
# A *sequence* is a row of items whose order matters: words, letters, notes, measurements. A *sequence-to-sequence model* (*seq2seq* for short) reads one sequence and writes another one, which may have another length. Many tasks have this form:
#
# | task | what goes in | what comes out |
# |---|---|---|
# | translation | a sentence in one language | the sentence in another language |
# | summaries | a long text | a short text |
# | chat | a message, and what was said before | an answer |
# | named entities | a sentence | a label for each word: person, place, neither |
# | speech recognition | slices of sound | letters or words |
# | image captions | regions of a picture, one after another | a sentence about it |
#
# We take translation, from English to Spanish, because a reader can check it. What we learn about turning sentences into numbers holds for every row of the table that has text in it.

# %% [markdown]
# ## What does a corpus look like?
#
# A *corpus* is the collection of texts that we learn from; one entry of it is a *document*. For us a document is one sentence. Here are twelve of them, each with its translation.

# %%
pairs = [
    ("The cat sleeps.", "El gato duerme."),
    ("The dog sleeps.", "El perro duerme."),
    ("The cat eats.", "El gato come."),
    ("Where is the cat?", "¿Dónde está el gato?"),
    ("The cat is here.", "El gato está aquí."),
    ("The house is big.", "La casa es grande."),
    ("The big dog eats.", "El perro grande come."),
    ("Is the dog big?", "¿Es grande el perro?"),
    ("I see a cat.", "Veo un gato."),
    ("I see a big house.", "Veo una casa grande."),
    ("Do you see the house?", "¿Ves la casa?"),
    ("You eat here.", "Comes aquí."),
]
english, spanish = zip(*pairs)
print(len(pairs), "pairs of sentences")

# %% [markdown]
# ## Where does one token end and the next begin?
#
# A *token* is the smallest piece of text that the model will see; cutting a text into tokens is called *tokenising*. A first idea is to cut at the spaces. **Look at the result: is anything counted as two tokens that should be one?**

# %%
print(sorted({token for sentence in english for token in sentence.split(" ")}))

# %% [markdown]
# `cat?` and `cat.` are two tokens for the same animal, and `The` and `the` are two tokens for the same article. The model would have to learn each of them separately.
#
# So we cut more carefully. The pattern below finds either a run of letters, digits and apostrophes, or one single mark that is neither a letter nor a space.

# %%
print(re.findall(r"[\w']+|[^\s\w]", "Where is the cat? I don't see it."))

# %% [markdown]
# Every mark is a token of its own now, and `don't` stays in one piece. In the course this pattern lives in a *tokenizer*, which can clean the text as well. With `lower=True` it turns capitals into small letters first.

# %%
tokenizer = text.tokenizer("word", lower=True)
tokenised = [tokenizer.tokens(sentence) for sentence in english]
for tokens in tokenised[:4]:
    print(tokens)

# %% [markdown]
# > **What we simplified.** A token need not be a word. It can be a single character, as in lesson 06, or a piece of a word, as in most large models. All that follows holds for each of these choices; only the number of tokens changes.

# %% [markdown]
# ## What does each cleaning step do to the vocabulary?
#
# The *vocabulary* is the set of distinct tokens of a corpus. A smaller one is easier to learn, but whatever we clean away, the model can never write. On twelve sentences the effect is small, so we ask the corpus that ships with the course.

# %%
corpus = corpora.load_pairs()
print(corpus.source)


# %%
def distinct(sentences, tokens):
    return len({token for sentence in sentences for token in tokens(sentence)})


# %%
ways = {
    "cut at spaces": str.split,
    "words and marks": text.tokenizer("word").tokens,
    "… in small letters": text.tokenizer("word", lower=True).tokens,
    "… without marks": text.tokenizer("word", lower=True, drop_punctuation=True).tokens,
    "characters": text.tokenizer("character").tokens,
}

# %%
left, right = zip(*corpus)
sizes = {name: (distinct(left, way), distinct(right, way)) for name, way in ways.items()}
for name, (first, second) in sizes.items():
    print(f"{name:20} {first:6,} English and {second:6,} Spanish tokens in the vocabulary")

# %%
plots.bars(
    {name: second for name, (first, second) in sizes.items()},
    "distinct tokens",
    "The Spanish half of the corpus, cut in five ways",
)

# %% [markdown]
# Separating the marks from the words saves most. Small letters save some more. Dropping the marks saves next to nothing, and its price is high: the model could never write `¿`. We keep the marks. Characters are another cut altogether: hardly any vocabulary, but a sentence becomes as many tokens as it has characters; lesson 06 follows that road.
#
# One more cleaning step is about *dirt*: texts that look alike and are not. **Which of these pairs are equal for Python? Which should be equal for us?**

# %%
lookalikes = [
    ("é in one code point or two", "caf\u00e9", "cafe\u0301"),
    ("a space that does not break", "big dog", "big\u00a0dog"),
    ("a space of width zero", "gato", "ga\u200bto"),
    ("a Cyrillic а in a Latin word", "gato", "g\u0430to"),
]
for what, clean, dirty in lookalikes:
    print(f"{what:30} equal: {clean == dirty!s:5}  after unify: {clean == text.unify(dirty)}")

# %% [markdown]
# Each dirty spelling would take a token of its own, which a reader could not even see. `text.unify` takes these four kinds of dirt away, and every tokenizer of the course calls it first. A whole word in Cyrillic letters is left alone: that is Russian, not dirt.

# %% [markdown]
# ## How many tokens are there, and how long is the longest sentence?
#
# Back to the twelve. A matrix has a fixed number of columns, so before we make one we must know three things for each language: how many sentences, how many tokens the longest has, and how many distinct tokens there are.

# %%
tokenised_spanish = [tokenizer.tokens(sentence) for sentence in spanish]
for language, rows in (("English", tokenised), ("Spanish", tokenised_spanish)):
    count, kinds = sum(map(len, rows)), len({token for row in rows for token in row})
    longest = max(map(len, rows))
    print(f"{language}: {count} tokens, {kinds} distinct; the longest sentence has {longest}")

# %% [markdown]
# The longest sentence is measured in tokens, the unit that the matrix has columns for. A well-known slip measures it with `len(sentence)`, which counts characters. **By how much is that off?**

# %%
longest = max(english, key=len)
print(f"{longest!r}: len() says {len(longest)}, and it has {len(tokenizer.tokens(longest))} tokens")

# %% [markdown]
# A matrix made for the first number would be mostly empty columns. The other way round the slip does more harm. A program that writes a translation token by token needs a limit, and the longest sentence of the corpus is a sensible one. **What becomes of the translation if the limit counts tokens, while the program compares it with the length of the text it has written?**

# %%
limit, written = max(map(len, tokenised_spanish)), []
for token in tokenised_spanish[3]:
    if len(tokenizer.join(written)) > limit:
        break
    written.append(token)
print(f"whole: {tokenizer.join(tokenised_spanish[3])}   with the slip: {tokenizer.join(written)}")

# %% [markdown]
# The sentence breaks off, although it would have fitted. In this course a length is always a number of tokens.

# %% [markdown]
# ## Which number does a token get?
#
# We number the tokens of each language. The dictionary from token to number is called the *features dictionary*, and a token's number is its *id*. Four numbers are reserved for *special tokens*, which stand for no word of the corpus:
#
# | id | token | stands for |
# |---|---|---|
# | 0 | `<pad>` | nothing: filling at the end of a row that is shorter than others |
# | 1 | `<start>` | the beginning of a sentence that is being written (lesson 03) |
# | 2 | `<end>` | its end (lesson 03) |
# | 3 | `<unk>` | a token that the vocabulary does not hold |
#
# We build the dictionary by hand, in the order of the alphabet.

# %%
features = {"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3}
for token in sorted({token for tokens in tokenised for token in tokens}):
    features[token] = len(features)
print(features)

# %% [markdown]
# The model will answer with ids as well, and we want to read words. So we need the way back, the *reverse features dictionary*.

# %%
reverse_features = {id: token for token, id in features.items()}
ids = [features[token] for token in tokenised[3]]
print(ids, "->", [reverse_features[id] for id in ids])

# %% [markdown]
# Every token survives the journey there and back; the capital letter was given up before, when we chose small letters. What about a word that no training sentence had? It has no id of its own, so it becomes `<unk>`, for *unknown*.

# %%
print(
    [features.get(token, features["<unk>"]) for token in tokenizer.tokens("The elephant sleeps.")]
)

# %% [markdown]
# The id 3 stands where the elephant stood. The way back gives `<unk>`: the elephant is lost.
#
# `text.Vocabulary` does all of this, and sorts by frequency in place of the alphabet. A `text.Codec` is a tokenizer together with its vocabulary, so that a sentence of the corpus and a sentence that we type go through the same door.

# %%
source, target = text.Codec.fit(english, tokenizer), text.Codec.fit(spanish, tokenizer)
print(source.vocabulary.features)
print(target.vocabulary.features)

# %% [markdown]
# ### Try it
#
# What should come out when the Spanish ids of *¿Dónde está el gato?* are looked up in the Spanish reverse features dictionary? Replace the `...` by the list of tokens that you expect, then run the cell.

# %%
answer = ...

ids = target.ids("¿Dónde está el gato?")
with checks.softly():
    checks.equal("answer", answer, [target.vocabulary.reverse_features[id] for id in ids])

# %% [markdown]
# ## How do twelve sentences become one array?
#
# Each sentence is a row of ids now, but the rows differ in length. We fill them up with `<pad>` at the right, and get a matrix with one line for each sentence and one column for each *time step*: the first token is time step 0.

# %%
ids = batches.pad([source.ids(sentence) for sentence in english])
print(ids)
print("shape:", ids.shape, "= (sentences, time steps)")

# %% [markdown]
# That looks like input for a network. Yet there is something wrong with feeding these numbers in. A network multiplies and adds what it reads. **In our vocabulary `cat` has id 6 and `see` has id 12. What would the network conclude?**
#
# That to see is twice a cat. An id is a place in a list and no property of a word. We need numbers that say *which* token it is, and nothing else.

# %% [markdown]
# ## What is a one-hot row?
#
# A *one-hot row* has as many columns as the vocabulary has tokens. It is all zeros, with a single 1 in the column of its token. No token is more than another one, and any two tokens are equally far apart.
#
# So each time step of each sentence becomes a whole row, and the matrix gets a third axis. We begin with nothing but zeros.

# %%
one_hot = np.zeros((len(english), ids.shape[1], len(source.vocabulary)), dtype="float32")
print("shape:", one_hot.shape, "= (sentences, time steps, tokens in the vocabulary)")

# %% [markdown]
# Now the ones. For each line of the corpus and each time step we know the token, so we know the place: `[line, timestep, token]`.

# %%
for line, sentence in enumerate(english):
    for timestep, token in enumerate(tokenizer.tokens(sentence)):
        one_hot[line, timestep, source.vocabulary.features[token]] = 1

# %% [markdown]
# Here is the first sentence whole: one row for each time step, one column for each token of the vocabulary.

# %%
print(english[0])
print(one_hot[0].astype(int))

# %% [markdown]
# The rows at the end, where the sentence is over, have stayed empty: padding is no token, so it gets no 1. With names at the axes, another sentence looks like this.

# %%
plots.matrix(
    one_hot[3],
    source.vocabulary.tokens,
    [f"step {step}" for step in range(one_hot.shape[1])],
    f"One-hot: {english[3]}",
    x_label="token of the English vocabulary",
    y_label="time step",
)

# %% [markdown]
# The library's `text.one_hot` does in one call what our two loops did. Does it agree with us?

# %%
checks.close("our loops", one_hot, text.one_hot(ids, depth=len(source.vocabulary)))

# %% [markdown]
# And the whole block, all twelve sentences. The dots are zeros.

# %%
for sentence, rows in zip(english, one_hot):
    print(sentence)
    print("\n".join("".join("1" if value else "·" for value in row) for row in rows))

# %% [markdown]
# ## How many of these numbers say anything?
#
# Look at the block above and guess: which share of it are ones?

# %%
print(f"{one_hot.size:,} numbers, {int(one_hot.sum())} of them are 1: ", end="")
print(f"one in {one_hot.size / one_hot.sum():.0f}")

# %% [markdown]
# The rest is zeros, and each of them takes four bytes. That is harmless for twelve sentences. What happens as the corpus grows? Three things grow at once: the sentences, the longest sentence, and the vocabulary. We encode larger and larger parts of the shipped corpus and measure the arrays.


# %%
def measure(count):
    sentences = [source for source, _ in corpus.sample(count, seed=0)]
    codec = text.Codec.fit(sentences, tokenizer)
    rows = [codec.ids(sentence) for sentence in sentences]
    matrix = text.one_hot(batches.pad(rows), len(codec.vocabulary))
    return matrix.shape, matrix.nbytes / 1e6, batches.Ragged(rows).nbytes / 1e6


# %%
counts = (12, 50, 200, 800, 3200)
shapes, one_hot_mb, ids_mb = zip(*map(measure, counts))
for count, shape, large, small in zip(counts, shapes, one_hot_mb, ids_mb):
    print(f"{count:5,} sentences {shape!s:15} one-hot {large:8.3f} MB, ids {small:.4f} MB")

# %%
plots.lines(
    {"one-hot rows": (counts, one_hot_mb), "ids": (counts, ids_mb)},
    "sentences",
    "memory (MB)",
    "What the English half of a corpus costs",
    log_x=True,
    log_y=True,
)

# %% [markdown]
# Both axes are logarithmic, and still the one-hot line climbs faster: its cost grows with sentences × longest sentence × vocabulary, while the cost of ids grows with the tokens that are there.
#
# How far would it go? The size follows from the shape, so we can compute what we should not build: a corpus of real, untidy text with 10,000 sentences, 60 time steps and 10,000 distinct tokens on each side, for the three arrays that a translator trains on (lesson 03).

# %%
places = 3 * 10_000 * 60
print(f"one-hot rows: {places * 10_000 * 4 / 1e9:,.0f} GB")
print(f"ids:          {places * 4 / 1e9:,.4f} GB, padding included")

# %% [markdown]
# The first is more memory than any machine has that this course is meant for. Tutorials that stay with one-hot rows have to stay with a few thousand short sentences, or with characters as tokens, whose vocabulary is small.
#
# Here is all of it in one demo. Step through the sentence, or type one of your own: a word that our twelve sentences do not hold has a dashed border. Then move the three sliders at the bottom. **With how many sentences do one-hot rows outgrow the 2 GB of a free Binder?**

# %%
widgets.one_hot(english[3], source)

# %% [markdown]
# For one-hot rows the answer depends on the vocabulary. For ids in int32 it does not: a longer list of words makes no id longer. So why does anybody build the zeros?

# %% [markdown]
# ## Do we need the zeros at all?
#
# Before we throw them away, we should know what the network would have done with them. Its first step is a matrix product: inputs times *weights*, a table of numbers that training adjusts, with one row for each token of the vocabulary. **What do you get when you multiply a one-hot row by such a table?** Make a guess, then run the cell.

# %%
rng = np.random.default_rng(0)
weights = rng.normal(size=(len(source.vocabulary), 4)).astype("float32")
row, id = one_hot[3, 2], ids[3, 2]
print("one-hot row @ weights:", np.round(row @ weights, 3))
print("weights[id]          :", np.round(weights[id], 3))

# %% [markdown]
# The two are the same. Each 0 removes a row of the table from the sum and the single 1 keeps one, so the product with all those zeros only ever picks out one row. We can look it up by its id and skip the product. Is that so for all twelve sentences at once?

# %%
real = batches.mask(ids)
product, lookup = one_hot @ weights, weights[ids]
checks.close("row lookup", lookup[real], product[real])
print(f"{one_hot.size * weights.shape[1]:,} multiplications, or {real.sum()} look-ups")

# %% [markdown]
# An *embedding* layer is exactly this: a table of weights, looked up by id. So ids will do. From lesson 03 on we hand the model ids. Where lesson 04 wants one-hot rows, to count its parameters, a layer inside makes them; what is computed is the same either way.
#
# One detail: we compared the places where `real` is true. What happens at the others?

# %%
print("padding, product:", product[0, -1])
print("padding, lookup :", np.round(lookup[0, -1], 3))

# %% [markdown]
# For padding the product gives zeros, while the look-up gives row 0 of the table. Neither means anything, and neither may count. The network therefore gets a *mask*, which says for each place whether a real token stands there: that is what `batches.mask` returned. Lesson 06 shows what goes wrong without it.
#
# > **What we simplified.** The first layer of the networks in lesson 04, an LSTM, multiplies its input by four tables, one after another. The argument is the same for each of them.

# %% [markdown]
# ## What have we learnt?
#
# - A seq2seq model reads one sequence and writes another; to a network, both must be numbers.
# - Tokens are cut by a pattern; each cleaning step makes the vocabulary smaller and takes something away that the model can never write.
# - Lengths are counted in tokens.
# - The features dictionary gives each token an id, the reverse features dictionary leads back, and unknown tokens become `<unk>`.
# - One-hot rows have shape (sentences, time steps, vocabulary), with a 1 at `[line, timestep, token]`. Their cost is the product of the three.
# - One-hot row times table is a row of the table. So ids will do.
#
# We simplified two things: tokens were words, and the network's first layer had one table.
#
# The [exercise for this lesson](../exercises/02_one_hot_encoding/one_hot_encoding.ipynb) asks for the same steps on other sentences, by hand. Next is [lesson 03](03_teacher_forcing.ipynb): the encoder's sentence is one array of ids. The decoder's sentence will need two, and we shall see why.
