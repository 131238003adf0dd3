# %% [markdown]
# # Exercise 05 · Decoding at inference (10 points)
#
# In [lesson 05](../../lessons/05_inference_decoding.ipynb) we saw that a model gives logits for one next token, and that
# a loop around it makes sentences of them. Here you write these loops yourself: greedy search, the two halves of sampling,
# and beam search. They need two methods of a model and nothing else:
#
# - `state = model.start(source_ids)` reads an int array `(batch, source_time)`,
# - `logits, state = model.step(token_ids, state)` takes an int array `(batch,)` and what the call before it gave, and gives
#   the logits `(batch, vocabulary)` of the next token.
#
# A state is a dictionary of arrays, each with `batch` rows; what the numbers in it mean is the model's business. Greedy
# search below decodes one sentence, with a batch of 1; beam search will use the batch for its beginnings.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There are
# hidden tests as well: they ask the same of other models.

# %% locked="setup"
import numpy as np

from course import batches, checks, text
from course.models.numpy_cells import gru_step, softmax
from course.text import END, PAD, START


def check_pairs(name, found):
    """Refuse what is no list of pairs (tokens, log_prob)."""
    checks.attempted(name, found)
    rows = found if isinstance(found, list | tuple) else [found]
    pairs = all(isinstance(row, list | tuple) and len(row) == 2 for row in rows)
    checks.holds(f"{name}: the result is a list of pairs (tokens, log_prob)", pairs)


# %% [markdown]
# Two models are given, in NumPy, so that everything runs at once. You need not read how they work. A `Phrasebook` knows a
# few translations by heart, each with its probability, and says them token by token. A `TinyNetwork` is a GRU with random
# weights; it talks nonsense, but it keeps what it has read in its state as a trained network does. Both raise an error
# after a hundred steps, for loops that would not end.


# %% locked="models"
class Model:
    """What both models share: a note of all that was fed, and patience for a hundred steps."""

    fed = ()

    def begin(self, source_ids):
        """Begin a new list of what is fed; return the ids of the source as an array."""
        self.fed = []
        return np.asarray(source_ids)

    def note(self, token_ids, state):
        """Note one step; refuse what has the wrong shape."""
        token_ids, rows = np.asarray(token_ids), len(next(iter(state.values())))
        if token_ids.shape != (rows,):
            raise ValueError(f"step: token_ids {token_ids.shape}, but the state has {rows} rows")
        self.fed.append(token_ids)
        if len(self.fed) > 100:
            raise RuntimeError("a hundred steps for one sentence: does the loop have a limit?")
        return token_ids


class Phrasebook(Model):
    """Translations known by heart, given as {source: {translation: probability}}."""

    def __init__(self, entries):
        words = text.tokenizer("word")
        known = list(dict.fromkeys(said for found in entries.values() for said in found))
        self.source, self.target = text.Codec.fit(entries, words), text.Codec.fit(known, words)
        self.rows = batches.pad([[START, *self.target.ids(said), END] for said in known])
        self.shares = {
            tuple(self.source.ids(source)): [found.get(said, 0.0) for said in known]
            for source, found in entries.items()
        }

    def start(self, source_ids):
        rows = [tuple(row[row != PAD].tolist()) for row in self.begin(source_ids)]
        shares = np.array([self.shares[row] for row in rows])
        return {"shares": shares, "place": np.zeros(len(rows), int)}

    def step(self, token_ids, state):
        token_ids = self.note(token_ids, state)
        place = np.minimum(state["place"], self.rows.shape[1] - 2)
        shares = state["shares"] * (token_ids[:, None] == self.rows[:, place].T)
        probs = np.full((len(place), len(self.target.vocabulary)), 1e-6)  # nothing is impossible
        np.add.at(probs, (np.arange(len(place))[:, None], self.rows[:, place + 1].T), shares)
        logits = np.log(probs) + 3.0
        logits[:, [PAD, START]] = -50.0
        return logits, {"shares": shares, "place": place + 1}


