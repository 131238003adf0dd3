# %% [markdown]
# # Exercise 07 · Attention and BLEU (10 points)
#
# In [lesson 07](../../lessons/07_attention_and_bleu.ipynb) a decoder learnt to look back at the source sentence, and BLEU said
# what that is worth. Here you write both by hand: the weights of an attention layer, two ways to score, one step of a decoder,
# and then BLEU, equal to sacreBLEU's to nine decimal places. At the end stand two tests that find faults in the data before
# a long training hides them. Everything is NumPy and plain Python; the sizes are all different, so that an axis in the wrong
# place shows at once.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There are
# hidden tests as well: they ask the same of other sizes and other sentences. Each task can be solved without the others,
# except for the last part of task 5, which calls what you wrote in tasks 4 and 5.

# %% locked="setup"
import numpy as np
import sacrebleu

from course import batches, checks, text
from course.models import numpy_attention
from course.models.numpy_attention import masked_softmax
from course.models.numpy_cells import softmax
from course.text import END, PAD


def check_results(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


def drawn(seed, *shapes):
    """Draw an array of each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def real_up_to(lengths, source_time):
    """Return the mask of sentences of these lengths: bool (batch, source_time)."""
    return np.arange(source_time) < np.array(lengths)[:, None]


# %% [markdown]
# ## 1. From scores to weights (1 point)
#
# At every step of the decoder, attention gives each source token a *score*. A softmax turns the scores of a sentence into
# *weights* that add up to 1. Sentences of a batch have different lengths, and padding must get no weight: it would draw
# attention to nothing.
#
# Write `attention_weights(scores, mask)`. Both arguments have the shape `(batch, source_time)`; `mask` is True where a real token
# stands. The result has the same shape: in each row the softmax over the real tokens alone, and exactly 0 at padding. Three things
# happen in practice, and the function must survive them:
#
# - A row can be nothing but padding. All its weights are 0.
# - What stands in the scores at padding means nothing, and can be larger than any real score.
# - Real scores can be as large as 1000 or as low as −1000, and exp of them is too large or too small for a float. It helps
#   that a softmax stays the same if one number is subtracted from all scores of a row.
#
# For example, the scores `[[2.0, 1.0, 5.0]]` with the mask `[[True, True, False]]` give about `[[0.731, 0.269, 0]]`. Do not call
# the `masked_softmax` that the tests compare with.


# %% solution="attention_weights"
def attention_weights(scores, mask):
    """Return the softmax of each row over its real tokens, and 0 elsewhere: (batch, source_time)."""
    ### BEGIN SOLUTION
    scores = np.where(mask, scores, -np.inf)
    highest = scores.max(axis=1, keepdims=True)
    shares = np.where(mask, np.exp(scores - np.where(np.isfinite(highest), highest, 0)), 0)
    totals = shares.sum(axis=1, keepdims=True)
    return shares / np.where(totals == 0, 1, totals)
    ### END SOLUTION


# %% tests="weights_of_real_tokens" points=1
def check_weights(scores, mask, name, hint):
    found = attention_weights(scores.copy(), mask.copy())
    checks.shape(f"attention_weights, {name}", found, mask.shape, "A weight for each score.")
    if not mask.all():
        none = hint or "Padding gets exactly 0, whatever its score is."
        zeros = np.zeros((~mask).sum())
        checks.equal(f"weights at padding, {name}", np.asarray(found)[~mask], zeros, none)
    whole = (
        "The softmax runs over the source tokens, the last axis, and over the real ones alone: "
        "what they get adds up to 1 without the padding."
    )
    hint = hint or whole
    checks.close(f"sums of the weights, {name}", np.sum(found, axis=1), mask.any(axis=1), hint)
    checks.close(f"weights, {name}", found, masked_softmax(scores, mask), hint)


def check_hard_weights(lengths, source_time, seed):
    [scores], mask = drawn(seed, (len(lengths), source_time)), real_up_to(lengths, source_time)
    hint = "Where all scores stand behind the mask there is nothing to share: all weights are 0."
    with_empty = mask & (np.arange(len(mask)) != 1)[:, None]
    check_weights(scores, with_empty, "one row nothing but padding", hint)
    hint = "Subtract the largest real score of each row before exp."
    check_weights(400 * scores, mask, "large scores", hint)
    check_weights(scores - 1000, mask, "very low scores", hint)
    check_weights(np.where(mask, scores, 2000.0), mask, "padding with large scores", hint)


given_scores = drawn(1, (3, 5))[0]
check_weights(given_scores, real_up_to([5, 5, 5], 5), "no padding", None)
check_weights(given_scores, real_up_to([5, 2, 4], 5), "some padding", None)
check_hard_weights([5, 2, 4], 5, seed=2)
### BEGIN HIDDEN TESTS
check_weights(drawn(3, (4, 7))[0], real_up_to([1, 7, 3, 6], 7), "other sizes", None)
check_weights(drawn(4, (2, 1))[0], real_up_to([1, 1], 1), "one token", None)
check_weights(drawn(5, (2, 4))[0], ~real_up_to([1, 3], 4), "padding in front", None)
check_hard_weights([3, 6, 1, 2], 6, seed=6)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Two ways to score (2 points)
#
# Where do the scores come from? The decoder's hidden state is the *query* q: `query` has the shape `(batch, units)`. For each
# source token the encoder has left a row m of numbers: `memory` has the shape `(batch, source_time, width)`. Both ways compare
# a sentence's query with each of its rows, and give scores of the shape `(batch, source_time)`:
#
# - `multiplicative_scores(query, memory, kernel)`, after Luong et al. (2015): score = (q @ kernel) · m. A matrix `kernel` of shape
#   `(units, width)` brings the query to the width of the memory; the dot is the sum of the products, number by number.
# - `additive_scores(query, memory, query_kernel, memory_kernel, scale)`, after Bahdanau et al. (2015): score =
#   scale · tanh(q @ query_kernel + m @ memory_kernel). The kernels have the shapes `(units, depth)` and `(width, depth)`, and
#   `scale` has `(depth,)`.
#
# No softmax yet, and no mask. Write both for the whole batch; loops over it are allowed, and not needed: `[:, None]` gives an
# array a further axis, and `np.einsum` or `@` multiply and add up.
#
# For example, take one sentence of two tokens: `query = [[1, 2]]`, `memory = [[[1, 0, 0], [0, 1, 5]]]`. With
# `kernel = [[1, 0, 0], [0, 1, 0]]` the multiplicative scores are `[[1, 2]]`. With a `query_kernel` `[[0], [0]]`, a `memory_kernel`
# `[[0], [0], [0.1]]` and a `scale` `[2]` the additive ones are 2 tanh(0) and 2 tanh(0.5), about `[[0, 0.924]]`.


# %% solution="scores"
def multiplicative_scores(query, memory, kernel):
    """Return (q @ kernel) · m for each row m of the memory: (batch, source_time)."""
    ### BEGIN SOLUTION
    return np.einsum("bw,btw->bt", query @ kernel, memory)
    ### END SOLUTION


def additive_scores(query, memory, query_kernel, memory_kernel, scale):
    """Return scale · tanh(q @ query_kernel + m @ memory_kernel): (batch, source_time)."""
    ### BEGIN SOLUTION
    return np.tanh((query @ query_kernel)[:, None] + memory @ memory_kernel) @ scale
    ### END SOLUTION


# %% tests="multiplied" points=1
def check_multiplicative(batch, source_time, units, width, seed):
    shapes = (batch, units), (batch, source_time, width), (units, width)
    query, memory, kernel = drawn(seed, *shapes)
    found = multiplicative_scores(query, memory, kernel)
    hint = "One score for each source token of each sentence."
    checks.shape("multiplicative_scores", found, (batch, source_time), hint)
    everything = np.ones((batch, source_time), bool)
    _, wanted = numpy_attention.multiplicative(query, memory, everything, kernel)
    hint = "The query of a sentence, times the kernel, meets each row of the same sentence."
    checks.close(
        "the softmax of the scores", masked_softmax(np.asarray(found), everything), wanted, hint
    )


hint = "The query goes through the kernel, and then meets each row of the memory: no softmax yet."
given_query, given_memory = np.array([[1.0, 2.0]]), np.array([[[1.0, 0, 0], [0, 1.0, 5.0]]])
given_kernel = np.array([[1.0, 0, 0], [0, 1.0, 0]])
found = multiplicative_scores(given_query, given_memory, given_kernel)
checks.close("multiplicative_scores: the example", found, [[1.0, 2.0]], hint)
check_multiplicative(batch=3, source_time=5, units=7, width=4, seed=7)
### BEGIN HIDDEN TESTS
found = multiplicative_scores(2 * given_query, given_memory + 1, given_kernel)
checks.close("multiplicative_scores: another example", found, [[8.0, 10.0]], hint)
check_multiplicative(batch=2, source_time=1, units=3, width=6, seed=8)
check_multiplicative(batch=4, source_time=6, units=5, width=5, seed=9)
### END HIDDEN TESTS


# %% tests="added" points=1
def check_additive(batch, source_time, units, width, depth, seed):
    shapes = (batch, units), (batch, source_time, width), (units, depth), (width, depth), (depth,)
    query, memory, *weights = drawn(seed, *shapes)
    found = additive_scores(query, memory, *weights)
    hint = "One score for each source token of each sentence: `scale` adds the depth up."
    checks.shape("additive_scores", found, (batch, source_time), hint)
    hint = (
        "Twice the scale is twice the score: it stands outside of the tanh, and no softmax follows."
    )
    twice = additive_scores(query, memory, *weights[:2], 2 * weights[2])
    checks.close("scores at twice the scale", twice, 2 * np.asarray(found), hint)
    everything = np.ones((batch, source_time), bool)
    _, wanted = numpy_attention.additive(query, memory, everything, *weights)
    hint = (
        "Each sentence's query is added to all rows of its own memory, "
        "both after their kernels, and the tanh comes after the sum."
    )
    checks.close(
        "the softmax of the scores", masked_softmax(np.asarray(found), everything), wanted, hint
    )


check_additive(batch=3, source_time=5, units=7, width=4, depth=6, seed=10)
hint = "The tanh of the sum, number by number, then the product with scale: no softmax yet."
given_weights = np.array([[0.0], [0.0]]), np.array([[0.0], [0.0], [0.1]]), np.array([2.0])
found = additive_scores(given_query, given_memory, *given_weights)
checks.close("additive_scores: the example", found, [[0.0, 2 * np.tanh(0.5)]], hint)
### BEGIN HIDDEN TESTS
given_weights = given_weights[0] + 0.1, given_weights[1], np.array([-3.0])
found = additive_scores(given_query, given_memory, *given_weights)
checks.close(
    "additive_scores: another example", found, [[-3 * np.tanh(0.3), -3 * np.tanh(0.8)]], hint
)
check_additive(batch=2, source_time=1, units=3, width=6, depth=4, seed=11)
check_additive(batch=4, source_time=6, units=5, width=5, depth=5, seed=12)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. A step of the decoder (1 point)
#
# The weights make one row out of the memory, the *context*: the sum of the source tokens' rows, each times its weight.
# In Luong's decoder it stands beside the hidden state, and a layer mixes the two into what the logits are made of. Write
# `decoder_step(hidden, memory, weights, mix_kernel, output_kernel)`. It returns two arrays:
#
# - the context, `(batch, width)`, made from `memory` `(batch, source_time, width)` and `weights` `(batch, source_time)`;
# - the logits, `(batch, vocabulary)`. First the hidden state `(batch, units)` and the context are put side by side, in this order:
#   `(batch, units + width)`. Then comes the mixing layer, tanh of the product with `mix_kernel` `(units + width, depth)`,
#   then the product with `output_kernel` `(depth, vocabulary)`.
#
# For example, if a sentence's weights are 0 but for a 1 at its third token, the context is the third row of its memory. If
# they are 0.5 at the first and the second token, it is the mean of these two rows.


# %% solution="decoder_step"
def decoder_step(hidden, memory, weights, mix_kernel, output_kernel):
    """Return the context (batch, width) and the logits (batch, vocabulary) of one step."""
    ### BEGIN SOLUTION
    context = np.einsum("bt,btw->bw", weights, memory)
    mixed = np.tanh(np.concatenate([hidden, context], axis=1) @ mix_kernel)
    return context, mixed @ output_kernel
    ### END SOLUTION


# %% tests="context_and_logits" points=1
def check_step(batch, source_time, units, width, depth, vocabulary, seed):
    shapes = (
        (batch, units),
        (batch, source_time, width),
        (units + width, depth),
        (depth, vocabulary),
    )
    hidden, memory, *kernels = drawn(seed, *shapes)
    places = np.arange(batch) % source_time
    looking = np.eye(source_time)[places]
    found = decoder_step(hidden, memory, looking, *kernels)
    check_results("decoder_step", found, 2, "Return the context and the logits.")
    checks.shape(
        "the context", found[0], (batch, width), "One row of the memory's width a sentence."
    )
    hint = "A weight of 1 at one token takes that row of the memory, of the same sentence."
    checks.close(
        "context of weights at one token", found[0], memory[np.arange(batch), places], hint
    )
    checks.shape("the logits", found[1], (batch, vocabulary), "One number for each token type.")
    scores, mask = drawn(seed + 1, (batch, source_time))[0], np.ones((batch, source_time), bool)
    wanted, weights = numpy_attention.attend(scores, memory, mask)
    context, logits = decoder_step(hidden, memory, weights, *kernels)
    hint = "The context is the sum of all rows, each times its weight: the weights add up to 1."
    checks.close("context of weights at all tokens", context, wanted, hint)
    check_logits(hidden, wanted, logits, *kernels)
    padding = 0 * weights
    context, logits = decoder_step(hidden, memory, padding, *kernels)
    checks.close("context where all is padding", context, 0 * wanted, "No weight, no context.")
    check_logits(hidden, 0 * wanted, logits, *kernels)


def check_logits(hidden, context, logits, mix_kernel, output_kernel):
    units = hidden.shape[1]
    parts = hidden @ mix_kernel[:units] + context @ mix_kernel[units:]
    hint = (
        "The hidden state stands before the context; their product with mix_kernel goes through a "
        "tanh, and the product with output_kernel is the logits, without a softmax."
    )
    checks.close("the logits", logits, np.tanh(parts) @ output_kernel, hint)


check_step(batch=3, source_time=5, units=7, width=4, depth=6, vocabulary=9, seed=13)
### BEGIN HIDDEN TESTS
check_step(batch=2, source_time=1, units=3, width=6, depth=4, vocabulary=5, seed=14)
check_step(batch=4, source_time=6, units=5, width=5, depth=7, vocabulary=8, seed=15)
### END HIDDEN TESTS

# %% [markdown]
# Now the three tasks together translate a phrase. The weights of this decoder are not learnt, they are set by hand: in step t
# its hidden state looks for the source word that it needs. The phrase has five words, and two places of padding. **Where does the
# step look that says *white*, and how much weight does padding get?** Make a guess, then run the cell.

# %%
phrase, said_words = "mira la vieja casa blanca".split(), "watch the old white house".split()
needs = np.eye(5)[[0, 1, 2, 4, 3]]  # the fourth step needs the fifth word
phrase_memory = np.repeat(np.eye(7, 5)[None], 5, axis=0)  # each step is a row of the batch
with checks.softly():
    phrase_scores = multiplicative_scores(np.eye(5), phrase_memory, 4 * needs)
    checks.attempted("multiplicative_scores", phrase_scores)
    phrase_weights = attention_weights(phrase_scores, real_up_to([5] * 5, 7))
    checks.attempted("attention_weights", phrase_weights)
    step = decoder_step(np.eye(5), phrase_memory, phrase_weights, np.eye(10, 5, k=-5), needs.T)
    checks.attempted("decoder_step", step)
    print(" " * 8, *(f"{word:>7}" for word in [*phrase, "<pad>", "<pad>"]))
    for place, row in zip(step[1].argmax(axis=1), phrase_weights):
        print(f"{said_words[place]:8}", *(f"{weight:7.3f}" for weight in row))

# %% [markdown]
# ## 4. What counts as a match? (1 point)
#
# From here on a translation is judged. BLEU compares *n-grams*, runs of n tokens, with those of one or more references, which are
# correct translations of the same sentence. It asks what share of the translation's n-grams stands in a reference, and it
# *clips*: an n-gram counts at most as often as it stands in the reference that has it most often. Without that, *the the
# the the* would be a fine translation.
#
# Write `clipped_matches(translation, references, n)`. `translation` is a list of tokens, `references` a list of such lists.
# It returns two ints: the clipped matches, and the number of all n-grams of the translation, which is 0 if the translation
# is too short for one.
#
# For example, let the translation be *the gulls the gulls the* and the references *the gulls sleep* and *on the roof the gulls
# sleep*. For n = 1 the result is `(3, 5)`: *the* counts twice, because the second reference has it twice, and *gulls* once. For
# n = 2 it is `(1, 4)`.


# %% solution="clipped_matches"
def clipped_matches(translation, references, n):
    """Return the clipped matches of a translation's n-grams, and how many n-grams it has."""

    ### BEGIN SOLUTION
    def count(tokens):
        grams = [tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)]
        return {gram: grams.count(gram) for gram in grams}

    found, others = count(translation), [count(tokens) for tokens in references]
    clipped = [
        min(times, max(other.get(gram, 0) for other in others)) for gram, times in found.items()
    ]
    return sum(clipped), sum(found.values())
    ### END SOLUTION


