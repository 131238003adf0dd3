# %% [markdown]
# # Exercise 02 · One-hot encoding (10 points)
#
# The loudspeakers of a small harbour say a few sentences a day. We carry them over to the numbers' side and back again, as [lesson 02](../../lessons/02_one_hot_encoding.ipynb) did with its twelve: tokens, ids, one-hot rows. At the end we ask once more what the zeros cost.
#
# There are five tasks. Each asks for one or two functions: replace the `...` by your own code, then run the cell of checks below it. A check says that something is right, or in one line what it found and what to think of. When the exercise is graded, the same checks run on other sentences too, so a function must work with whatever it is given. Each task can be solved without the others.

# %% locked="setup"
import numpy as np

from course import checks, text
from course.text import PAD, SPECIAL_TOKENS, UNK

tokenizer = text.tokenizer("word", lower=True)
sentences = ["The ferry is late.", "Is it late?", "The ferry."]

# %%
for sentence in sentences:
    print(tokenizer.tokens(sentence))

# %% [markdown]
# ## 1. Which number does a token get? (2 points)
#
# Write `build_features`. It takes a list of sentences and returns their *features dictionary*, from token to id. The four special tokens come first, in the order of `SPECIAL_TOKENS`, and have the ids 0 to 3. The distinct tokens of all the sentences follow in the order of `sorted`, numbered on from 4 without a gap.
#
# For example, `build_features(["No, no!"])` returns `{"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3, "!": 4, ",": 5, "no": 6}`.


# %% solution="features"
def build_features(sentences):
    """Return the features dictionary of a list of sentences: token -> id."""
    ### BEGIN SOLUTION
    features = {token: id for id, token in enumerate(SPECIAL_TOKENS)}
    for token in sorted({token for line in sentences for token in tokenizer.tokens(line)}):
        features[token] = len(features)
    return features
    ### END SOLUTION