class TinyNetwork(Model):
    """A GRU over `size` token types, with weights drawn from a seed."""

    def __init__(self, size, units, seed):
        rng = np.random.default_rng(seed)
        self.embeddings, self.output = rng.normal(size=(2, size, units))
        shapes = (units, 3 * units), (units, 3 * units), (2, 3 * units)
        self.weights = [rng.normal(size=shape) for shape in shapes]
        self.bias = np.zeros(size)
        self.bias[[PAD, START]] = -50.0

    def start(self, source_ids):
        return {"hidden": np.tanh(self.embeddings[self.begin(source_ids)].sum(axis=1))}

    def step(self, token_ids, state):
        token_ids = self.note(token_ids, state)
        hidden, _ = gru_step(self.embeddings[token_ids], state["hidden"], *self.weights)
        return hidden @ self.output.T + self.bias, {"hidden": hidden}


# %% locked="phrasebook"
book = Phrasebook(
    {
        "good evening": {"buenas noches a todos": 0.5, "buenas tardes": 0.3, "hola": 0.2},
        "he went home": {
            "volvió a casa": 0.4,
            "se marchó a casa": 0.2,
            "se marchó": 0.15,
            "se fue a casa": 0.25,
        },
    }
)
evening = np.array([book.source.ids("good evening")])
home = np.array([book.source.ids("he went home")])

# %% [markdown]
# ## 1. The loop (2 points)
#
# Write `greedy(model, source_ids, max_tokens)` for one sentence: `source_ids` has the shape `(1, source_time)`. It feeds
# START at the first step, and from then on the token that the model has just said, which is always the likeliest one. It
# returns the list of the tokens said, as ints. When the model says END, it stands last in the list and ends the loop; the other
# way out is the limit: the list never has more than `max_tokens` tokens, END counted.
#
# For example, `greedy(book, evening, max_tokens=9)` returns the ids of *buenas noches a todos* and END, five tokens;
# `book.target.text(ids)` writes ids as text. With `max_tokens=2` it returns the ids of *buenas noches*.


# %% solution="greedy"
def greedy(model, source_ids, max_tokens):
    """Return the tokens that a model says, the likeliest at each step: a list of ints."""
    ### BEGIN SOLUTION
    state, token, said = model.start(source_ids), START, []
    while token != END and len(said) < max_tokens:
        logits, state = model.step(np.array([token]), state)
        token = int(logits[0].argmax())
        said.append(token)
    return said
    ### END SOLUTION


# %% tests="greedy_words" points=1
def check_words(model, source_ids, words):
    found = greedy(model, source_ids, max_tokens=len(words) + 4)
    checks.attempted("greedy", found)
    fed = [int(id) for ids in model.fed for id in ids]
    hint = "The model reads START at the first step, and then what it has said itself."
    checks.holds("START is fed exactly once", fed.count(START) == 1, hint)
    hint = "Does `return` stand in the loop? Then the first pass is the last one."
    checks.holds("greedy says more than one token", np.size(found) > 1, hint)
    hint = (
        "Each step takes the likeliest token and the state of the step before; the limit counts "
        "tokens and not characters."
    )
    checks.equal("the words that greedy says", np.ravel(found)[: len(words)], words, hint)


check_words(book, evening, book.target.ids("buenas noches a todos"))
check_words(book, home, book.target.ids("se marchó a casa"))
### BEGIN HIDDEN TESTS
numbers = Phrasebook({"eight": {"uno dos tres cuatro uno dos tres": 0.6, "dos uno": 0.4}})
eight = np.array([numbers.source.ids("eight")])
check_words(numbers, eight, numbers.target.ids("uno dos tres cuatro uno dos tres"))
network_ids = np.array([[4, 6, 5]])
check_words(TinyNetwork(11, 7, seed=83), network_ids, [5, 9, 9, 8, 6, 6, 7, 10])
check_words(TinyNetwork(9, 5, seed=113), network_ids, [8, 5, 8, 8, 3, 3, 3, 3])
### END HIDDEN TESTS


