"""Plausible wrong answers to exercise 01, with the points that each deserves."""

from autograder.mutants import Mutant

SOFTMAX = """
def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
"""

CROSS_ENTROPY = """
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    asked, targets = labels != 0, np.eye(logits.shape[-1])[labels]
    loss = -(log_probs * targets).sum(axis=-1)[asked].mean()
    return loss, (np.exp(log_probs) - targets) * asked[..., None] / asked.sum()
"""

RNN = """
def rnn(inputs, hidden, kernel, recurrent_kernel, bias):
    states = [hidden]
    for step in range(inputs.shape[1]):
        states.append(np.tanh(inputs[:, step] @ kernel + states[-1] @ recurrent_kernel + bias))
    return np.stack(states, axis=1)
"""

BACKWARD = """
def backward(inputs, states, recurrent_kernel, states_grad):
    kernel_grad = recurrent_grad = bias_grad = sent_back = 0
    for step in reversed(range(inputs.shape[1])):
        sums_grad = (states_grad[:, step] + sent_back) * (1 - states[:, step + 1] ** 2)
        kernel_grad += inputs[:, step].T @ sums_grad
        recurrent_grad += states[:, step].T @ sums_grad
        bias_grad += sums_grad.sum(axis=0)
        sent_back = sums_grad @ recurrent_kernel.T
    return kernel_grad, recurrent_grad, bias_grad
"""

TRUNCATED = """
def truncated(inputs, states, recurrent_kernel, states_grad, cut_every):
    total = [0, 0, 0]
    for start in range(0, inputs.shape[1], cut_every):
        end = start + cut_every
        window = states[:, start : end + 1]
        part = backward(inputs[:, start:end], window, recurrent_kernel, states_grad[:, start:end])
        total = [before + more for before, more in zip(total, part)]
    return total
"""

DRAW_BITS = """
def draw_bits(strings, width, seed):
    return np.random.default_rng(seed).integers(0, 2, size=(strings, width))
"""

LABELS = """
def running_labels(bits):
    return bits.cumsum(axis=1) % 2 + 1


def count_labels(bits):
    labels = np.zeros(bits.shape, int)
    labels[:, -1] = bits.sum(axis=1) + 1
    return labels


def logits_needed(width):
    return width + 2
"""

CLIP = """
def clip(gradients, limit):
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * (limit / max(norm, limit)) for gradient in gradients]
"""

