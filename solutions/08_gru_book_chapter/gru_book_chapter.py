# %% [markdown]
# # Exercise 08 · A GRU writes a chapter (10 points)
#
# In [lesson 08](../../lessons/08_gru_book_chapter.ipynb) a GRU read a book and then wrote a chapter of its own. Here you write
# what stands around it: the cell itself, the two ways to cut a running text into examples, the figure by which it is judged
# against counted n-grams, the brake on its repetitions, and an honest report on what it wrote. Everything is NumPy and
# small; the sizes are all different, so that an axis in the wrong place shows at once.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other sizes and other numbers. Each task can be solved without the others.

# %% locked="setup"
import numpy as np

from course import checks, text
from course.models import numpy_cells
from course.models.numpy_cells import sigmoid
from course.text import END, PAD, START, UNK

page = """
The keeper lit the lamp at nine. The lamp burned till the ferry came in. The ferry came in at ten,
and the keeper came down. "The sea is calm," said the keeper. "The sea is never calm," said the
pilot of the ferry. The keeper went up to the lamp, and the pilot went down to the sea. At nine the
lamp burned. At ten the ferry came in, and the sea was calm.
"""
codec = text.Codec.fit([page], text.tokenizer("word", lower=True))
size = len(codec.vocabulary)
page_ids = np.array([END, *codec.ids(page), END])