# %% tests="greedy_stops" points=1
def check_stop(model, source_ids, words):
    hint = "END ends the loop, and stands last in the list."
    found = greedy(model, source_ids, max_tokens=len(words) + 4)
    checks.equal("greedy: a sentence that ends by itself", found, [*words, END], hint)
    found = greedy(model, source_ids, max_tokens=len(words) + 1)
    checks.equal("greedy: a sentence that fits exactly", found, [*words, END], hint)
    hint = "With max_tokens tokens in the list the loop ends, whatever the model still has to say."
    found = greedy(model, source_ids, max_tokens=len(words) - 1)
    checks.equal("greedy: a sentence cut off by the limit", found, words[:-1], hint)


check_stop(book, evening, book.target.ids("buenas noches a todos"))
### BEGIN HIDDEN TESTS
letters = Phrasebook({"x": {"a b c a b c d": 0.7, "b": 0.3}, "y z": {"d c": 0.9, "a": 0.1}})
check_stop(letters, np.array([letters.source.ids("x")]), letters.target.ids("a b c a b c d"))
check_stop(letters, np.array([letters.source.ids("y z")]), letters.target.ids("d c"))
endless = TinyNetwork(11, 7, seed=4)
endless.bias[END] = -50.0
found = greedy(endless, np.array([[5, 4]]), max_tokens=13)
checks.equal(
    "greedy: the length of a sentence that never ends", len(found), 13, "The limit counts tokens."
)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. How likely is a sentence? (1 point)
#
# Write `log_prob(model, source_ids, tokens)`: the logarithm of the probability that the model gives to a whole sentence.
# `tokens` is a list of ids, END last. At each step the model says what it thinks of the next token; the logarithms
# of these probabilities are added up. The result is a single number. Logits are not probabilities yet: that takes a
# softmax, and `softmax` is imported.
#
# For example, the phrasebook gives *buenas noches a todos* the probability 0.5, so the result for its ids and END is
# log 0.5 ≈ −0.693.


# %% solution="log_prob"
def log_prob(model, source_ids, tokens):
    """Return the log-probability of a whole sentence, END included: a float."""
    ### BEGIN SOLUTION
    state, total = model.start(source_ids), 0.0
    for token, following in zip([START, *tokens[:-1]], tokens):
        logits, state = model.step(np.array([token]), state)
        total += np.log(softmax(logits)[0, following])
    return float(total)
    ### END SOLUTION


# %% tests="log_prob_sums" points=1
def check_log_prob(source_ids, translation, probability):
    tokens = [*book.target.ids(translation), END]
    found = log_prob(book, source_ids, tokens)
    hint = (
        "Feed START and then each token but the last; after each step, add the logarithm of the "
        "probability of the token that comes next, END included."
    )
    name = f"log_prob of {translation!r}"
    checks.close(name, found, np.log(probability), hint, tolerance=1e-3)


check_log_prob(evening, "buenas noches a todos", 0.5)
check_log_prob(home, "se marchó", 0.15)
### BEGIN HIDDEN TESTS
check_log_prob(home, "se fue a casa", 0.25)
check_log_prob(evening, "hola", 0.2)
network, source_ids, tokens = (
    TinyNetwork(13, 5, seed=6),
    np.array([[7, 5, 4, 9]]),
    [6, 4, 6, 12, END],
)
state, total = network.start(source_ids), 0.0
for fed, following in zip([START, *tokens], tokens):
    logits, state = network.step([fed], state)
    total += logits[0, following] - np.log(np.exp(logits[0]).sum())
