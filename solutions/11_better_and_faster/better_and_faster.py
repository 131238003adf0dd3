# %% [markdown]
# # Exercise 11 · Better and faster (10 points)
#
# In [lesson 11](../../lessons/11_better_and_faster.ipynb) we found out what a model lacks, made data better, searched for settings,
# and looked where the time goes. Here you write the small rules behind all of that: which trouble a model has, when training
# should stop, how data is scaled without a look ahead, how settings are drawn and bad trials given up, how much of a batch is
# padding, and how several workers find one gradient. Everything is plain Python and NumPy, and small.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other numbers and other sizes. Each task can be solved without the others.

# %% locked="setup"
import math

import numpy as np

from course import checks

# %% [markdown]
# ## 1. Reading results (2 points)
#
# Write `verdict(best, train, valid, slack)`. `best` is the error that a careful person makes, `train` and `valid` are the errors of a
# model on what it learnt from and on what it has not seen, all in percent. The model has *bias* if `train` is more than `slack` above
# `best`, and *variance* if `valid` is more than `slack` above `train`. The result is one of the strings `"bias"`, `"variance"`,
# `"both"` and `"neither"`.
#
# For example, `verdict(1.5, 2, 14, slack=1)` is `"variance"`.


# %% solution="verdict"
def verdict(best, train, valid, slack):
    """Say what a model lacks: a string."""
    ### BEGIN SOLUTION
    bias, variance = train - best > slack, valid - train > slack
    if bias and variance:
        return "both"
    return "bias" if bias else "variance" if variance else "neither"
    ### END SOLUTION


# %% tests="which_trouble" points=1
def check_verdict(best, train, valid, slack, wanted, hint):
    name = f"verdict: best {best}, train {train}, valid {valid}, slack {slack}"
    checks.equal(name, verdict(best, train, valid, slack), wanted, hint)


hint = "Bias is from the best to training, variance from training to validation."
check_verdict(1.5, 2, 14, 2, "variance", hint)
check_verdict(1.5, 14, 15, 2, "bias", hint)
check_verdict(1.5, 14, 30, 2, "both", hint)
check_verdict(1.5, 2, 2.4, 2, "neither", hint)
hint = "An error that people make as well is no bias."
check_verdict(13, 14, 15, 2, "neither", hint)
hint = "A difference has to be more than `slack`; one that is just as large does not count."
check_verdict(1, 3, 5, 2, "neither", hint)
hint = "A model that does better on unseen data has no variance, however large the difference."
check_verdict(2, 10, 3, 2, "bias", hint)
### BEGIN HIDDEN TESTS
hint = "Two differences, each compared with `slack`, neither of them without its sign."
check_verdict(0, 5, 11, 5, "variance", hint)
check_verdict(0, 5.5, 10.5, 5, "bias", hint)
check_verdict(20, 4, 4, 3, "neither", hint)
check_verdict(20, 4, 8, 3, "variance", hint)
check_verdict(0, 0.5, 1.5, 0, "both", hint)
### END HIDDEN TESTS

# %% [markdown]
# Training should end when it no longer helps. Write `early_stop(losses, patience)`. `losses` are the validation losses after the first,
# second, … epoch, as long as training would go on; `patience` is how many epochs in a row may bring nothing better. The result is
# `(best, last)`, two epochs, counted from 1.
#
# - `last` is the epoch after which training ends: the first one at which `patience` epochs in a row have brought no loss below the
#   lowest before. If that never happens, it is the last one of `losses`.
# - `best` is the epoch with the lowest loss of all up to `last`; of equal ones, the earliest.
# - A loss that is not a number (`nan`) is never better than another. The first loss always is a number.
#
# For example, `early_stop([3.0, 2.0, 2.5, 2.1, 1.0], patience=2)` is `(2, 4)`: after the fourth epoch two in a row brought nothing.


# %% solution="early_stop"
def early_stop(losses, patience):
    """Return the best epoch and the one after which training ends: two whole numbers."""
    ### BEGIN SOLUTION
    best = 1
    for epoch, loss in enumerate(losses, 1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)
    ### END SOLUTION


# %% tests="when_to_stop" points=1
def check_early_stop(losses, patience, wanted, hint):
    name = f"early_stop: {losses}, patience {patience}"
    found = early_stop(list(losses), patience)
    checks.attempted("early_stop", found)
    checks.equal(name, tuple(found), wanted, hint)


hint = "Count the epochs since the lowest loss; training ends when there are `patience` of them."
check_early_stop([3.0, 2.0, 2.5, 2.1, 1.0], 2, (2, 4), hint)
check_early_stop([3.0, 2.0, 2.5, 2.1, 1.0], 3, (5, 5), hint)
hint = "If it never stops early, it ends with the last loss."
check_early_stop([3.0, 2.0, 1.0], 1, (3, 3), hint)
check_early_stop([3.0, 2.0, 2.2], 5, (2, 3), hint)
hint = "An equal loss is not a better one."
check_early_stop([2.0, 2.0, 2.0, 1.0], 2, (1, 3), hint)
hint = "The losses are compared with the lowest one, not with the one before."
check_early_stop([1.0, 4.0, 3.0, 2.0, 0.5], 3, (1, 4), hint)
hint = "`nan` is never better, and it counts as an epoch that brought nothing."
check_early_stop([2.0, math.nan, math.nan, 1.0], 2, (1, 3), hint)
### BEGIN HIDDEN TESTS
hint = "Keep the epoch of the lowest loss so far, and compare with it."
check_early_stop([5.0], 1, (1, 1), hint)
check_early_stop([5.0, 5.5], 1, (1, 2), hint)
check_early_stop([5.0, math.nan, 4.0, 4.5, 3.9, 4.0, 4.0, 4.0], 3, (5, 8), hint)
check_early_stop([9, 8, 7, 7, 6, 6, 6, 5], 2, (5, 7), hint)
### END HIDDEN TESTS

