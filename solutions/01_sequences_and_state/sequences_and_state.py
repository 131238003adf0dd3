# %% [markdown]
# # Exercise 01 · Sequences and state (10 points)
#
# In [lesson 01](../../lessons/01_sequences_and_state.ipynb) we built a recurrent net from its two equations and sent gradients
# back through its time steps. Here you write its parts yourself, in NumPy: the loss at its end, the loop in its middle, the
# way back, the strings that it reads, and the brake that keeps a training step short. The sizes are small and all different,
# so that an axis in the wrong place shows at once. Nothing is trained; every cell runs in seconds.
#
# Replace each `...` with your own code and run the cell of tests below it. A test that fails says what it needs. There
# are hidden tests as well: they ask the same of other sizes and other numbers. Only `truncated` in task 3 builds on another
# answer; all else can be solved in any order.

# %% locked="setup"
import numpy as np

from course import checks

# %% [markdown]
# The next cell is for the tests. `read_slowly` computes an RNN's states one number after another. `differences` measures a
# gradient as we did in the lesson: it moves each number of an array a little up and a little down, and looks at what
# the loss does. You may use it to check your own work.


# %% locked="tools"
def differences(loss, array, size=1e-5):
    """Measure the gradient of a loss along an array: central finite differences."""
    found = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        moved = np.zeros(array.shape)
        moved[place] = size
        found[place] = (loss(array + moved) - loss(array - moved)) / (2 * size)
    return found


def read_slowly(inputs, hidden, weights):
    """Compute an RNN's states (batch, time + 1, units), the first being given, number by number."""
    kernel, recurrent_kernel, bias = weights
    batch, time, _ = inputs.shape
    states = np.zeros((batch, time + 1, len(bias)))
    states[:, 0] = hidden
    for row, step, unit in np.ndindex(batch, time, len(bias)):
        from_input = sum(inputs[row, step] * kernel[:, unit])
        from_state = sum(states[row, step] * recurrent_kernel[:, unit])
        states[row, step + 1, unit] = np.tanh(from_input + from_state + bias[unit])
    return states


def example(batch, time, features, units, seed):
    """Draw inputs, the state before them, three weights, and the gradient along each new state."""
    rng = np.random.default_rng(seed)
    inputs, states_grad = (rng.normal(size=(batch, time, width)) for width in (features, units))
    shapes = (features, units), (units, units), (units,)
    weights = [rng.normal(scale=0.5, size=shape) for shape in shapes]
    return inputs, rng.uniform(-0.9, 0.9, (batch, units)), weights, states_grad


def measured(inputs, hidden, weights, states_grad):
    """Measure the gradients along the weights of a loss whose gradient along the states is given."""

    def loss(*changed):
        return (states_grad * read_slowly(inputs, hidden, changed)[:, 1:]).sum()

    kernel, recurrent_kernel, bias = weights
    return [
        differences(lambda array: loss(array, recurrent_kernel, bias), kernel),
        differences(lambda array: loss(kernel, array, bias), recurrent_kernel),
        differences(lambda array: loss(kernel, recurrent_kernel, array), bias),
    ]


def check_number(name, found, count, hint):
    """Refuse what is not a row of as many results."""
    checks.attempted(name, found)
    right = hasattr(found, "__len__") and len(found) == count
    checks.holds(f"{name}: the number of results is {count}", right, hint)


def check_gradients(name, found, wanted, hints):
    """Compare gradients along kernel, recurrent kernel and bias with what was measured."""
    check_number(name, found, 3, "Return the gradients along kernel, recurrent kernel and bias.")
    weights = "kernel", "recurrent kernel", "bias"
    for weight, gradient, right, hint in zip(weights, found, wanted, hints):
        called = f"{name}: the gradient along the {weight}"
        checks.shape(called, gradient, right.shape, hint)
        checks.close(called, gradient, right, hint)