# %% tests="matches_clipped" points=1
def check_matches(translation, references, n, wanted, hint):
    found = clipped_matches(translation.split(), [line.split() for line in references], n)
    check_results("clipped_matches", found, 2, "Return the matches and the number of n-grams.")
    name = f"{n}-grams of {translation!r}"
    total = "All n-grams of the translation count here, those said twice too; it can have none."
    checks.equal(f"number of {name}", found[1], wanted[1], total)
    checks.equal(f"matches among the {name}", found[0], wanted[0], hint)


two_lines = ["the gulls sleep", "on the roof the gulls sleep"]
clip = (
    "An n-gram counts at most as often as in the reference that has it most often: "
    "not more often, and references do not add up."
)
each = "An n-gram that stands in any of the references matches, as often as it stands there."
check_matches("the boats sleep", two_lines[:1], 1, (2, 3), each)
check_matches("the gulls sleep on the roof", two_lines, 2, (4, 5), each)
check_matches("the the the the", two_lines[:1], 1, (1, 4), clip)
check_matches("the gulls the gulls the", two_lines, 1, (3, 5), clip)
check_matches("the gulls the gulls the", two_lines, 2, (1, 4), clip)
check_matches("the roof the gulls sleep", two_lines, 1, (5, 5), each)
check_matches("gulls sleep", two_lines, 4, (0, 0), clip)
### BEGIN HIDDEN TESTS
check_matches("", two_lines, 1, (0, 0), clip)
check_matches("the gulls sleep", two_lines, 4, (0, 0), clip)
check_matches("sleep gulls the", two_lines, 2, (0, 2), "The order of the tokens counts.")
three_lines = ["no no , not now", "no , no , no", "not now , no"]
check_matches("no no no no no , not now", three_lines, 1, (6, 8), clip)
check_matches("no no no , no , not now now", three_lines, 2, (6, 8), clip)
check_matches("no , no , no , no", three_lines, 3, (3, 5), clip)
check_matches("no , no , not now", three_lines, 4, (2, 3), each)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. BLEU (3 points)
#
# From the counts to the figure. Over a corpus there are four numbers of matches and four totals, for n from 1 to 4. With pₙ for
# matches divided by total,
#
# BLEU = 100 · BP · (p₁ · p₂ · p₃ · p₄) to the power of 1/4.
#
# BP, the *brevity penalty*, is for translations that leave out what they are not sure of. It is 1 if the translations have at
# least as many tokens as the references; if they have less, it is exp(1 − reference_length / length).
#
# Write `bleu(matches, totals, length, reference_length, smooth)`. The first two are lists of four ints; the two lengths
# are numbers of tokens. It returns a number from 0 to 100. Mind what can be 0:
#
# - A total of 0 means that no translation was long enough. Then BLEU is 0. It is also 0 if not a single n-gram of any length is found, and if
#   there are no tokens.
# - Without `smooth`, one pₙ of 0 makes BLEU 0. For a single sentence this happens often.
# - With `smooth`, no pₙ is 0 as long as there is some match. Go from n = 1 to n = 4: the first n without matches is counted
#   as half a match, the second as a quarter, the third as an eighth. This is the exponential smoothing that sacreBLEU uses
#   unless told otherwise.
#
# For example, the matches `[3, 2, 0, 0]`, totals `[4, 3, 2, 1]` and lengths 4 and 5 give 0 without `smooth`. With it, p₃ is
# 0.5 / 2, p₄ is 0.25 / 1, and BLEU is 100 · exp(−1/4) · (3/4 · 2/3 · 1/4 · 1/4) to the power of 1/4, about 32.7.
#
# One cell of tests looks at the figure without smoothing, one at smoothing; each brings 1 point.