# %% [markdown]
# Four translators of lesson 11, made up but true to life: errors in percent, beside the 5 % at which two people would not agree
# either. And the losses of one of them, which go up and down as losses do. **What does each of them lack, and after which epoch do you stop
# if you are patient for one epoch, for two, or for four?** Make a guess, then run the cell.

# %%
with checks.softly():
    for units, on_seen, on_unseen in ((16, 31, 32), (64, 14, 25), (256, 6, 9), (1_024, 5, 34)):
        lack = verdict(5, on_seen, on_unseen, slack=4)
        checks.attempted("verdict", lack)
        print(f"{units:5,} units: training {on_seen} %, unseen {on_unseen} %: {lack}")
    curve = [3.1, 2.4, 2.5, 2.2, 2.3, 2.3, 2.0, 2.1, 2.2, 2.1, 2.3, 1.9, 2.2, 2.4, 2.5, 2.6]
    for waits in (1, 2, 4):
        stop = early_stop(curve, waits)
        checks.attempted("early_stop", stop)
        print(f"patience {waits}: the best is epoch {stop[0]}, the last is epoch {stop[1]}")

# %% [markdown]
# The smallest network cannot do it even where it has seen the answer; the largest knows the answers by heart. And patience
# is paid for in epochs: there is no telling beforehand whether a better one follows.
#
# ## 2. Data (2 points)
#
# A network learns best from numbers of about the same size. Write `standardised(train, other)`. Both are arrays with the same columns:
# the days that are learnt from, and others. It returns two new arrays of floats: every column less the mean of that column in
# `train`, divided by the standard deviation (`np.std`) of that column in `train`.
#
# - Nothing of `other` goes into the mean and the deviation: at the time of training nobody knows it.
# - A column that has the same number in every row of `train` becomes 0 in both arrays. It says nothing, and a division would only blow up
#   what was rounded.
#
# For example, with the columns `[[1, 5], [3, 5]]` in `train` and `[[4, 6]]` in `other` the results are `[[-1, 0], [1, 0]]` and
# `[[2, 0]]`.


# %% solution="standardised"
def standardised(train, other):
    """Return both arrays, scaled by the mean and the deviation of the first."""
    ### BEGIN SOLUTION
    varied = np.ptp(train, axis=0) > 0
    mean, deviation = train.mean(axis=0), np.where(varied, train.std(axis=0), 1)
    return tuple(np.where(varied, (part - mean) / deviation, 0.0) for part in (train, other))
    ### END SOLUTION


# %% tests="scaled_by_the_past" points=1
def check_standardised(name, train, other, wanted, hint):
    """Compare with the wanted columns, those of train and those of other."""
    found = standardised(np.array(train), np.array(other))
    checks.attempted("standardised", found)
    right = hasattr(found, "__len__") and len(found) == 2
    checks.holds(f"standardised: {name}, two arrays", right, "Return both, train first.")
    for part, array, expected in zip(("train", "other"), found, wanted):
        checks.close(f"standardised: {name}, {part}", array, expected, hint)


hint = "A mean and a deviation for each column of `train`; `np.std` divides by the number of rows."
wanted = [[-1, 1], [1, -1]], [[2, -2]]
check_standardised("two columns", [[1.0, 90.0], [3.0, 50.0]], [[4.0, 30.0]], wanted, hint)
wanted = [[[n / 3**0.5] for n in (-3, 1, 1, 1)], [[n / 3**0.5] for n in (5, -7)]]
check_standardised("four rows", [[0.0], [4.0], [4.0], [4.0]], [[8.0], [-4.0]], wanted, hint)
hint = "A column with one number only in `train` becomes 0, also where `other` has another number."
wanted = [[-1, 0], [1, 0]], [[2, 0]]
check_standardised("a constant column", [[1.0, 5.0], [3.0, 5.0]], [[4.0, 6.0]], wanted, hint)
hint = "The deviation of equal numbers may be rounded to something above 0: ask whether they are equal."
wanted = [[0], [0], [0]], [[0]]
check_standardised("three times 0.1", [[0.1], [0.1], [0.1]], [[0.2]], wanted, hint)
hint = "Whole numbers may come in; floats have to come out."
check_standardised("whole numbers", [[10], [11]], [[12], [9]], ([[-1], [1]], [[3], [-3]]), hint)
### BEGIN HIDDEN TESTS
hint = "Each column by the mean and the deviation that it has in `train`, and by nothing else."
rng = np.random.default_rng(11)
train, other = rng.normal(3, 7, (50, 4)), rng.normal(-90, 1, (20, 4))
wanted = [
    [
        [(number - np.mean(column)) / np.std(column) for number, column in zip(row, train.T)]
        for row in part
    ]
    for part in (train, other)
]
check_standardised("fifty days", train, other, wanted, hint)
check_standardised("the same days", train, train, [wanted[0]] * 2, hint)
check_standardised("small numbers", [[1e-9], [3e-9]], [[5e-9]], ([[-1], [1]], [[3]]), hint)
check_standardised("one row", [[4.0, 2.0]], [[3.0, 2.0]], ([[0, 0]], [[0, 0]]), hint)
### END HIDDEN TESTS