def check_results(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


def gru_arguments(batch, features, units, bias_rows, seed):
    """Draw inputs, hidden state and the weights of a step; the bias has (*bias_rows, 3 * units)."""
    rng = np.random.default_rng(seed)
    shapes = (batch, features), (batch, units), (features, 3 * units), (units, 3 * units)
    return [rng.normal(size=shape) for shape in (*shapes, (*bias_rows, 3 * units))]


# %% [markdown]
# The page above is our book. Its words and punctuation marks are `page_ids`, with an END before and behind it; the first END
# is only read, every other token is to be predicted. There are `size` token types, the four special ones included.

# %%
print(f"{len(page_ids)} ids of {size} token types, {len(page_ids) - 1} of them to be predicted")
print(page_ids[:12], codec.text(page_ids[1:12]))

# %% [markdown]
# ## 1. A step of a GRU (2 points)
#
# A GRU has two gates and no cell state. In the convention of its authors (Cho et al., 2014) its four equations are, with * for
# a product number by number and @ for a matrix product:
#
# - update gate: z = sigmoid(x @ W_z + h @ U_z + b_z)
# - reset gate: r = sigmoid(x @ W_r + h @ U_r + b_r)
# - candidate: c = tanh(x @ W_c + (r * h) @ U_c + b_c)
# - new hidden state: z * h + (1 − z) * c
#
# Keras' default, `reset_after=True`, puts the reset gate elsewhere: it acts after the matrix product. And every
# product with the state has a bias d of its own. So the gates hold h @ U_z + d_z and h @ U_r + d_r in the place of h @ U_z and
# h @ U_r, and the candidate is c = tanh(x @ W_c + b_c + r * (h @ U_c + d_c)).
#
# Write `gru_step(inputs, hidden, kernel, recurrent_kernel, bias, reset_after)` for both, without the library's function of
# this name. It returns the new hidden state, `(batch, units)`. The arguments have Keras' layout, with the three parts side by
# side in the order update, reset, candidate:
#
# - `inputs` `(batch, features)` and `hidden` `(batch, units)` are x and h,
# - `kernel` `(features, 3 * units)` holds the three W, and `recurrent_kernel` `(units, 3 * units)` the three U,
# - `bias` is `(3 * units,)` without `reset_after` and holds the three b; with `reset_after` it is `(2, 3 * units)`, the three
#   b in its first row and the three d in its second.
#
# `sigmoid` is imported, and `np.split(array, 3, axis=-1)` cuts an array into three. For example, if the update gate is 1 for
# all units, the new hidden state is the old one; if both gates are 0, it is the tanh of what the inputs say.
#
# One cell of tests looks at the authors' convention, one at Keras' default; each brings 1 point.


# %% solution="gru_step"
def gru_step(inputs, hidden, kernel, recurrent_kernel, bias, reset_after):
    """Return the hidden state after one step: (batch, units)."""
    ### BEGIN SOLUTION
    b, d = bias if reset_after else (bias, np.zeros_like(bias))
    x_z, x_r, x_c = np.split(inputs @ kernel + b, 3, axis=-1)
    u_z, u_r, u_c = np.split(recurrent_kernel, 3, axis=-1)
    d_z, d_r, d_c = np.split(d, 3)
    z = sigmoid(x_z + hidden @ u_z + d_z)
    r = sigmoid(x_r + hidden @ u_r + d_r)
    past = r * (hidden @ u_c + d_c) if reset_after else (r * hidden) @ u_c
    return z * hidden + (1 - z) * np.tanh(x_c + past)
    ### END SOLUTION


# %% tests="reset_before" points=1
def check_before(batch, features, units, seed):
    *others, bias = gru_arguments(batch, features, units, (), seed)
    found = gru_step(*others, bias + np.repeat([200.0, 0.0, 0.0], units), False)
    checks.shape("gru_step: the new hidden state", found, (batch, units), "A row for each input.")
    hint = "An update gate of 1 keeps the state. The first third of each array is that gate's."
    checks.close("an update gate of 1", found, others[1], hint)
    found = gru_step(*others, bias - np.repeat([200.0, 200.0, 0.0], units), False)
    fresh = np.tanh((others[0] @ others[2] + bias)[:, 2 * units :])
    hint = (
        "With both gates at 0 the old state is gone: what is left is the tanh of the inputs' part."
    )
    checks.close("both gates at 0", found, fresh, hint)
    hint = "Without reset_after the reset gate scales the state, and then comes the matrix product."
    wanted, _ = numpy_cells.gru_step(*others, bias, reset_after=False)
    checks.close("a step without reset_after", gru_step(*others, bias, False), wanted, hint)


check_before(batch=3, features=5, units=7, seed=1)
### BEGIN HIDDEN TESTS
check_before(batch=2, features=6, units=4, seed=2)
### END HIDDEN TESTS


# %% tests="reset_after" points=1
def check_after(batch, features, units, seed):
    *others, bias = gru_arguments(batch, features, units, (2,), seed)
    found = gru_step(*others, bias, True)
    checks.shape("gru_step: the new hidden state", found, (batch, units), "A row for each input.")
    up, none = np.repeat([200.0, 0.0, 0.0], units), np.zeros(3 * units)
    hint = "An update gate of 1 keeps the state, whether the inputs' bias or the state's opens it."
    for raised in ([up, none], [none, up]):
        kept = gru_step(*others, bias + np.array(raised), True)
        checks.close("an update gate of 1", kept, others[1], hint)
    hint = "With reset_after the reset gate scales the product and its bias d, not the state."
    wanted, _ = numpy_cells.gru_step(*others, bias, reset_after=True)
    checks.close("a step with reset_after", found, wanted, hint)


check_after(batch=3, features=5, units=7, seed=3)
### BEGIN HIDDEN TESTS
check_after(batch=2, features=3, units=5, seed=4)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Streams (2 points)
#
# A GRU's state says what was read so far. To carry it on from batch to batch, row i of a batch must go on in the text where
# row i of the batch before it stopped. Write `streams(ids, rows, steps)` for a running text `ids`, an int array. It returns
# two int arrays of the same shape `(batches, rows, steps)`:
#
# - `inputs`, what is read: all tokens but the last. The first row, followed through all batches, reads the
#   beginning of the text; the second row goes on where the first one ends, and so forth.
# - `targets`, what is to be predicted: at each place the token that comes next in the text, also where it stands in
#   the next batch or in another row.
#
# There are as few batches as can hold all tokens. Places that are left over, behind the end of the text, hold `PAD` in both
# arrays; no token is dropped.
#
# For example, `streams(np.array([2, 4, 5, 6, 7, 8, 9, 3]), rows=2, steps=2)` has 7 tokens to predict and needs 2 batches.
# The inputs are `[[2, 4], [7, 8]]` in the first batch and `[[5, 6], [9, 0]]` in the second, the targets `[[4, 5], [8, 9]]`
# and `[[6, 7], [3, 0]]`.
#
# One cell of tests follows the rows, the other counts the tokens; each brings 1 point.


# %% solution="streams"
def streams(ids, rows, steps):
    """Return inputs and targets, int arrays (batches, rows, steps); row i goes on in row i."""
    ### BEGIN SOLUTION
    batches = -(-(len(ids) - 1) // (rows * steps))
    filled = np.full(batches * rows * steps + 1, PAD)
    filled[: len(ids)] = ids

    def cut(part):
        return part.reshape(rows, batches, steps).swapaxes(0, 1)

    targets = cut(filled[1:])
    return np.where(targets == PAD, PAD, cut(filled[:-1])), targets
    ### END SOLUTION


# %% tests="rows_go_on" points=1
def running(tokens, seed):
    """Return a text of as many tokens to predict, no two of them alike."""
    return np.random.default_rng(seed).permutation(np.arange(UNK + 1, tokens + UNK + 2))


def check_rows(batches, rows, steps, seed):
    ids = running(batches * rows * steps, seed)
    found = streams(ids, rows, steps)
    check_results("streams", found, 2, "Return inputs and targets.")
    inputs = np.asarray(found[0])
    hint = "The axes are batches, rows, steps; this text fits without padding."
    checks.shape("streams: the inputs", inputs, (batches, rows, steps), hint)
    followed = [token for row in range(rows) for batch in inputs for token in batch[row]]
    hint = (
        "Row i must go on where row i of the batch before it stopped, "
        "and the next row begins where this one ends in the last batch."
    )
    checks.equal("each row, followed through all batches", followed, ids[:-1].tolist(), hint)


check_rows(batches=4, rows=3, steps=5, seed=5)
### BEGIN HIDDEN TESTS
check_rows(batches=3, rows=5, steps=2, seed=6)
check_rows(batches=1, rows=2, steps=7, seed=7)
### END HIDDEN TESTS


# %% tests="every_token_once" points=1
def check_tokens(ids, rows, steps):
    found = streams(ids, rows, steps)
    check_results("streams", found, 2, "Return inputs and targets.")
    inputs, targets = np.asarray(found[0]), np.asarray(found[1])
    checks.shape("streams: the targets", targets, inputs.shape, "As many targets as inputs.")
    hint = "Every token but the first is asked: no window loses one, and the text's end stays."
    checks.equal("the number of targets", (targets != PAD).sum(), len(ids) - 1, hint)
    hint = "Each token is predicted from the one before it in the text, whatever batch that is in."
    pairs = sorted(zip(inputs[targets != PAD].tolist(), targets[targets != PAD].tolist()))
    checks.equal(
        "inputs and targets", pairs, sorted(zip(ids[:-1].tolist(), ids[1:].tolist())), hint
    )
    hint = "Where nothing is asked nothing is read, and there are as few batches as can be."
    checks.equal("inputs where nothing is asked", inputs[targets == PAD].sum(), PAD, hint)
    batches = int(np.ceil((len(ids) - 1) / (rows * steps)))
    checks.equal("the places of all batches", targets.size, batches * rows * steps, hint)


check_tokens(running(60, seed=8), rows=3, steps=5)
check_tokens(running(53, seed=9), rows=4, steps=3)
### BEGIN HIDDEN TESTS
check_tokens(running(31, seed=10), rows=2, steps=5)
check_tokens(page_ids, rows=3, steps=4)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Sections (2 points)
#
# The simplest form of an example needs no streams and carries no state: a *section* of some words, and the word that comes
# next. Write `sections(ids, length)`. It returns `inputs`, an int array `(sections, length)`, and `targets`, an int array
# `(sections,)`. There is a section for every place of the text where `length` tokens and another one behind them stand; each
# section begins one token after the one before it.
#
# For example, `sections(np.array([2, 4, 5, 6, 7]), length=3)` returns `[[2, 4, 5], [4, 5, 6]]` and `[6, 7]`.


# %% solution="sections"
def sections(ids, length):
    """Return sections of a text, (sections, length), and the token behind each, (sections,)."""
    ### BEGIN SOLUTION
    places = np.arange(len(ids) - length)
    return ids[places[:, None] + np.arange(length)], ids[length:]
    ### END SOLUTION


# %% tests="sections_cut" points=1
def check_sections(ids, length, inputs, targets):
    found = sections(np.array(ids), length)
    check_results("sections", found, 2, "Return inputs and targets.")
    name, count = f"sections of {length} tokens", len(targets)
    hint = (
        "A section begins at every place, one token after the one before it, "
        "as long as a token is left to be its target."
    )
    checks.shape(f"{name}: the inputs", found[0], (count, length), hint)
    checks.equal(f"{name}: the inputs", found[0], inputs, hint)
    hint = "The target is the token right behind its section, and no part of it."
    checks.equal(f"{name}: the targets", found[1], targets, hint)


rows = [[7, 4, 9], [4, 9, 4], [9, 4, 5], [4, 5, 8]]
check_sections([7, 4, 9, 4, 5, 8, 6], 3, rows, [4, 5, 8, 6])
check_sections([5, 4, 6], 1, [[5], [4]], [4, 6])
### BEGIN HIDDEN TESTS
rows = np.lib.stride_tricks.sliding_window_view(page_ids, 20)[:-1]
check_sections(page_ids, 20, rows, page_ids[20:])
check_sections([8, 4, 4, 7, 6], 4, [[8, 4, 4, 7]], [6])
### END HIDDEN TESTS

# %% [markdown]
# One-hot encoded, every token of every section is a row of as many numbers as there are token types, and so is every target.
# Write `one_hot_bytes(tokens, length, size)`: the number of bytes that inputs and targets together take in this form, for
# a text of `tokens` ids, sections of `length`, and `size` token types. Each number takes 4 bytes, as in a `float32`. Make no
# arrays for it: the numbers alone are enough, and the arrays would not fit.
#
# For example, a text of 10 ids has 6 sections of 4 tokens; with 7 token types they take 6 × 5 × 7 × 4 = 840 bytes.


# %% solution="one_hot_bytes"
def one_hot_bytes(tokens, length, size):
    """Return the bytes of all sections and their targets, one-hot encoded in float32: int."""
    ### BEGIN SOLUTION
    return (tokens - length) * (length + 1) * size * 4
    ### END SOLUTION


# %% tests="bytes_counted" points=1
def check_bytes(tokens, length, size, wanted):
    found = one_hot_bytes(tokens, length, size)
    hint = (
        "Sections overlap; each has a row for every token and one for its target; 4 bytes a number."
    )
    checks.equal(f"bytes: {tokens} ids, sections of {length}, {size} types", found, wanted, hint)


check_bytes(10, 4, 7, 840)
check_bytes(12, 3, 5, 720)
### BEGIN HIDDEN TESTS
check_bytes(1_000, 20, 300, 24_696_000)
check_bytes(150_000, 20, 7_000, 88_188_240_000)
### END HIDDEN TESTS

# %% [markdown]
# A novel may have 150,000 tokens of 7,000 types. **How much memory do its sections of 20 words take, one-hot encoded, and how
# much do its ids take?**

# %%
with checks.softly():
    needed = one_hot_bytes(150_000, 20, 7_000)
    checks.attempted("one_hot_bytes", needed)
    print(f"one-hot: {needed / 1e9:.1f} GB, ids: {150_000 * 4 / 1e6:.1f} MB")

# %% [markdown]
# ## 4. Judged against counts (1 point)
#
# What has the GRU to beat? An interpolated bigram model, for one. It was counted from a text and has two tables: row v of
# `bigrams` `(size, size)` is the distribution of the token that comes after token v, and `unigrams` `(size,)` is the
# distribution of a token whatever comes before it. The model's probability of token w after token v is
#
# share · bigrams[v, w] + (1 − share) · unigrams[w].
#
# Write `perplexity(bigrams, unigrams, share, batches)`. `batches` is a list of pairs `(inputs, targets)`, int arrays
# `(rows, steps)`: at each place the model reads the input and has to predict the target. Where the target is `PAD` nothing is asked,
# and nothing counts. The perplexity is a single number: exp of the negative logarithms of all the targets' probabilities,
# summed up over all batches and divided once, by the number of targets in all batches.
#
# For example, two targets of probability 1/2 in one batch and a single one of probability 1/16 in another give
# exp((log 2 + log 2 + log 16) / 3) = 4.


# %% solution="perplexity"
def perplexity(bigrams, unigrams, share, batches):
    """Return the perplexity of an interpolated bigram model over all targets of all batches."""
    ### BEGIN SOLUTION
    nll, tokens = 0.0, 0
    for inputs, targets in batches:
        probs = share * bigrams[inputs, targets] + (1 - share) * unigrams[targets]
        nll -= np.log(probs[targets != PAD]).sum()
        tokens += (targets != PAD).sum()
    return float(np.exp(nll / tokens))
    ### END SOLUTION


# %% tests="perplexity_of_all" points=1
def tables(size, seed):
    """Draw two tables of probabilities: (size, size) and (size,)."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(size), size), rng.dirichlet(np.ones(size))


def asked(batches, bigrams, unigrams, share):
    """Return the probability of each target that is asked, one after the other."""
    pairs = [pair for batch in batches for pair in zip(*(array.ravel() for array in batch))]
    return [share * bigrams[v, w] + (1 - share) * unigrams[w] for v, w in pairs if w != PAD]


def check_perplexity(name, lengths, steps, share, seed, hint):
    """Compare on batches with a row of each length; the rest of a row is padding."""
    size = 11
    rng, (bigrams, unigrams) = np.random.default_rng(seed), tables(size, seed)
    batches = []
    for rows in lengths:
        real = np.arange(steps) < np.array(rows)[:, None]
        drawn = rng.integers(END, size, (2, *real.shape))
        batches.append(tuple(np.where(real, drawn, PAD)))
    found = perplexity(bigrams, unigrams, share, batches)
    wanted = np.prod(1 / np.array(asked(batches, bigrams, unigrams, share))) ** (
        1 / sum(map(sum, lengths))
    )
    checks.close(f"perplexity: {name}", found, wanted, hint)


hint = "Mix the two probabilities, and then take the logarithm; exp of the mean comes last."
check_perplexity("one batch", [[4, 4, 4]], 4, 0.7, 11, hint)
hint = "Sum over all batches, and divide and take exp once: a mean of perplexities is none."
check_perplexity("three batches of other sizes", [[5, 5], [5, 5, 5, 5], [5]], 5, 0.4, 12, hint)
hint = "Padding is no token: it adds nothing to the sum, nor to the number of targets."
check_perplexity("batches with padding", [[6, 2, 0], [1, 6, 3]], 6, 0.8, 13, hint)
### BEGIN HIDDEN TESTS
hint = "Every target of every batch counts the same, the last ones too, and padding never."
check_perplexity("other batches", [[7, 7], [7, 7], [1, 0]], 7, 0.25, 14, hint)
check_perplexity("bigrams alone", [[3, 3, 3, 2]], 3, 1.0, 15, hint)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Nothing said twice (1 point)
#
# Always the likeliest word: that ends in a loop, with a counted model as with a GRU. A brake is to forbid every token that
# would complete an n-gram which was said before. Write `banned(said, n)`: `said` is the list of the ids said so far, and
# the result is the list of ids that may not come next, in rising order, each once. A token is banned if the last n − 1
# tokens of `said`, followed by it, stand somewhere in `said` already. For n = 1 that is every token that was said.
#
# For example, `banned([7, 4, 9, 7, 4], n=3)` returns `[9]`, since 7 4 9 was said, and `banned([4, 4], n=2)` returns `[4]`.


# %% solution="banned"
def banned(said, n):
    """Return the ids that would complete an n-gram said before, in rising order: list of int."""
    ### BEGIN SOLUTION
    grams = [tuple(said[place : place + n]) for place in range(len(said) - n + 1)]
    last = tuple(said[len(said) - n + 1 :])
    return sorted({gram[-1] for gram in grams if gram[:-1] == last})
    ### END SOLUTION


# %% tests="nothing_twice" points=1
def check_banned(said, n, wanted, hint):
    found = banned(list(said), n)
    checks.equal(f"banned: n = {n}, {len(said)} tokens said", found, wanted, hint)


hint = "Look for the last n - 1 tokens; what stood behind them, wherever they were, is banned."
check_banned([7, 4, 9, 7, 4], 3, [9], hint)
check_banned([7, 4, 9, 7, 5], 3, [], hint)
check_banned([6, 9, 6, 5, 6, 9, 4, 6], 2, [5, 9], hint)
hint = "The last n-gram of what was said counts too; it may overlap with the one to come."
check_banned([4, 4], 2, [4], hint)
hint = "For n = 1 every token that was said is banned; before n - 1 tokens are said, none is."
check_banned([8, 5, 8], 1, [5, 8], hint)
check_banned([8, 8], 4, [], hint)
### BEGIN HIDDEN TESTS
hint = "A token is banned if the last n - 1 tokens and it would make an n-gram that was said."
check_banned([5, 6, 5, 6, 5], 4, [6], hint)
check_banned([9, 9, 9, 9], 4, [9], hint)
check_banned([], 2, [], hint)
long = np.random.default_rng(16).integers(4, 7, 60).tolist()
windows = [tuple(window) for window in np.lib.stride_tricks.sliding_window_view(long, 4).tolist()]
check_banned(long, 4, [id for id in range(9) if (*long[-3:], id) in windows], hint)
### END HIDDEN TESTS

# %% [markdown]
# ## 6. An honest report (2 points)
#
# Two questions to any text that a machine wrote. Does it repeat itself? *Distinct-n* is the number of different n-grams among
# its n-grams, divided by the number of all its n-grams; they overlap, so m tokens have m − n + 1. Write
# `distinct(tokens, n)` for a list of ids; it returns a number from 0 to 1.
#
# For example, `distinct([4, 5, 4, 5, 6], n=2)` is 0.75: of the four bigrams, 4 5 is there twice.


# %% solution="distinct"
def distinct(tokens, n):
    """Return the share of different n-grams among all n-grams of a text: a float."""
    ### BEGIN SOLUTION
    grams = [tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)]
    return len(set(grams)) / len(grams)
    ### END SOLUTION


# %% tests="distinct_share" points=1
def check_distinct(tokens, n, wanted):
    hint = (
        "n-grams overlap: one begins at every token that has n - 1 behind it. Divide by them all."
    )
    found = distinct(list(tokens), n)
    checks.close(f"distinct-{n} of {len(tokens)} tokens", found, wanted, hint)


check_distinct([4, 5, 4, 5, 6], 2, 3 / 4)
check_distinct([4, 5, 4, 5, 6], 1, 3 / 5)
check_distinct([7] * 9, 3, 1 / 7)
### BEGIN HIDDEN TESTS
check_distinct([5, 4, 6, 5, 4, 6, 5, 4], 3, 3 / 6)
check_distinct([4, 5, 5, 4, 4, 5, 5], 2, 4 / 6)
check_distinct([4, 5, 6], 3, 1.0)
### END HIDDEN TESTS

# %% [markdown]
# And is it a copy? Write `longest_copy(tokens, corpus)` for two lists of ids. It returns the length of the longest run of `tokens`
# that stands in `corpus` as well, word for word: the same tokens in the same order, with nothing between them. The run may begin
# anywhere in both. If no token is shared, it is 0.
#
# For example, `longest_copy([9, 4, 5, 6, 9], [7, 4, 5, 6, 8, 9])` is 3, for 4 5 6.


# %% solution="longest_copy"
def longest_copy(tokens, corpus):
    """Return the length of the longest run of tokens that stands in the corpus: an int."""
    ### BEGIN SOLUTION
    longest, ending = 0, [0] * (len(corpus) + 1)
    for token in tokens:
        # ending[j + 1]: how long a common run ends at this token and at corpus[j].
        ending = [0] + [
            before + 1 if token == other else 0 for other, before in zip(corpus, ending)
        ]
        longest = max(longest, *ending)
    return longest
    ### END SOLUTION


# %% tests="copied_run" points=1
def check_copy(tokens, corpus, wanted, hint):
    found = longest_copy(list(tokens), list(corpus))
    checks.equal(
        f"longest_copy: {len(tokens)} tokens, {len(corpus)} in the corpus", found, wanted, hint
    )


hint = "A run is copied if it stands in the corpus without a gap; it may begin anywhere in both."
check_copy([9, 4, 5, 6, 9], [7, 4, 5, 6, 8, 9], 3, hint)
check_copy([4, 5, 6, 7, 8], [4, 9, 5, 9, 6, 7], 2, hint)
hint = "Count the tokens of the longest run: the whole text if all is copied, 0 if nothing is."
check_copy([8, 4, 4], [7, 8, 4, 4, 5, 8], 3, hint)
check_copy([4, 5], [6, 7, 8], 0, hint)
### BEGIN HIDDEN TESTS
hint = "Try every place of the text with every place of the corpus."
check_copy([4, 4, 5, 4, 4, 4, 5], [4, 4, 4, 5, 4, 6], 4, hint)
check_copy([6, 7, 8, 5], [5, 6, 4, 7, 8, 6], 2, hint)
rng = np.random.default_rng(17)
corpus = rng.integers(4, 40, 200).tolist()
written = [41, *corpus[20:25], 42, *corpus[90:101], 43, *corpus[150:157], 44]
check_copy(written, corpus, 11, hint)
### END HIDDEN TESTS

# %% [markdown]
# Now let a counted model write. It says the token that most often comes next on our page, of those that are not banned.
# **What will the report say without a brake, and what with one?** Make a guess, then run the cell.

# %%
counts = np.zeros((size, size))
np.add.at(counts, (page_ids[:-1], page_ids[1:]), 1)


def write(n, tokens=40):
    """Say the likeliest allowed token, again and again, beginning behind END."""
    said = []
    for _ in range(tokens):
        odds = counts[said[-1] if said else END] + 1e-3
        odds[[PAD, START, END, UNK, *(banned(said, n) if n else [])]] = 0
        said.append(int(odds.argmax()))
    return said


with checks.softly():
    checks.attempted("banned", banned([4, 5], 2))
    for order in (None, 3, 2):
        chapter = write(order)
        shares, copied = distinct(chapter, 2), longest_copy(chapter, page_ids.tolist())
        checks.attempted("distinct", shares)
        checks.attempted("longest_copy", copied)
        print(f"no {order}-gram twice:" if order else "no brake:", codec.text(chapter))
        print(f"  distinct-2 {shares:.2f}, longest copy {copied} tokens\n")

# %% [markdown]
# ## Where to go on
#
# `course.streams.StreamBatches` cuts a whole book as you did in task 2, `course.models.ngram.NGram` counts smoothed n-grams of
# any order, and `course.novelty` reports on long texts. In [lesson 08](../../lessons/08_gru_book_chapter.ipynb) they stand
# around a GRU that has read a novel.
