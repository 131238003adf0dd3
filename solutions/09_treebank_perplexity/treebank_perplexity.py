# %% [markdown]
# # Exercise 09 · A language model and its perplexity (10 points)
#
# In [lesson 09](../../lessons/09_treebank_perplexity.ipynb) a language model read newspapers and was judged by one figure, its
# perplexity. Here you write what stands behind that figure: the reckoning itself, for models that only count; the sum over all
# tokens, once; a check of the batches and of the state that goes with them; the classic learning rates for another form of the loss;
# a smoothed bigram model; and the floor below which no model comes. Everything is NumPy and small; the sizes are all
# different, so that an axis in the wrong place shows at once.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other sizes and other numbers. Each task can be solved without the others; only the
# table at the very end calls most of what you wrote.

# %% locked="setup"
from itertools import pairwise

import numpy as np

from course import checks, streams, text
from course.corpora.automaton import Automaton
from course.corpora.gazette import gazette
from course.text import END, PAD, START, UNK

news = [
    "the mayor of port lorne opened the new harbour on monday",
    "the council of port lorne closed the old bridge",
    "<unk> said the harbour cost N crowns",
    "the council said a new bridge cost N crowns more",
    "shares of the ferry line rose N crowns on friday",
    "the ferry line said N passengers crossed to port lorne",
    "the mayor of port lorne said the old ferry was <unk>",
]
codec = text.Codec.fit(news, text.SpaceTokenizer())
size = len(codec.vocabulary)
news_ids = streams.running_ids(news, codec)