# %% [markdown]
# A model of text learns to lean on the words around if some of what it reads is wrong. Write `noised(ids, share, tokens, rng)`.
# `ids` is an array of ids, of any shape; ids from 4 on are ordinary tokens, those below are special. `tokens` is an array of the ordinary
# ids of a whole corpus, each as often as it occurs there. It returns a new array of the same shape:
#
# - Each ordinary token is replaced with probability `share`, each place for itself.
# - Where one is replaced, the new one is drawn from `tokens`, each place for itself, so that frequent tokens come often.
# - Special tokens stay.
# - All chance comes from `rng`, a generator of NumPy: `rng.random`, `rng.choice` and so on.


# %% solution="noised"
def noised(ids, share, tokens, rng):
    """Return ids of which some ordinary ones are others: an array of the same shape."""
    ### BEGIN SOLUTION
    hit = (ids >= 4) & (rng.random(ids.shape) < share)
    return np.where(hit, rng.choice(tokens, ids.shape), ids)
    ### END SOLUTION


# %% tests="noise_in_what_is_read" points=1
def noise(ids, share, tokens, seed=3):
    """Return what noised makes of ids."""
    found = noised(np.array(ids), share, np.array(tokens), np.random.default_rng(seed))
    checks.shape(f"noised: {share:.0%} of {np.shape(ids)}", found, np.shape(ids))
    return np.asarray(found)


def check_shares(found, kept, share, hint):
    """Check the share of replaced tokens, in all and in each row and column of (200, 200)."""
    replaced = found != kept
    checks.close("noised: the share replaced", replaced.mean(), share, hint, tolerance=0.02)
    spread = max(replaced.mean(axis).std() for axis in (0, 1))
    hint = "Each place has its own chance: do not decide for whole rows or columns."
    checks.holds("noised: as many in each row and each column", spread < 0.1, hint)


plenty = np.full((200, 200), 5)
hint = "Each ordinary token is replaced with probability `share`."
check_shares(noise(plenty, 0.3, [7, 8, 9]), plenty, 0.3, hint)
check_shares(noise(plenty, 0.8, [7, 8, 9]), plenty, 0.8, hint)
hint = "Draw from `tokens` as they are: what stands there often is drawn often."
drawn = noise(plenty, 1.0, [20, 20, 20, 30])
checks.close("noised: how often 20 is drawn", (drawn == 20).mean(), 0.75, hint, tolerance=0.02)
checks.close("noised: how often 30 is drawn", (drawn == 30).mean(), 0.25, hint, tolerance=0.02)
hint = "Draw a token for each place, not one for a whole row or column."
spread = max((drawn == 20).mean(axis).std() for axis in (0, 1))
checks.holds("noised: 20 and 30 in each row and each column", spread < 0.1, hint)
hint = "The special tokens 0 to 3 stay; 4 is the first ordinary one."
found = noise([[1, 4, 3, 2, 0], [1, 2, 0, 0, 0]], 1.0, [6])
checks.equal("noised: special tokens", found, [[1, 6, 3, 2, 0], [1, 2, 0, 0, 0]], hint)
hint = "If `share` is 0 nothing is replaced."
checks.equal("noised: no noise", noise([4, 5, 6], 0.0, [9]), [4, 5, 6], hint)
hint = "Take all chance from `rng`, so that the same seed gives the same noise."
again = [noise(plenty, 0.5, [7, 8, 9], seed=5) for _ in range(2)]
checks.holds("noised: the same twice", np.array_equal(*again), hint)
other = noise(plenty, 0.5, [7, 8, 9], seed=6)
checks.holds("noised: not the same from another seed", not np.array_equal(again[0], other), hint)
### BEGIN HIDDEN TESTS
hint = "Ordinary tokens only, each with its own chance, in an array of any shape."
mixed = np.random.default_rng(1).integers(0, 8, (50, 40, 20))
found = noise(mixed, 0.25, [8, 9, 9])
checks.equal("noised: three axes, special ones", found[mixed < 4], mixed[mixed < 4], hint)
share = (found != mixed)[mixed >= 4].mean()
checks.close("noised: three axes, the share", share, 0.25, hint, tolerance=0.02)
nines = (found == 9).sum() / (found >= 8).sum()
checks.close("noised: three axes, how often 9", nines, 2 / 3, hint, tolerance=0.03)
line = noise(np.full(20_000, 4), 0.5, [4, 5])
checks.close("noised: drawn again", (line == 5).mean(), 0.25, hint, tolerance=0.03)
checks.equal("noised: nothing to read", noise(np.zeros((0, 3), int), 0.5, [4]).size, 0, hint)
### END HIDDEN TESTS

# %% [markdown]
# A shop has sold more every month, and we learn from its first forty. **If the numbers are scaled by all sixty months in place
# of the first forty, how large does the last month look to the model, and how large should it?** Then a sentence with noise. Make
# a guess, then run the cell.

# %%
with checks.softly():
    months = np.arange(60.0)[:, None] ** 2 + 100
    for seen in (40, 60):
        scaled = standardised(months[:seen], months[40:])
        checks.attempted("standardised", scaled)
        print(f"scaled by {seen} months: the last one is {scaled[1][-1, 0]:.2f}")
    words = "<pad> <unk> <start> <end> the cat sat on a mat and saw dog".split()
    sentence = np.array([2, 4, 5, 6, 7, 4, 9, 3])
    common = np.array([4, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12])
    for chance in (0.0, 0.2, 0.5):
        altered = noised(sentence, chance, common, np.random.default_rng(4))
        checks.attempted("noised", altered)
        print(f"{chance:.0%} noise:", *(words[place] for place in altered))

# %% [markdown]
# Whoever scales by all months has told the model how far the shop will grow. The test looks better than it will be.
#
# ## 3. Tuning (2 points)
#
# A search needs settings to try. Write `draw(space, rng)`. `space` is a dictionary of names and ranges; the result is a dictionary with the
# same names, and one value for each:
#
# - `("log", low, high)`: a float between `low` and `high`, such that its logarithm is spread evenly. So between 0.001 and 0.1 half
#   of all draws are below 0.01.
# - `("whole", low, high)`: a whole number (`int`) from `low` to `high`, both among them, all equally often.
# - `("choice", options)`: one of the options, all equally often.
#
# Each value is drawn for itself, all with `rng`.