# %% solution="bleu"
def bleu(matches, totals, length, reference_length, smooth=False):
    """Return BLEU, from 0 to 100, for matches and totals of n from 1 to 4."""
    ### BEGIN SOLUTION
    if not any(matches) or not all(totals):
        return 0.0
    product, part = 1.0, 1.0
    for match, total in zip(matches, totals):
        if smooth and not match:
            part /= 2
            match = part
        product *= match / total
    penalty = 1.0 if length >= reference_length else np.exp(1 - reference_length / length)
    return 100 * penalty * product**0.25
    ### END SOLUTION


# %% tests="bleu_of_counts" points=1
def check_bleu(matches, totals, length, reference_length, smooth, hint):
    found = bleu(list(matches), list(totals), length, reference_length, smooth)
    method = "exp" if smooth else "none"
    counts = [*matches], [*totals], length, reference_length
    wanted = sacrebleu.BLEU.compute_bleu(*counts, smooth_method=method).score
    name = f"bleu of matches {matches}, totals {totals}, lengths {length} and {reference_length}"
    checks.close(f"{name}{', smoothed' if smooth else ''}", found, wanted, hint, tolerance=1e-9)


short = (
    "What is shorter than its references is punished, and only that: exp(1 - reference / length)."
)
mean = "The four shares are multiplied, and the fourth root is taken: their geometric mean."
none = "Without smoothing, one n without a match makes the whole figure 0."
check_bleu([9, 8, 7, 6], [9, 8, 7, 6], 9, 9, False, "All right is 100.")
check_bleu([9, 8, 7, 6], [9, 8, 7, 6], 9, 12, False, short)
check_bleu([9, 8, 7, 6], [9, 8, 7, 6], 9, 7, False, short)
check_bleu([7, 5, 3, 1], [10, 9, 8, 7], 10, 10, False, mean)
check_bleu([3, 2, 1, 0], [4, 3, 2, 1], 4, 5, False, none)
check_bleu([0, 0, 0, 0], [4, 3, 2, 1], 4, 5, False, none)
check_bleu([3, 2, 1, 0], [3, 2, 1, 0], 3, 3, False, "A total of 0 makes the figure 0.")
### BEGIN HIDDEN TESTS
check_bleu([57, 31, 12, 4], [90, 80, 70, 61], 90, 101, False, short)
check_bleu([57, 31, 12, 4], [90, 80, 70, 61], 90, 40, False, short)
check_bleu([0, 0, 0, 0], [0, 0, 0, 0], 0, 6, False, "No tokens, no figure: 0.")
check_bleu([2, 0, 0, 0], [6, 4, 2, 0], 6, 6, False, none)
### END HIDDEN TESTS

