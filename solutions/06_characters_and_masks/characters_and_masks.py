# %% [markdown]
# # Exercise 06 · Characters and masks (10 points)
#
# In [lesson 06](../../lessons/06_characters_and_masks.ipynb) a well-known translator that reads and writes characters was taken apart. Most of what its accuracy praised was padding; padding moved its state; a typed sentence was encoded otherwise than in training; and it was validated on the longest sentences of its file. Here you write the parts that do without these faults. Everything is NumPy and plain Python, so each cell runs at once.
#
# There are six tasks. Replace each `...` by your own code, then run the cell of checks below it. A check says that something is right, or in one line what it found and what to think of. When the exercise is graded, the same checks run on other data too, so a function must work with whatever it is given. Each task can be solved without the others.

# %% locked="setup"
import unicodedata

import numpy as np

from course import checks, text
from course.text import END, PAD, SPECIAL_TOKENS, UNK

tokenizer, words = text.tokenizer("character", lower=True), text.tokenizer("word")

phrasebook = [
    ("Espera.", "Wait."),
    ("Espera.", "Hold on."),
    ("¡Rema!", "Row!"),
    ("¡Suelta amarras!", "Cast off!"),
    ("¡Suelta amarras!", "Let go the lines!"),
    ("Hay niebla.", "It's foggy."),
    ("Hay niebla.", "There is fog."),
    ("El mar está en calma.", "The sea is calm."),
    ("¿Dónde está el muelle?", "Where is the pier?"),
    ("¿Cuándo sale el barco?", "When does the boat leave?"),
    ("¿Cuándo sale el barco?", "When is the boat leaving?"),
    ("Mañana no salimos.", "We aren't sailing tomorrow."),
    ("Mañana no salimos.", "Tomorrow we stay here."),
    ("La red está rota.", "The net is torn."),
    ("La red está rota.", "The net's torn."),
    ("El faro se ve desde aquí.", "You can see the lighthouse from here."),
    ("El faro se ve desde aquí.", "The lighthouse can be seen from here."),
    ("El faro se ve desde aquí.", "From here one sees the lighthouse."),
    ("El capitán duerme todavía.", "The captain is still asleep."),
    ("El capitán duerme todavía.", "The captain's still sleeping."),
]
phrasebook.sort(key=lambda pair: len(pair[0]))
features = text.Codec.fit([source for source, _ in phrasebook], tokenizer).vocabulary.features