# %% solution="draw"
def draw(space, rng):
    """Return a value for each name of a space: a dictionary."""
    ### BEGIN SOLUTION
    ways = {
        "log": lambda low, high: math.exp(rng.uniform(math.log(low), math.log(high))),
        "whole": lambda low, high: int(rng.integers(low, high + 1)),
        "choice": lambda options: options[rng.integers(len(options))],
    }
    return {name: ways[kind](*limits) for name, (kind, *limits) in space.items()}
    ### END SOLUTION


# %% tests="settings_drawn" points=1
def many(space, times=400):
    """Return the values of many draws: a dictionary of arrays."""
    rng = np.random.default_rng(7)
    drawn = [draw(dict(space), rng) for _ in range(times)]
    checks.attempted("draw", drawn[0])
    right = all(isinstance(one, dict) and list(one) == list(space) for one in drawn)
    checks.holds("draw: a dictionary with the names of the space", right)
    return {name: np.array([one[name] for one in drawn]) for name in space}


def check_often(name, found, wanted, hint):
    """Compare shares of 400 draws; the tolerance is five times what chance does to them."""
    checks.close(f"draw: {name}", found, wanted, hint, tolerance=0.12)


def check_log(rates, low, high):
    """Check values that should be spread evenly by their logarithm."""
    name, hint = f"draw: log from {low} to {high}", "Both limits are limits of the value itself."
    checks.holds(f"{name}, within", np.all((rates >= low) & (rates <= high)), hint)
    hint = "Draw the logarithm evenly between the logarithms of the limits, then go back."
    for part in (0.25, 0.5, 0.75):
        mark = low * (high / low) ** part
        check_often(
            f"log from {low} to {high}, below {mark:.3g}", np.mean(rates < mark), part, hint
        )


def check_even(name, values, options, hint):
    """Check values of which each option should come equally often."""
    found = [np.mean(values == option) for option in options]
    check_often(f"{name}, how often", found, [1 / len(options)] * len(options), hint)


space = {"rate": ("log", 0.001, 0.1), "layers": ("whole", 1, 3)}
space |= {"cell": ("choice", ["gru", "lstm", "rnn"]), "size": ("choice", [32, 512])}
results = many(space)
check_log(results["rate"], 0.001, 0.1)
hint = "From `low` to `high`, both among them, and each as often as the others."
check_even("layers from 1 to 3", results["layers"], [1, 2, 3], hint)
one = draw({"layers": ("whole", 1, 3)}, np.random.default_rng(1))["layers"]
checks.equal("draw: the type of a whole number", type(one).__name__, "int")
check_even("cells", results["cell"], ["gru", "lstm", "rnn"], "Each option as often as the others.")
hint = "Draw each value for itself; one draw must not tell the others."
both = np.mean((results["cell"] == "gru") & (results["size"] == 32))
check_often("gru and 32 together", both, 1 / 6, hint)
hint = "Take all chance from `rng`, so that the same seed gives the same settings."
space = {"rate": ("log", 1e-5, 1.0), "units": ("whole", 1, 1_000)}
again = [draw(space, np.random.default_rng(seed)) for seed in (4, 4, 5)]
checks.equal("draw: from the same seed", again[0], again[1], hint)
checks.holds("draw: not the same from another seed", again[0] != again[2], hint)
### BEGIN HIDDEN TESTS
space = {
    "a": ("log", 2, 3_000),
    "b": ("log", 1e-6, 1e-5),
    "c": ("whole", 7, 7),
    "d": ("whole", -1, 1),
}
results = many(space)
check_log(results["a"], 2, 3_000)
check_log(results["b"], 1e-6, 1e-5)
check_even("from 7 to 7", results["c"], [7], "From `low` to `high`, both among them.")
check_even("from -1 to 1", results["d"], [-1, 0, 1], "From `low` to `high`, both among them.")
together = np.corrcoef([np.log(results["a"]), np.log(results["b"]), results["d"]])
hint = "Draw each value for itself; one draw must not tell the others."
checks.close("draw: one tells nothing of another", together, np.eye(3), hint, tolerance=0.25)
checks.equal("draw: no names", draw({}, np.random.default_rng(1)), {})
checks.equal(
    "draw: one option", draw({"x": ("choice", [None])}, np.random.default_rng(1)), {"x": None}
)
### END HIDDEN TESTS

# %% [markdown]
# Most settings are bad, and often one sees it early. Write `gives_up(losses, others, startup)`. `losses` are the validation losses of a
# trial after each of its epochs so far; `others` is a list of such lists, of trials before it. The result is `True` if the trial should be given
# up now, and `False` otherwise:
#
# - Compare its last loss with the median of the losses that the others had after as many epochs. It is given up if its own is higher.
# - Of the others only those count that came so far. Some were given up before.
# - If fewer than `startup` of them came so far, too little is known: it is not given up.
# - But a trial whose last loss is not a number (`nan`) is given up in any case. The others have no `nan`.
#
# For example, `gives_up([5.0, 4.0], [[6.0, 3.0, 2.0], [4.0, 3.5], [9.0]], startup=2)` is `True`: after two epochs the others had 3.0 and 3.5,
# and the median of these is 3.25.