# %% tests="bleu_smoothed" points=1
halves = "Half a match for the first n without one, a quarter for the second, and so forth."
check_bleu([3, 2, 1, 0], [4, 3, 2, 1], 4, 4, True, halves)
check_bleu([3, 2, 0, 0], [4, 3, 2, 1], 4, 4, True, halves)
check_bleu([5, 0, 0, 0], [9, 8, 7, 6], 9, 9, True, halves)
check_bleu([7, 5, 3, 1], [10, 9, 8, 7], 10, 10, True, "Where all n match nothing is smoothed.")
nothing = "Smoothing does not help where nothing matches, or where a total is 0: the figure is 0."
check_bleu([0, 0, 0, 0], [4, 3, 2, 1], 4, 4, True, nothing)
check_bleu([3, 2, 1, 0], [3, 2, 1, 0], 3, 3, True, nothing)
### BEGIN HIDDEN TESTS
check_bleu([8, 4, 0, 0], [13, 11, 9, 7], 13, 13, True, halves)
check_bleu([8, 4, 2, 0], [13, 11, 9, 7], 13, 13, True, halves)
check_bleu([1, 0, 0, 0], [2, 1, 0, 0], 2, 2, True, nothing)
### END HIDDEN TESTS

# %% [markdown]
# Now the whole: `corpus_bleu(translations, references, smooth)`. `translations` is a list of translations, each a list of tokens;
# `references` has for each of them a list of one or more references. It returns what `bleu` gives for the whole corpus: the
# matches, totals and lengths of all sentences are added up first, and divided once. (A mean of the sentences' figures is
# something else.)
#
# Which length have the references of a sentence, if there are several? That of the reference whose number of tokens is closest
# to the translation's; if two are equally close, the shorter one's. These lengths are added up.
#
# For example, a corpus of the translations *the gulls sleep on it* and *good evening* with one reference each, *the gulls sleep
# on the roof* and *good evening*, has the matches 6, 4, 2, 1, the totals 7, 5, 3, 2 and the lengths 7 and 8. That is about 58.7.