found = log_prob(network, source_ids, tokens)
hint = "Is the state of each step carried on to the next one?"
checks.close("log_prob by a network", found, total, hint, tolerance=1e-3)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Sampling (3 points)
#
# Sampling draws the next token. First the probabilities. Write `probabilities(logits, temperature, top_k)`: `logits` has the
# shape `(rows, vocabulary)`, and so has the result; each row of it adds up to 1. The logits are divided by the temperature
# before the softmax. If `top_k` is a number, only the `top_k` likeliest tokens of each row keep a share, and all others
# get exactly 0; with `None` all keep theirs.
#
# For example, a row with the probabilities 0.1, 0.2, 0.7 at temperature 1 becomes about 0.02, 0.07, 0.91 at temperature
# 0.5, and with `top_k=2` at temperature 1 it becomes 0, 0.222, 0.778.


# %% solution="probabilities"
def probabilities(logits, temperature=1.0, top_k=None):
    """Return what to draw from: probabilities (rows, vocabulary)."""
    ### BEGIN SOLUTION
    logits = logits / temperature
    if top_k is not None:
        least = np.sort(logits, axis=-1)[:, -top_k, None]
        logits = np.where(logits < least, -np.inf, logits)
    return softmax(logits)
    ### END SOLUTION


# %% tests="temperature_sharpens" points=1
def check_temperature(rows, vocabulary, temperature, seed):
    logits = np.random.default_rng(seed).normal(size=(rows, vocabulary))
    found = probabilities(logits, temperature)
    checks.shape("probabilities", found, (rows, vocabulary), "One row for each row of logits.")
    hint = "Each row is a distribution of its own: the softmax runs over the vocabulary."
    checks.close("the sum of each row", np.sum(found, axis=-1), np.ones(rows), hint)
    powers = softmax(logits) ** (1 / temperature)
    hint = "Below 1 the likeliest token gains: the logits are divided by the temperature, first."
    wanted = powers / powers.sum(axis=-1, keepdims=True)
    checks.close(f"probabilities at temperature {temperature}", found, wanted, hint)


check_temperature(rows=3, vocabulary=5, temperature=1.0, seed=1)
check_temperature(rows=3, vocabulary=5, temperature=0.5, seed=2)
### BEGIN HIDDEN TESTS
check_temperature(rows=2, vocabulary=9, temperature=2.5, seed=3)
check_temperature(rows=4, vocabulary=4, temperature=0.2, seed=4)
### END HIDDEN TESTS


# %% tests="top_k_cuts" points=1
def check_top_k(rows, vocabulary, top_k, seed):
    logits = np.random.default_rng(seed).normal(size=(rows, vocabulary))
    found = probabilities(logits, temperature=1.0, top_k=top_k)
    checks.shape("probabilities", found, (rows, vocabulary), "The dropped tokens get 0; they stay.")
    found, order = np.asarray(found), np.argsort(logits, axis=-1)
    kept, dropped = order[:, -top_k:], order[:, :-top_k]
    hint = "top_k keeps the likeliest tokens of each row, and the others get exactly 0."
    shares = np.take_along_axis(found, dropped, axis=-1)
    checks.close("the share of the dropped tokens", shares, np.zeros(dropped.shape), hint)
    shares = np.take_along_axis(found, kept, axis=-1)
    hint = "What is left must add up to 1 again, in each row."
    checks.close("the sum of what is kept", shares.sum(axis=-1), np.ones(rows), hint)
    ratios = shares / np.exp(np.take_along_axis(logits, kept, axis=-1))
    hint = "Among the kept tokens, one that was twice as likely as another stays twice as likely."
    checks.close(
        "the proportions of what is kept", ratios / ratios[:, :1], np.ones(kept.shape), hint
    )