# %% solution="gives_up"
def gives_up(losses, others, startup):
    """Say whether a trial should be given up after its last epoch: True or False."""
    ### BEGIN SOLUTION
    epoch, last = len(losses) - 1, losses[-1]
    if math.isnan(last):
        return True
    reached = [other[epoch] for other in others if len(other) > epoch]
    return len(reached) >= startup and bool(last > np.median(reached))
    ### END SOLUTION


# %% tests="given_up_early" points=1
def check_gives_up(losses, others, startup, wanted, hint):
    name = f"gives_up: {losses} beside {len(others)} others, startup {startup}"
    found = gives_up(list(losses), [list(other) for other in others], startup)
    checks.equal(name, found, wanted, hint)


before = [[6.0, 3.0, 2.0], [4.0, 3.5, 3.0], [9.0, 8.0, 7.0]]
hint = "Compare the last loss with the median of what the others had after as many epochs."
check_gives_up([5.0], before, 1, False, hint)
check_gives_up([7.0], before, 1, True, hint)
check_gives_up([9.0, 3.2], before, 1, False, hint)
check_gives_up([3.0, 3.6], before, 1, True, hint)
check_gives_up([5.0, 4.0, 2.9], before, 1, False, hint)
hint = "It has to be higher than the median: an equal loss goes on."
check_gives_up([6.0], before, 1, False, hint)
hint = "The median, not the mean: here it is 3, and a single high loss does not move it."
check_gives_up([5.0], [[2.0], [3.0], [90.0]], 1, True, hint)
hint = "Between two in the middle lies the median: it is their mean."
check_gives_up([3.1], [[2.0], [4.0], [3.0], [3.0]], 1, True, hint)
check_gives_up([3.7], [[9.0], [4.0], [3.0], [1.0]], 1, True, hint)
hint = "Others that never came so far do not count, neither for the median nor for `startup`."
check_gives_up([5.0, 4.0], [[6.0, 3.0, 2.0], [4.0, 3.5], [9.0]], 2, True, hint)
check_gives_up([5.0, 4.0], [[6.0, 3.0, 2.0], [4.0, 3.5], [9.0]], 3, False, hint)
hint = "With fewer than `startup` others nothing is known; with just as many it is."
check_gives_up([99.0], before, 4, False, hint)
check_gives_up([99.0], before, 3, True, hint)
hint = "`nan` is higher than nothing and lower than nothing: ask for it first."
check_gives_up([3.0, math.nan], before, 1, True, hint)
check_gives_up([math.nan], [], 5, True, hint)
### BEGIN HIDDEN TESTS
hint = "After as many epochs, the median of those that came so far, if there are enough of them."
check_gives_up([4.0], [], 1, False, hint)
check_gives_up([1.0, 1.0, 2.5], before, 3, False, hint)
check_gives_up([1.0, 1.0, 3.5], before, 3, True, hint)
check_gives_up([9.0, 9.0, 9.0, 9.0], before, 1, False, hint)
check_gives_up([2, 2], [[1, 1], [3, 3], [1, 1], [3, 3], [0]], 4, False, hint)
check_gives_up([2.1, 2.1], [[1.0, 1.0], [3.0, 3.0], [1.0, 1.0], [3.0, 3.0], [0.0]], 4, True, hint)
check_gives_up([math.nan, 1.0], [[2.0, 2.0]], 1, False, hint)
### END HIDDEN TESTS

# %% [markdown]
# A hundred trials of six epochs each. `pretended` stands in for a training: it knows a best rate and a best number of units. **What share of
# the epochs do you save by giving up, and is the best trial still found?** Make a guess, then run the cell.


# %%
def pretended(setting):
    """Return the losses after six epochs that a training with this setting might have had."""
    off = abs(math.log10(setting["rate"]) + 2.5) + abs(math.log2(setting["units"] / 128)) / 4
    return [2 + off + 3 * math.exp(-epoch / 2) for epoch in range(6)]


with checks.softly():
    dice, ranges = (
        np.random.default_rng(11),
        {"rate": ("log", 1e-5, 1), "units": ("whole", 16, 512)},
    )
    checks.attempted("draw", draw(ranges, dice))
    to_the_end = [pretended(draw(ranges, dice)) for _ in range(100)]
    cut = []
    for trial in to_the_end:
        checks.attempted("gives_up", gives_up(trial[:1], cut, 5))
        ends = [epoch for epoch in range(1, 7) if gives_up(trial[:epoch], cut, 5)]
        cut.append(trial[: min(ends, default=6)])
    for way, trials in {"all to the end": to_the_end, "given up": cut}.items():
        lowest = min(trial[-1] for trial in trials)
        print(f"{way:15}: {sum(map(len, trials))} epochs, best loss {lowest:.3f}")

# %% [markdown]
# Here it costs nothing, since in this pretence whoever is ahead stays ahead. Real trials overtake each other.
#
# ## 4. Speed (2 points)
#
# A step computes padding as if it were text. Write `padded_share(lengths, bounds, batch)`. `lengths` is a list of the numbers of tokens of
# sentences, `bounds` a rising list of widths; no sentence is longer than the last of them. It returns the share of padding among all
# places that are computed.
#
# - A sentence goes into the bucket with the smallest bound that it fits into; one as long as the bound does fit.
# - Each bucket is cut into batches of `batch` rows, each as wide as the bucket's bound.
# - The last batch of a bucket is filled up with empty rows, so that a bucket has one shape only. A bucket without a sentence has no batch.
# - If there is no sentence at all, the share is 0.0.
#
# For example, `padded_share([2, 3, 7], bounds=[4, 8], batch=2)` is 0.5: one batch of 2 × 4 places and one of 2 × 8, and 12 tokens in
# them.


