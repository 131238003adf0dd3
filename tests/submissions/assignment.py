# %% [markdown]
# # Exercise · The ferry's table (10 points)
#
# A small harbour counts passengers. Five short tasks turn the counts into a table.

# %% locked="setup"
import numpy as np

from course import checks

counts = np.array([[2.0, 6.0], [1.0, 3.0], [5.0, 5.0]])
words = ["the", "ferry", "is", "late"]

# %% [markdown]
# ## 1. Shares (4 points)
#
# Write `shares`: each row of an array divided by its sum. Each of the two checks brings 2 points.


# %% solution="shares"
def shares(rows):
    """Return the rows of an array, each divided by its sum."""
    ### BEGIN SOLUTION
    return rows / rows.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests="shares_of_the_counts" points=2
found = shares(counts)
checks.shape("the shares", found, (3, 2), hint="as many rows and columns as before")
checks.close("the shares", found, [[0.25, 0.75], [0.25, 0.75], [0.5, 0.5]], hint="sum each row")

# %% tests="shares_of_other_counts" points=2
checks.close("the shares of one row", shares(np.array([[1.0, 1.0]])), [[0.5, 0.5]])
### BEGIN HIDDEN TESTS
other = np.array([[1.0, 2.0, 5.0], [7.0, 2.0, 1.0]])
checks.close("other shares", shares(other), other / [[8.0], [10.0]], hint="any number of columns")
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Numbers for words (2 points)
#
# Write `number`: a dictionary from each word to its place in the list, from 0.


# %% solution="number"
def number(words):
    """Return a dictionary from each word to its place."""
    ### BEGIN SOLUTION
    return {word: place for place, word in enumerate(words)}
    ### END SOLUTION


# %% tests="each_word_has_a_number" points=1
ids = number(words)
checks.attempted("number", ids)
checks.holds("each word is in the dictionary", all(word in ids for word in words))

# %% tests="numbers_are_places" points=1
checks.equal("the dictionary", number(words), dict(zip(words, range(4), strict=True)))
### BEGIN HIDDEN TESTS
checks.equal("the dictionary of other words", number(["b", "a"]), {"b": 0, "a": 1})
### END HIDDEN TESTS

# %% [markdown]
# ## 3. A table (2 points)
#
# What you wrote makes a table; `near` compares numbers. Write `each`: it calls a function with each
# value of a list, and returns the list of what it got.

# %% locked="table"
table = shares(counts)


def near(left, right):
    """Return whether two arrays of numbers are close to each other."""
    return np.shape(left) == np.shape(right) and bool(np.allclose(left, right))


# %% solution="each"
def each(function, values):
    """Return what a function makes of each value."""
    ### BEGIN SOLUTION
    return [function(value) for value in values]
    ### END SOLUTION


# %% tests="each_value_once" points=2
seen = []


def triple(value):
    """Return three times a value, and remember it."""
    seen.append(value)
    return 3 * value


made = each(triple, [1.0, 2.0, 4.0])
checks.attempted("each", made)
assert near(np.asarray(made), [3.0, 6.0, 12.0]), "each: the results are wrong"
assert seen == [1.0, 2.0, 4.0], "each: call the function once for each value, in order"

# %% [markdown]
# ## 4. How much is known? (2 points)
#
# Write `known`: how many of the two words `"late"` and `"ferry"` are in a list of words, as a
# number. It is what you get for this task.


# %% solution="known"
def known(words):
    """Return how many of two words are in a list."""
    ### BEGIN SOLUTION
    return float(("late" in words) + ("ferry" in words))
    ### END SOLUTION


# %% tests="what_is_known" points=2
points = known(words)
checks.attempted("known", points)
points  # noqa: B018
