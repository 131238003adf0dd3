"""Plausible wrong answers to exercise 06, with the points that each deserves.

Most stand in well-known programs: padding that counts, padding that moves the state, text that
comes in by two doors, limits in characters, and a validation set of the longest sentences.
"""

from autograder.mutants import Mutant

ENCODE = """
def encode(sentences, features, time=0):
    rows = [[features.get(token, UNK) for token in tokenizer.tokens(line)] for line in sentences]
    ids = np.full((len(rows), max([time, *map(len, rows)])), PAD)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
"""

ACCURACIES = """
def accuracies(guesses, target):
    right, real = guesses == target, target != PAD
    whole = (right | ~real).all(axis=1)
    return right.mean(), right[real].mean(), whole[real.any(axis=1)].mean()
"""

PART = """
def padding_part(guesses, target):
    padding = (target == PAD)[guesses == target]
    return padding.mean() if len(padding) else 0.0
"""

READ = """
def read(ids, kernel, recurrent_kernel, bias):
    state = np.zeros((len(ids), len(bias)))
    states = np.zeros((*ids.shape, len(bias)))
    for timestep, column in enumerate(ids.T):
        moved = np.tanh(kernel[column] + state @ recurrent_kernel + bias)
        state = np.where((column != PAD)[:, None], moved, state)
        states[:, timestep] = state
    return states
"""

TIME_STEPS = """
def time_steps(lines):
    sentences = [line.removeprefix("<START>").removesuffix("<END>") for line in lines]
    return max(len(words.tokens(sentence)) for sentence in sentences) + 2
"""

SPLIT = """
def split(pairs, share, seed):
    sources = sorted({source for source, _ in pairs})
    count = max(1, round(share * len(sources)))
    drawn = {str(s) for s in np.random.default_rng(seed).choice(sources, count, replace=False)}
    train = [pair for pair in pairs if pair[0] not in drawn]
    return train, [pair for pair in pairs if pair[0] in drawn]
"""

REPORT = """
def report(train, held_out):
    practised = {source for source, _ in train}
    return {
        "seen": float(np.mean([source in practised for source, _ in held_out])),
        "train_length": float(np.mean([len(source) for source, _ in train])),
        "held_out_length": float(np.mean([len(source) for source, _ in held_out])),
    }
"""

FIRST_ROWS = """
def first_rows(features, vectors, seed):
    known = np.array(list(vectors.values()))
    shape = len(features), known.shape[1]
    rows = np.random.default_rng(seed).normal(0, known.std(), shape)
    for token, id in features.items():
        rows[id] = vectors.get(token, rows[id])
    rows[PAD] = 0
    return rows
"""