# %% solution="corpus_bleu"
def corpus_bleu(translations, references, smooth=False):
    """Return the BLEU of a corpus of translations, each with a list of references."""
    ### BEGIN SOLUTION
    matches, totals, length, reference_length = [0] * 4, [0] * 4, 0, 0
    for translation, group in zip(translations, references):
        for n in range(1, 5):
            match, total = clipped_matches(translation, group, n)
            matches[n - 1] += match
            totals[n - 1] += total
        closest = min(map(len, group), key=lambda size: (abs(size - len(translation)), size))
        length, reference_length = length + len(translation), reference_length + closest
    return bleu(matches, totals, length, reference_length, smooth)
    ### END SOLUTION


# %% tests="bleu_of_a_corpus" points=1
def official(translations, references, smooth):
    """Return sacreBLEU's score of tokens as they are."""
    most = max(len(group) for group in references)
    columns = [[group[n] if n < len(group) else None for group in references] for n in range(most)]
    method = "exp" if smooth else "none"
    options = {"smooth_method": method, "tokenize": "none", "force": True}
    return sacrebleu.corpus_bleu(translations, columns, **options).score


def check_corpus(name, corpus, smooth, hint):
    translations, references = [line for line, _ in corpus], [group for _, group in corpus]
    groups = [[line.split() for line in group] for group in references]
    found = corpus_bleu([line.split() for line in translations], groups, smooth)
    wanted = official(translations, references, smooth)
    checks.close(f"corpus_bleu: {name}", found, wanted, hint, tolerance=1e-9)


