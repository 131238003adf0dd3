# %% [markdown]
# # Exercise 03 · Teacher forcing (10 points)
#
# A camera at the harbour takes pictures, and a decoder writes a caption under each. We prepare what it learns from, measure how well it guesses, and let it write: first with the teacher, as in [lesson 03](../../lessons/03_teacher_forcing.ipynb), then alone. At the end we see what one early mistake costs.
#
# There are five tasks. Each asks for one or two functions: replace the `...` by your own code, then run the cell of checks below it. A check says that something is right, or in one line what it found and what to think of. When the exercise is graded, the same checks run on other data too, so a function must work with whatever it is given. Each task can be solved without the others.

# %% locked="setup"
import numpy as np

from course import batches, checks, text
from course.text import END, PAD, START

album = [
    (0, "Gulls circle over the harbour."),
    (0, "Gulls circle over the old boats."),
    (0, "Gulls sleep on the roof."),
    (1, "Boats wait in the harbour."),
    (1, "Boats lie still."),
    (2, "Fishermen mend nets on the pier."),
    (2, "Fishermen sleep on the pier."),
]
codec = text.Codec.fit([caption for _, caption in album], text.tokenizer("word", lower=True))


def words(ids, codec=codec):
    """Return ids in readable form, special tokens included."""
    return " ".join(codec.vocabulary.tokens[int(id)] for id in ids)


# %% [markdown]
# The album has seven captions. The number before each is what an encoder made of the picture, its whole *state*: 0 for gulls, 1 for boats, 2 for fishermen. `words(ids)` turns ids back into text, special tokens included.

# %%
for state, caption in album:
    print(state, codec.ids(caption))

# %% [markdown]
# ## 1. Where does a caption begin, and where does it end? (1 point)
#
# Write `wrap`. It takes a list of captions, each a list of ids as printed above, and returns an int array of shape (captions, time steps): in each line `START`, the ids, `END`, and then `PAD` as far as the longest line reaches.
#
# For example, `wrap([[5, 6], [7]])` returns `[[1, 5, 6, 2], [1, 7, 2, 0]]`.


# %% solution="wrap"
def wrap(rows):
    """Return START, the ids of a row, END, padding: int array (captions, time)."""
    ### BEGIN SOLUTION
    wrapped = np.full((len(rows), max(map(len, rows)) + 2), PAD)
    for line, row in enumerate(rows):
        wrapped[line, : len(row) + 2] = [START, *row, END]
    return wrapped
    ### END SOLUTION