def check_results(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


# %% [markdown]
# The `phrasebook` above holds pairs of a Spanish and an English sentence, sorted by the length of the Spanish one, as the well-known file of such pairs is. `features` is the features dictionary of its Spanish characters, and `tokenizer` cuts a sentence into characters.

# %%
print(tokenizer.tokens("  ¡Hay   NIEBLA! "))
print(features)

# %% [markdown]
# ## 1. One door for text (2 points)
#
# A network meets two kinds of text: the sentences that it is trained on, and those that somebody types. The well-known translator fills the first up with spaces and leaves zeros behind the second. So a sentence from its own training file is another sentence when it is typed in. We let both through one function, and fill up with `PAD`, which is no character. The space is one: it stands between words, and has an id of its own.
#
# Write `encode`. It takes a list of sentences, a features dictionary and a number of time steps, `time`. It returns an int array of shape (sentences, time steps). Each row holds the ids of a sentence's characters, as `tokenizer.tokens` cuts them, with `PAD` to the right of them. The array has `time` columns, or more if a sentence has more characters: nothing is cut off. A character that the dictionary does not hold becomes `UNK`, and keeps its place.
#
# For example, with `{"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3, " ": 4, "a": 5, "o": 6}`, the call `encode(["A o", "xa"], features, time=4)` returns `[[5, 4, 6, 0], [3, 5, 0, 0]]`.
#
# One cell of checks looks at sentences as they stand in a training file, the other at typed ones; each brings 1 point.


# %% solution="encode"
def encode(sentences, features, time=0):
    """Return the ids of the characters: int array (sentences, at least `time`), PAD at the right."""
    ### BEGIN SOLUTION
    rows = [[features.get(token, UNK) for token in tokenizer.tokens(line)] for line in sentences]
    ids = np.full((len(rows), max([time, *map(len, rows)])), PAD)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
    ### END SOLUTION


# %% tests="characters_become_ids" points=1
def check_encode(sentences, letters, time, rows):
    """Compare with rows of ids without padding; letters are numbered on from 4."""
    found = encode(sentences, dict(zip([*SPECIAL_TOKENS, *letters], range(99))), time)
    width = max(time, *[len(row) for row in rows], 0)
    hint = "A row for each sentence; as many columns as its longest has characters, or as `time`."
    checks.shape("encode: the ids", found, (len(rows), width), hint)
    found = np.asarray(found)
    hint = "np.zeros and np.full with 0.0 make floats; ids are whole numbers."
    checks.holds("encode: ids are whole numbers", found.dtype.kind in "iu", hint)
    behind = [id for ids, row in zip(found.tolist(), rows) for id in ids[len(row) :]]
    hint = "Padding is no character. The id of the space stands where a space stands, nowhere else."
    checks.equal(
        "encode: what stands behind the last characters", behind, [PAD] * len(behind), hint
    )
    hint = "The first character stands at time step 0; its id is what the given dictionary says."
    wanted = [[*row, *[PAD] * (width - len(row))] for row in rows]
    checks.equal("encode: the ids", found, wanted, hint)


check_encode(
    ["ola", "a la sala", "las olas"],
    " alos",
    0,
    [[7, 6, 5], [5, 4, 6, 5, 4, 8, 5, 6, 5], [6, 5, 8, 4, 7, 6, 5, 8]],
)
### BEGIN HIDDEN TESTS
check_encode(["ve", "", "eve ve", "v"], "ev ", 4, [[5, 4], [], [4, 5, 4, 6, 5, 4], [5]])
check_encode(["ve"], "ev ", 5, [[5, 4]])
check_encode([""], "ev ", 3, [[]])
### END HIDDEN TESTS


# %% tests="typed_like_trained" points=1
def check_typed(trained, typed, hint):
    """Compare what is typed with the ids of the same sentence in the training file."""
    wanted = [features.get(character, UNK) for character in trained]
    found = encode([typed], features, time=12)
    checks.attempted("encode", found)
    found = np.asarray(found)
    checks.holds(f"{typed!r} is one row", found.ndim == 2 and len(found) == 1, "A batch of one.")
    width = max(12, len(wanted))
    checks.equal(f"the time steps of {typed!r}", found.shape[1], width, hint)
    checks.equal(f"the ids of {typed!r}", found[0, : len(wanted)].tolist(), wanted, hint)
    hint = "What is typed is filled up as the training sentences are: with PAD."
    padding = [PAD] * (width - len(wanted))
    checks.equal(f"the padding of {typed!r}", found[0, len(wanted) :].tolist(), padding, hint)


same = "Capitals, spaces and accents are typed in many ways: let tokenizer.tokens clean all text."
check_typed("hay niebla.", "  Hay   NIEBLA. ", same)
check_typed("está", unicodedata.normalize("NFD", "Está"), same)
gaps = "A character that the dictionary does not hold takes its time step too: UNK stands there."
check_typed("sale a @7", "Sale a @7", gaps)
long = "A typed sentence may be longer than all that were seen before; nothing of it is cut off."
check_typed("¿dónde está el capitán del barco?", "¿Dónde está el capitán del barco?", long)
### BEGIN HIDDEN TESTS
check_typed("¡suelta amarras!", unicodedata.normalize("NFD", "¡SUELTA\tamarras!\n"), same)
check_typed("mañana", unicodedata.normalize("NFD", "MAÑANA "), same)
check_typed("§ 9 ∞ 9 §", "§ 9 ∞ 9 §", gaps)
check_typed("", "   ", same)
check_typed("el mar " * 9 + "9", "El mar " * 9 + "9", long)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. One set of guesses, three accuracies (2 points)
#
# How often is a translator right? The well-known one was said to be right at 94 of 100 places of its training set, and padding was counted among them. What does that say about characters, and what about sentences?
#
# Write `accuracies`. It takes `guesses` and `target`, int arrays of the same shape (sentences, time steps). In a row of `target` stand the characters that must be said, then `END`, then `PAD`. It returns three numbers from 0 to 1:
#
# - *padded*: the share of right guesses among all places, padding included, where `PAD` is the right guess,
# - *masked*: the share of right guesses among the places where `target` holds a real token; `END` is one,
# - *sentences*: the share of sentences that are right at each of their real tokens. What is guessed over padding does not matter here. A row of nothing but padding, as the last batch is filled up with, is no sentence and does not count.
#
# Write `padding_part` too. It takes the same two arrays and returns the share of padding among all places that *padded* counts as right; if no place is right, it returns 0.
#
# For example, take the target `[[5, 7, 2, 0, 0]]` and the guesses `[[5, 6, 2, 0, 0]]`. Four of five places are right, and two of three real tokens, and the sentence is not: the accuracies are 0.8, 0.667 and 0. Two of the four right places are padding, so `padding_part` returns 0.5.


# %% solution="accuracies"
def accuracies(guesses, target):
    """Return the accuracies padded, masked and sentences: three numbers from 0 to 1."""
    ### BEGIN SOLUTION
    right, real = guesses == target, target != PAD
    whole = (right | ~real).all(axis=1)
    return right.mean(), right[real].mean(), whole[real.any(axis=1)].mean()
    ### END SOLUTION


def padding_part(guesses, target):
    """Return the share of padding among the right places: a number from 0 to 1."""
    ### BEGIN SOLUTION
    padding = (target == PAD)[guesses == target]
    return padding.mean() if len(padding) else 0.0
    ### END SOLUTION


# %% tests="three_accuracies" points=1
def check_accuracies(guesses, target, padded, masked, sentences):
    found = accuracies(np.array(guesses), np.array(target))
    check_results("accuracies", found, 3, "Return padded, masked, sentences.")
    hint = "All places of the array count here, padding too."
    checks.close("the padded accuracy", found[0], padded, hint)
    hint = (
        "The target says where a real token stands, END included; no guess can leave one out. "
        "All real tokens weigh the same, in short and long sentences."
    )
    checks.close("the masked accuracy", found[1], masked, hint)
    hint = (
        "A sentence is right if each of its real tokens is. What is guessed over padding does not "
        "matter, and a row of nothing but padding is no sentence."
    )
    checks.close("the accuracy of sentences", found[2], sentences, hint)


asked = [[5, 7, 4, 6, 2, 0], [8, 2, 0, 0, 0, 0], [6, 5, 2, 0, 0, 0]]
check_accuracies([[5, 7, 4, 6, 2, 0], [8, 2, 0, 0, 0, 0], [6, 5, 2, 0, 0, 0]], asked, 1, 1, 1)
check_accuracies(
    [[5, 7, 4, 0, 0, 0], [8, 2, 0, 0, 0, 0], [6, 5, 0, 0, 0, 0]], asked, 15 / 18, 0.7, 1 / 3
)
check_accuracies(
    [[5, 4, 7, 5, 2, 0], [8, 2, 4, 4, 8, 0], [6, 5, 2, 6, 6, 6]], asked, 9 / 18, 0.7, 2 / 3
)
check_accuracies([[5, 7, 4, 6, 2, 8], [0, 0, 0, 0, 0, 0]], [asked[0], [0] * 6], 11 / 12, 1, 1)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(6)
lengths, time = [7, 0, 1, 4, 2, 0, 5], 9
asked = np.array([[*rng.integers(4, 12, n), END, *[PAD] * (time - 1 - n)] for n in lengths])
asked[5] = PAD
said = np.where(rng.random(asked.shape) < 0.6, asked, rng.integers(0, 12, asked.shape))
said[3, :5] = asked[3, :5]
places = [
    [(guess == id, id != PAD) for guess, id in zip(*rows)]
    for rows in zip(said.tolist(), asked.tolist())
]
everywhere = [right for row in places for right, _ in row]
counted = [right for row in places for right, real in row if real]
whole = [all(right for right, real in row if real) for row in places if any(r for _, r in row)]
check_accuracies(said, asked, np.mean(everywhere), np.mean(counted), np.mean(whole))
check_accuracies([[2]], [[2]], 1, 1, 1)
check_accuracies([[0, 0, 0, 0]], [[2, 0, 0, 0]], 0.75, 0, 0)
### END HIDDEN TESTS


# %% tests="part_of_padding" points=1
def check_part(guesses, target, wanted, hint):
    found = padding_part(np.array(guesses), np.array(target))
    checks.attempted("padding_part", found)
    checks.close("the part of padding in what is right", found, wanted, hint)


hint = "Divide the right places over padding by all right places, not by all places."
check_part([[5, 7, 2, 0, 0], [8, 6, 4, 5, 2]], [[5, 7, 2, 0, 0], [8, 2, 0, 0, 0]], 1 / 3, hint)
check_part([[5, 7, 4, 6, 2]], [[5, 7, 4, 6, 2]], 0, hint)
hint = "Without a single right place there is nothing to divide by: then it is 0."
check_part([[4, 4, 4, 4, 4]], [[5, 7, 2, 0, 0]], 0, hint)
### BEGIN HIDDEN TESTS
hint = "Only places that are right count, above and below the line."
check_part([[0] * 7, [0] * 7, [0] * 7], [[5, 6, 7, 2, 0, 0, 0], [2, *[0] * 6], [0] * 7], 1, hint)
check_part(
    [[6, 6, 2, 6, 0, 0], [9, 0, 0, 0, 2, 2]], [[6, 9, 2, 0, 0, 0], [9, 2, 0, 0, 0, 0]], 4 / 7, hint
)
check_part([[3]], [[2]], 0, hint)
### END HIDDEN TESTS

# %% [markdown]
# **How good is a model that has learnt nothing but to be silent?** Below, one model says nothing but padding. The other says the first third of every English sentence of the phrasebook correctly and then falls silent. Make a guess for the padded accuracy of each, then run the cell.

# %% locked="silence"
english = text.Codec.fit([target for _, target in phrasebook], tokenizer)
lines = [[*english.ids(target), END] for _, target in phrasebook]
longest = max(map(len, lines))
to_say = np.array([[*line, *[PAD] * (longest - len(line))] for line in lines])
third = np.array([[*line[: len(line) // 3], *[PAD] * (longest - len(line) // 3)] for line in lines])

# %%
with checks.softly():
    for model, said_by_model in (("silent", np.zeros_like(to_say)), ("a third", third)):
        three = accuracies(said_by_model, to_say)
        checks.attempted("accuracies", three)
        praised = padding_part(said_by_model, to_say)
        checks.attempted("padding_part", praised)
        print(
            f"{model:8} padded {three[0]:.3f}, masked {three[1]:.3f}, sentences {three[2]:.3f};",
            end=" ",
        )
        print(f"{praised:.0%} of what is right is padding")

# %% [markdown]
# Silence is right wherever nothing is to be said, and the padded accuracy rewards it. The longer the longest sentence is beside the others, the better silence looks; the masked accuracy does not change.
#
# ## 3. A state that stands still (2 points)
#
# The shortest Spanish sentence of the phrasebook has 6 characters, the longest 26. In one batch with it, and without a mask, a recurrent network reads the short one on for 20 steps, and where it ends depends on how long the longest sentence is. A row of zeros as input does not help: the state still passes through the recurrent weights and the bias. The state itself must stand still.
#
# `read_one` is given. It reads one sentence, a list of ids without padding, and returns the hidden state after each character: an array (time steps, units). Its step is that of a simple recurrent network: the new state is tanh(kernel[id] + state @ recurrent_kernel + bias), and it begins with zeros.


# %% locked="read_one"
def read_one(row, kernel, recurrent_kernel, bias):
    """Read one sentence; return its hidden state after each id: float array (time, units)."""
    hidden, after = np.zeros(len(bias)), np.zeros((len(row), len(bias)))
    for place, id in enumerate(row):
        hidden = np.tanh(kernel[id] + hidden @ recurrent_kernel + bias)
        after[place] = hidden
    return after


def draw_reader(size, units, seed):
    """Draw a kernel (size, units), a recurrent kernel (units, units) and a bias (units,)."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((size, units), (units, units), (units,))]


# %% [markdown]
# Write `read` for a batch. It takes `ids`, an int array (sentences, time steps), and the three arrays of weights, and returns the hidden state of each sentence after each time step: a float array (sentences, time steps, units). Where `PAD` stands in a row, the state of that row stays as it was the time step before. That holds wherever the padding is: at the right, at the left, where the state is still zeros, or between two characters. What comes after it goes on from the state that was kept.
#
# For example, for the ids `[[5, 6, 0, 0]]` the states are A, B, B, B, if `read_one` returns A, B for `[5, 6]`. For `[[0, 5, 0, 6]]` they are zeros, A, A, B.
#
# One cell of checks looks at the characters, the other at the padding; each brings 1 point.


# %% solution="read"
def read(ids, kernel, recurrent_kernel, bias):
    """Return the hidden states of a batch, still over padding: (sentences, time, units)."""
    ### BEGIN SOLUTION
    state = np.zeros((len(ids), len(bias)))
    states = np.zeros((*ids.shape, len(bias)))
    for timestep, column in enumerate(ids.T):
        moved = np.tanh(kernel[column] + state @ recurrent_kernel + bias)
        state = np.where((column != PAD)[:, None], moved, state)
        states[:, timestep] = state
    return states
    ### END SOLUTION


# %% tests="characters_move_the_state" points=1
def check_characters(rows, size, units, seed):
    weights, width = draw_reader(size, units, seed), max(map(len, rows))
    found = read(np.array([[*row, *[PAD] * (width - len(row))] for row in rows]), *weights)
    hint = "A state for each sentence and each time step, padding's included."
    checks.shape("read: the states", found, (len(rows), width, units), hint)
    hint = "Every character moves the state of its own row, from the first to the last one."
    for place, row in enumerate(rows):
        name = f"the states of sentence {place} at its {len(row)} characters"
        checks.close(name, np.asarray(found)[place, : len(row)], read_one(row, *weights), hint)


check_characters([[5, 8, 4, 6, 7], [9, 4], [3, 3, 5]], size=10, units=7, seed=1)
### BEGIN HIDDEN TESTS
check_characters([[4, 6], [5, 4, 6, 6], [], [1], [2, 7, 5]], size=8, units=3, seed=2)
check_characters([[11, 4, 9, 9, 4, 11]], size=12, units=5, seed=3)
check_characters([[6]], size=7, units=2, seed=4)
### END HIDDEN TESTS


# %% tests="padding_stands_still" points=1
def check_padding(name, ids, size, units, seed, hint):
    """Compare all states with those that read_one finds without the padding."""
    weights, ids = draw_reader(size, units, seed), np.array(ids)
    found = read(ids, *weights)
    checks.shape(f"{name}: the states", found, (*ids.shape, units))
    wanted = np.zeros((*ids.shape, units))
    for place, row in enumerate(ids):
        after = np.vstack([np.zeros((1, units)), read_one(row[row != PAD], *weights)])
        wanted[place] = after[np.cumsum(row != PAD)]
    checks.close(f"{name}: the states", found, wanted, hint)


right = "Over padding a state neither moves nor becomes zero: it is the one of the step before."
check_padding(
    "padding at the right",
    [[5, 8, 4, 0, 0, 0], [6, 7, 9, 4, 5, 0], [3, 0, 0, 0, 0, 0]],
    10,
    7,
    5,
    right,
)
left = "Before the first character the state is zeros, and the first character begins from them."
check_padding("padding at the left", [[0, 0, 0, 5, 8], [6, 4, 9, 4, 6]], 10, 4, 6, left)
between = "After padding the state goes on from where it stood."
check_padding("padding in between", [[5, 0, 0, 8, 4, 0], [0, 7, 7, 0, 0, 9]], 10, 3, 7, between)
### BEGIN HIDDEN TESTS
check_padding("a row of padding", [[0, 0, 0, 0], [4, 5, 0, 0]], 6, 5, 8, right)
check_padding("nothing but padding", [[0, 0, 0]], 5, 3, 9, right)
rng = np.random.default_rng(10)
scattered = np.where(rng.random((6, 11)) < 0.5, rng.integers(1, 13, (6, 11)), PAD)
check_padding("padding anywhere", scattered, 13, 7, 11, between)
check_padding("one sentence, much padding", [[7, 3, *[0] * 40]], 8, 2, 12, right)
### END HIDDEN TESTS

# %% [markdown]
# **Does a sentence end in the same state, whatever it stands beside?** `read_one` knows no mask, so we can let it run on over padding; `read` should not care.

# %%
with checks.softly():
    reader, short = draw_reader(len(features), 5, seed=0), [8, 5, 9]
    for extra in (0, 5, 20):
        unmasked = read_one([*short, *[PAD] * extra], *reader)[-1]
        kept = read(np.array([[*short, *[PAD] * extra]]), *reader)
        checks.attempted("read", kept)
        print(
            f"{extra:2} steps of padding: without a mask {np.round(unmasked, 2)}, with one {np.round(kept[0, -1], 2)}"
        )

# %% [markdown]
# ## 4. How long is the longest sentence? (1 point)
#
# Now a translator of words. Its target sentences are marked for the decoder: `<START> Row! <END>`. How many time steps must the array have? The pattern that finds words and punctuation marks cuts `<START>` into `<`, `START` and `>`, so arrays become four steps too long. Who asks for `len(line)` counts characters, and who splits at spaces does not see that a full stop is a token too. All three stand in programs that were copied many times.
#
# Write `time_steps`. It takes a list of marked lines and returns the number of tokens of the line that has most: an int. The mark `<START>` at a line's beginning and `<END>` at its end are one token each, and between them the tokens are those of `words.tokens`. A sentence can hold `<` and `>` itself, and then they count.
#
# For example, `time_steps(["<START> Cast off! <END>", "<START> Nevertheless <END>"])` returns 5.


# %% solution="time_steps"
def time_steps(lines):
    """Return the most tokens that a marked line has, each mark counted as one: int."""
    ### BEGIN SOLUTION
    sentences = [line.removeprefix("<START>").removesuffix("<END>") for line in lines]
    return max(len(words.tokens(sentence)) for sentence in sentences) + 2
    ### END SOLUTION


# %% tests="limits_count_tokens" points=1
def check_steps(name, sentences, wanted, hint):
    found = time_steps([f"<START> {sentence} <END>" for sentence in sentences])
    checks.attempted("time_steps", found)
    checks.equal(f"the time steps for {name}", found, wanted, hint)


hint = (
    "Count tokens, not characters; <START> and <END> are one each: cut between them, not in them."
)
check_steps("one line", ["When does the boat leave?"], 8, hint)
hint = "The longest line is the one with most tokens, and these are not its characters."
check_steps(
    "a line of long words and one of short", ["Unbelievable lighthouses", "I am at sea."], 7, hint
)
hint = "Marks in a sentence are tokens too; only <START> in front and <END> behind are special."
check_steps("a line with signs of its own", ["3 < 5, and 5 > 3."], 11, hint)
hint = "A line without a sentence still has its two marks."
check_steps("an empty line", [""], 2, hint)
### BEGIN HIDDEN TESTS
hint = "Count the two marks, and between them what words.tokens finds."
check_steps("the phrasebook's English", [target for _, target in phrasebook], 10, hint)
check_steps("a sentence about marks", ["Press START, then END.", "", "Row!"], 8, hint)
check_steps("an arrow", ["<- left, right ->"], 9, hint)
check_steps("one word", ["Antidisestablishmentarianism"], 3, hint)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Who is tested on what? (2 points)
#
# The well-known translator holds back the last fifth of a file that is sorted by length. So it is tested on the longest sentences, which it has never practised; and where the cut falls between two translations of one sentence, it has practised the very sentence that it is tested on.
#
# Write `split`. It takes a list of pairs (source, target), a share and a seed. Of the *distinct* source sentences it draws as many as `round(share * distinct)` says, but at least one, with a random generator of that seed: `np.random.default_rng(seed)`. It returns two lists, `train` and `held_out`, each in the order of `pairs`. All pairs with a drawn source are held out, and all others are for training. The same seed gives the same split, another seed another one. A `set` of texts has a different order each time that Python starts, so sort it before you draw from it.
#
# For example, with `[("a", "x"), ("b", "y"), ("a", "z")]` and the share 0.5, one source is drawn. If it is `a`, the function returns `[("b", "y")]` and `[("a", "x"), ("a", "z")]`.
#
# Then write `report`, which looks at any split. It takes the two lists of pairs and returns a dictionary of three numbers: `"seen"` is the share of the held-out pairs whose source stands in `train` as well; `"train_length"` and `"held_out_length"` are the mean number of characters of the source in the pairs of each side.
#
# For example, `report([("ab", "x")], [("ab", "y"), ("abcd", "z")])` returns `{"seen": 0.5, "train_length": 2.0, "held_out_length": 3.0}`.


# %% solution="split"
def split(pairs, share, seed):
    """Return train and held_out, two lists of pairs that have no source sentence in common."""
    ### BEGIN SOLUTION
    sources = sorted({source for source, _ in pairs})
    count = max(1, round(share * len(sources)))
    drawn = {str(s) for s in np.random.default_rng(seed).choice(sources, count, replace=False)}
    train = [pair for pair in pairs if pair[0] not in drawn]
    return train, [pair for pair in pairs if pair[0] in drawn]
    ### END SOLUTION


def report(train, held_out):
    """Return the shares and mean lengths "seen", "train_length" and "held_out_length": dict."""
    ### BEGIN SOLUTION
    practised = {source for source, _ in train}
    return {
        "seen": float(np.mean([source in practised for source, _ in held_out])),
        "train_length": float(np.mean([len(source) for source, _ in train])),
        "held_out_length": float(np.mean([len(source) for source, _ in held_out])),
    }
    ### END SOLUTION


# %% tests="sources_are_split" points=1
def halves(pairs, share, seed):
    """Return both sides of a split as lists of tuples."""
    found = split(list(pairs), share, seed)
    checks.attempted("split", found)
    return [[tuple(pair) for pair in side] for side in found]


def check_split(pairs, share, seed):
    check_results("split", split(list(pairs), share, seed), 2, "Return train, held_out.")
    train, held_out = halves(pairs, share, seed)
    hint = "Each pair stands on one side, and on one only."
    checks.equal("the pairs of both sides", sorted(train + held_out), sorted(pairs), hint)
    both = {source for source, _ in train} & {source for source, _ in held_out}
    hint = "Draw among the source sentences, not among the lines of the file."
    checks.equal("source sentences on both sides", len(both), 0, hint)
    distinct = len({source for source, _ in pairs})
    hint = "The share is one of the distinct source sentences; at least one is held out."
    drawn = len({source for source, _ in held_out})
    checks.equal("held-out sources", drawn, max(1, round(share * distinct)), hint)
    hint = "Go through the pairs in their order, and ask of each whether its source was drawn."
    for name, side in (("train", train), ("held_out", held_out)):
        in_order = [pair for pair in pairs if pair in side]
        checks.holds(f"{name} is in the order of the pairs", side == in_order, hint)
    hint = "np.random.default_rng(seed) begins anew with each call, and gives the same each time."
    checks.holds("the same seed, the same split", halves(pairs, share, seed)[1] == held_out, hint)


def check_seeds(pairs, share):
    drawn = {source for seed in range(20) for source, _ in halves(pairs, share, seed)[1]}
    hint = "The seed draws which sources are held out; each of them can be, short or long."
    distinct = len({source for source, _ in pairs})
    checks.holds("with other seeds other sources are held out", len(drawn) > distinct / 2, hint)


check_split(phrasebook, 0.2, seed=3)
check_split([("a", "x"), ("b", "y"), ("a", "z")], 0.5, seed=0)
check_seeds(phrasebook, 0.2)
### BEGIN HIDDEN TESTS
letters = [(letter * n, f"{letter}{n}") for n in (1, 3, 2) for letter in "dacb" for _ in range(n)]
letters = [(source, f"{target}-{place % 3}") for place, (source, target) in enumerate(letters)]
letters = list(dict.fromkeys(letters))
check_split(letters, 0.3, seed=5)
check_split(letters, 0.01, seed=6)
check_split(letters[::-1], 0.7, seed=7)
check_seeds(letters, 0.3)
### END HIDDEN TESTS


# %% tests="split_is_reported" points=1
def check_report(train, held_out, seen, train_length, held_out_length):
    found = report(train, held_out)
    checks.attempted("report", found)
    keys = ["held_out_length", "seen", "train_length"]
    right = isinstance(found, dict) and sorted(map(str, found)) == keys
    checks.holds("report: a dictionary with the three keys", right, f"The keys are {keys}.")
    hint = "Of all held-out pairs, those whose source has been practised, whatever its translation."
    checks.close("report: seen", found["seen"], seen, hint)
    hint = "The mean over the pairs of that side, in characters of the source."
    checks.close("report: train_length", found["train_length"], train_length, hint)
    checks.close("report: held_out_length", found["held_out_length"], held_out_length, hint)


check_report([("ab", "x")], [("ab", "y"), ("abcd", "z")], 0.5, 2, 3)
practised = [("¡Rema!", "Row!"), ("Espera.", "Wait."), ("Espera.", "Hold on.")]
check_report(practised, [("El mar", "The sea"), ("La red.", "The net.")], 0, 20 / 3, 6.5)
check_report(
    practised, [("Espera.", "Stop."), ("Espera.", "Stay."), ("Va.", "Ok.")], 2 / 3, 20 / 3, 17 / 3
)
### BEGIN HIDDEN TESTS
check_report(
    [("aa", "u"), ("b", "v")], [("u", "aa"), ("b", "v"), ("c", "w"), ("c", "x")], 0.25, 1.5, 1
)
check_report([("a b c", "x")], [("a b c", "x")], 1, 5, 5)
check_report(phrasebook[:-4], phrasebook[-4:], 0.5, 16, 25.5)
### END HIDDEN TESTS

# %% [markdown]
# **What do both splits hold back of our phrasebook?** Make a guess: which of the two tests on longer sentences, and which on sentences that were practised?

# %%
with checks.softly():
    fifth = len(phrasebook) // 5
    last_fifth = report(phrasebook[:-fifth], phrasebook[-fifth:])
    checks.attempted("report", last_fifth)
    print("the last fifth:", last_fifth)
    by_source = split(phrasebook, 0.2, seed=1)
    checks.attempted("split", by_source)
    print("split by source:", report(*by_source))

# %% [markdown]
# ## 6. Rows to begin with (1 point)
#
# An embedding is a table with a row for each id. It need not begin with random numbers: for words that stand in a table of word vectors, the row can begin with their vector. But not all tokens have one.
#
# Write `first_rows`. It takes a features dictionary (token → id), `vectors`, a dictionary from token to vector, a float array (width,), and a seed. It returns a float array (tokens, width) whose row number `id` belongs to the token with that id:
#
# - the row of `PAD` is zeros, even if there is a vector called `"<pad>"`;
# - a token with a vector gets its vector;
# - any other token, the special ones included, gets a row of its own of random numbers from `np.random.default_rng(seed)`, normally distributed with mean 0. Their standard deviation is that of all the numbers in `vectors`, so that these rows are neither louder nor quieter than the others. The same seed gives the same rows.
#
# For example, with `{"<pad>": 0, "boat": 2, "gull": 1}` and `{"boat": np.array([3.0, -1.0])}` row 2 is 3, −1, row 0 is zeros, and row 1 is two random numbers with the standard deviation 2.


# %% solution="first_rows"
def first_rows(features, vectors, seed):
    """Return the first rows of an embedding: float array (tokens, width)."""
    ### BEGIN SOLUTION
    known = np.array(list(vectors.values()))
    shape = len(features), known.shape[1]
    rows = np.random.default_rng(seed).normal(0, known.std(), shape)
    for token, id in features.items():
        rows[id] = vectors.get(token, rows[id])
    rows[PAD] = 0
    return rows
    ### END SOLUTION


# %% tests="rows_begin" points=1
def check_first_rows(tokens, known, width, scale, seed):
    """Compare for tokens numbered on from 4 in a dictionary of another order."""
    rng = np.random.default_rng(seed)
    vectors = {token: rng.normal(0, scale, width) for token in known}
    numbered = list({token: id for id, token in enumerate([*SPECIAL_TOKENS, *tokens])}.items())
    numbers = dict(numbered[place] for place in rng.permutation(len(numbered)))
    found = first_rows(numbers, vectors, seed)
    checks.shape("first_rows: the table", found, (len(numbers), width), "A row for each token.")
    found = np.asarray(found)
    hint = "Padding says nothing: its row is zeros, whatever the vectors hold."
    checks.close("first_rows: the row of PAD", found[PAD], np.zeros(width), hint)
    hint = "The row's number is the token's id; the vectors have an order of their own."
    for token in sorted(set(numbers) & set(vectors) - {"<pad>"}):
        checks.close(
            f"first_rows: the row of {token!r}", found[numbers[token]], vectors[token], hint
        )
    rest = found[[id for token, id in numbers.items() if token not in vectors and id != PAD]]
    hint = "Each token without a vector has random numbers of its own, UNK and START as well."
    apart = len(np.unique(rest.round(9), axis=0)) == len(rest) and rest.all()
    checks.holds("first_rows: rows without a vector differ", apart, hint)
    hint = "Two calls with one seed give the same rows, and another seed gives others."
    again, others = (np.asarray(first_rows(numbers, vectors, s)) for s in (seed, seed + 1))
    repeats = np.array_equal(again, found) and not np.array_equal(others, found)
    checks.holds("first_rows: the seed draws the rows", repeats, hint)
    if rest.size > 999:  # fewer numbers would say too little about how they are distributed
        spread = np.std(list(vectors.values()))
        hint = "Mean 0, and the standard deviation of all the vectors' numbers together."
        checks.close("first_rows: mean / spread", rest.mean() / spread, 0, hint, tolerance=0.15)
        checks.close(
            "first_rows: the random rows' spread / the vectors'",
            rest.std() / spread,
            1,
            hint,
            tolerance=0.15,
        )


check_first_rows(["boat", "gull", "net", "sea"], ["sea", "boat", "wind"], width=5, scale=2, seed=3)
check_first_rows(
    [f"word {n}" for n in range(300)], ["word 9", "word 4"], width=7, scale=0.1, seed=4
)
### BEGIN HIDDEN TESTS
check_first_rows(
    ["wind", "oar", "sail"], ["sail", "<pad>", "<unk>", "oar"], width=3, scale=1, seed=5
)
check_first_rows([], ["oar", "net"], width=6, scale=1, seed=6)
check_first_rows([f"word {n}" for n in range(90)], ["word 7", "mast"], width=50, scale=4, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# ## Where to go on
#
# `course.text.Codec` is the door of task 1, `course.batches.split_by_source` splits as you did in task 5, and all models of the course keep their states still over padding and count real tokens only. In [lesson 06](../../lessons/06_characters_and_masks.ipynb) the same faults are measured on a translator that has really been trained.