close = (
    "The reference that counts has the length closest to the translation's; if two do, the shorter."
)
sums = (
    "Counts and lengths of all sentences are added up, and bleu is called once; "
    "no n-gram reaches from one sentence into the next."
)
empty = "An empty line has no n-grams, but its reference has a length that counts."
rain = ["it rained on the boats", "it has rained on the boats for two days"]
rain += ["for two days and two nights it has rained on the boats"]
tie = ["for two days now it has rained on the boats", "it has rained on the boats"]
check_corpus("one sentence", [("it rained on the two boats", rain[:1])], False, sums)
check_corpus("three references", [("it has rained on the boats for days", rain)], False, close)
for ties in (tie, tie[::-1]):
    check_corpus("a tie", [("it has rained on the boats for days", ties)], False, close)
harbour = [
    ("the gulls sleep on the roof of it", ["the gulls sleep on the roof of the harbour"]),
    ("the boats wait", ["the boats are waiting", "the boats wait and wait"]),
    ("it has rained on the roof", rain[1:]),
    ("of the harbour", ["nothing of that"]),
]
check_corpus("four sentences", harbour, False, sums)
check_corpus("an empty line", [*harbour, ("", ["the pilot came on board"])], False, empty)
check_corpus(
    "short sentences, smoothed", [harbour[1], harbour[3], ("it has rained", rain)], True, sums
)
check_corpus("one sentence, smoothed", harbour[2:3], True, sums)
### BEGIN HIDDEN TESTS
check_corpus("nothing but an empty line", [("", ["the pilot came"])], True, empty)
check_corpus("sentences of up to three tokens", [harbour[1], harbour[3]], True, sums)
for ties in (["a b c d e f g h", "b c d e f g"], ["b c d e f g", "a b c d e f g h"]):
    check_corpus("another tie", [("a b c d e f g", ties)], False, close)
rng = np.random.default_rng(16)


def written(most):
    return " ".join(rng.choice(["a", "b", "c", "d"], size=rng.integers(1, most)))