# %% tests="features_number_the_tokens" points=2
found = build_features(sentences)
checks.attempted("the function build_features", found)
checks.equal(
    "the special tokens",
    [token for token in SPECIAL_TOKENS if token in found],
    list(SPECIAL_TOKENS),
    hint="all four special tokens belong into the dictionary, before the tokens of the sentences",
)
checks.equal(
    "the number of entries",
    len(found),
    11,
    hint="four special tokens, and one entry for each distinct token, however often it occurs",
)
checks.equal(
    "the features dictionary",
    found,
    dict(zip([*SPECIAL_TOKENS, ".", "?", "ferry", "is", "it", "late", "the"], range(11))),
    hint="special tokens first, then the others as sorted puts them; each id is one more than the id before",
)
### BEGIN HIDDEN TESTS
others = ["Don't run, don't swim!", "Run?", "Swim, swim, swim!"]
checks.holds(
    "the features dictionary of other sentences",
    build_features(others)
    == dict(zip([*SPECIAL_TOKENS, "!", ",", "?", "don't", "run", "swim"], range(10))),
    hint="the function must number the tokens of whatever sentences it is given, each token once",
)
checks.holds(
    "the features dictionary of no sentences",
    build_features([]) == dict(zip(SPECIAL_TOKENS, range(4))),
    hint="without sentences the special tokens are left",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. How do sentences become one array? (3 points)
#
# From here on we take the course's own features dictionary, which is sorted by frequency. So the ids below are not those of task 1.

# %% locked="dictionary"
by_frequency = text.Codec.fit(sentences, tokenizer).vocabulary.features
print(by_frequency)

# %% [markdown]
# Write `to_ids`. It takes a list of sentences and a features dictionary, and returns an int array of shape (sentences, time steps): a line for each sentence, and as many columns as the longest of them has tokens. A shorter line is filled up with `PAD` at the right. A token that the dictionary does not hold becomes `UNK`, and keeps its place.
#
# For example, with `{"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3, "!": 4, ",": 5, "no": 6}` the sentences `["No!", "No, yes!"]` become `[[6, 4, 0, 0], [6, 5, 3, 4]]`: `yes` is unknown, so a 3 stands in its place.
#
# The first cell of checks, with known words only, brings 2 points; the second, with unknown words, brings 1.


# %% solution="ids"
def to_ids(sentences, features):
    """Return the ids of a list of sentences: int array (sentences, time), PAD at the right."""
    ### BEGIN SOLUTION
    rows = [[features.get(token, UNK) for token in tokenizer.tokens(line)] for line in sentences]
    ids = np.full((len(rows), max(map(len, rows))), PAD)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
    ### END SOLUTION


# %% tests="ids_fill_the_array" points=2
found = to_ids(sentences, by_frequency)
checks.shape(
    "the array of ids",
    found,
    (3, 5),
    hint="a line for each sentence, a column for each token of the longest one; len(sentence) counts characters",
)
checks.equal(
    "the array of ids",
    found,
    [[8, 5, 6, 7, 4], [6, 10, 7, 9, 0], [8, 5, 4, 0, 0]],
    hint="the first token stands at time step 0, and padding fills up at the right",
)
checks.holds(
    "ids are whole numbers",
    np.asarray(found).dtype.kind in "iu",
    hint="np.zeros makes floats unless it is told dtype=int",
)
### BEGIN HIDDEN TESTS
times = dict(zip([*SPECIAL_TOKENS, "at", "8", "leave", "30"], range(8)))
times |= {"nevertheless": 8, "we": 9, ".": 10, ":": 11}
checks.holds(
    "the ids of other sentences, with another dictionary",
    np.array_equal(
        to_ids(["Leave.", "Nevertheless we leave.", "We leave at 8:30."], times),
        [[6, 10, 0, 0, 0, 0, 0], [8, 9, 6, 10, 0, 0, 0], [9, 6, 4, 5, 11, 7, 10]],
    ),
    hint="sentences and dictionary are those that the function is given; the longest sentence is the one with most tokens",
)
checks.holds(
    "the ids of a single sentence",
    np.array_equal(to_ids(["At 8."], times), [[4, 5, 10]]),
    hint="the array has as many columns as the longest of the given sentences has tokens",
)
### END HIDDEN TESTS

# %% tests="unknown_words_keep_their_place" points=1
found = to_ids(["The whale is late.", "Is the ferry blue?"], by_frequency)
checks.shape(
    "the ids of two sentences with unknown words",
    found,
    (2, 5),
    hint="a column for each token of the longer one; an unknown word takes a time step too, and must not be left out",
)
checks.equal(
    "the ids of two sentences with unknown words",
    found,
    [[8, 3, 6, 7, 4], [6, 8, 5, 3, 9]],
    hint="UNK stands where an unknown word stood",
)
### BEGIN HIDDEN TESTS
checks.holds(
    "the ids of other sentences with unknown words",
    np.array_equal(
        to_ids(["Whales blow it!", "Late whales ferry."], {**by_frequency, "blow": 11}),
        [[3, 11, 10, 3], [7, 3, 5, 4]],
    ),
    hint="a token is unknown if the given dictionary does not hold it; it becomes UNK",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Where do the ones stand? (2 points)
#
# Write `one_hot` by hand, without the library's function of this name. It takes `ids`, an int array of shape (sentences, time steps), and `depth`, the number of tokens in the vocabulary. It returns a float array of shape (sentences, time steps, depth) that is zero everywhere but at the places `[line, timestep, id]`, where it is 1. Padding is no token: its rows stay empty.
#
# For example, `one_hot(np.array([[2, 0]]), 3)` returns `[[[0, 0, 1], [0, 0, 0]]]`.


# %% solution="one_hot"
def one_hot(ids, depth):
    """Return one-hot rows: float array (sentences, time, depth); padding's rows are all zeros."""
    ### BEGIN SOLUTION
    rows = np.zeros((*ids.shape, depth))
    for line, row in enumerate(ids):
        for timestep, id in enumerate(row):
            if id != PAD:
                rows[line, timestep, id] = 1
    return rows
    ### END SOLUTION


# %% tests="ones_stand" points=1
full_ids = np.array([[8, 5, 6, 7, 4], [6, 8, 5, 3, 9], [10, 6, 1, 2, 4]])
found = one_hot(full_ids, 11)
checks.shape(
    "the one-hot rows",
    found,
    (3, 5, 11),
    hint="the axes are sentences, time steps, tokens in the vocabulary, in this order",
)
checks.close(
    "the sum of each row",
    np.asarray(found).sum(axis=-1),
    np.ones((3, 5)),
    hint="each time step of each sentence holds a single 1; is every line reached before the function returns?",
)
checks.equal(
    "the places of the ones",
    np.asarray(found).argmax(axis=-1),
    full_ids,
    hint="the 1 stands in the column whose number is the id",
)
### BEGIN HIDDEN TESTS
other_ids = np.random.default_rng(2).integers(1, 23, (4, 7))
checks.holds(
    "the one-hot rows of other ids",
    np.array_equal(one_hot(other_ids, 23), np.eye(23)[other_ids]),
    hint="the shape follows from ids and depth; every place but [line, timestep, id] is zero",
)
### END HIDDEN TESTS

# %% tests="padding_has_no_one" points=1
padded_ids = np.array([[5, 3, 0, 0], [6, 2, 4, 0], [1, 0, 0, 0]])
found = one_hot(padded_ids, 7)
checks.shape("one-hot rows with padding", found, (3, 4, 7))
checks.close(
    "the sum of each row of padding",
    np.asarray(found)[padded_ids == PAD].sum(axis=-1),
    np.zeros(6),
    hint="padding is no token and gets no 1, not even in column 0",
)
checks.close(
    "the sum of each row of a token",
    np.asarray(found)[padded_ids != PAD].sum(axis=-1),
    np.ones(6),
    hint="every real token keeps its 1, beside padding too",
)
### BEGIN HIDDEN TESTS
padded_ids = np.array([[0, 0, 0], [12, 0, 0], [1, 2, 0], [9, 9, 9], [3, 0, 0]])
checks.holds(
    "the one-hot rows of other padded ids",
    np.array_equal(one_hot(padded_ids, 13), text.one_hot(padded_ids, 13)),
    hint="rows of padding are all zeros, and every other row has its 1 in the column of its id",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. How do we get back? (1 point)
#
# A network does not answer with zeros and ones. Its rows hold a *score* for each token, any number at all, and the highest of a row is what it would say. `np.argmax` finds the column of the highest score. If all are equal, it finds the first, column 0: so an empty one-hot row reads as padding.
#
# Write `read_back`. It takes `scores`, a float array of shape (time steps, depth) for one sentence, and a features dictionary. It returns the list of tokens that have the highest scores, step by step, with `"<pad>"` left out.
#
# For example, with `{"<pad>": 0, "no": 1, "yes": 2}` the scores `[[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]` are read as `["yes"]`.


# %% solution="read_back"
def read_back(scores, features):
    """Return the tokens with the highest scores (time, depth), padding left out: list of str."""
    ### BEGIN SOLUTION
    reverse_features = {id: token for token, id in features.items()}
    return [reverse_features[id] for id in np.argmax(scores, axis=-1) if id != PAD]
    ### END SOLUTION


# %% tests="scores_read_back" points=1
found = read_back(text.one_hot([8, 5, 4, 0, 0], 11), by_frequency)
checks.attempted("the function read_back", found)
checks.equal(
    "one-hot rows, read back",
    np.asarray(found).tolist(),
    ["the", "ferry", "."],
    hint="one token for each time step, the row's highest along the axis of the vocabulary; padding is left out",
)
scores = np.full((3, 11), 0.1)
scores[[0, 1, 2], [6, 10, 9]] = [0.4, 0.3, 0.2]
checks.equal(
    "scores of a network, read back",
    np.asarray(read_back(scores, by_frequency)).tolist(),
    ["is", "it", "?"],
    hint="the highest score of a row need not be 1, nor above a half",
)
### BEGIN HIDDEN TESTS
letters = {"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3, "a": 4, "b": 5, "c": 6}
scores = np.random.default_rng(4).normal(size=(9, 7)) - 10
scores[2, 0] = scores[6, 0] = -1
scores[3, 3] = -1
wanted = [list(letters)[id] for id in scores.argmax(axis=1) if id]
checks.holds(
    "other scores, read back with another dictionary",
    np.asarray(read_back(scores, letters)).tolist() == wanted,
    hint="scores may be negative; the tokens are those of the given dictionary; only padding is left out",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Do we need the zeros? (2 points)
#
# The first step of a network is a product, one-hot rows times a table of weights. Lesson 02 found that it only ever picks out rows of the table.
#
# Write `look_up`. It takes `ids`, an int array of shape (sentences, time steps), and `weights`, a float array of shape (depth, units). It returns a float array of shape (sentences, time steps, units): the same numbers as one-hot rows times `weights`, but without making any one-hot row. Mind the padding: its one-hot row is all zeros, so what is the product?
#
# For example, with the weights `[[9, 9], [1, 2], [3, 4]]` the ids `[[2, 1, 0]]` give `[[[3, 4], [1, 2], [0, 0]]]`.


# %% solution="look_up"
def look_up(ids, weights):
    """Return one-hot rows times weights, without the rows: float array (sentences, time, units)."""
    ### BEGIN SOLUTION
    return np.where((ids == PAD)[..., None], 0, weights[ids])
    ### END SOLUTION


# %% tests="rows_are_looked_up" points=1
padded_ids = np.array([[8, 5, 6, 7, 4], [6, 10, 7, 9, 0], [8, 5, 4, 0, 0]])
weights = np.random.default_rng(5).normal(size=(11, 7))
product = text.one_hot(padded_ids, 11) @ weights
found = look_up(padded_ids, weights)
checks.shape("the rows of the table", found, (3, 5, 7))
checks.close(
    "the rows at real tokens",
    np.asarray(found)[padded_ids != PAD],
    product[padded_ids != PAD],
    hint="at each place stands the row of the table whose number is the id",
)
checks.close(
    "the rows at padding",
    np.asarray(found)[padded_ids == PAD],
    product[padded_ids == PAD],
    hint="a row of zeros times any table is zeros; the table's own row for padding is not",
)
### BEGIN HIDDEN TESTS
padded_ids = np.array([[1, 1, 4], [3, 0, 0], [0, 0, 0], [2, 4, 0]])
weights = np.random.default_rng(6).normal(size=(5, 2))
checks.close(
    "the rows of another table",
    look_up(padded_ids, weights),
    text.one_hot(padded_ids, 5) @ weights,
    hint="the number of units is whatever the given table has; padding gives zeros",
)
### END HIDDEN TESTS

# %% [markdown]
# And if we do keep the zeros, how many words can we afford? Write `largest_vocabulary`. It takes a number of bytes, a number of sentences and a number of time steps. It returns how many tokens the vocabulary may have at most, the special ones included, if the one-hot rows of all the sentences have to fit into these bytes. Each number of an array takes 4 bytes, as in a `float32`. The result is a whole number: part of a token helps nobody.
#
# For example, 2 sentences of 3 time steps have 6 rows. A column of them takes 6 × 4 = 24 bytes, so 250 bytes are enough for 10 tokens.


# %% solution="memory"
def largest_vocabulary(available, lines, time):
    """Return the most tokens whose one-hot rows (lines, time, tokens) fit into bytes: int."""
    ### BEGIN SOLUTION
    return available // (lines * time * 4)
    ### END SOLUTION


# %% tests="vocabulary_fits" points=1
checks.equal(
    "the largest vocabulary for 3 sentences of 5 time steps in 1,000 bytes",
    largest_vocabulary(1_000, 3, 5),
    16,
    hint="every sentence has a row for every time step, each number takes 4 bytes, and half a token does not count",
)
### BEGIN HIDDEN TESTS
checks.holds(
    "the largest vocabulary for other sizes",
    [largest_vocabulary(*sizes) for sizes in ((840, 5, 7), (839, 5, 7), (27, 1, 7), (10**9, 9, 11))]
    == [6, 5, 0, 2_525_252],
    hint="rows × 4 bytes for each token; a vocabulary that fits to the last byte does fit",
)
### END HIDDEN TESTS

# %% [markdown]
# Say that 1.5 GB of memory are free, and that the one-hot rows of 10,000 sentences with 60 time steps each are all that has to fit in. **How many tokens may the vocabulary hold, and what would the ids of these sentences take?**

# %%
with checks.softly():
    tokens = largest_vocabulary(1_500_000_000, 10_000, 60)
    checks.attempted("the function largest_vocabulary", tokens)
    print(f"one-hot rows: {tokens:,} tokens, and the memory is full")
    print(f"ids:          as many tokens as we like, in {10_000 * 60 * 4 / 1e6:.1f} MB")

# %% [markdown]
# With one-hot rows, memory decides how many tokens a model may know. With ids it does not, and `look_up` shows that nothing is lost. [Lesson 03](../../lessons/03_teacher_forcing.ipynb) goes on with ids alone.
