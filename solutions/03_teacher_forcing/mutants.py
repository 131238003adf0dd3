"""Wrong answers that learners give, and what each deserves.

The last cell of the exercise counts captions, a quarter of a point each: some of these earn a few.
"""

from autograder.mutants import Mutant

MUTANTS = [
    Mutant(
        "START never added",
        points=9,
        says="START",
        answers={
            "wrap": """
def wrap(rows):
    wrapped = np.zeros((len(rows), max(len(row) for row in rows) + 1), dtype=int)
    for line, row in enumerate(rows):
        wrapped[line, : len(row) + 1] = [*row, END]
    return wrapped
"""
        },
    ),
    Mutant(
        "END after the padding",
        points=9,
        says="then padding",
        answers={
            "wrap": """
def wrap(rows):
    time = max(len(row) for row in rows)
    return np.array([[START, *row, *[PAD] * (time - len(row)), END] for row in rows])
"""
        },
    ),
    Mutant(
        "END only where the line has room",
        points=9,
        says="END once",
        answers={
            "wrap": """
def wrap(rows):
    wrapped = np.zeros((len(rows), max(len(row) for row in rows) + 1), dtype=int)
    for line, row in enumerate(rows):
        wrapped[line, : len(row) + 2] = [START, *row, END][: wrapped.shape[1]]
    return wrapped
"""
        },
    ),
    Mutant(
        "the visible answer, hard-coded",
        points=9,
        says="another album",
        answers={
            "wrap": """
def wrap(rows):
    return np.array([[1, 9, 4, 6, 2, 0, 0], [1, 5, 2, 0, 0, 0, 0], [1, 8, 7, 4, 6, 5, 2]])
"""
        },
    ),
    Mutant(
        "the shift forgotten",
        points=9,
        says="shift",
        answers={
            "shift": """
def teacher_forcing(wrapped):
    target_in = np.where(wrapped[:, :-1] == END, PAD, wrapped[:, :-1])
    return target_in, wrapped[:, :-1]
"""
        },
    ),
    Mutant(
        "END read in the shorter lines",
        points=9,
        says="after END nothing is asked",
        answers={
            "shift": """
def teacher_forcing(wrapped):
    return wrapped[:, :-1], wrapped[:, 1:]
"""
        },
    ),
    Mutant(
        "END taken out before the arrays are cut",
        points=9,
        says="END is the last that is said",
        answers={
            "shift": """
def teacher_forcing(wrapped):
    tokens = np.where(wrapped == END, PAD, wrapped)
    return tokens[:, :-1], tokens[:, 1:]
"""
        },
    ),
    Mutant(
        "END taken out of a view, and so out of both arrays",
        points=9,
        says="END is the last that is said",
        answers={
            "shift": """
def teacher_forcing(wrapped):
    target_in, target_out = wrapped[:, :-1], wrapped[:, 1:]
    target_in[target_in == END] = PAD
    return target_in, target_out
"""
        },
    ),
    Mutant(
        "shifted the wrong way",
        points=8,
        says="START is never said",
        answers={
            "shift": """
def teacher_forcing(wrapped):
    return wrapped[:, 1:], wrapped[:, :-1]
"""
        },
    ),
    Mutant(
        "padding counted",
        points=7,
        says="padding",
        answers={
            "measures": """
def accuracy(logits, target_out):
    return (logits.argmax(axis=-1) == target_out).mean()


def loss(logits, target_out):
    probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    right = np.take_along_axis(probs, target_out[..., None], axis=-1)
    return -np.log(right).mean()
"""
        },
    ),
    Mutant(
        "padding set to 0, and counted in the mean all the same",
        points=8,
        says="equally likely",
        answers={
            "measures": """
def accuracy(logits, target_out):
    real = target_out != PAD
    return ((logits.argmax(axis=-1) == target_out) & real).sum() / real.sum()


def loss(logits, target_out):
    probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    right = np.take_along_axis(probs, target_out[..., None], axis=-1)[..., 0]
    return np.mean(-np.log(right) * (target_out != PAD))
"""
        },
    ),
    Mutant(
        "probabilities over the wrong axis",
        points=8,
        says="the last axis",
        answers={
            "measures": """
def accuracy(logits, target_out):
    real = target_out != PAD
    return (logits.argmax(axis=-1) == target_out)[real].mean()


def loss(logits, target_out):
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    right = np.take_along_axis(probs, target_out[..., None], axis=-1)[..., 0]
    return -np.log(right[target_out != PAD]).mean()
"""
        },
    ),
    Mutant(
        "a mean of the captions' means",
        points=7,
        says="short caption",
        answers={
            "measures": """
def accuracy(logits, target_out):
    right = (logits.argmax(axis=-1) == target_out) & (target_out != PAD)
    return (right.sum(axis=1) / (target_out != PAD).sum(axis=1)).mean()


def loss(logits, target_out):
    probs = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    right = np.take_along_axis(probs, target_out[..., None], axis=-1)[..., 0]
    surprise = np.where(target_out != PAD, -np.log(right), 0)
    return (surprise.sum(axis=1) / (target_out != PAD).sum(axis=1)).mean()
"""
        },
    ),
    Mutant(
        "the teacher is asked for the first token only",
        points=9,
        says="teacher",
        answers={
            "forced": """
def forced(decoder, state, target_in):
    guesses, ids = [], target_in[:, 0]
    for timestep in range(target_in.shape[1]):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        guesses.append(ids)
    return np.stack(guesses, axis=1)
"""
        },
    ),
    Mutant(
        "the state not carried on",
        points=6.75,
        says="goes into the next",
        answers={
            "forced": """
def forced(decoder, state, target_in):
    guesses = []
    for ids in target_in.T:
        logits, _ = decoder.step(ids, state)
        guesses.append(logits.argmax(axis=-1))
    return np.stack(guesses, axis=1)
""",
            "free_run": """
def free_run(decoder, state, limit):
    said = np.full((len(state), limit), PAD)
    ids, ended = np.full(len(state), START), np.zeros(len(state), bool)
    for timestep in range(limit):
        logits, _ = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        said[:, timestep] = np.where(ended, PAD, ids)
        ended |= ids == END
    return said
""",
        },
    ),
    Mutant(
        "START fed back at every step",
        points=7,
        says="START is read once",
        answers={
            "free_run": """
def free_run(decoder, state, limit):
    said = np.full((len(state), limit), PAD)
    ids, ended = np.full(len(state), START), np.zeros(len(state), bool)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        guesses = logits.argmax(axis=-1)
        said[:, timestep] = np.where(ended, PAD, guesses)
        ended |= guesses == END
    return said
"""
        },
    ),
    Mutant(
        "return in the loop",
        points=7,
        says="START is read once",
        answers={
            "free_run": """
def free_run(decoder, state, limit):
    said = np.full((len(state), limit), PAD)
    ids = np.full(len(state), START)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        said[:, timestep] = ids
        return said
"""
        },
    ),
    Mutant(
        "talks on after END",
        points=7.5,
        says="padding stands after it",
        answers={
            "free_run": """
def free_run(decoder, state, limit):
    said, ids = [], np.full(len(state), START)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        said.append(ids)
    return np.stack(said, axis=1)
"""
        },
    ),
    Mutant(
        "all captions end with the first",
        points=7.5,
        says="whatever the others do",
        answers={
            "free_run": """
def free_run(decoder, state, limit):
    said = np.full((len(state), limit), PAD)
    ids = np.full(len(state), START)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        said[:, timestep] = ids
        if (ids == END).any():
            break
    return said
"""
        },
    ),
    Mutant(
        "END itself is not written down",
        points=7.5,
        says="END is said once",
        answers={
            "free_run": """
def free_run(decoder, state, limit):
    said = np.full((len(state), limit), PAD)
    ids, ended = np.full(len(state), START), np.zeros(len(state), bool)
    for timestep in range(limit):
        logits, state = decoder.step(ids, state)
        ids = logits.argmax(axis=-1)
        ended |= ids == END
        said[:, timestep] = np.where(ended, PAD, ids)
    return said
"""
        },
    ),
]