many = [(written(15), [written(15) for _ in range(rng.integers(1, 5))]) for _ in range(60)]
check_corpus("sixty sentences", many, False, sums)
check_corpus(
    "sixty sentences, two empty lines", [*many, ("", ["a b c"]), ("", ["d", "d d"])], True, empty
)
check_corpus(
    "half as long as they should be", [(written(8), [written(15)]) for _ in range(30)], False, close
)
check_corpus(
    "longer than they should be", [(written(20), [written(8)]) for _ in range(30)], True, close
)
### END HIDDEN TESTS

# %% [markdown]
# What does the figure say, then? Here are three translations of one sentence. **Which one would you choose, and which one does
# BLEU?** Make a guess, then run the cell.

# %%
references_of_one = ["the pilot did not want to go on board".split()]
candidates = [
    "the pilot did want to go on board",
    "the pilot refused to board the ship",
    "the pilot did not want to go aboard",
]
with checks.softly():
    for candidate in candidates:
        figure = corpus_bleu([candidate.split()], [references_of_one], smooth=True)
        checks.attempted("corpus_bleu", figure)
        print(f"{figure:5.1f}  {candidate}")

# %% [markdown]
# The first says the opposite of what it should, and BLEU puts it far above the second, which is right. BLEU sees n-grams and no
# meaning. Over thousands of sentences it still tells a better translator from a worse one of the same kind, and that is
# what it was made for.
#
# ## 6. Is there something wrong with the data? (2 points)
#
# Two faults that stand in well-known tutorials. In the first, targets have no END, and padding doesn't count in the loss: so no
# training step ever asks the model to stop, and it never learns to. Write `never_end(target_out)`. It takes an int array `(batch,
# time)` of what the decoder must say, and returns a list of the numbers of the rows that are at fault, as ints in rising
# order. A row is right if END is the last of its tokens before the padding, and stands in it nowhere else. A row of nothing but
# `PAD` asks nothing, and is no fault. Padding stands only at a row's end.
#
# For example, with END = 2 and PAD = 0, `never_end(np.array([[5, 2, 0], [5, 6, 0], [4, 7, 2]]))` returns `[1]`.


# %% solution="never_end"
def never_end(target_out):
    """Return the numbers of the rows that do not end with their only END: a list of ints."""
    ### BEGIN SOLUTION
    faults = []
    for number, row in enumerate(target_out):
        tokens = row[row != PAD].tolist()
        if tokens and (tokens[-1] != END or tokens.count(END) > 1):
            faults.append(number)
    return faults
    ### END SOLUTION


# %% tests="ends_found" points=1
def check_ends(rows, wanted, hint):
    found = never_end(batches.pad(rows))
    checks.attempted("never_end", found)
    checks.equal(f"never_end of the rows {rows}", [int(number) for number in found], wanted, hint)


last = "Look at the last token before the padding of each row; rows are counted from 0."
once = "END stands once, and nothing but padding stands behind it."
check_ends([[5, END], [5, 6], [4, 7, END]], [1], last)
check_ends([[5, 6, 7], [5, END], [8], [4, 6, END]], [0, 2], last)
check_ends([[5, END], [4, END, 7], [4, END, END], [END]], [1, 2], once)
check_ends([[5, 6, END], [], [END]], [], "A row of nothing but padding asks nothing.")
### BEGIN HIDDEN TESTS
check_ends([[END]], [], last)
check_ends([[3], [END, 3], [3, END], []], [0, 1], once)
check_ends([[9, 8, 7, 6, 5], [4, END], [END, 4, END], [], [7, 7, END]], [0, 2], once)
### END HIDDEN TESTS

# %% [markdown]
# In the second fault, the sources and the targets of a batch are drawn independently of each other, so the translator learns from
# unrelated pairs. Its loss falls all the same: it learns which words are frequent, and where they stand. But there is
# something that only related pairs allow. A model that gets the same few pairs again and again learns them by heart, and its
# loss goes towards 0. If it does not, the model is broken, or what it is fed.
#
# The cell below gives us a small model to train, and five pairs as arrays of ids. `model.learn(source, target_out)` returns the
# mean loss of a batch and *then* takes one step of training.


# %% locked="small_model"
class SmallModel:
    """Guesses each target token from its place and from the source's tokens, in any order."""

    def __init__(self, source_size, time, target_size):
        self.table, self.losses = np.zeros((source_size, time, target_size)), []

    def learn(self, source, target_out):
        """Return the mean loss of a batch, in nats a token, and take a step of training."""
        source, target_out = np.asarray(source), np.asarray(target_out)
        bags = (source[..., None] == np.arange(len(self.table))).sum(axis=1) * 1.0
        bags[:, PAD] = 0
        probs = softmax(np.einsum("bs,stv->btv", bags, self.table))
        right = target_out[..., None] == np.arange(probs.shape[-1])
        real = target_out != PAD
        self.losses.append(float(-np.log(probs[right & real[..., None]]).mean()))
        error = (probs - right) * real[..., None]
        self.table -= 8 * np.einsum("bs,btv->stv", bags, error) / real.sum()
        return self.losses[-1]