# %% solution="padded_share"
def padded_share(lengths, bounds, batch):
    """Return the share of padding among all places of all batches: a float."""
    ### BEGIN SOLUTION
    places = 0
    for under, bound in zip([-1, *bounds], bounds):
        rows = sum(under < length <= bound for length in lengths)
        places += math.ceil(rows / batch) * batch * bound
    return 1 - sum(lengths) / places if places else 0.0
    ### END SOLUTION


# %% tests="padding_counted" points=1
def check_share(lengths, bounds, batch, places, hint):
    name = f"padded_share: {len(lengths)} sentences, bounds {bounds}, batch {batch}"
    wanted = 1 - sum(lengths) / places if places else 0
    checks.close(name, padded_share(list(lengths), list(bounds), batch), wanted, hint)


hint = "Padding is what is left of the places when the tokens are taken out."
check_share([5, 1, 3, 5], [5], 2, 20, hint)
hint = "Each sentence goes into the narrowest bucket that it fits into."
check_share([2, 4, 7, 8], [4, 8], 2, 24, hint)
hint = "A sentence that is as long as a bound fits into that bucket."
check_share([4, 4, 8, 8], [4, 8], 2, 24, hint)
hint = "The last batch of a bucket is filled up with empty rows."
check_share([2, 4, 8], [4, 8], 2, 24, hint)
check_share([3, 3, 3, 3, 3], [3], 4, 24, hint)
hint = "A batch is as wide as its bucket's bound, however short its sentences are."
check_share([1, 2, 1], [6], 3, 18, hint)
hint = "A bucket without a sentence has no batch and no places."
check_share([2, 2, 9, 9], [3, 6, 9], 2, 24, hint)
hint = "The share is one of all places together, not the mean of the buckets' shares."
check_share([1, 1, 10, 9, 10, 9], [5, 10], 2, 50, hint)
hint = "Without a sentence there is nothing to divide by: then it is 0.0."
check_share([], [5, 10], 4, 0, hint)
### BEGIN HIDDEN TESTS
hint = "All places of all batches, and the share of them that holds no token."
check_share([7, 1, 4, 4, 12, 6, 3, 9], [4, 7, 12], 3, 6 * 4 + 3 * 7 + 3 * 12, hint)
check_share(range(1, 101), [25, 50, 75, 100], 8, 32 * 250, hint)
check_share(range(1, 101), [100], 64, 12_800, hint)
check_share([6], [2, 4, 8, 16], 1, 8, hint)
### END HIDDEN TESTS

# %% [markdown]
# Write `layer_norm(x, gain, bias, epsilon)`. `x` is an array of two axes or more, with the units as its last axis; `gain` and `bias` have a
# number for each unit. It returns an array of the same shape, in which each row, the units of one place, is
#
# $$\text{gain} \cdot \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \text{bias},$$
#
# where $\mu$ is the mean of that row and $\sigma^2$ its variance, the mean of the squared differences from $\mu$ (`np.var`).
#
# For example, with `gain` 1 and `bias` 0 in each unit, and `epsilon=0`, the rows of `[[1, 3], [50, 10]]` become `[[-1, 1], [1, -1]]`.


# %% solution="layer_norm"
def layer_norm(x, gain, bias, epsilon):
    """Normalise each row over its units: an array of the same shape."""
    ### BEGIN SOLUTION
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return gain * (x - mean) / np.sqrt(variance + epsilon) + bias
    ### END SOLUTION


# %% tests="each_row_for_itself" points=1
def check_norm(name, x, gain, bias, epsilon, wanted, hint):
    found = layer_norm(np.array(x), np.array(gain), np.array(bias), epsilon)
    checks.close(f"layer_norm: {name}", found, wanted, hint)


ONE, NONE = [1.0, 1.0], [0.0, 0.0]
hint = "Mean and variance of each row, over its units; not over the rows, nor over all."
check_norm("two rows", [[1.0, 3.0], [50.0, 10.0]], ONE, NONE, 0.0, [[-1, 1], [1, -1]], hint)
row = [[1.0, 2.0, 3.0, 4.0]]
wanted = np.array([[-3, -1, 1, 3]]) / 5**0.5
check_norm("four units", row, [1.0] * 4, [0.0] * 4, 0.0, wanted, hint)
hint = "`gain` multiplies each unit after it was normalised; then `bias` is added."
check_norm("gain and bias", [[1.0, 3.0]], [2.0, 5.0], [7.0, -1.0], 0.0, [[5, 4]], hint)
hint = "`epsilon` is added to the variance, under the root."
check_norm("epsilon 3", [[1.0, 3.0]], ONE, NONE, 3.0, [[-0.5, 0.5]], hint)
hint = "In a row of equal numbers only `bias` is left: that is what `epsilon` is for."
check_norm("equal numbers", [[4.0, 4.0]], [9.0, 9.0], [1.0, 2.0], 1e-3, [[1, 2]], hint)
hint = "There may be more axes: sentences, steps, units. The units are the last."
x = [[[1.0, 3.0], [5.0, 1.0]], [[0.0, 8.0], [-2.0, 2.0]], [[9.0, 7.0], [1.0, 2.0]]]
wanted = [[[-1, 1], [1, -1]], [[-1, 1], [-1, 1]], [[1, -1], [-1, 1]]]
check_norm("three axes", x, ONE, NONE, 0.0, wanted, hint)
### BEGIN HIDDEN TESTS
hint = "Each row by its own mean and variance, whatever the other rows hold."
rng = np.random.default_rng(8)
x, gain, bias = rng.normal(4, 9, (3, 5, 2, 6)), rng.normal(size=6), rng.normal(size=6)
wanted = np.empty(x.shape)
for place in np.ndindex(x.shape[:-1]):
    row = x[place]
    variance = sum((number - sum(row) / 6) ** 2 for number in row) / 6
    wanted[place] = [
        g * (number - sum(row) / 6) / math.sqrt(variance + 0.1) + b
        for number, g, b in zip(row, gain, bias)
    ]