def check_results(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


# %% [markdown]
# The seven lines above have the form of the treebank's files: a sentence a line, spaces between the tokens, `<unk>` for rare words and
# `N` for numbers. `news_ids` is the same as running text: an END, then the ids of each line and an END behind it. The first END
# is only read; every other token is to be predicted, the END of each line included. There are `size` token types, with the
# four special ones; `PAD` (0) and `START` (1) are never to be predicted.

# %%
print(f"{len(news_ids)} ids of {size} token types, {len(news_ids) - 1} of them to be predicted")
print(news_ids[:12], codec.text(news_ids[1:12]))

# %% [markdown]
# ## 1. A model that only counts (2 points)
#
# The simplest model of all that learns from a text gives each token a probability by its frequency, whatever stands before it:
# a *unigram* model. Write `unigram(ids, size)` for a running text `ids`. It returns the probabilities of all token types, an
# array `(size,)`:
#
# - Count how often each type is to be predicted in `ids`. The first token is only read, so it is not counted.
# - Give each type one more than its count, also those that do not occur. Then no text is impossible. This is *add-one
#   smoothing*.
# - `PAD` and `START` are never to be predicted: their probability is 0.
# - All probabilities together are 1.
#
# For example, in `ids = np.array([2, 4, 2, 4, 5, 2])` five tokens are to be predicted. With `size=7` the types from 2 to 6 get
# 3, 1, 3, 2 and 1 of ten parts: `[0, 0, 0.3, 0.1, 0.3, 0.2, 0.1]`.


# %% solution="unigram"
def unigram(ids, size):
    """Return the add-one smoothed probabilities of all token types: (size,)."""
    ### BEGIN SOLUTION
    parts = np.bincount(ids[1:], minlength=size) + 1.0
    parts[[PAD, START]] = 0.0
    return parts / parts.sum()
    ### END SOLUTION


# %% tests="counted_once" points=1
def check_unigram(ids, size, parts):
    """Compare with the parts of all types from END on."""
    name = f"unigram: {len(ids)} ids of {size} types"
    found = unigram(np.array(ids), size)
    hint = "One number for each token type, the special ones too."
    checks.shape(name, found, (size,), hint)
    hint = "What you divide by is the sum of all parts, those that smoothing added too."
    checks.close(f"{name}, their sum", np.sum(found), 1.0, hint)
    hint = "PAD and START are never to be predicted, so neither gets a share."
    checks.close(f"{name}, PAD and START", np.asarray(found)[[PAD, START]], [0.0, 0.0], hint)
    hint = "A type that does not occur has the count 0, and gets one more than that."
    checks.holds(f"{name}: no other probability is 0", np.asarray(found)[END:] > 0, hint)
    hint = "Each type gets its count and one more. The first token of the text is only read."
    checks.close(name, found, [0.0, 0.0, *(part / sum(parts) for part in parts)], hint)


check_unigram([2, 4, 2, 4, 5, 2], 7, [3, 1, 3, 2, 1])
check_unigram([2, 5, 8, 5, 2, 3, 2], 11, [3, 2, 1, 3, 1, 1, 2, 1, 1])
### BEGIN HIDDEN TESTS
check_unigram([6, 2, 3], 9, [2, 2, 1, 1, 1, 1, 1])
said = news_ids.tolist()[1:]
check_unigram(news_ids.tolist(), size, [said.count(token) + 1 for token in range(END, size)])
### END HIDDEN TESTS

# %% [markdown]
# A token of probability p has the *surprisal* −log p. With the natural logarithm it is counted in *nats*, with the logarithm to the
# base 2 in *bits*; a bit is log 2 ≈ 0.693 nats. The *perplexity* of a text is exp of the mean surprisal of its tokens in nats: so many
# equally likely tokens a model that is no more and no less surprised would have to choose from.
#
# Write `measures(probs, ids)` for a unigram model, whose probabilities `probs` `(size,)` may come from any other text. It returns
# three numbers: the mean surprisal of the tokens of `ids` in nats, the same in bits, and the perplexity. Again the first
# token of `ids` is only read.
#
# For example, if eight types have the probability 1/8 each, then every text of these types has about 2.079 nats and exactly 3 bits a
# token, and the perplexity 8.


# %% solution="measures"
def measures(probs, ids):
    """Return a text's mean surprisal in nats and in bits, and its perplexity: three floats."""
    ### BEGIN SOLUTION
    nats = -np.log(probs[ids[1:]]).mean()
    return nats, nats / np.log(2), np.exp(nats)
    ### END SOLUTION


# %% tests="three_measures" points=1
def check_measures(name, probs, ids):
    found = measures(np.array(probs), np.array(ids))
    check_results(f"measures, {name}", found, 3, "Return nats, bits and the perplexity.")
    hint = "The mean of all surprisals but the first token's, which is only read."
    mean_bits = np.mean([-np.log2(probs[token]) for token in ids[1:]])
    checks.close(f"measures, {name}: nats", found[0], mean_bits * np.log(2), hint)
    hint = "A bit is less than a nat, so there are more of them."
    checks.close(f"measures, {name}: bits", found[1], mean_bits, hint)
    hint = "A uniform model of 8 types has the perplexity 8. Which base goes with nats?"
    checks.close(f"measures, {name}: perplexity", found[2], 2**mean_bits, hint)


check_measures("eight types", [0, 0, *[1 / 8] * 8], [2, 5, 9, 3, 3, 2])
check_measures("other shares", [0, 0, 0.1, 0.2, 0.4, 0.3], [2, 4, 4, 5, 3, 2])
### BEGIN HIDDEN TESTS
check_measures("a rare first token", [0, 0, 0.001, 0.009, 0.6, 0.39], [2, 4, 4, 5, 3])
check_measures("one token", [0, 0, 0.5, 0.25, 0.25], [2, 4])
### END HIDDEN TESTS

# %% [markdown]
# **How much better than a uniform model is a unigram model of our seven lines, on a line that is not among them?** Make a guess, then
# run the cell.

# %%
unseen_ids = streams.running_ids(["the mayor of port lorne closed the new bridge"], codec)
with checks.softly():
    uniform = np.where(np.arange(size) < END, 0.0, 1 / (size - END))
    for model, distribution in (("uniform", uniform), ("unigram", unigram(news_ids, size))):
        checks.attempted("unigram", distribution)
        measured = measures(distribution, unseen_ids)
        checks.attempted("measures", measured)
        print("{}: {:.2f} nats, {:.2f} bits, perplexity {:.1f}".format(model, *measured))

# %% [markdown]
# ## 2. Over all tokens, once (2 points)
#
# A trained model is evaluated in batches. For each it gives an array `log_probs` `(rows, steps)`, the natural logarithm of the
# probability of the target at each place; and there is a `mask` of the same shape, True where a real token is to be predicted. Write
# `perplexity(batches)` for a list of such pairs `(log_probs, mask)`. The result is one number: exp of the surprisal of all real
# tokens together, divided once, by their number. Three things happen in practice:
#
# - Batches have different numbers of real tokens, and a batch may have none.
# - What stands in `log_probs` where `mask` is False means nothing; it can be −inf, or not a number at all.
# - Models that compute in half precision return `float16`. Its largest number is 65504, and above 1024 it has no decimal places.
#   So add up in `float64`: `array.sum(dtype=np.float64)`.
#
# For example, three tokens of probability 1/3 in one batch and one of probability 1/243 in another have the perplexity 9.


# %% solution="perplexity"
def perplexity(batches):
    """Return the perplexity over all real tokens of all batches: a float."""
    ### BEGIN SOLUTION
    nll, tokens = 0.0, 0
    for log_probs, mask in batches:
        nll -= log_probs[mask].sum(dtype=np.float64)
        tokens += mask.sum()
    return np.exp(nll / tokens)
    ### END SOLUTION


# %% tests="all_tokens_once" points=1
def drawn_batches(lengths, steps, seed, kind, behind):
    """Draw a batch of log-probabilities for each list of lengths of rows; with their masks."""
    rng, found = np.random.default_rng(seed), []
    for rows in lengths:
        mask = np.arange(steps) < np.array(rows)[:, None]
        log_probs = np.log(rng.uniform(1e-4, 0.05, mask.shape))
        found.append((np.where(mask, log_probs, behind).astype(kind), mask))
    return found


def check_perplexity(name, lengths, steps, seed, hint, kind="float32", behind=-1.0):
    drawn = drawn_batches(lengths, steps, seed, kind, behind)
    every = [float(x) for log_probs, mask in drawn for x in log_probs[mask]]
    wanted = np.exp(-np.mean(every))
    checks.close(f"perplexity: {name}", perplexity(drawn), wanted, hint)


hint = "Is it exp of the mean surprisal, with the sign that makes it larger than 1?"
check_perplexity("one batch", [[4, 4, 4]], 4, 11, hint)
hint = "Add up over all batches, then divide and take exp once. The last batch counts as well."
check_perplexity("batches of other sizes", [[5, 5, 5], [5, 5, 5], [5]], 5, 12, hint)
hint = "Padding is no token: leave it out of the sum and of the number of tokens."
check_perplexity("padding", [[6, 2, 0], [1, 6, 3]], 6, 13, hint)
hint = "Pick the real places out: 0 times what is not a number is still not a number."
check_perplexity("-inf at padding", [[6, 2, 0], [1, 6, 3]], 6, 14, hint, behind=-np.inf)
hint = "Add up in float64, within a batch and over all of them."
check_perplexity("half precision", [[50] * 40] * 8, 50, 15, hint, kind="float16")
### BEGIN HIDDEN TESTS
hint = "Every real token counts the same, in whatever batch it stands, and padding never."
check_perplexity("other batches", [[7, 7, 7, 7], [1, 0]], 7, 16, hint, behind=np.nan)
check_perplexity("an empty batch", [[3, 3], [0, 0], [1, 2]], 3, 17, hint, behind=5.0)
### END HIDDEN TESTS

# %% [markdown]
# Models over characters are reported in *bits a character*, and models over words in perplexity a token. Can two such figures be
# compared? Yes, if both models give a probability to the same file: then its surprisal as a whole can be shared out among
# its characters or among its tokens.
#
# Write `word_perplexity(bits, lines)`. `bits` is the mean surprisal of a character, in bits, of the file with these `lines`; each line
# has a single space between any two words. The result is the perplexity a token that belongs to it. What is a character here, and
# what is a token?
#
# - The characters of a line are its letters, its spaces and the line end behind it.
# - The tokens of a line are its words and the END behind it. An empty line is a line end, and an END.
#
# For example, `["the sea", "ice"]` are 12 characters and 5 tokens. At 1.25 bits a character the perplexity is 8.


# %% solution="word_perplexity"
def word_perplexity(bits, lines):
    """Return the perplexity a token that belongs to as many bits a character: a float."""
    ### BEGIN SOLUTION
    characters = sum(len(line) + 1 for line in lines)
    tokens = sum(len(line.split()) + 1 for line in lines)
    return 2.0 ** (bits * characters / tokens)
    ### END SOLUTION


# %% tests="same_surprisal" points=1
def check_word_perplexity(bits, lines, characters, tokens):
    name = f"word_perplexity: {bits} bits, {len(lines)} lines"
    found = word_perplexity(bits, list(lines))
    checks.attempted(name, found)
    hint = "The characters' bits together are the tokens' bits together. Line ends are among both."
    checks.close(name, found, 2 ** (bits * characters / tokens), hint)


check_word_perplexity(1.25, ["the sea", "ice"], 12, 5)
check_word_perplexity(0.5, ["N crowns more", "rose", "on friday"], 29, 9)
check_word_perplexity(2.0, ["", "the old bridge", ""], 17, 6)
### BEGIN HIDDEN TESTS
check_word_perplexity(1.0, ["a b c d e f"], 12, 7)
check_word_perplexity(1.175, news, 348, 75)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Does the text arrive whole, and in its order? (2 points)
#
# A language model reads running text in batches of rows. For it to learn and to be judged as we mean it, three things must hold: each
# token is predicted, none is predicted twice, and each row goes on where the same row of the batch before it stopped. None of this
# shows in the loss, which falls all the same. So we look at the batches themselves.
#
# Write `audit(ids, batches)`. No token stands twice in `ids`, so each token tells its place. `batches` is a list of pairs
# `(inputs, targets)`, int arrays `(rows, steps)`, of one shape in all batches, with `PAD` where nothing is read and nothing is asked.
# The result is a dictionary of three numbers:
#
# - `"lost"`: how many tokens of `ids` are never a target. The first one is only read, and does not count as lost.
# - `"twice"`: how many targets are too many. A token that is a target three times adds two.
# - `"breaks"`: how often a row does not go on. That is so if the first token that the row reads in a batch is not the one that
#   comes in `ids` right behind the last one that the same row read in the batch before. A row that reads `PAD` first has ended, which
#   is no break.
#
# For example, take `ids = np.array([9, 5, 7, 4, 6, 8])`, and two batches of one row each. The inputs are `[[9, 5]]` and `[[4, 6]]`, the
# targets `[[5, 7]]` and `[[6, 8]]`. Then 4 is lost, nothing is asked twice, and there is one break: behind 5 comes 7, and the row reads 4.


# %% solution="audit"
def audit(ids, batches):
    """Return how many tokens are lost and asked twice, and how many rows break: a dictionary."""
    ### BEGIN SOLUTION
    asked = np.concatenate([targets[targets != PAD] for _, targets in batches])
    behind = {int(token): int(after) for token, after in pairwise(ids)}
    breaks = 0
    for (before, _), (inputs, _) in pairwise(batches):
        for last, first in zip(before[:, -1], inputs[:, 0]):
            breaks += int(first != PAD and behind.get(int(last)) != first)
    different = len(set(asked.tolist()))
    return {"lost": len(ids) - 1 - different, "twice": len(asked) - different, "breaks": breaks}
    ### END SOLUTION


# %% [markdown]
# The cell below cuts a text in six ways. Which of them are sound is for your `audit` to say.


# %% locked="cutters"
def numbered(tokens, seed):
    """Return a text of as many tokens to predict, no two of them alike."""
    return np.random.default_rng(seed).permutation(np.arange(UNK + 1, UNK + 2 + tokens))


def in_streams(ids, rows, steps):
    """As the course does it: rows go on, and padding fills what is left over."""
    return list(streams.StreamBatches(ids, batch=rows, steps=steps))


def classic(ids, rows, steps):
    """As the classic code does it: rows of one length, and full windows only."""
    columns = len(ids) // rows
    table = ids[: rows * columns].reshape(rows, columns)
    begins = range(0, columns - steps, steps)
    return [(table[:, b : b + steps], table[:, b + 1 : b + steps + 1]) for b in begins]


def shuffled(ids, rows, steps):
    """The right batches in another order."""
    found = in_streams(ids, rows, steps)
    return [found[place] for place in (*range(1, len(found), 2), *range(0, len(found), 2))]


def as_examples(ids, rows, steps):
    """One window after the other: the rows of a batch go on among themselves."""
    stretches = in_streams(ids, 1, rows * steps)
    return [tuple(part.reshape(rows, steps) for part in stretch) for stretch in stretches]


def within_windows(ids, rows, steps):
    """A window's last token is read, and what comes behind it is never asked."""
    found = []
    for inputs, targets in in_streams(ids, rows, steps):
        found.append((inputs, np.where(np.arange(targets.shape[1]) < steps - 1, targets, PAD)))
    return found


def overlapping(ids, rows, steps):
    """Each window begins one token after the one before it."""
    windows = np.lib.stride_tricks.sliding_window_view(ids, steps + 1)
    windows = windows[: len(windows) // rows * rows].reshape(rows, -1, steps + 1)
    return [(windows[:, at, :-1], windows[:, at, 1:]) for at in range(windows.shape[1])]


# %% tests="batches_audited" points=1
def check_audit(cut, tokens, rows, steps, lost, twice, breaks, seed=21):
    ids = numbered(tokens, seed)
    found = audit(ids, cut(ids, rows, steps))
    name = f"audit: {cut.__name__}, {tokens} tokens, {rows} rows, {steps} steps"
    checks.attempted(name, found)
    keys = sorted(found) if isinstance(found, dict) else None
    hint = "Return a dictionary of these three numbers."
    checks.equal(f"{name}, the keys", keys, ["breaks", "lost", "twice"], hint)
    hint = "Which tokens of ids are no target anywhere? The first one need not be; PAD is none."
    checks.equal(f"{name}, lost", found["lost"], lost, hint)
    hint = "Each token may be a target once; every further time is one too many. PAD is no token."
    checks.equal(f"{name}, twice", found["twice"], twice, hint)
    hint = (
        "Compare what a row reads first with what it read last in the batch before: "
        "is it the next token of ids? Rows that read PAD first have ended."
    )
    checks.equal(f"{name}, breaks", found["breaks"], breaks, hint)


check_audit(in_streams, 53, 4, 3, lost=0, twice=0, breaks=0)
check_audit(classic, 29, 4, 3, lost=5, twice=0, breaks=0)
check_audit(shuffled, 60, 3, 5, lost=0, twice=0, breaks=9)
check_audit(as_examples, 60, 3, 4, lost=0, twice=0, breaks=12)
check_audit(within_windows, 60, 3, 4, lost=15, twice=0, breaks=0)
check_audit(overlapping, 21, 3, 4, lost=0, twice=51, breaks=15)
### BEGIN HIDDEN TESTS
check_audit(in_streams, 31, 5, 7, lost=0, twice=0, breaks=0, seed=22)
check_audit(classic, 100, 7, 5, lost=30, twice=0, breaks=0, seed=23)
check_audit(as_examples, 50, 3, 4, lost=0, twice=0, breaks=10, seed=24)
check_audit(within_windows, 24, 2, 3, lost=8, twice=0, breaks=0, seed=25)
check_audit(overlapping, 13, 2, 5, lost=1, twice=28, breaks=6, seed=26)
### END HIDDEN TESTS

# %% [markdown]
# **How many tokens of a file as long as the treebank's test split does each way but the last one lose, with 60 rows and 20 steps, and
# how often does a row break?** Make a guess, then run the cell.

# %%
with checks.softly():
    long_text = numbered(82_430, seed=0)
    for way in (in_streams, classic, shuffled, as_examples, within_windows):
        report = audit(long_text, way(long_text, rows=60, steps=20))
        checks.attempted("audit", report)
        print(f"{way.__name__:14}: {report}")

# %% [markdown]
# Rows that go on are of use only to a model whose state goes on with them. Write `carried(step, zero_state, batches)`, the evaluation
# of such a model on one text. `batches` is a list of pairs `(inputs, targets)` as above. `step(state, inputs, targets)` reads one batch
# and returns two things: the natural logarithms of the targets' probabilities, `(rows, steps)`, and the state after the batch.
# `zero_state` is the state before the first batch. Call `step` once for each batch, in their order. The result is two
# numbers: the surprisal of all real targets together, in nats, and how many these are. Where the target is `PAD`, nothing
# counts, whatever `step` returns there.
#
# A model to try it on is given below. It has no weights: its state counts, for each row, what was read in the last hundred tokens
# or so, and it expects what was read lately to be read again. Such a model is called a *cache*.


# %% locked="cache"
def cache_step(state, inputs, targets):
    """Return the targets' log-probabilities (rows, steps), and the state after: (rows, size)."""
    state, found, rows = np.array(state), np.zeros(np.shape(inputs)), np.arange(len(inputs))
    for time in range(found.shape[1]):
        state *= 0.99
        state[rows, inputs[:, time]] += 1.0
        shares = (state + 0.02) / (state + 0.02).sum(axis=1, keepdims=True)
        found[:, time] = np.log(shares[rows, targets[:, time]])
    return found, state


# %% solution="carried"
def carried(step, zero_state, batches):
    """Return the surprisal of a text in nats, and its number of tokens; the state is carried on."""
    ### BEGIN SOLUTION
    state, nll, tokens = zero_state, 0.0, 0
    for inputs, targets in batches:
        log_probs, state = step(state, inputs, targets)
        nll -= log_probs[targets != PAD].sum()
        tokens += (targets != PAD).sum()
    return nll, tokens
    ### END SOLUTION


# %% tests="state_carried" points=1
def check_carried(tokens, rows, steps, seed, start=0.0):
    ids = np.append(END, np.random.default_rng(seed).integers(END, 13, tokens))
    cut, zero_state, read = in_streams(ids, rows, steps), np.full((rows, 13), start), []

    def step(state, inputs, targets):
        read.append(np.array(inputs))
        return cache_step(state, inputs, targets)

    found = carried(step, zero_state, cut)
    name = f"carried: {tokens} tokens, {rows} rows, {steps} steps"
    check_results(name, found, 2, "Return the surprisal and the number of tokens.")
    hint = "One call for each batch, in their order."
    known = [inputs.tolist() for inputs, _ in cut]
    numbers = [known.index(each.tolist()) if each.tolist() in known else None for each in read]
    checks.equal(f"{name}, the batches read", numbers, list(range(len(cut))), hint)
    checks.equal(f"{name}, the tokens", found[1], tokens, "Count the real targets of all batches.")
    inputs, targets = (np.concatenate(part, axis=1) for part in zip(*cut))
    log_probs, _ = cache_step(zero_state, inputs, targets)
    hint = (
        "The state after one batch is the state before the next one, and the sum is over all real "
        "targets: as if all steps had been one long batch."
    )
    checks.close(f"{name}, nats", found[0], -np.sum(log_probs, where=targets != PAD), hint)


check_carried(60, rows=3, steps=5, seed=31)
check_carried(53, rows=4, steps=3, seed=32)
### BEGIN HIDDEN TESTS
check_carried(37, rows=1, steps=4, seed=33)
check_carried(41, rows=5, steps=2, seed=34, start=0.5)
### END HIDDEN TESTS

# %% [markdown]
# The gazette is the course's newspaper, written by a machine of known entropy. A section of it keeps to its words for some lines, so
# it is worth remembering what was read. **What happens to the perplexity if the state is thrown away behind each batch, and does
# it matter how many steps a batch has?** Make a guess, then run the cell.

# %%
paper = gazette().generate(3_000, seed=1, until="<eos>")
paper_codec = text.Codec.fit([" ".join(paper)], text.SpaceTokenizer())
paper_ids = np.array([END, *paper_codec.ids(" ".join(paper))])
with checks.softly():
    empty = np.zeros((2, len(paper_codec.vocabulary)))
    for length in (2, 10, 50, 250):
        pieces = in_streams(paper_ids, 2, length)
        kept = carried(cache_step, empty, pieces)
        checks.attempted("carried", kept)
        thrown = np.sum([carried(cache_step, empty, [batch]) for batch in pieces], axis=0)
        kept, thrown = (np.exp(nats / number) for nats, number in (kept, thrown))
        print(f"{length:3} steps: perplexity {kept:.1f}, {thrown:.1f} with the state thrown away")

# %% [markdown]
# ## 4. The classic rates, for another loss (1 point)
#
# The classic run of lesson 09 sums the loss over the `steps` of a batch (and takes the mean over its rows), clips the gradients to a global
# norm of at most `limit`, and then subtracts them from the weights, times the learning rate. The rate is `rate` for the first
# `flat` epochs; before every epoch after these it is halved.
#
# Most libraries take the mean over the steps and not the sum: that loss is `steps` times smaller. Write
# `for_the_mean(rate, limit, flat, epochs, steps)`. It returns two things: the list of the learning rates of all epochs, and the limit of
# the global norm, with which training on the mean does the very same as the classic run: the same change of the weights for every
# batch, whether its gradients are clipped or not.
#
# For example, with `steps=1` mean and sum are the same. So `for_the_mean(1.0, 5.0, flat=2, epochs=4, steps=1)` returns
# `[1.0, 1.0, 0.5, 0.25]` and 5.0.


# %% solution="for_the_mean"
def for_the_mean(rate, limit, flat, epochs, steps):
    """Return each epoch's rate (a list), and the limit of the norm, for a mean over the steps."""
    ### BEGIN SOLUTION
    halved = [max(0, epoch - flat + 1) for epoch in range(epochs)]
    return [rate * steps / 2**times for times in halved], limit / steps
    ### END SOLUTION


# %% tests="same_change" points=1
def check_rates(rate, limit, flat, wanted, steps):
    name = f"for_the_mean: steps = {steps}, limit = {limit}"
    found = for_the_mean(rate, limit, flat, len(wanted), steps)
    check_results(name, found, 2, "Return the rates and the limit.")
    for part in found:
        checks.attempted(name, part)
    rates, limit_of_mean = np.asarray(found[0], float), found[1]
    checks.shape(f"{name}, the rates", rates, (len(wanted),), "A rate for each epoch.")
    hint = "The same rate in the flat epochs, then half of the rate before it in each epoch."
    checks.close(f"{name}, rates as shares of the first", rates / rates[0], wanted, hint)
    hint = "The mean has gradients that are so many times smaller. What must the rate be, then?"
    small = limit / 10
    checks.close(
        f"{name}, a batch of small gradients", rates[0] * small / steps, rate * small, hint
    )
    hint = "Clipping sees the smaller gradients: what length did it use to see as the limit?"
    for norm in (1.5 * limit, 40.0 * steps * limit):
        change = rates[0] * min(norm / steps, limit_of_mean)
        checks.close(f"{name}, a batch that was clipped", change, rate * limit, hint)


check_rates(1.0, 5.0, 2, [1, 1, 1 / 2, 1 / 4], steps=1)
check_rates(0.8, 3.0, 3, [1, 1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16], steps=7)
check_rates(1.0, 5.0, 1, [1, 1 / 2, 1 / 4], steps=20)
### BEGIN HIDDEN TESTS
check_rates(1.0, 5.0, 5, [*[1.0] * 5, *(0.5**times for times in range(1, 11))], steps=20)
check_rates(2.0, 0.25, 4, [1, 1, 1], steps=35)
### END HIDDEN TESTS

# %% [markdown]
# **With which rates and which limit would today's usual loss repeat the classic run?**

# %%
with checks.softly():
    answer = for_the_mean(1.0, 5.0, flat=5, epochs=15, steps=20)
    checks.attempted("for_the_mean", answer)
    print(
        "rates:",
        ", ".join(f"{epoch_rate:.4g}" for epoch_rate in answer[0]),
        "and limit:",
        answer[1],
    )

# %% [markdown]
# ## 5. A bigram model that knows what it has not seen (2 points)
#
# A *bigram* model predicts a token from the one before it. Most pairs of tokens never occur in training, not even in a long text, so it needs
# a *lower* distribution to fall back on: how likely is a token, whatever stands before it? Its frequency is a poor answer. In our
# lines, "lorne" is as frequent as "said", but it only ever comes behind "port": where it stands behind anything else,
# we would be surprised. Kneser and Ney (1995) count not how often a token occurs, but behind how many different tokens.
#
# Write `continuation(counts)`. `counts` is an int array `(size, size)`: `counts[v, w]` says how often token w comes right behind token
# v. The result is an array `(size,)`: for each token w the number of different tokens that it comes behind, divided by the sum of
# these numbers over all w.
#
# For example, `counts = np.array([[0, 5, 1], [0, 0, 2], [0, 0, 1]])` gives `[0, 1/4, 3/4]`: 1 comes behind one token only,
# however often, and 2 behind three.


# %% solution="continuation"
def continuation(counts):
    """Return behind how many tokens each token comes, as shares that add up to 1: (size,)."""
    ### BEGIN SOLUTION
    behind = (counts > 0).sum(axis=0)
    return behind / behind.sum()
    ### END SOLUTION


# %% locked="pairs"
def count_pairs(ids, size):
    """Count how often each token (column) comes right behind each (row): int (size, size)."""
    counts = np.zeros((size, size), int)
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def drawn_pairs(size, seed):
    """Draw counts of which most are 0; the rows 0 and 1 and the column 0 have none at all."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(2.0, (size, size)) * (rng.random((size, size)) < 0.4)
    counts[:2], counts[:, 0] = 0, 0
    counts[2, 1:] += 1
    return counts


# %% tests="behind_how_many" points=1
def check_continuation(name, counts, behind):
    """Compare with the number of tokens that each token comes behind."""
    found = continuation(np.array(counts))
    checks.shape(f"continuation: {name}", found, (len(counts),), "One number for each token.")
    checks.close(f"continuation: {name}, the sum", np.sum(found), 1.0, "The shares add up to 1.")
    hint = (
        "Behind how many different tokens does w come? A pair counts once, however often it "
        "occurs; and it is w that comes second."
    )
    checks.close(f"continuation: {name}", found, [n / sum(behind) for n in behind], hint)


check_continuation("three tokens", [[0, 5, 1], [0, 0, 2], [0, 0, 1]], [0, 1, 3])
four = [[0, 0, 0, 0], [0, 0, 3, 1], [0, 7, 0, 2], [0, 0, 0, 4]]
check_continuation("four tokens", four, [0, 1, 1, 3])
### BEGIN HIDDEN TESTS
for name, counts in (
    ("the news", count_pairs(news_ids, size)),
    ("six tokens", drawn_pairs(6, seed=42)),
    ("eleven tokens", drawn_pairs(11, seed=41)),
):
    check_continuation(name, counts, [len(np.flatnonzero(column)) for column in counts.T])
### END HIDDEN TESTS

# %% [markdown]
# Now the pairs themselves. *Absolute discounting* takes the same number d, between 0 and 1, off the count of every pair that was seen. What
# it took off in a row is shared out among all tokens as the lower distribution has it:
#
# p(w | v) = max(count(v, w) − d, 0) / count(v) + (d · types(v) / count(v)) · lower(w)
#
# Here count(v) is how often v has anything behind it, the sum of row v; and types(v) is how many different tokens come behind it. If
# nothing ever came behind v, all that we have is the lower distribution.
#
# Write `kneser_ney(counts, lower, discount)`, with `counts` `(size, size)` as above and any distribution `lower` `(size,)`. The result has
# the shape `(size, size)`; row v is the distribution of the token that comes behind v, and adds up to 1.
#
# For example, with d = 0.5 and a row of counts `[0, 3, 1]` the seen pairs keep 2.5/4 and 0.5/4, and 1/4 is shared out. If `lower`
# is `[0.2, 0.4, 0.4]`, the row becomes `[0.05, 0.725, 0.225]`.


# %% solution="kneser_ney"
def kneser_ney(counts, lower, discount):
    """Return the distribution of the token behind each token: (size, size), each row sums to 1."""
    ### BEGIN SOLUTION
    total = counts.sum(axis=1, keepdims=True)
    types = (counts > 0).sum(axis=1, keepdims=True)
    at_least_one = np.maximum(total, 1)
    kept = np.maximum(counts - discount, 0) / at_least_one
    left = np.where(total > 0, discount * types / at_least_one, 1.0)
    return kept + left * lower
    ### END SOLUTION


# %% tests="rows_smoothed" points=1
def check_smoothed(name, counts, discount, seed):
    counts, lower = np.array(counts), np.random.default_rng(seed).dirichlet(np.ones(len(counts)))
    found, shape = kneser_ney(counts, lower, discount), (len(counts),) * 2
    checks.shape(f"kneser_ney: {name}", found, shape, "A row for each token before.")
    found, seen = np.asarray(found), counts.sum(axis=1) > 0
    hint = "Nothing ever came behind these tokens: what is left is the lower distribution."
    for row in found[~seen]:
        checks.close(f"kneser_ney: {name}, a row without counts", row, lower, hint)
    hint = "What is taken off the seen pairs of a row, no more and no less, is shared out again."
    checks.close(
        f"kneser_ney: {name}, the rows' sums", found.sum(axis=1), np.ones(len(found)), hint
    )
    hint = "Nothing can be taken off a pair that was never seen; it lives from the lower share."
    checks.holds(f"kneser_ney: {name}: no probability is below 0", found >= 0, hint)
    hint = "Follow the formula: its first part is for the pair, its second is the row's share of w."
    for row, before in zip(found[seen], counts[seen]):
        parts = [n - discount if n else 0.0 for n in before]
        wanted = (np.array(parts) + (sum(before) - sum(parts)) * lower) / sum(before)
        checks.close(f"kneser_ney: {name}, a row with counts", row, wanted, hint)


check_smoothed("three tokens", [[0, 3, 1], [2, 0, 0], [0, 0, 0]], 0.5, seed=43)
check_smoothed("seven tokens", drawn_pairs(7, seed=44), 0.75, seed=45)
### BEGIN HIDDEN TESTS
check_smoothed("the news", count_pairs(news_ids, size), 0.6, seed=46)
check_smoothed("nothing taken off", drawn_pairs(5, seed=47), 0.0, seed=48)
check_smoothed("nine tokens", drawn_pairs(9, seed=49), 0.9, seed=50)
### END HIDDEN TESTS

# %% [markdown]
# **What does the model expect behind "monday", which was seen once, with an END behind it? And how likely is "lorne" there, by
# its frequency and by its continuations?** Make a guess, then run the cell.

# %%
with checks.softly():
    pairs = count_pairs(news_ids, size)
    by_types, by_frequency = continuation(pairs), pairs.sum(axis=0) / pairs.sum()
    checks.attempted("continuation", by_types)
    monday, *others = codec.ids("monday lorne said the")
    for model, distribution in (("by frequency", by_frequency), ("by types", by_types)):
        smoothed = kneser_ney(pairs, distribution, 0.75)
        checks.attempted("kneser_ney", smoothed)
        odds = ", ".join(f"{codec.text([other])} {smoothed[monday, other]:.3f}" for other in others)
        print(f"{model:12}: <end> {smoothed[monday, END]:.3f}, {odds}")

# %% [markdown]
# ## 6. The floor (1 point)
#
# How low can a perplexity be? For real text nobody knows. For the gazette we know it, because we know the machine that writes it:
# an *automaton*. In each of its states it draws a token, and state and token together decide the next state. Whoever knows the state
# is surprised, in the mean, by the *entropy* of what can be said there, −Σ p log p over the tokens. Over a long text, the
# mean surprisal of the best model that there can be is the *entropy rate*: the sum of the states' entropies, each times
# the share of the steps that the automaton spends in that state.
#
# Write `entropy_rate(probs, following)`, in nats a token, without the library's `Automaton`:
#
# - `probs` `(states, tokens)`: how likely each state says each token; many are 0, and 0 · log 0 counts as 0.
# - `following` `(states, tokens)`, int: the state behind it; −1 where the token cannot be said. Several tokens of a state
#   may lead to the same state.
#
# The shares of the states, π, are what does not change from one step to the next: they add up to 1, and the share of a state is the sum of what
# flows into it, π_j = Σ_i π_i · (how likely i leads to j). Every state can be reached from every other one. Solve these equations, with
# `np.linalg.lstsq` for example, instead of walking many steps: an automaton that runs in circles never settles.
#
# For example, state 0 says one of two tokens, each with 1/2; the first leads back to state 0, the second to state 1. State 1 always says the
# same token and goes back to state 0. The shares are 2/3 and 1/3, so the entropy rate is 2/3 · log 2 ≈ 0.462.


# %% solution="entropy_rate"
def entropy_rate(probs, following):
    """Return the entropy rate of an automaton, in nats a token: a float."""
    ### BEGIN SOLUTION
    states = len(probs)
    moves = np.zeros((states, states))
    here, token = np.nonzero(probs)
    np.add.at(moves, (here, following[here, token]), probs[here, token])
    equations = np.vstack([moves.T - np.eye(states), np.ones(states)])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(states), 1.0), rcond=None)[0]
    entropies = -(probs * np.log(np.where(probs > 0, probs, 1.0))).sum(axis=1)
    return shares @ entropies
    ### END SOLUTION


# %% tests="floor_known" points=1
def check_rate(name, probs, following, shares, hint):
    """Compare with states whose shares were reckoned by hand."""
    found = entropy_rate(np.array(probs), np.array(following))
    entropies = [sum(-p * np.log(p) for p in row if p) for row in probs]
    checks.close(f"entropy_rate: {name}", found, np.dot(shares, entropies), hint)


def drawn_automaton(states, tokens, seed):
    """Draw an automaton that goes round all its states, with some short cuts."""
    rng = np.random.default_rng(seed)
    following = rng.integers(0, states, (states, tokens))
    following[:, 0] = (np.arange(states) + 1) % states
    probs = rng.dirichlet(np.ones(tokens), states) * (rng.random((states, tokens)) < 0.6)
    probs[:, 0] += 0.2
    probs /= probs.sum(axis=1, keepdims=True)
    return probs, np.where(probs > 0, following, -1)


hint = "The sum of -p log p over what a state can say, with the natural logarithm; 0 log 0 is 0."
probs, following = [[0.8, 0.2, 0.0], [0.8, 0.2, 0.0]], [[0, 1, -1], [1, 0, -1]]
check_rate("two states alike", probs, following, [1 / 2, 1 / 2], hint)
hint = "The states' entropies count by the share of the steps that are spent in each state."
probs, following = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], [[0, 1, -1], [-1, -1, 0]]
check_rate("two states", probs, following, [2 / 3, 1 / 3], hint)
hint = "Several tokens of a state may lead to the same state: their probabilities add up."
probs, following = [[0.3, 0.3, 0.4], [0.2, 0.8, 0.0]], [[1, 1, 0], [0, 1, -1]]
check_rate("two ways to one state", probs, following, [1 / 4, 3 / 4], hint)
hint = "This one runs in circles: solve for the shares that do not change, do not walk."
probs = [[0.75, 0.25, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
following = [[1, 2, -1], [0, 0, -1], [-1, -1, 3], [-1, -1, 4], [-1, -1, 0]]
check_rate("circles", probs, following, [0.4, 0.3, 0.1, 0.1, 0.1], hint)
### BEGIN HIDDEN TESTS
hint = "Each state's entropy, times its share of the steps; the shares do not change by a step."
for states, tokens, seed in ((6, 4, 51), (9, 5, 52)):
    table = drawn_automaton(states, tokens, seed)
    known = Automaton(tuple(map(str, range(tokens))), *table).entropy_rate
    checks.close(f"entropy_rate: {states} states", entropy_rate(*table), known, hint)
### END HIDDEN TESTS

# %% [markdown]
# Everything together: a gazette to learn from, and another one to be judged by. The lower distribution gets a small share of the
# unigram model, for words that the first gazette does not have. **How near to the floor does a model come that remembers
# a single token?** Make a guess, then run the cell.

# %%
with checks.softly():
    papers = gazette().generate(20_000, 2, "<eos>"), gazette().generate(4_000, 3, "<eos>")
    types = text.Codec.fit([" ".join(gazette().tokens)], text.SpaceTokenizer())
    train_ids, test_ids = (np.array([END, *types.ids(" ".join(paper))]) for paper in papers)
    single = unigram(train_ids, len(types.vocabulary))
    checks.attempted("unigram", single)
    counted = count_pairs(train_ids, len(types.vocabulary))
    by_types = continuation(counted)
    checks.attempted("continuation", by_types)
    smoothed = kneser_ney(counted, 0.99 * by_types + 0.01 * single, 0.75)
    checks.attempted("kneser_ney", smoothed)
    all_real = np.ones((1, len(test_ids) - 1), bool)
    double = smoothed[test_ids[:-1], test_ids[1:]]
    for model, expected in (("unigram", single[test_ids[1:]]), ("bigram", double)):
        judged = perplexity([(np.log(expected)[None], all_real)])
        checks.attempted("perplexity", judged)
        print(f"{model:7}: perplexity {judged:.1f}")
    floor = entropy_rate(gazette().probs, gazette().following)
    checks.attempted("entropy_rate", floor)
    print(f"floor  : perplexity {np.exp(floor):.1f}")

# %% [markdown]
# ## Where to go on
#
# In the library, `course.streams` cuts running text as your audit wants it, `course.models.ngram` smooths n-grams of any order with three
# discounts in the place of one, and `course.corpora.automaton` holds the automaton. How near a recurrent network comes to the
# floor, [lesson 09](../../lessons/09_treebank_perplexity.ipynb) measures.