# %% tests="captions_are_wrapped" points=1
found = wrap([[9, 4, 6], [5], [8, 7, 4, 6, 5]])
checks.attempted("the function wrap", found)
checks.holds(
    "every line begins with START",
    [row[0] == START for row in found],
    hint="START is the id 1; it stands before the first id of the caption",
)
checks.holds(
    "every line holds END once",
    [list(row).count(END) == 1 for row in found],
    hint="END is the id 2; it stands after the last id of the caption, before the padding",
)
checks.shape("the wrapped captions", found, (3, 7), hint="START and END take a time step each")
checks.equal(
    "the wrapped captions",
    found,
    [[1, 9, 4, 6, 2, 0, 0], [1, 5, 2, 0, 0, 0, 0], [1, 8, 7, 4, 6, 5, 2]],
    hint="START, the ids, END, then padding",
)
### BEGIN HIDDEN TESTS
checks.holds(
    "the wrapped captions of another album",
    np.array_equal(
        wrap([[14, 3], [], [11, 11, 5, 9], [6, 8, 3]]),
        [[1, 14, 3, 2, 0, 0], [1, 2, 0, 0, 0, 0], [1, 11, 11, 5, 9, 2], [1, 6, 8, 3, 2, 0]],
    ),
    hint="shape and ids follow from the rows that the function is given, whatever their lengths",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. What is read, and what must be said? (2 points)
#
# Write `teacher_forcing` by hand, without the library's function of this name. It takes an array of wrapped captions, shape (captions, time steps), and returns two arrays, each one time step shorter. The first is `target_in`, what the decoder reads: `START` and the tokens, never `END`. The second is `target_out`, what it must say: the tokens and `END`, never `START`. So at each time step `target_out` holds the token that comes after the one in `target_in`. Padding stands in both at the same places.
#
# For example, `[[1, 5, 6, 2], [1, 7, 2, 0]]` becomes `[[1, 5, 6], [1, 7, 0]]` and `[[5, 6, 2], [7, 2, 0]]`. Look at the end of the second line: `END` is there in one of them only.
#
# One cell of checks looks at what is said, another at what is read; each brings 1 point.


# %% solution="shift"
def teacher_forcing(wrapped):
    """Return target_in and target_out, each an int array (captions, time - 1)."""
    ### BEGIN SOLUTION
    target_in, target_out = wrapped[:, :-1], wrapped[:, 1:]
    return np.where(target_in == END, PAD, target_in), target_out
    ### END SOLUTION


# %% tests="answers_are_shifted" points=1
wrapped_captions = np.array([[1, 9, 4, 6, 2, 0, 0], [1, 5, 2, 0, 0, 0, 0], [1, 8, 7, 4, 6, 5, 2]])
found = teacher_forcing(wrapped_captions)
checks.attempted("the function teacher_forcing", found)
checks.equal("the number of arrays", len(found), 2, hint="return target_in, target_out")
checks.shape("the array target_out", found[1], (3, 6), hint="each array is one time step shorter")
checks.holds(
    "START is never said",
    np.asarray(found[1]) != START,
    hint="the shift is missing: every answer stands one time step earlier than in the wrapped caption",
)
checks.equal(
    "the array target_out",
    found[1],
    [[9, 4, 6, 2, 0, 0], [5, 2, 0, 0, 0, 0], [8, 7, 4, 6, 5, 2]],
    hint="at each time step, the token after the one that is read; END is the last that is said",
)
### BEGIN HIDDEN TESTS
wrapped_captions = np.array([[1, 2, 0, 0, 0], [1, 12, 3, 7, 2], [1, 7, 7, 2, 0], [1, 3, 2, 0, 0]])
checks.holds(
    "the array target_out for other captions",
    np.array_equal(
        teacher_forcing(wrapped_captions)[1],
        [[2, 0, 0, 0], [12, 3, 7, 2], [7, 7, 2, 0], [3, 2, 0, 0]],
    ),
    hint="END is said after the last token of every caption, however short it is",
)
### END HIDDEN TESTS

# %% tests="end_is_never_read" points=1
wrapped_captions = np.array([[1, 9, 4, 6, 2, 0, 0], [1, 5, 2, 0, 0, 0, 0], [1, 8, 7, 4, 6, 5, 2]])
found = teacher_forcing(wrapped_captions)
checks.attempted("the function teacher_forcing", found)
checks.equal("the number of arrays", len(found), 2, hint="return target_in, target_out")
checks.shape("the array target_in", found[0], (3, 6), hint="each array is one time step shorter")
checks.holds(
    "END is never read",
    np.asarray(found[0]) != END,
    hint="after END nothing is asked; look at the lines that are shorter than the longest",
)
checks.equal(
    "the array target_in",
    found[0],
    [[1, 9, 4, 6, 0, 0], [1, 5, 0, 0, 0, 0], [1, 8, 7, 4, 6, 5]],
    hint="START, the tokens, then padding",
)
### BEGIN HIDDEN TESTS
wrapped_captions = np.array([[1, 2, 0, 0, 0], [1, 12, 3, 7, 2], [1, 7, 7, 2, 0], [1, 3, 2, 0, 0]])
checks.holds(
    "the array target_in for other captions",
    np.array_equal(
        teacher_forcing(wrapped_captions)[0],
        [[1, 0, 0, 0], [1, 12, 3, 7], [1, 7, 7, 0], [1, 3, 0, 0]],
    ),
    hint="START and all tokens are read, and padding stands where END stood",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. How good are the guesses? (3 points)
#
# At each time step a decoder gives every token of the vocabulary a number, its *logit*. The logits of a batch have the shape (captions, time steps, tokens). The decoder's guess is the token with the highest logit. The *probability* that it gives to a token is exp(logit) of this token, divided by the sum of exp(logit) over all tokens of the same time step.
#
# Write two functions. Each takes `logits` and `target_out`, an int array of shape (captions, time steps), and returns one number. Places with padding in `target_out` count in neither, and every other place counts the same, whatever caption it belongs to.
#
# - `accuracy` is the share of places at which the guess is the right token. (1 point)
# - `loss` is the mean of −log(probability of the right token), with the natural logarithm: in nats a token. (2 points)
#
# For example, take a vocabulary of 3 tokens and logits that are all 0, so that each token has the probability 1/3. With `target_out = [[2, 0]]` one place counts. There the loss is log 3. The accuracy is 0: of equal logits the first is the guess, and that is not token 2.


# %% solution="measures"
def accuracy(logits, target_out):
    """Return the share of right guesses at real tokens: a number from 0 to 1."""
    ### BEGIN SOLUTION
    right = logits.argmax(axis=-1) == target_out
    return right[target_out != PAD].mean()
    ### END SOLUTION


def loss(logits, target_out):
    """Return the mean of -log(probability of the right token) at real tokens: nats a token."""
    ### BEGIN SOLUTION
    probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    right = np.take_along_axis(probs, target_out[..., None], axis=-1)[..., 0]
    return -np.log(right[target_out != PAD]).mean()
    ### END SOLUTION


# %% tests="accuracy_counts_tokens" points=1
answers = np.array([[4, 6, 5, 3, 2], [5, 4, 2, 0, 0], [6, 2, 0, 0, 0]])
guesses = np.where(answers == PAD, 4, answers)
checks.close(
    "accuracy where every token is guessed",
    accuracy(20.0 * np.eye(7)[guesses], answers),
    1,
    hint="what is guessed at padding, right or wrong, must not count",
)
guesses[1:] = 3
checks.close(
    "accuracy where only the 5 tokens of the first caption are guessed, out of 10",
    accuracy(20.0 * np.eye(7)[guesses], answers),
    0.5,
    hint="padding must not count, and a short caption weighs no more than its tokens",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(3)
answers = np.array([[8, 3, 2, 0, 0, 0], [2, 0, 0, 0, 0, 0], [5, 7, 4, 4, 6, 2], [0, 0, 0, 0, 0, 0]])
logits = rng.normal(size=(4, 6, 9))
logits[:, ::2] += 3 * np.eye(9)[answers[:, ::2]]
pairs = [(guess, answer) for guess, answer in zip(logits.argmax(-1).ravel(), answers.ravel())]
counted = [guess == answer for guess, answer in pairs if answer != PAD]
checks.close(
    "accuracy on other logits",
    accuracy(logits, answers),
    sum(counted) / len(counted),
    hint="the highest logit of each time step is the guess; only real tokens count",
)
### END HIDDEN TESTS

# %% tests="loss_is_in_nats_a_token" points=2
answers = np.array([[4, 6, 5, 3, 2], [5, 4, 2, 0, 0], [6, 2, 0, 0, 0]])
checks.close(
    "the loss where all 7 tokens are equally likely",
    loss(np.zeros((3, 5, 7)), answers),
    np.log(7),
    hint="the probabilities of a time step add up to 1 over the tokens, the last axis; the mean is over real tokens only",
)
guesses = np.where(answers == PAD, 4, answers)
sure = 20.0 * np.eye(7)[guesses]
checks.close(
    "the loss where the right token is all but certain",
    loss(sure, answers),
    0,
    hint="what is guessed at padding must not count, however wrong it is",
)
sure[1:] = 0
checks.close(
    "the loss where only the 5 tokens of the first caption are certain, out of 10",
    loss(sure, answers),
    np.log(7) / 2,
    hint="add up over all real tokens, then divide by their number; a short caption weighs no more than its tokens",
)
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(4)
answers = np.array([[8, 3, 2, 0, 0, 0], [2, 0, 0, 0, 0, 0], [5, 7, 4, 4, 6, 2], [0, 0, 0, 0, 0, 0]])
logits = 2 * rng.normal(size=(4, 6, 9)) - 1
surprises = [
    np.log(np.exp(logits[line, step]).sum()) - logits[line, step, answers[line, step]]
    for line, step in np.argwhere(answers != PAD)
]
checks.close(
    "the loss on other logits",
    loss(logits, answers),
    np.mean(surprises),
    hint="the probability of the right token at each real place, its natural logarithm, the mean",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. What does the decoder guess with a teacher? (1 point)
#
# Now we need a decoder. The one below is so small that it learns by counting: after two tokens, which one came next in the album most often? If it has never met the two together, it goes by the last one alone. Its state is a single number for each caption. At first that is what the encoder made of the picture; afterwards it is the token that was read one step ago. So the picture has a say at the beginning only. The decoder writes down what it is given, in `decoder.read`: look there when a result surprises.
#
# All that you need of it is `logits, state = decoder.step(ids, state)`. It reads one token of each caption, an int array of shape (captions,), and takes the present state, of the same shape. It returns the logits for the next token, of shape (captions, tokens), and the next state.
#
# Below the decoder stand three new pictures with the captions that we want, as `states`, `target_in` and `target_out`.


# %% locked="decoder"
class TinyDecoder:
    """Says what most often followed the last two tokens.

    Attributes:
        read: the ids that it was given, an array (captions,) for each step.
    """

    def __init__(self, album, codec):
        """Count what follows what in an album: pairs of a picture's state and its caption."""
        depth, self.read = len(codec.vocabulary), []
        self.after_two, self.after_one = np.zeros((depth, depth, depth)), np.zeros((depth, depth))
        for state, caption in album:
            row = [START, *codec.ids(caption), END]
            for before, token, following in zip([state, *row], row, row[1:]):
                self.after_two[before, token, following] += 1
                self.after_one[token, following] += 1

    def step(self, ids, state):
        """Read ids (captions,); return logits (captions, tokens) and the next state (captions,)."""
        ids, state = np.array(ids), np.array(state)
        if ids.shape != state.shape or ids.ndim != 1:
            raise ValueError(f"ids {ids.shape} and state {state.shape} must both be (captions,)")
        self.read.append(ids)
        logits = np.log(self.after_two[state, ids] + 0.01 * self.after_one[ids] + 1e-6)
        logits[:, [PAD, START]] = -np.inf  # these two are never said
        return logits, ids.copy()


pictures = [
    (0, "Gulls sleep on the old boats."),
    (1, "Boats wait in the harbour."),
    (2, "Fishermen sleep."),
]
states = np.array([state for state, _ in pictures])
target = batches.pad([[START, *codec.ids(caption), END] for _, caption in pictures])
target_in, target_out = batches.teacher_forcing(target)

# %% [markdown]
# Write `forced`. It takes a decoder, the states to begin with, shape (captions,), and `target_in`, shape (captions, time steps). At each time step the decoder reads the next column of `target_in`, whatever it guessed before, and goes on from the state that the step before returned. The function returns its guesses, the tokens with the highest logits: an int array of the shape of `target_in`. What stands in it at padding does not matter.
#
# For example, with the decoder of this album, the state `[2]` and `target_in` for *Fishermen wait*, the guesses are *fishermen sleep in*: after `START` it guesses *fishermen*; after *fishermen* it guesses *sleep*, which is wrong; after *wait*, which the teacher puts in, it guesses *in*.


# %% solution="forced"
def forced(decoder, state, target_in):
    """Return the guesses of a decoder that reads target_in: int array (captions, time)."""
    ### BEGIN SOLUTION
    guesses = np.zeros_like(target_in)
    for timestep in range(target_in.shape[1]):
        logits, state = decoder.step(target_in[:, timestep], state)
        guesses[:, timestep] = logits.argmax(axis=-1)
    return guesses
    ### END SOLUTION


# %% tests="teacher_is_followed" points=1
decoder = TinyDecoder(album, codec)
found = forced(decoder, states, target_in)
checks.shape("the guesses", found, (3, 8), hint="a guess for each caption and each time step")
checks.equal(
    "what the decoder read of the first caption",
    words([ids[0] for ids in decoder.read][:8]),
    "<start> gulls sleep on the old boats .",
    hint="the teacher puts in the token of target_in at every step, whatever was guessed before",
)
checks.equal(
    "the guesses for the first caption",
    words(found[0]),
    "gulls circle on the pier boats . <end>",
    hint="the state that one step returns goes into the next; the guess is the highest logit, at its own step",
)
### BEGIN HIDDEN TESTS
sky = [(0, "Waves roll and roll and roll and roll."), (2, "Wind and waves.")]
sky += [(3, "The sun and the moon and the sea."), (4, "No wind, no waves.")]
sky_codec = text.Codec.fit([caption for _, caption in sky], text.tokenizer("word", lower=True))
rows = [[START, *sky_codec.ids(row)] for row in ("No wind and roll", "The sun", "Wind and waves")]
decoder = TinyDecoder(sky, sky_codec)
found = np.asarray(forced(decoder, np.array([4, 3, 2]), batches.pad(rows)))
checks.holds(
    "the guesses of another decoder",
    [words(guesses[: len(row)], sky_codec) for guesses, row in zip(found, rows)]
    == ["no wind , waves and", "the sun and", "wind and waves ."],
    hint="read each column of target_in in turn, and carry the state on",
)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. And without one? (3 points)
#
# Write `free_run`. It takes a decoder, the states to begin with, shape (captions,), and `limit`, a number of time steps. Every caption begins by reading `START`. From then on the decoder reads what it has said itself, the token with the highest logit. The function returns what is said: an int array of shape (captions, limit). `END` stands in it where it is said, and after it there is only `PAD`. Captions end at different steps: the others go on. A caption that does not end is cut off at the limit.
#
# For example, if the decoder says 5, 6, `END` for one caption and 7, `END` for another, then with the limit 5 the result is `[[5, 6, 2, 0, 0], [7, 2, 0, 0, 0]]`.
#
# The first cell of checks brings 1 point. The second counts captions: your points are 2 × the share of captions that are right from the first time step to the last. You see three of them; five more, by another decoder, count when the exercise is graded.


# %% solution="free_run"
def free_run(decoder, state, limit):
    """Return what a decoder says that reads its own words: int array (captions, limit)."""
    ### BEGIN SOLUTION
    said = np.full((len(state), limit), PAD)
    ids, ended = np.full(len(state), START), np.zeros(len(state), bool)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        said[:, timestep] = np.where(ended, PAD, ids)
        ended |= ids == END
    return said
    ### END SOLUTION


# %% tests="own_words_are_read" points=1
decoder = TinyDecoder(album, codec)
found = free_run(decoder, np.array([1, 2]), 9)
checks.shape(
    "what is said",
    found,
    (2, 9),
    hint="a line for each caption, a column for each time step up to the limit",
)
checks.equal(
    "what the decoder read of the first caption",
    words([ids[0] for ids in decoder.read][:5]),
    "<start> boats lie still .",
    hint="START is read once, then what was said the step before; the state goes on from step to step as well",
)
checks.equal(
    "what is said of the first picture",
    words(found[0]),
    "boats lie still . <end> <pad> <pad> <pad> <pad>",
    hint="END is said once, and padding stands after it",
)
checks.equal(
    "what is said of the second picture",
    words(found[1]),
    "fishermen sleep on the pier . <end> <pad> <pad>",
    hint="each caption goes on from its own state until its own END, whatever the others do",
)
### BEGIN HIDDEN TESTS
news = [(4, "No news is good news."), (4, "No news today."), (5, "Good news travels fast.")]
news_codec = text.Codec.fit([caption for _, caption in news], text.tokenizer("word", lower=True))
found = np.asarray(free_run(TinyDecoder(news, news_codec), np.array([5, 4, 5]), 8))
checks.holds(
    "what another decoder says",
    [words(row, news_codec) for row in found]
    == [
        "good news . <end> <pad> <pad> <pad> <pad>",
        "no news is good news . <end> <pad>",
        "good news . <end> <pad> <pad> <pad> <pad>",
    ],
    hint="begin with START and the given states, go on from what was said, and end each caption at its own END",
)
### END HIDDEN TESTS

# %% tests="captions_are_written" points=2
found = free_run(TinyDecoder(album, codec), np.array([0, 1, 2]), 8)
checks.shape("what is said", found, (3, 8))
right = [
    words(found[0]) == "gulls circle over the harbour . <end> <pad>",
    words(found[1]) == "boats lie still . <end> <pad> <pad> <pad>",
    words(found[2]) == "fishermen sleep on the pier . <end> <pad>",
]
### BEGIN HIDDEN TESTS
sky = [(0, "Waves roll and roll and roll and roll."), (1, "Rain."), (2, "Wind and waves.")]
sky += [(3, "The sun and the moon and the sea."), (4, "No wind, no waves.")]
sky_codec = text.Codec.fit([caption for _, caption in sky], text.tokenizer("word", lower=True))
found = free_run(TinyDecoder(sky, sky_codec), np.arange(5), 8)
wanted = [
    "waves roll and roll and roll and roll",
    "rain . <end> <pad> <pad> <pad> <pad> <pad>",
    "wind and waves . <end> <pad> <pad> <pad>",
    "the sun and the moon and the moon",
    "no wind , no waves . <end> <pad>",
]
checks.shape("what another decoder says", found, (5, 8))
right += [words(row, sky_codec) == caption for row, caption in zip(found, wanted)]
### END HIDDEN TESTS
checks.holds(
    "at least one caption is right",
    any(right),
    hint="read what is said of the first picture, word by word: print(words(found[0]))",
)
print(f"{sum(right)} of {len(right)} captions are right")
2 * sum(right) / len(right)

# %% [markdown]
# ## What does one early mistake cost?
#
# We have all that is needed to see it. The pictures of task 4 are new, and the album misleads the decoder in each of them. **How many tokens will it get wrong with a teacher, and how many alone?** Make a guess, then run the cell. It counts the places with a real token in `target_out`.

# %%
with checks.softly():
    alone = free_run(TinyDecoder(album, codec), states, target_out.shape[1])
    checks.attempted("the function free_run", alone)
    taught = forced(TinyDecoder(album, codec), states, target_in)
    checks.attempted("the function forced", taught)
    for name, guesses in (("with a teacher", taught), ("alone", alone)):
        wrong = ((guesses != target_out) & (target_out != PAD)).sum(axis=1)
        print(f"{name:14} {words(guesses[0])}: {wrong[0]} mistakes; in all three: {wrong.sum()}")
print(f"{'wanted':14} {words(target_out[0])}")

# %% [markdown]
# With the teacher, one wrong word is one mistake: at the next step the decoder stands on the right road again. Alone, it reads its own wrong word, and from there on it writes another caption. In training the decoder never meets this. That is the price of teacher forcing, and the reason why a translator is judged by what it writes alone.