check_norm("four axes", x, gain, bias, 0.1, wanted, hint)
check_norm("the first row alone", x[:1, 0, 0], gain, bias, 0.1, wanted[:1, 0, 0], hint)
check_norm(
    "as many rows as units",
    x[0, :3, :, :].reshape(6, 6),
    gain,
    bias,
    0.1,
    wanted[0, :3].reshape(6, 6),
    hint,
)
### END HIDDEN TESTS

# %% [markdown]
# Two thousand sentences of 3 to 40 words, most of them short. **What share of the work is padding with one, two, four or eight
# buckets, and does it pay to have more?** Make a guess, then run the cell.

# %%
with checks.softly():
    written = np.clip(np.random.default_rng(5).gamma(3, 4, 2_000).round().astype(int), 3, 40)
    for buckets in (1, 2, 4, 8):
        marks = np.quantile(written, np.arange(1, buckets + 1) / buckets)
        widths = sorted({math.ceil(width) for width in marks})
        for at_once in (16, 256):
            padding = padded_share(written.tolist(), widths, at_once)
            checks.attempted("padded_share", padding)
            print(f"{len(widths)} buckets, batch {at_once:3}: {padding:.0%} padding")

# %% [markdown]
# The first cut takes away about as much as the next two together. With large batches all of them help less: every bucket has a last
# batch, and that is hardly ever full.
#
# ## 5. More than one machine (2 points)
#
# Several workers share a batch. Each computes the mean gradient over its own tokens, and all of them have to make the step that one
# machine with the whole batch would make. Write `whole_gradient(gradients, tokens)`. `gradients` has an entry for each worker: a list with an array
# for each of the model's weights, the mean over that worker's tokens. `tokens` has the number of tokens of each worker. It returns a list with an
# array for each of the weights: the mean over all tokens of all workers.
#
# - Some workers have more tokens than others, so each worker counts by its tokens.
# - A worker may have no token. Then it has divided by 0, and its arrays hold `nan`; it does not count. At least one worker has tokens.
# -
#
# For example, for one weight, the gradients `[[4.0]]` and `[[8.0]]` with 3 and 1 tokens make `[5.0]`.


# %% solution="whole_gradient"
def whole_gradient(gradients, tokens):
    """Return the mean gradient over all tokens of all workers: a list of arrays."""
    ### BEGIN SOLUTION
    busy = [place for place, count in enumerate(tokens) if count]
    shares = [tokens[place] / sum(tokens) for place in busy]
    weights = zip(*(gradients[place] for place in busy))
    return [sum(share * part for share, part in zip(shares, parts)) for parts in weights]
    ### END SOLUTION


# %% tests="by_tokens" points=1
def check_whole(name, gradients, tokens, wanted, hint):
    given = [[np.array(part, float) for part in worker] for worker in gradients]
    found = whole_gradient(given, list(tokens))
    checks.attempted("whole_gradient", found)
    right = hasattr(found, "__len__") and len(found) == len(wanted)
    checks.holds(f"whole_gradient: {name}, an array for each weight", right)
    for number, (array, expected) in enumerate(zip(found, wanted)):
        checks.close(f"whole_gradient: {name}, weight {number}", array, expected, hint)


NAN = math.nan
hint = "Of two workers with as many tokens, the mean; a sum would make the step twice as long."
check_whole("two alike", [[[4.0, 2.0]], [[8.0, -2.0]]], [5, 5], [[6, 0]], hint)
hint = "Each worker counts by its share of all tokens."
check_whole("3 and 1 tokens", [[[4.0]], [[8.0]]], [3, 1], [[5]], hint)
check_whole("three workers", [[[6.0]], [[0.0]], [[3.0]]], [1, 3, 2], [[2]], hint)
hint = "A model has several weights, each with an array of its own shape."
first, second = [[[1.0, 2.0], [3.0, 4.0]], [10.0]], [[[5.0, 6.0], [7.0, 8.0]], [50.0]]
check_whole("two weights", [first, second], [1, 3], [[[4, 5], [6, 7]], [40]], hint)
hint = "Leave out a worker without a token: 0 times `nan` is `nan`."
check_whole("an idle worker", [[[NAN, NAN]], [[8.0, 1.0]]], [0, 7], [[8, 1]], hint)
check_whole("two idle ones", [[[NAN]], [[3.0]], [[NAN]], [[9.0]]], [0, 2, 0, 4], [[7]], hint)
hint = "A `nan` of a worker that has tokens is a fault that has to be seen."
check_whole("a fault", [[[NAN, 2.0]], [[8.0, 2.0]]], [1, 1], [[NAN, 2]], hint)
### BEGIN HIDDEN TESTS
hint = "The mean over all tokens: each worker's mean, times its tokens, by all tokens."
rng = np.random.default_rng(6)
shares = [rng.normal(size=(count, 4, 3)) for count in (9, 1, 30)]
offsets = [rng.normal(size=(count, 5)) for count in (9, 1, 30)]
gradients = [[part.mean(0), offset.mean(0)] for part, offset in zip(shares, offsets)]
wanted = [np.concatenate(shares).mean(0), np.concatenate(offsets).mean(0)]
check_whole("forty tokens", gradients, [9, 1, 30], wanted, hint)
check_whole("a single worker", gradients[:1], [9], gradients[0], hint)
### END HIDDEN TESTS