MUTANTS = [
    Mutant(
        "the id of the space is the padding",
        points=8,
        says="Padding is no character",
        answers={"encode": ENCODE.replace("PAD)", "features[' '])")},
    ),
    Mutant(
        "ids are floats",
        points=9,
        says="whole numbers",
        answers={"encode": ENCODE.replace("PAD)", "0.0)")},
    ),
    Mutant(
        "typed text is not cleaned as the training text is",
        points=9,
        says="clean all text",
        answers={"encode": ENCODE.replace("tokenizer.tokens(line)", "line")},
    ),
    Mutant(
        "an unknown character is left out",
        points=9,
        says="takes its time step",
        answers={
            "encode": ENCODE.replace("features.get(token, UNK)", "features[token]").replace(
                "tokens(line)]", "tokens(line) if token in features]"
            )
        },
    ),
    Mutant(
        "an unknown character is padding",
        points=9,
        says="UNK stands there",
        answers={"encode": ENCODE.replace("(token, UNK)", "(token, PAD)")},
    ),
    Mutant(
        "a sentence longer than `time` is cut off",
        points=8,
        says="as many columns",
        answers={
            "encode": ENCODE.replace(
                "max([time, *map(len, rows)])", "time or max(map(len, rows))"
            ).replace("= row\n", "= row[: ids.shape[1]]\n")
        },
    ),
    Mutant(
        "`time` is not looked at",
        points=8,
        says="as `time`",
        answers={"encode": ENCODE.replace("max([time, *map(len, rows)])", "max(map(len, rows))")},
    ),
    Mutant(
        "padding is counted in all accuracies",
        points=9,
        says="where a real token stands",
        answers={"accuracies": ACCURACIES.replace("target != PAD", "target >= PAD") + PART},
    ),
    Mutant(
        "the guesses say where the padding is",
        points=9,
        says="no guess can leave one out",
        answers={"accuracies": ACCURACIES.replace("target != PAD", "guesses != PAD") + PART},
    ),
    Mutant(
        "the mask is shifted by one",
        points=9,
        says="END included",
        answers={
            "accuracies": ACCURACIES.replace(
                "target != PAD", "np.pad(target[:, 1:] != PAD, ((0, 0), (0, 1)))"
            )
            + PART
        },
    ),
    Mutant(
        "END does not count",
        points=9,
        says="END included",
        answers={"accuracies": ACCURACIES.replace("target != PAD", "target > END") + PART},
    ),
    Mutant(
        "the mean of the sentences' accuracies",
        points=9,
        says="weigh the same",
        answers={
            "accuracies": ACCURACIES.replace(
                "right[real].mean()",
                "((right & real).sum(axis=1) / np.maximum(1, real.sum(axis=1))).mean()",
            )
            + PART
        },
    ),
    Mutant(
        "a sentence must be right over its padding too",
        points=9,
        says="over padding does not matter",
        answers={"accuracies": ACCURACIES.replace("(right | ~real)", "right") + PART},
    ),
    Mutant(
        "an empty row is a sentence, and right",
        points=9,
        says="is no sentence",
        answers={"accuracies": ACCURACIES.replace("whole[real.any(axis=1)]", "whole") + PART},
    ),
    Mutant(
        "the share of padding among all places",
        points=9,
        says="not by all places",
        answers={"accuracies": ACCURACIES + PART.replace("[guesses == target]", "")},
    ),
    Mutant(
        "nothing is right, and the mean of nothing is no number",
        points=9,
        says="nothing to divide by",
        answers={"accuracies": ACCURACIES + PART.replace(" if len(padding) else 0.0", "")},
    ),
    Mutant(
        "padding moves the state",
        points=9,
        says="neither moves",
        answers={"read": READ.replace("column != PAD", "column >= PAD")},
    ),
    Mutant(
        "the input is zeros over padding, and the state moves on",
        points=9,
        says="neither moves",
        answers={
            "read": READ.replace(
                "kernel[column]", "kernel[column] * (column != PAD)[:, None]"
            ).replace("(column != PAD)[:, None], moved", "True, moved")
        },
    ),
    Mutant(
        "the state becomes zero over padding",
        points=9,
        says="nor becomes zero",
        answers={"read": READ.replace("moved, state)", "moved, 0.0)")},
    ),
    Mutant(
        "the mask is one step late",
        points=9,
        says="neither moves",
        answers={"read": READ.replace("column != PAD", "ids[:, max(timestep - 1, 0)] != PAD")},
    ),
    Mutant(
        "the mask is one step early: the last character is not read",
        points=8,
        says="to the last one",
        answers={
            "read": READ.replace(
                "column != PAD", "ids[:, min(timestep + 1, ids.shape[1] - 1)] != PAD"
            )
        },
    ),
    Mutant(
        "all sentences stop with the first one that ends",
        points=8,
        says="of its own row",
        answers={"read": READ.replace("(column != PAD)[:, None]", "(column != PAD).all()")},
    ),
    Mutant(
        "only padding at the right is thought of: the lengths say where the end is",
        points=9,
        says="before the first character",
        answers={"read": READ.replace("column != PAD", "timestep < (ids != PAD).sum(axis=1)")},
    ),
    Mutant(
        "the state is not carried on",
        points=8,
        says="moves the state",
        answers={"read": READ.replace("state @ recurrent_kernel", "0 * state")},
    ),
    Mutant(
        "characters are counted",
        points=9,
        says="not characters",
        answers={"time_steps": "def time_steps(lines):\n    return max(map(len, lines))"},
    ),
    Mutant(
        "the longest line by its characters is measured in tokens",
        points=9,
        says="not its characters",
        answers={
            "time_steps": TIME_STEPS.replace(
                "    return", "    sentences = [max(sentences, key=len)]\n    return"
            )
        },
    ),
    Mutant(
        "the pattern cuts <START> into three",
        points=9,
        says="not in them",
        answers={
            "time_steps": """
def time_steps(lines):
    return max(len(words.tokens(line)) for line in lines)
"""
        },
    ),
    Mutant(
        "angle brackets are thrown away, so that the marks become words",
        points=9,
        says="signs of its own",
        answers={
            "time_steps": """
def time_steps(lines):
    bare = [line.replace("<", "").replace(">", "") for line in lines]
    return max(len(words.tokens(line)) for line in bare)
"""
        },
    ),
    Mutant(
        "lines are split at spaces",
        points=9,
        says="cut between them",
        answers={
            "time_steps": "def time_steps(lines):\n    return max(len(line.split()) for line in lines)"
        },
    ),
    Mutant(
        "the last fifth of the file is held out",
        points=9,
        says="among the source sentences",
        answers={
            "split": """
def split(pairs, share, seed):
    count = max(1, round(share * len(pairs)))
    return pairs[:-count], pairs[-count:]
"""
            + REPORT
        },
    ),
    Mutant(
        "lines are drawn, and not sources",
        points=9,
        says="not among the lines",
        answers={
            "split": """
def split(pairs, share, seed):
    count = max(1, round(share * len(pairs)))
    drawn = set(np.random.default_rng(seed).permutation(len(pairs))[:count].tolist())
    train = [pair for place, pair in enumerate(pairs) if place not in drawn]
    return train, [pair for place, pair in enumerate(pairs) if place in drawn]
"""
            + REPORT
        },
    ),
    Mutant(
        "the last fifth of the sources is held out, and nothing is drawn",
        points=9,
        says="The seed draws",
        answers={
            "split": SPLIT.replace(
                "np.random.default_rng(seed).choice(sources, count, replace=False)",
                "list(dict.fromkeys(source for source, _ in pairs))[-count:]",
            )
            + REPORT
        },
    ),
    Mutant(
        "the seed is not used",
        points=9,
        says="the same each time",
        answers={"split": SPLIT.replace("np.random.default_rng(seed)", "np.random") + REPORT},
    ),
    Mutant(
        "the share is one of the pairs",
        points=9,
        says="of the distinct source sentences",
        answers={"split": SPLIT.replace("share * len(sources)", "share * len(pairs)") + REPORT},
    ),
    Mutant(
        "a small share holds nothing out",
        points=9,
        says="at least one is held out",
        answers={
            "split": SPLIT.replace("max(1, round(share * len(sources)))", "int(share)") + REPORT
        },
    ),
    Mutant(
        "only one translation of a held-out source is kept",
        points=9,
        says="on one side",
        answers={
            "split": SPLIT.replace(
                "[pair for pair in pairs if pair[0] in drawn]",
                "list({pair[0]: pair for pair in pairs if pair[0] in drawn}.values())",
            )
            + REPORT
        },
    ),
    Mutant(
        "a pair is seen only with the same translation",
        points=9,
        says="whatever its translation",
        answers={
            "split": SPLIT
            + REPORT.replace("{source for source, _ in train}", "train").replace(
                "source in practised for source, _ in held_out",
                "pair in practised for pair in held_out",
            )
        },
    ),
    Mutant(
        "sources are counted once each",
        points=9,
        says="all held-out pairs",
        answers={
            "split": SPLIT
            + REPORT.replace(
                "[source in practised for source, _ in held_out]",
                "[source in practised for source in {source for source, _ in held_out}]",
            )
        },
    ),
    Mutant(
        "the row of PAD is random",
        points=9,
        says="Padding says nothing",
        answers={"first_rows": FIRST_ROWS.replace("    rows[PAD] = 0\n", "")},
    ),
    Mutant(
        "tokens without a vector are zeros, and so all alike",
        points=9,
        says="numbers of its own",
        answers={
            "first_rows": FIRST_ROWS.replace("normal(0, known.std(), shape)", "random(shape) * 0")
        },
    ),
    Mutant(
        "all tokens without a vector share one row",
        points=9,
        says="numbers of its own",
        answers={"first_rows": FIRST_ROWS.replace("rows[id])", "rows[UNK])")},
    ),
    Mutant(
        "rows are numbered in the order of the dictionary",
        points=9,
        says="token's id",
        answers={
            "first_rows": FIRST_ROWS.replace(
                "for token, id in features.items()", "for id, token in enumerate(features)"
            )
        },
    ),
    Mutant(
        "random numbers of the standard deviation 1, whatever the vectors are",
        points=9,
        says="standard deviation",
        answers={"first_rows": FIRST_ROWS.replace("known.std()", "1")},
    ),
]