MUTANTS = [
    Mutant(
        "the softmax overflows",
        points=9,
        says="overflows",
        answers={"softmax": SOFTMAX.replace(" - logits.max(axis=-1, keepdims=True)", "")},
    ),
    Mutant(
        "the softmax runs over the first axis",
        points=9,
        says="last axis",
        answers={"softmax": SOFTMAX.replace("axis=-1", "axis=0")},
    ),
    Mutant(
        "the largest logit of the whole batch is taken off",
        points=9,
        says="its own largest",
        answers={"softmax": SOFTMAX.replace("max(axis=-1, keepdims=True)", "max()")},
    ),
    Mutant(
        "the loss counts steps where nothing is asked",
        points=9,
        says="steps that are asked",
        answers={"cross_entropy": CROSS_ENTROPY.replace("[asked].mean()", ".mean()")},
    ),
    Mutant(
        "the loss is a mean of the rows' means",
        points=9,
        says="divide once",
        answers={
            "cross_entropy": CROSS_ENTROPY.replace(
                "sum(axis=-1)[asked].mean()",
                "sum(axis=-1)\n    loss = (loss * asked).sum(axis=1) / asked.sum(axis=1).clip(1)\n"
                "    loss = loss.mean()",
            )
        },
    ),
    Mutant(
        "the logarithm of a probability that has become 0",
        points=9,
        says="infinite",
        answers={
            "cross_entropy": CROSS_ENTROPY.replace(
                "log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))",
                "probs = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)\n"
                "    log_probs = np.log(probs)",
            )
        },
    ),
    Mutant(
        "the gradient of steps where nothing is asked",
        points=9,
        says="where nothing is asked",
        answers={"cross_entropy": CROSS_ENTROPY.replace(" * asked[..., None]", "")},
    ),
    Mutant(
        "the gradient is divided by all steps, asked or not",
        points=9,
        says="divided as the loss is",
        answers={"cross_entropy": CROSS_ENTROPY.replace("asked.sum()", "labels.size")},
    ),
    Mutant(
        "the gradient by a softmax that overflows",
        points=9,
        says="finite",
        answers={
            "cross_entropy": CROSS_ENTROPY.replace(
                "(np.exp(log_probs) - targets)",
                "(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True) - targets)",
            )
        },
    ),
    Mutant(
        "the state is not carried on: every step begins with the first one",
        points=9,
        says="state that the step before",
        answers={"rnn": RNN.replace("states[-1]", "hidden")},
    ),
    Mutant(
        "the state that is given is not used",
        points=8,
        says="state before the step",
        answers={
            "rnn": RNN.replace("[hidden]", "[0 * hidden]").replace(
                "return", "states[0] = hidden\n    return"
            )
        },
    ),
    Mutant(
        "the recurrent kernel is turned round",
        points=8,
        says="hidden @ recurrent_kernel",
        answers={"rnn": RNN.replace("@ recurrent_kernel", "@ recurrent_kernel.T")},
    ),
    Mutant(
        "time comes first in what the net returns",
        points=8,
        says="axes",
        answers={"rnn": RNN.replace("np.stack(states, axis=1)", "np.stack(states)")},
    ),
    Mutant(
        "the given state is left out of what the net returns",
        points=8,
        says="the given one",
        answers={"rnn": RNN.replace("np.stack(states,", "np.stack(states[1:],")},
    ),
    Mutant(
        "only the last state comes back",
        points=8,
        says="batch, time and units",
        answers={"rnn": RNN.replace("np.stack(states, axis=1)", "states[-1]")},
    ),
    Mutant(
        "the gradient along the recurrent kernel takes the state after the step",
        points=7,
        says="state before the step",
        answers={"backward": BACKWARD.replace("states[:, step].T", "states[:, step + 1].T")},
    ),
    Mutant(
        "the slope of tanh takes the state for a sum and squashes it once more",
        points=7,
        says="slope",
        answers={
            "backward": BACKWARD.replace(
                "states[:, step + 1] ** 2", "np.tanh(states[:, step + 1]) ** 2"
            )
        },
    ),
    Mutant(
        "the gradients are means over the batch",
        points=7,
        says="added up",
        answers={
            "backward": BACKWARD.replace(
                "return kernel_grad, recurrent_grad, bias_grad",
                "return [each / len(inputs) for each in (kernel_grad, recurrent_grad, bias_grad)]",
            )
        },
    ),
    Mutant(
        "nothing is sent back from step to step",
        points=8,
        says="sends back",
        answers={"backward": BACKWARD.replace("+ sent_back", "")},
    ),
    Mutant(
        "on the way back the recurrent kernel is not turned round",
        points=8,
        says="turned round",
        answers={"backward": BACKWARD.replace("recurrent_kernel.T", "recurrent_kernel")},
    ),
    Mutant(
        "truncation resets the state",
        points=9,
        says="not the state",
        answers={
            "truncated": TRUNCATED.replace(
                "end + 1]", "end + 1].copy()\n        window[:, 0] *= start == 0"
            )
        },
    ),
    Mutant(
        "a short last window is dropped",
        points=9,
        says="short last one",
        answers={
            "truncated": TRUNCATED.replace(
                "inputs.shape[1], cut_every", "inputs.shape[1] - cut_every + 1, cut_every"
            )
        },
    ),
    Mutant(
        "the gradient is not cut",
        points=9,
        says="nothing is sent",
        answers={
            "truncated": """
def truncated(inputs, states, recurrent_kernel, states_grad, cut_every):
    return backward(inputs, states, recurrent_kernel, states_grad)
"""
        },
    ),
    Mutant(
        "only the last steps count",
        points=9,
        says="every window",
        answers={
            "truncated": """
def truncated(inputs, states, recurrent_kernel, states_grad, cut_every):
    last = max(0, inputs.shape[1] - cut_every)
    return backward(inputs[:, last:], states[:, last:], recurrent_kernel, states_grad[:, last:])
"""
        },
    ),
    Mutant(
        "the strings are the first 2^20 numbers, padded with zeros",
        points=9,
        says="the first ones too",
        answers={
            "draw_bits": """
def draw_bits(strings, width, seed):
    numbers = np.random.default_rng(seed).integers(0, 2**20, strings)
    return np.array([[int(digit) for digit in f"{n:0{width}b}"] for n in numbers])
"""
        },
    ),
    Mutant(
        "the upper bound of integers is taken for included",
        points=9,
        says="upper bound",
        answers={"draw_bits": DRAW_BITS.replace("(0, 2,", "(0, 1,")},
    ),
    Mutant(
        "the number of ones is drawn evenly, and then their places",
        points=9,
        says="equally likely",
        answers={
            "draw_bits": """
def draw_bits(strings, width, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, width + 1, (strings, 1))
    return rng.permuted((np.arange(width) < counts).astype(int), axis=1)
"""
        },
    ),
    Mutant(
        "a generator without the seed",
        points=9,
        says="default_rng(seed)",
        answers={"draw_bits": DRAW_BITS.replace("rng(seed)", "rng()")},
    ),
    Mutant(
        "numbers below 2^width, which no int holds beyond 63 bits",
        points=9,
        says="ValueError",
        answers={
            "draw_bits": """
def draw_bits(strings, width, seed):
    numbers = np.random.default_rng(seed).integers(0, 2**width, strings)
    return np.array([[int(digit) for digit in f"{n:0{width}b}"] for n in numbers])
"""
        },
    ),
    Mutant(
        "50 classes for 50 bits: all ones have none",
        points=9,
        says="both ends",
        answers={"labels": LABELS.replace("width + 2", "width + 1")},
    ),
    Mutant(
        "counts are labels as they are: a string without ones asks nothing",
        points=9,
        says="without ones",
        answers={"labels": LABELS.replace("bits.sum(axis=1) + 1", "bits.sum(axis=1)")},
    ),
    Mutant(
        "the count is asked at every bit",
        points=9,
        says="last bit alone",
        answers={
            "labels": LABELS.replace("labels[:, -1] = ", "labels[:] = 1 + ").replace(
                "bits.sum(axis=1) + 1", "bits.cumsum(axis=1)"
            )
        },
    ),
    Mutant(
        "the running parity leaves the present bit out",
        points=9,
        says="this one counts too",
        answers={"labels": LABELS.replace("bits.cumsum(axis=1)", "(bits.cumsum(axis=1) - bits)")},
    ),
    Mutant(
        "the running parity is 0 or 1: at an even number nothing is asked",
        points=9,
        says="labels begin at 1",
        answers={"labels": LABELS.replace("% 2 + 1", "% 2")},
    ),
    Mutant(
        "the parity of the whole string at every bit",
        points=9,
        says="up to this bit",
        answers={
            "labels": LABELS.replace(
                "bits.cumsum(axis=1)", "(0 * bits + bits.sum(axis=1, keepdims=True))"
            )
        },
    ),
    Mutant(
        "each array is clipped by its own norm",
        points=9,
        says="together",
        answers={
            "clip": """
def clip(gradients, limit):
    norms = [np.sqrt((gradient**2).sum()) for gradient in gradients]
    return [gradient * (limit / max(norm, limit)) for gradient, norm in zip(gradients, norms)]
"""
        },
    ),
    Mutant(
        "each number is clipped by itself",
        points=9,
        says="direction",
        answers={
            "clip": """
def clip(gradients, limit):
    return [np.clip(gradient, -limit, limit) for gradient in gradients]
"""
        },
    ),
    Mutant(
        "small gradients are stretched to the limit",
        points=9,
        says="nothing is changed",
        answers={"clip": CLIP.replace("max(norm, limit)", "norm")},
    ),
    Mutant(
        "the norms are added up without their squares",
        points=9,
        says="one norm for all",
        answers={
            "clip": CLIP.replace(
                "np.sqrt(sum((gradient**2).sum() for gradient in gradients))",
                "sum(np.sqrt((gradient**2).sum()) for gradient in gradients)",
            )
        },
    ),
]