# %% [markdown]
# ## 1. From logits to a loss (2 points)
#
# Write `softmax(logits)`. The array `logits` may have any number of axes; the last one runs over the classes. The result has the
# same shape, and along the last axis it holds probabilities: exp(logit) over the sum of exp(logit). The logits may be of any
# size. `np.exp(1000)` is infinite, so the formula must not be taken as it stands; remember that softmax stays the same if
# the same number is taken off all logits of a row.
#
# For example, `softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))` is `[[0.5, 0.5], [1.0, 0.0]]`.


# %% solution="softmax"
def softmax(logits):
    """Return probabilities along the last axis, in the shape of the logits."""
    ### BEGIN SOLUTION
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% tests="softmax_of_rows" points=1
def check_softmax(shape, seed):
    logits = 2 * np.random.default_rng(seed).normal(size=shape)
    far = 2000.0 * np.arange(logits.size // shape[-1]).reshape(*shape[:-1], 1)
    wanted = np.exp(logits - np.logaddexp.reduce(logits, axis=-1)[..., None])
    found = softmax(logits.copy())
    checks.shape("softmax", found, shape, "A probability for each logit.")
    hint = "Each row is a distribution of its own: the sum runs over the last axis."
    checks.close("softmax", found, wanted, hint)
    hint = "exp overflows. Take a number off the logits first."
    checks.close("softmax: logits + 2000", softmax(logits + 2000), wanted, hint)
    hint = "What is taken off must fit each row: its own largest logit, not that of another."
    checks.close("softmax: rows far from each other", softmax(logits - far), wanted, hint)


check_softmax((3, 5), seed=1)
### BEGIN HIDDEN TESTS
check_softmax((2, 4, 7), seed=2)
check_softmax((6,), seed=3)
### END HIDDEN TESTS

# %% [markdown]
# Now the loss and its gradient. Write `cross_entropy(logits, labels)`: `logits` has the shape `(batch, time, classes)`, and
# `labels`, an int array `(batch, time)`, says which class is right at each time step. A label of 0 means that nothing is asked
# there: such a step counts nowhere, whatever its logits are. The result is a pair:
#
# - the loss, a single number: −log of the probability of the right class, averaged over all steps that are asked;
# - its gradient along the logits, `(batch, time, classes)`: at a step that is asked, the probabilities, less 1 at the
#   right class, divided by the number of steps that are asked; at any other step, zeros.
#
# If the logit of the right class is far below the others, its probability is so small that a float makes 0 of it, and log 0 is
# infinite. The loss is not. So do not compute the probability first: its logarithm is the logit, less the logarithm of the sum of
# exp(logit), once the largest logit has been taken off all of them.
#
# For example, with three classes, logits that are all 0 and `labels = [[2, 0]]`, the loss is log 3 ≈ 1.099, and the gradient
# is `[[[0.333, 0.333, -0.667], [0, 0, 0]]]`. With `logits = [[[0.0, 0.0, 1000.0]]]` and `labels = [[1]]` the loss is 1000.


# %% solution="cross_entropy"
def cross_entropy(logits, labels):
    """Return the loss in nats per label asked, and its gradient (batch, time, classes)."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    asked, targets = labels != 0, np.eye(logits.shape[-1])[labels]
    loss = -(log_probs * targets).sum(axis=-1)[asked].mean()
    return loss, (np.exp(log_probs) - targets) * asked[..., None] / asked.sum()
    ### END SOLUTION


# %% tests="cross_entropy_and_slope" points=1
def nats(logits, labels):
    """Compute the loss step by step; steps with the label 0 are left out."""
    rows = [(logits[place], labels[place]) for place in np.ndindex(labels.shape) if labels[place]]
    return np.mean([np.logaddexp.reduce(row) - row[label] for row, label in rows])


def check_cross_entropy(labels, classes, seed):
    labels = np.array(labels)
    logits = np.random.default_rng(seed).normal(size=(*labels.shape, classes))
    wanted = differences(lambda array: nats(array, labels), logits)
    found = cross_entropy(logits.copy(), labels)
    check_number("cross_entropy", found, 2, "Return the loss and its gradient.")
    hint = "Add up over all steps that are asked, and divide once, by their number."
    checks.close("cross_entropy: the loss", found[0], nats(logits, labels), hint)
    checks.shape("cross_entropy: the gradient", found[1], wanted.shape, "That of the logits.")
    asked, gradient = labels != 0, np.asarray(found[1])
    hint = "Where nothing is asked, no logit matters to the loss."
    checks.close("the gradient where nothing is asked", gradient[~asked], wanted[~asked], hint)
    hint = "The probabilities, less 1 at the right class, divided as the loss is."
    checks.close("the gradient where a label is asked", gradient[asked], wanted[asked], hint)
    loss, gradient = cross_entropy(1000 * logits, labels)
    hint = "The logarithm of a float that has become 0 is infinite; go by the logits."
    checks.close("the loss of large logits", loss, nats(1000 * logits, labels), hint)
    checks.holds("the gradient of large logits is finite", np.isfinite(np.asarray(gradient)), hint)


check_cross_entropy([[2, 5, 1, 3, 4], [3, 2, 0, 0, 0], [0, 1, 5, 0, 2]], classes=6, seed=4)
### BEGIN HIDDEN TESTS
check_cross_entropy([[1, 3, 0, 2], [2, 0, 0, 0]], classes=4, seed=5)
check_cross_entropy([[0, 0, 0], [6, 1, 7], [0, 0, 3], [2, 2, 0]], classes=8, seed=6)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A state that is carried on (2 points)
#
# A recurrent net has one set of weights for all time steps. At each step it makes its new hidden state of the input and of the
# state before:
#
# new state = tanh(input · kernel + state before · recurrent kernel + bias)
#
# Write `rnn(inputs, hidden, kernel, recurrent_kernel, bias)`. `inputs` has the shape `(batch, time, features)`, `hidden` is
# the state before the first step, `(batch, units)`, and the weights are `(features, units)`, `(units, units)` and
# `(units,)`. The result holds all states, `(batch, time + 1, units)`: first the one that was given, then the state after each
# step. A loop over the time steps is all that is needed; the rows of the batch go through each step together.
#
# For example, with a single unit, the kernel 0.5, the recurrent kernel 2, the bias 0 and the state 0 before the first
# step, the inputs 1 and 0 give the states 0, tanh(0.5) ≈ 0.462 and tanh(2 · 0.462) ≈ 0.728. The second input is 0, and the
# state remembers the first.


# %% solution="rnn"
def rnn(inputs, hidden, kernel, recurrent_kernel, bias):
    """Return the state before the first step and after each: (batch, time + 1, units)."""
    ### BEGIN SOLUTION
    states = [hidden]
    for step in range(inputs.shape[1]):
        states.append(np.tanh(inputs[:, step] @ kernel + states[-1] @ recurrent_kernel + bias))
    return np.stack(states, axis=1)
    ### END SOLUTION


# %% tests="one_step" points=1
def check_one_step(batch, features, units, seed):
    inputs, hidden, weights, _ = example(batch, 1, features, units, seed)
    wanted = read_slowly(inputs, hidden, weights)
    found = rnn(inputs, hidden.copy(), *weights)
    hint = "The axes are batch, time and units. One step has two states: the given one and its own."
    checks.shape("what rnn returns, one time step", found, wanted.shape, hint)
    checks.close("the given state", np.asarray(found)[:, 0], hidden, "It comes first, unchanged.")
    hint = "The state before the step is a row: hidden @ recurrent_kernel, added before the tanh."
    checks.close("the state after one step", np.asarray(found)[:, 1], wanted[:, 1], hint)


check_one_step(batch=3, features=4, units=7, seed=7)
### BEGIN HIDDEN TESTS
check_one_step(batch=5, features=6, units=2, seed=8)
### END HIDDEN TESTS


# %% tests="state_is_carried" points=1
def check_carried(batch, time, features, units, seed):
    inputs, hidden, weights, _ = example(batch, time, features, units, seed)
    wanted = read_slowly(inputs, hidden, weights)
    found = rnn(inputs, hidden.copy(), *weights)
    hint = "The state that was given, and one for each time step; batch first, then time."
    checks.shape("what rnn returns, several time steps", found, wanted.shape, hint)
    hint = "Each step begins with the state that the step before it has left."
    checks.close("what rnn returns, several time steps", found, wanted, hint)


check_carried(batch=3, time=5, features=4, units=7, seed=9)
### BEGIN HIDDEN TESTS
check_carried(batch=4, time=3, features=2, units=5, seed=10)
check_carried(batch=1, time=9, features=5, units=3, seed=11)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Back through time (3 points)
#
# The way back begins at the last time step and ends at the first. Each step has made an answer of its new state, and
# `states_grad` `(batch, time, units)` says how the loss would change with this state by way of that answer alone. But a state
# also moves all states after it. So at each step we
#
# 1. add what `states_grad` says of its new state and what the step after it sends back (nothing, at the last step);
# 2. multiply by the slope of tanh, which is 1 − h², where h is the state that came out of the tanh: this is the gradient along
#    the sums inside the tanh;
# 3. add this step's part to the gradients along the three weights: what each weight was multiplied by, times the gradient of
#    point 2, summed over the batch;
# 4. send the gradient of point 2 back to the state before, through the recurrent kernel.
#
# Write `backward(inputs, states, recurrent_kernel, states_grad)`. `inputs` is what `rnn` was given, and `states` is what it
# returned, `(batch, time + 1, units)`; note that `states` has one more time step than `inputs` and `states_grad`, at its
# beginning. The result is three arrays, the gradients along the kernel, the recurrent kernel and the bias, each in the shape
# of its weight.
#
# For example, with a single unit and a single step, the input 3, the states 0.5 and 0.8 before and after it, and a
# `states_grad` of 1, the slope is 1 − 0.64 = 0.36, and the three gradients are 1.08, 0.18 and 0.36.


# %% solution="backward"
def backward(inputs, states, recurrent_kernel, states_grad):
    """Return the gradients along the kernel, the recurrent kernel and the bias."""
    ### BEGIN SOLUTION
    kernel_grad = recurrent_grad = bias_grad = sent_back = 0
    for step in reversed(range(inputs.shape[1])):
        sums_grad = (states_grad[:, step] + sent_back) * (1 - states[:, step + 1] ** 2)
        kernel_grad += inputs[:, step].T @ sums_grad
        recurrent_grad += states[:, step].T @ sums_grad
        bias_grad += sums_grad.sum(axis=0)
        sent_back = sums_grad @ recurrent_kernel.T
    return kernel_grad, recurrent_grad, bias_grad
    ### END SOLUTION


# %% tests="back_one_step" points=1
def check_back_one_step(batch, features, units, seed):
    inputs, hidden, weights, states_grad = example(batch, 1, features, units, seed)
    wanted = measured(inputs, hidden, weights, states_grad)
    states = read_slowly(inputs, hidden, weights)
    found = backward(inputs, states, weights[1], states_grad.copy())
    hints = (
        "The slope of tanh is 1 - h², of the state as it is; the rows of the batch are added up.",
        "The recurrent kernel was multiplied by the state before the step, not by the one after.",
        "The bias was added to every row of the batch: its gradient is the sum over the batch.",
    )
    check_gradients("backward, one step", found, wanted, hints)


check_back_one_step(batch=3, features=4, units=7, seed=12)
### BEGIN HIDDEN TESTS
check_back_one_step(batch=4, features=2, units=5, seed=13)
### END HIDDEN TESTS


# %% tests="back_through_time" points=1
def check_back(batch, time, features, units, seed):
    inputs, hidden, weights, states_grad = example(batch, time, features, units, seed)
    wanted = measured(inputs, hidden, weights, states_grad)
    states = read_slowly(inputs, hidden, weights)
    found = backward(inputs, states, weights[1], states_grad.copy())
    hint = (
        "From the last step to the first. What reaches a state is its own gradient and what the "
        "step after it sends back, through the recurrent kernel turned round."
    )
    check_gradients("backward, several steps", found, wanted, (hint, hint, hint))


check_back(batch=3, time=5, features=4, units=7, seed=14)
### BEGIN HIDDEN TESTS
check_back(batch=2, time=6, features=3, units=4, seed=15)
### END HIDDEN TESTS

# %% [markdown]
# A long sequence is a long way back. *Truncated* back-propagation through time cuts it into windows of `cut_every` steps,
# counted from the first step; the last window may be shorter. Inside a window everything is as above. From a window to the one
# before, no gradient is sent back. The states, however, are carried over the cut: a window begins with the state that the one
# before it has left, and only the gradient stops there.
#
# Write `truncated(inputs, states, recurrent_kernel, states_grad, cut_every)`. It takes what `backward` takes, and the number of
# steps in a window; it returns the same three gradients, added up over all windows. You may call `backward`.
#
# For example, with 5 steps and `cut_every=2` the windows are steps 0 and 1, steps 2 and 3, and step 4. With `cut_every=5` or
# more, the result is that of `backward`.


# %% solution="truncated"
def truncated(inputs, states, recurrent_kernel, states_grad, cut_every):
    """Return the gradients along the three weights, cut off at the beginning of each window."""
    ### BEGIN SOLUTION
    total = [0, 0, 0]
    for start in range(0, inputs.shape[1], cut_every):
        end = start + cut_every
        window = states[:, start : end + 1]
        part = backward(inputs[:, start:end], window, recurrent_kernel, states_grad[:, start:end])
        total = [before + more for before, more in zip(total, part)]
    return total
    ### END SOLUTION


# %% tests="back_in_windows" points=1
def check_truncated(batch, time, features, units, cut_every, seed):
    inputs, hidden, weights, states_grad = example(batch, time, features, units, seed)
    states, parts = read_slowly(inputs, hidden, weights), []
    for start in range(0, time, cut_every):
        steps = slice(start, start + cut_every)
        parts.append(measured(inputs[:, steps], states[:, start], weights, states_grad[:, steps]))
    wanted = [sum(arrays) for arrays in zip(*parts)]
    found = truncated(inputs, states.copy(), weights[1], states_grad.copy(), cut_every)
    hint = "Every window counts, a short last one too; from one to the one before, nothing is sent."
    carried = "The cut stops the gradient, not the state: a window begins with the state before it."
    hints = (hint, f"{hint} {carried}", hint)
    check_gradients(f"truncated, cut every {cut_every} steps", found, wanted, hints)


check_truncated(batch=3, time=5, features=4, units=7, cut_every=2, seed=16)
### BEGIN HIDDEN TESTS
check_truncated(batch=2, time=7, features=5, units=3, cut_every=3, seed=17)
check_truncated(batch=4, time=3, features=2, units=5, cut_every=9, seed=18)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Strings of bits and what is asked of them (2 points)
#
# A net that is to tell the parity of bit strings needs strings to learn from, and they must be like those that it will meet. The
# lesson showed what happens if they are the numbers below 2^20, written with 50 digits: the first 30 bits are always 0.
#
# Write `draw_bits(strings, width, seed)`. It returns an int array `(strings, width)` of zeros and ones, drawn by
# `np.random.default_rng(seed)`. All 2^width strings are equally likely, and any width will do: 3, 50 or 500. The same seed draws
# the same strings, and another seed draws others.
#
# For example, `draw_bits(2, 3, seed=1)` may be `[[0, 1, 1], [1, 0, 0]]`; which strings come, the generator decides.


# %% solution="draw_bits"
def draw_bits(strings, width, seed):
    """Return random strings of bits: int (strings, width)."""
    ### BEGIN SOLUTION
    return np.random.default_rng(seed).integers(0, 2, size=(strings, width))
    ### END SOLUTION


# %% tests="bits_of_full_width" points=1
def check_bits(strings, width, seed):
    found = draw_bits(strings, width, seed)
    checks.shape("draw_bits", found, (strings, width), "A row for each string.")
    bits = np.asarray(found)
    checks.holds("draw_bits: whole numbers", bits.dtype.kind in "iu", "Bits are ints here.")
    checks.holds("draw_bits: nothing but 0 and 1", (bits == 0) | (bits == 1), "A bit is 0 or 1.")
    still = int((bits == bits[0]).all(axis=0).sum())
    hint = "Every bit, the first ones too, must vary. An upper bound is not drawn itself."
    checks.equal("draw_bits: how many bits are the same in all strings", still, 0, hint)
    even = abs(bits.mean(axis=0) - 0.5) < 0.15
    hint = "Every bit is drawn on its own, 0 and 1 with equal chances."
    checks.holds("draw_bits: about half of the strings have a 1 at each place", even, hint)
    spread = bits.sum(axis=1).std() / np.sqrt(width / 4)  # near 1 if no bit knows of another
    hint = "If all strings are equally likely, most have about as many ones as zeros."
    checks.holds("draw_bits: how much the number of ones varies", abs(spread - 1) < 0.25, hint)
    again, other = (np.asarray(draw_bits(strings, width, one)) for one in (seed, seed + 1))
    hint = "The generator is np.random.default_rng(seed)."
    checks.holds("the same seed draws the same strings", np.array_equal(again, bits), hint)
    checks.holds("another seed draws others", not np.array_equal(other, bits), hint)


check_bits(strings=301, width=50, seed=19)
### BEGIN HIDDEN TESTS
check_bits(strings=409, width=71, seed=20)
check_bits(strings=257, width=13, seed=21)
### END HIDDEN TESTS

# %% [markdown]
# There are two ways to ask for the parity. In the first, the net counts: at the end of the string it names the number of
# ones, each number being a class of its own. In the second, it says after each bit whether the number of ones so far is even or
# odd. Labels are as in task 1: they count from 1, and 0 means that nothing is asked.
#
# Write three functions. `bits` is an int array `(strings, width)`, and so are the labels that are returned.
#
# - `running_labels(bits)`: after each bit, this bit included, 1 if the number of ones so far is even, and 2 if it is odd.
# - `count_labels(bits)`: nothing is asked before the last bit. There the label is one more than the string's number of ones, so
#   that a string without ones has a label too.
# - `logits_needed(width)`: the number of logits that a net needs for the labels of `count_labels`, whatever the strings of
#   this width are; one for each label that can occur, that of the label 0 included. So how many classes do 50 bits have?
#
# For example, for `bits = [[1, 0, 1]]` the first returns `[[2, 2, 1]]` and the second `[[0, 0, 3]]`. For 3 bits 5 logits are
# needed.


# %% solution="labels"
def running_labels(bits):
    """Return 1 for even and 2 for odd, after each bit: int (strings, width)."""
    ### BEGIN SOLUTION
    return bits.cumsum(axis=1) % 2 + 1
    ### END SOLUTION


def count_labels(bits):
    """Return one more than the number of ones at the last bit, and 0 elsewhere."""
    ### BEGIN SOLUTION
    labels = np.zeros(bits.shape, int)
    labels[:, -1] = bits.sum(axis=1) + 1
    return labels
    ### END SOLUTION


def logits_needed(width):
    """Return the number of logits for all labels of strings of a width: int."""
    ### BEGIN SOLUTION
    return width + 2
    ### END SOLUTION


# %% tests="labels_of_both_kinds" points=1
def check_labels(width, seed):
    rows = np.random.default_rng(seed).integers(0, 2, (4, width)).tolist()
    rows += [[0] * width, [1] + [0] * (width - 1), [1] * width]
    bits, nothing = np.array(rows), [0] * (width - 1)
    wanted = [[row[: bit + 1].count(1) % 2 + 1 for bit in range(width)] for row in rows]
    found = running_labels(bits)
    checks.shape("running_labels", found, bits.shape, "A label after each bit.")
    hint = "Count the ones up to this bit, and this one counts too. Labels begin at 1."
    checks.equal("running_labels", np.asarray(found).tolist(), wanted, hint)
    found = count_labels(bits)
    checks.shape("count_labels", found, bits.shape, "As many labels as bits, most of them 0.")
    wanted = [[*nothing, row.count(1) + 1] for row in rows]
    hint = "The last bit alone has a label, and even a string without ones has one above 0."
    checks.equal("count_labels", np.asarray(found).tolist(), wanted, hint)
    hint = "Count the labels of all strings, both ends included: no ones and all ones. Then the 0."
    checks.equal("logits_needed", logits_needed(width), 1 + max(wanted[-1]), hint)


check_labels(width=5, seed=22)
### BEGIN HIDDEN TESTS
check_labels(width=50, seed=23)
check_labels(width=1, seed=24)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A step that is not too long (1 point)
#
# On the way back through many steps a gradient can grow beyond all measure, and one training step then throws the weights far
# away. Clipping by the *global norm* shortens such a step and keeps its direction. The global norm is the length of all
# gradients taken together, as if they were one long row of numbers: the root of the sum of all their squares.
#
# Write `clip(gradients, limit)`. `gradients` is a list of arrays of any shapes. If their global norm is above `limit`, all of them
# are multiplied by the same number, so that the norm becomes `limit`; otherwise they stay as they are. The result is a list
# of as many arrays of the same shapes.
#
# For example, the arrays `[3.0]` and `[4.0]` have the global norm 5. `limit=1` makes them `[0.6]` and `[0.8]`; `limit=10`
# leaves them alone.


# %% solution="clip"
def clip(gradients, limit):
    """Return the gradients, their global norm being no more than a limit: a list of arrays."""
    ### BEGIN SOLUTION
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * (limit / max(norm, limit)) for gradient in gradients]
    ### END SOLUTION


# %% tests="clipped_together" points=1
def check_clip(shapes, limit, seed):
    rng = np.random.default_rng(seed)
    drawn = [rng.normal(scale=1 + place, size=shape) for place, shape in enumerate(shapes)]
    norm = np.linalg.norm(np.concatenate([array.ravel() for array in drawn]))
    at_limit = [array * limit / norm for array in drawn]
    together = "One norm for all arrays together, and one factor: the direction must stay."
    below = "Below the limit nothing is changed, and zeros stay zeros."
    for name, times, after, hint in (
        ("large gradients", 4.0, 1.0, together),
        ("small gradients", 0.7, 0.7, below),
        ("gradients of 0", 0.0, 0.0, below),
    ):
        found = clip([times * array for array in at_limit], limit)
        check_number(f"clip, {name}", found, len(shapes), "A list of as many arrays.")
        for place, array in enumerate(at_limit):
            checks.close(f"clip, {name}, array {place}", found[place], after * array, hint)


check_clip([(4, 7), (7, 7), (7,)], limit=1.5, seed=25)
### BEGIN HIDDEN TESTS
check_clip([(3,), (2, 5)], limit=20.0, seed=26)
check_clip([(6, 2)], limit=0.3, seed=27)
### END HIDDEN TESTS

# %% [markdown]
# ## Where to go on
#
# These are all the parts of a training step but one: the weights, less the clipped gradients times a learning rate. In the lessons
# to come a library computes the gradients, and what it does for a recurrent layer is what `backward` does here.
# [Lesson 02](../../lessons/02_one_hot_encoding.ipynb) turns to sentences, and to the numbers that stand for their words.