# %% [markdown]
# How do the workers learn the sum of all gradients? If all send theirs to one, that one is busy while the others wait. In a *ring* every worker
# only ever sends to its neighbour on the right, and the last one to the first. With n workers each cuts its numbers into n chunks. Write
# `scattered(parts)`, the first half of the exchange, called *reduce-scatter*. `parts` has a list for each of n workers; each is a list of n chunks,
# arrays, and chunk k has the same shape everywhere.
#
# - There are n - 1 rounds, numbered from 0. In round r each worker w sends its chunk (w - r) mod n to worker (w + 1) mod n.
# - The worker on the right adds what it gets to its own chunk of the same number, and keeps the sum in its place.
# - All send at the same time. Nobody forgets a chunk that it has sent.
#
# It returns what the workers have at the end, in the form of `parts`: each worker now has one chunk that is the sum of all, and unfinished sums
# in the others.
#
# For example, two workers have the chunks `[1, 2]` and `[10, 20]`. In the only round the first one sends its 1, the second its 20. In the end
# they have `[1, 22]` and `[11, 20]`: the sums are 11 and 22.


# %% solution="scattered"
def scattered(parts):
    """Return every worker's chunks after a reduce-scatter in a ring: a list of lists of arrays."""
    ### BEGIN SOLUTION
    count, chunks = len(parts), [list(worker) for worker in parts]
    for number in range(count - 1):
        for sender in range(count):
            place, receiver = (sender - number) % count, (sender + 1) % count
            chunks[receiver][place] = chunks[receiver][place] + chunks[sender][place]
    return chunks
    ### END SOLUTION


# %% tests="sums_in_a_ring" points=1
def check_scattered(name, parts, wanted, hint):
    """Compare each worker's chunks with the wanted ones."""
    given = [[np.array(chunk, float) for chunk in worker] for worker in parts]
    found = scattered(given)
    checks.attempted("scattered", found)
    for worker, chunks in enumerate(wanted):
        right = hasattr(found, "__len__") and len(found) == len(wanted)
        right = right and len(found[worker]) == len(chunks)
        checks.holds(f"scattered: {name}, worker {worker} has {len(chunks)} chunks", right)
        for place, chunk in enumerate(chunks):
            what = f"scattered: {name}, worker {worker}, chunk {place}"
            checks.close(what, found[worker][place], chunk, hint)


hint = "One round: each sends its chunk w to the right, where it is added."
check_scattered("two workers", [[1, 2], [10, 20]], [[1, 22], [11, 20]], hint)
hint = "In round r worker w sends chunk (w - r) mod n: what it has just got, from round 1 on."
parts = [[1, 2, 4], [10, 20, 40], [100, 200, 400]]
wanted = [[1, 222, 404], [11, 20, 444], [111, 220, 400]]
check_scattered("three workers", parts, wanted, hint)
hint = "Chunks are arrays, and not all of one size."
parts = [[[1.0, 1.0], [2.0]], [[3.0, 5.0], [4.0]]]
check_scattered("arrays", parts, [[[1, 1], [6]], [[4, 6], [4]]], hint)
hint = "A single worker has nobody to send to: no round at all."
check_scattered("one worker", [[7]], [[7]], hint)
### BEGIN HIDDEN TESTS
hint = "n - 1 rounds; in round r worker w sends its chunk (w - r) mod n to worker (w + 1) mod n."
rng = np.random.default_rng(9)
for workers in (4, 5):
    parts = [[rng.normal(size=(place + 1, 2)) for place in range(workers)] for _ in range(workers)]
    wanted = [
        [
            sum(parts[(place + step) % workers][place] for step in range((w - place) % workers + 1))
            for place in range(workers)
        ]
        for w in range(workers)
    ]
    check_scattered(f"{workers} workers", parts, wanted, hint)
### END HIDDEN TESTS

# %% [markdown]
# Three workers look at 2, 10 and 88 tokens of a batch. **How far from the true gradient are they if each counts the same?** And a model
# of a million weights: **how many numbers does the busiest of n workers send and receive if one collects and sends back all
# gradients, and how many in a ring?** In the ring a second half follows, as long as the first, in which the finished sums go round.
# Make a guess, then run the cell.

# %%
with checks.softly():
    per_token = np.random.default_rng(13).normal(1, 2, (100, 50))
    tokens_each = [2, 10, 88]
    from_each = [[piece.mean(0)] for piece in np.split(per_token, np.cumsum(tokens_each)[:-1])]
    for way, weighed in {"by tokens": tokens_each, "all the same": [1, 1, 1]}.items():
        by_all = whole_gradient(from_each, weighed)
        checks.attempted("whole_gradient", by_all)
        print(f"{way:12}: off by up to {np.abs(by_all[0] - per_token.mean(0)).max():.2g}")
    flat = np.ones(1_000_000)
    for machines in (2, 4, 10):
        chunked = np.array_split(flat, machines)
        ring = scattered([[piece.copy() for piece in chunked] for _ in range(machines)])
        checks.attempted("scattered", ring)
        done = sum((piece == machines).sum() for pieces in ring for piece in pieces)
        busiest = 2 * 2 * (machines - 1) * max(map(len, chunked))
        print(f"{machines:2} workers: {done:,} sums are done; the busiest sends and receives")
        print(f"    {2 * (machines - 1) * len(flat):10,} numbers as a collector")
        print(f"    {busiest:10,} numbers in the ring")

# %% [markdown]
# In the ring nobody sends more when more join in: no worker passes on more than twice the
# number of weights, however many they are.
#
# ## Where to go on
#
# In the library, `course.training` stops early as your rule does, `course.noising` puts noise into batches, `course.tuning` draws and gives up,
# `course.batches` makes buckets, and `course.replicas` lets several devices make one step. What all of that is good for you see in
# [lesson 11](../../lessons/11_better_and_faster.ipynb).