check_top_k(rows=3, vocabulary=7, top_k=2, seed=5)
### BEGIN HIDDEN TESTS
check_top_k(rows=2, vocabulary=9, top_k=5, seed=6)
check_top_k(rows=4, vocabulary=6, top_k=1, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# Now the draw. Write `draw(probs, numbers)`: `probs` has the shape `(rows, vocabulary)`, and `numbers` holds a number for each
# row, from 0 up to but not including 1. Imagine the tokens of a row laid end to end, in the order of their ids, each as long
# as its probability: together they reach from 0 to 1. The number says where to look, and the token that lies there is drawn.
# Where one token ends and the next begins, the next one counts; so a token of probability 0 is never drawn. The result
# is an int array `(rows,)`.
#
# For example, in the row 0, 0.3, 0.5, 0.2 the number 0.1 draws token 1, the number 0.6 token 2, and the number 0 token 1.


# %% solution="draw"
def draw(probs, numbers):
    """Return the token that each number points at: int (rows,)."""
    ### BEGIN SOLUTION
    ends = np.cumsum(probs, axis=-1)
    return (ends <= np.asarray(numbers)[:, None]).sum(axis=-1)
    ### END SOLUTION


# %% tests="draw_points" points=1
probs = np.array([[0.0, 0.3, 0.5, 0.2], [0.25, 0.25, 0.0, 0.5], [0.0, 0.0, 0.75, 0.25]])
hint = "Add up the probabilities along each row: a token begins where the one before it ends."
checks.equal("draw: the tokens", draw(probs, np.array([0.1, 0.6, 0.9])), [1, 3, 3], hint)
checks.equal("draw: the tokens", draw(probs, np.array([0.6, 0.1, 0.7])), [2, 0, 2], hint)
hint = "At the number 0 lies the first token that has any length."
checks.equal(
    "draw: the tokens at the number 0", draw(probs, np.array([0.0, 0.0, 0.0])), [1, 0, 2], hint
)
### BEGIN HIDDEN TESTS
shares = np.array([0.0, 0.35, 0.05, 0.0, 0.4, 0.2])
numbers = (np.arange(200) + 0.5) / 200
found = draw(np.tile(shares, (200, 1)), numbers)
checks.shape("draw: the result", found, (200,), "One token for each row.")
counts = np.bincount(np.asarray(found).astype(int), minlength=6)
hint = "Each token is drawn as often as its probability says."
checks.equal("how often each token is drawn", counts, (200 * shares).round().astype(int), hint)
### END HIDDEN TESTS

# %% [markdown]
# Greedy search with `draw` in the place of `argmax`, and `rng.random(1)` for the numbers, is sampling.
#
# ## 4. Beam search (3 points)
#
# Beam search follows several beginnings side by side. First the choice that it makes at each step. Write
# `continuations(sums, log_probs, width)`: `sums` `(beginnings,)` holds the log-probability of each beginning so far,
# and `log_probs` `(beginnings, vocabulary)` that of each token behind it. Of all the continuations by one token, it picks the
# `width` likeliest and returns three arrays `(width,)`, the likeliest continuation first: `parents`, the row of the beginning
# that is continued; `tokens`, the token that continues it; and `sums`, the log-probability of the whole.
#
# For example, with the sums −1 and −2, and the log-probabilities −3, −0.5, −4 behind the first beginning and −0.1, −5, −6
# behind the second, a width of 2 picks parents 0 and 1, tokens 1 and 0, and the sums −1.5 and −2.1.


# %% solution="continuations"
def continuations(sums, log_probs, width):
    """Return parents, tokens and sums of the likeliest continuations: arrays (width,)."""
    ### BEGIN SOLUTION
    totals = (sums[:, None] + log_probs).ravel()
    best = np.argsort(-totals)[:width]
    return best // log_probs.shape[1], best % log_probs.shape[1], totals[best]
    ### END SOLUTION


# %% tests="continuations_pick" points=1
def check_continuations(beginnings, vocabulary, width, seed):
    rng = np.random.default_rng(seed)
    sums = -rng.exponential(size=beginnings)
    log_probs = np.log(rng.dirichlet(np.ones(vocabulary), beginnings))
    found = continuations(sums, log_probs, width)
    checks.attempted("continuations", found)
    checks.equal("continuations: the number of results", len(found), 3, "parents, tokens, sums")
    totals = sums[:, None] + log_probs
    ranked = sorted(np.ndindex(totals.shape), key=lambda place: -totals[place])[:width]
    hint = (
        "Compare the continuations of all beginnings with each other, by the sum of both numbers."
    )
    checks.close("sums", found[2], [totals[place] for place in ranked], hint)
    hint = "In an array (beginnings, vocabulary) the row is the parent and the column the token."
    checks.equal("parents", found[0], [parent for parent, _ in ranked], hint)
    checks.equal("tokens", found[1], [token for _, token in ranked], hint)


check_continuations(beginnings=3, vocabulary=7, width=4, seed=1)
### BEGIN HIDDEN TESTS
check_continuations(beginnings=2, vocabulary=5, width=6, seed=2)
check_continuations(beginnings=1, vocabulary=9, width=2, seed=3)
### END HIDDEN TESTS

# %% [markdown]
# Now the search. Write `beam(model, source_ids, width, max_tokens)` for one sentence, `source_ids` being `(1, source_time)`.
#
# 1. In the beginning there is a single beginning: no token, the sum 0, and the state of `model.start`.
# 2. At each step the last token of every beginning (START at the first step) goes into `model.step`, all of them as one
#    batch, and `continuations` picks the `width` likeliest.
# 3. A continuation that ends with END is a whole sentence and is put aside. The others are the beginnings of the next step.
#    Each needs the state of its parent: row `parents[i]` of every array in `state`.
# 4. The search ends after `max_tokens` steps, or when no beginning is left. A beginning that has not ended by
#    then counts as it is.
#
# The result is a list of pairs `(tokens, log_prob)`, the likeliest first: a list of ints, END last, and a number.
#
# For example, for *he went home* greedy search says *se marchó a casa*, of probability 0.2. `beam(book, home, width=3,
# max_tokens=9)` has *volvió a casa* in the first place, with log 0.4 ≈ −0.916.


# %% solution="beam"
def beam(model, source_ids, width, max_tokens):
    """Return the sentences found, the likeliest first: pairs of tokens and log-probability."""
    ### BEGIN SOLUTION
    state, beginnings, sums, whole = model.start(source_ids), [[]], np.zeros(1), []
    for _ in range(max_tokens):
        last = np.array([tokens[-1] if tokens else START for tokens in beginnings])
        logits, state = model.step(last, state)
        parents, ids, sums = continuations(sums, np.log(softmax(logits)), width)
        longer = [[*beginnings[parent], int(id)] for parent, id in zip(parents, ids)]
        whole += [(longer[i], float(sums[i])) for i in np.flatnonzero(ids == END)]
        live = np.flatnonzero(ids != END)
        beginnings, sums = [longer[i] for i in live], sums[live]
        state = {name: array[parents[live]] for name, array in state.items()}
        if not beginnings:
            break
    whole += [(tokens, float(total)) for tokens, total in zip(beginnings, sums)]
    return sorted(whole, key=lambda pair: -pair[1])
    ### END SOLUTION


# %% tests="beam_finds" points=2
def check_beam(model, source_ids, width, max_tokens, wanted, total):
    found = beam(model, source_ids, width, max_tokens)
    check_pairs("beam", found)
    hint = "What has not ended when the limit is reached counts as it is."
    checks.holds("beam: at least one sentence is found", len(found) > 0, hint)
    hint = (
        "Does the beam keep `width` beginnings, does each go on with the state of its parent, "
        "and is what ends with END put aside?"
    )
    checks.equal(f"the likeliest sentence at width {width}", found[0][0], wanted, hint)
    hint = "The sum grows by the logarithm of each token's probability, END included."
    checks.close("its log-probability", found[0][1], total, hint, tolerance=1e-3)
    falling = [float(pair[1]) for pair in found]
    checks.holds("the likeliest sentence comes first", falling == sorted(falling, reverse=True))


words = book.target.ids
check_beam(book, home, 1, 9, [*words("se marchó a casa"), END], np.log(0.2))
check_beam(book, home, 3, 9, [*words("volvió a casa"), END], np.log(0.4))
check_beam(book, evening, 2, 9, [*words("buenas noches a todos"), END], np.log(0.5))
check_beam(book, home, 2, 2, words("volvió a"), np.log(0.4))  # the limit cuts it off
### BEGIN HIDDEN TESTS
sea = Phrasebook(
    {
        "the sea": {"el mar": 0.1, "el mar azul": 0.2, "el agua": 0.15, "el agua azul": 0.13}
        | {"la mar está en calma": 0.22, "mar": 0.2}
    }
)
sea_ids, words = np.array([sea.source.ids("the sea")]), sea.target.ids
check_beam(sea, sea_ids, 1, 8, [*words("el mar azul"), END], np.log(0.2))
check_beam(sea, sea_ids, 4, 8, [*words("la mar está en calma"), END], np.log(0.22))
network_ids = np.array([[4, 6]])  # of all sentences of up to four tokens these are the likeliest
check_beam(TinyNetwork(7, 5, seed=486), network_ids, 5, 4, [5, 4, END], -1.42861)
check_beam(TinyNetwork(7, 5, seed=1128), network_ids, 5, 4, [6, 4, END], -1.85396)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Short or long? (1 point)
#
# Every further token makes a sentence less likely, so sums favour short sentences. Write `rank(hypotheses, exponent)`. It takes
# a list of pairs `(tokens, log_prob)`, as `beam` returns it, and returns the same pairs in a new list, the best score first.
# The score of a sentence of n tokens (END counted) is its log-probability divided by ((5 + n) / 6) to the power of
# `exponent`, the length penalty of the lesson. With exponent 0 nothing is divided.
#
# For example, a sentence of 2 tokens with −1.4 and one of 7 tokens with −1.8: at exponent 0 the short one is better, at
# exponent 1 the long one, since −1.4 / (7/6) = −1.2 and −1.8 / (12/6) = −0.9.


# %% solution="rank"
def rank(hypotheses, exponent):
    """Return the pairs (tokens, log_prob), the best by its score first."""
    ### BEGIN SOLUTION
    scores = [total / ((5 + len(tokens)) / 6) ** exponent for tokens, total in hypotheses]
    return [hypotheses[place] for place in np.argsort(scores)[::-1]]
    ### END SOLUTION


# %% tests="rank_lengths" points=1
def check_rank(lengths, log_probs, exponent, order):
    given = [([5] * (n - 1) + [END], value) for n, value in zip(lengths, log_probs)]
    found = rank(given, exponent)
    check_pairs("rank", found)
    checks.equal("the number of sentences", len(found), len(given), "None is left out.")
    hint = (
        "Scores are negative. Divided by a number above 1 they rise, and the highest score is best."
    )
    name = f"the order at exponent {exponent}, by the sentences' log-probabilities"
    checks.equal(name, [pair[1] for pair in found], [log_probs[place] for place in order], hint)


check_rank([2, 7], [-1.4, -1.8], 0.0, [0, 1])
check_rank([2, 7], [-1.4, -1.8], 1.0, [1, 0])
check_rank([4, 9, 1], [-2.0, -2.9, -1.5], 1.0, [1, 0, 2])
### BEGIN HIDDEN TESTS
check_rank([3, 12, 5, 1], [-2.2, -3.0, -2.5, -1.9], 0.6, [1, 2, 0, 3])
check_rank([3, 12, 5, 1], [-2.2, -3.0, -2.5, -1.9], 0.0, [3, 0, 2, 1])
check_rank([6, 2], [-4.0, -3.0], 2.0, [0, 1])
### END HIDDEN TESTS

# %% [markdown]
# ## Where to go on
#
# These loops decode one sentence at a time. `course.decoding` does the same for many sentences side by side, compiled, and
# it works with any model that has `start` and `step`: also with the one that you train in lesson 05.