class Draws:
    """Hands out the same pairs at each call, as a batch maker does: related or not."""

    def __init__(self, source, target_out, related, seed):
        self.source, self.target_out, self.related = source, target_out, related
        self.rng, self.calls = np.random.default_rng(seed), 0

    def __call__(self):
        """Return source (batch, source_time) and target_out (batch, time), in a new order."""
        self.calls += 1
        rows = self.rng.permutation(len(self.source))
        others = rows if self.related else self.rng.permutation(len(self.source))
        return self.source[rows], self.target_out[others]


few = [
    ("las gaviotas duermen", "the gulls are asleep"),
    ("el faro está apagado", "the lighthouse is dark"),
    ("los barcos esperan", "the boats are waiting"),
    ("llueve", "it is raining"),
    ("el piloto duerme a bordo", "the pilot sleeps on board"),
]
word_tokenizer = text.tokenizer("word")
few_codecs = [text.Codec.fit(side, word_tokenizer) for side in zip(*few)]
few_source = batches.pad([few_codecs[0].ids(line) for line, _ in few])
few_target = batches.pad([[*few_codecs[1].ids(line), END] for _, line in few])


def fresh_model():
    """Return a model of the five pairs that has learnt nothing yet."""
    sizes = [len(codec.vocabulary) for codec in few_codecs]
    return SmallModel(sizes[0], few_target.shape[1], sizes[1])


# %% [markdown]
# Write `overfits(draw, model, steps, below)`. It trains `model` for `steps` steps. For each step it calls `draw()` anew, which
# returns `source` and `target_out`: always the same few pairs, in any order. The result is True if the loss of the last step is less
# than `below`, and False otherwise.
#
# Why a new draw for each step? A batch that was drawn once and kept is learnt by heart in any case, even if its pairs are unrelated.
#
# For example, `overfits(Draws(few_source, few_target, related=True, seed=0), fresh_model(), steps=25, below=0.1)` is True, and
# with `related=False` it is False.


# %% solution="overfits"
def overfits(draw, model, steps, below):
    """Return whether a model learns by heart what is drawn: True or False."""
    ### BEGIN SOLUTION
    for _ in range(steps):
        loss = model.learn(*draw())
    return loss < below
    ### END SOLUTION


# %% tests="unrelated_found" points=1
def check_overfits(related, steps, below, wanted, seed, hint):
    draw, model = Draws(few_source, few_target, related, seed), fresh_model()
    found = overfits(draw, model, steps, below)
    checks.attempted("overfits", found)
    trained = "One call of model.learn for each step, no more and no less."
    checks.equal("the steps of training", len(model.losses), steps, trained)
    anew = "A kept batch is learnt by heart, related or not: call draw() for each step."
    checks.equal("the batches drawn", draw.calls, steps, anew)
    name = f"overfits: {'related' if related else 'unrelated'} pairs, {steps} steps, below {below}"
    checks.equal(name, found, wanted, hint)


fell = "The loss falls on unrelated pairs too: what counts is whether it gets below the bound."
late = (
    "It is the last loss that counts, not the first, and no mean: training begins with a high loss."
)
check_overfits(True, 25, 0.1, True, 1, late)
check_overfits(False, 25, 0.1, False, 8, fell)
check_overfits(True, 3, 0.1, False, 3, "After a few steps nothing is learnt by heart yet.")
### BEGIN HIDDEN TESTS
check_overfits(True, 20, 0.2, True, 4, late)
check_overfits(False, 20, 0.4, False, 5, fell)
check_overfits(True, 1, 5.0, True, 6, "The bound is the argument `below`.")
### END HIDDEN TESTS

# %% [markdown]
# **How far does the loss fall on unrelated pairs?** Make a guess, then run the cell.

# %%
with checks.softly():
    for kind, related_pairs in (("related", True), ("unrelated", False)):
        watched = fresh_model()
        answer = overfits(Draws(few_source, few_target, related_pairs, 7), watched, 25, 0.1)
        checks.attempted("overfits", answer)
        losses = ", ".join(f"{watched.losses[place]:.2f}" for place in (0, 4, 11, 24))
        print(f"{kind:9} pairs: losses {losses} in steps 1, 5, 12 and 25; overfits: {answer}")

# %% [markdown]
# Anyone who only sees the second row could think that the training works. It is a good habit to let a new model overfit
# one small batch before the first long training: it takes seconds. What it cannot find are pairs that were mixed up once and for
# all in the file, for those can be learnt by heart as well. Against that helps reading ten pairs.
#
# ## Where to go on
#
# `course.models.numpy_attention` holds tasks 1 to 3 in the library's form, `course.models.attentive` a decoder that uses them, and
# `course.metrics.bleu` calls sacreBLEU, the figure to report. In [lesson 07](../../lessons/07_attention_and_bleu.ipynb) they
# meet a real corpus.
