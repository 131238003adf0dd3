"""Plausible wrong answers to exercise 11, with the points that each deserves."""

from autograder.mutants import Mutant

VERDICT = """
def verdict(best, train, valid, slack):
    bias = train - best > slack
    variance = valid - train > slack
    if bias and variance:
        return "both"
    if bias:
        return "bias"
    return "variance" if variance else "neither"
"""

EARLY_STOP = """
def early_stop(losses, patience):
    lowest, best, waited = losses[0], 1, 0
    for place in range(1, len(losses)):
        if losses[place] < lowest:
            lowest, best, waited = losses[place], place + 1, 0
        else:
            waited += 1
        if waited == patience:
            return best, place + 1
    return best, len(losses)
"""

STANDARDISED = """
def standardised(train, other):
    mean, deviation = np.mean(train, axis=0), np.std(train, axis=0)
    constant = np.min(train, axis=0) == np.max(train, axis=0)
    results = []
    for part in (train, other):
        result = (part - mean) / np.where(constant, 1, deviation)
        result[:, constant] = 0
        results.append(result)
    return results
"""

NOISED = """
def noised(ids, share, tokens, rng):
    result = ids.copy()
    hit = rng.random(ids.shape) < share
    hit[ids < 4] = False
    result[hit] = rng.choice(tokens, hit.sum())
    return result
"""

DRAW = """
def draw(space, rng):
    setting = {}
    for name, (kind, *rest) in space.items():
        if kind == "log":
            low, high = np.log(rest)
            setting[name] = float(np.exp(rng.uniform(low, high)))
        elif kind == "whole":
            setting[name] = int(rng.integers(rest[0], rest[1] + 1))
        else:
            setting[name] = rest[0][int(rng.integers(0, len(rest[0])))]
    return setting
"""

GIVES_UP = """
def gives_up(losses, others, startup):
    if np.isnan(losses[-1]):
        return True
    epoch = len(losses)
    beside = [other[epoch - 1] for other in others if len(other) >= epoch]
    if len(beside) < startup:
        return False
    return bool(losses[-1] > np.median(beside))
"""

PADDED_SHARE = """
def padded_share(lengths, bounds, batch):
    rows = dict.fromkeys(bounds, 0)
    for length in lengths:
        rows[min(bound for bound in bounds if bound >= length)] += 1
    places = sum(-(-count // batch) * batch * bound for bound, count in rows.items())
    return (places - sum(lengths)) / places if places else 0.0
"""

LAYER_NORM = """
def layer_norm(x, gain, bias, epsilon):
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.var(x, axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * gain + bias
"""

WHOLE_GRADIENT = """
def whole_gradient(gradients, tokens):
    total = [np.zeros_like(array) for array in gradients[0]]
    for worker, count in zip(gradients, tokens):
        if count == 0:
            continue
        for place, array in enumerate(worker):
            total[place] = total[place] + count * array
    return [array / sum(tokens) for array in total]
"""

SCATTERED = """
def scattered(parts):
    n = len(parts)
    held = [[np.array(chunk) for chunk in worker] for worker in parts]
    for r in range(n - 1):
        sent = [held[w][(w - r) % n].copy() for w in range(n)]
        for w in range(n):
            held[(w + 1) % n][(w - r) % n] += sent[w]
    return held
"""

MUTANTS = [
    Mutant(
        "variance from the best, not from training",
        points=9,
        says="from training to validation",
        answers={"verdict": VERDICT.replace("valid - train", "valid - best")},
    ),
    Mutant(
        "every training error is bias",
        points=9,
        says="that people make as well",
        answers={"verdict": VERDICT.replace("train - best", "train")},
    ),
    Mutant(
        "a difference just as large as the slack counts",
        points=9,
        says="has to be more than",
        answers={"verdict": VERDICT.replace("> slack", ">= slack")},
    ),
    Mutant(
        "differences without their sign",
        points=9,
        says="has no variance",
        answers={"verdict": VERDICT.replace("valid - train", "abs(valid - train)")},
    ),
    Mutant(
        "only the first trouble is named",
        points=9,
        says="from the best to training",
        answers={"verdict": VERDICT.replace('return "both"', 'return "bias"')},
    ),
    Mutant(
        "compared with the loss before, not with the lowest",
        points=9,
        says="there are `patience` of them",
        answers={
            "early_stop": EARLY_STOP.replace(
                "losses[place] < lowest", "losses[place] < losses[place - 1]"
            )
        },
    ),
    Mutant(
        "epochs without a better loss are never forgotten",
        points=9,
        says="keep the epoch of the lowest",
        answers={"early_stop": EARLY_STOP.replace("place + 1, 0", "place + 1, waited")},
    ),
    Mutant(
        "one epoch too patient",
        points=9,
        says="there are `patience` of them",
        answers={"early_stop": EARLY_STOP.replace("waited == patience", "waited > patience")},
    ),
    Mutant(
        "epochs counted from 0",
        points=9,
        says="there are `patience` of them",
        answers={
            "early_stop": EARLY_STOP.replace("def early_stop", "def from_one")
            + """

def early_stop(losses, patience):
    best, last = from_one(losses, patience)
    return best - 1, last - 1
"""
        },
    ),
    Mutant(
        "an equal loss is a better one",
        points=9,
        says="an equal loss is not",
        answers={"early_stop": EARLY_STOP.replace("< lowest", "<= lowest")},
    ),
    Mutant(
        "looks ahead for the lowest of all losses",
        points=9,
        says="there are `patience` of them",
        answers={
            "early_stop": """
def early_stop(losses, patience):
    best = int(np.nanargmin(losses)) + 1
    return best, min(best + patience, len(losses))
"""
        },
    ),
    Mutant(
        "nan is taken for a better loss",
        points=9,
        says="`nan` is never better",
        answers={
            "early_stop": EARLY_STOP.replace(
                "losses[place] < lowest", "not losses[place] >= lowest"
            )
        },
    ),
    Mutant(
        "each part scaled by itself",
        points=9,
        says="for each column of `train`",
        answers={
            "standardised": STANDARDISED.replace(
                "    for part in (train, other):",
                "    for part in (train, other):\n        mean, deviation = part.mean(0), part.std(0) + 1e-9",
            )
        },
    ),
    Mutant(
        "mean and deviation of both parts together",
        points=9,
        says="for each column of `train`",
        answers={
            "standardised": STANDARDISED.replace(
                "np.mean(train, axis=0), np.std(train, axis=0)",
                "np.mean([*train, *other], axis=0), np.std([*train, *other], axis=0)",
            )
        },
    ),
    Mutant(
        "one mean and one deviation for all columns",
        points=9,
        says="for each column",
        answers={
            "standardised": STANDARDISED.replace(
                "np.mean(train, axis=0), np.std(train, axis=0)", "np.mean(train), np.std(train)"
            )
        },
    ),
    Mutant(
        "the deviation of a sample",
        points=9,
        says="divides by the number of rows",
        answers={
            "standardised": STANDARDISED.replace(
                "np.std(train, axis=0)", "np.std(train, axis=0, ddof=1)"
            )
        },
    ),
    Mutant(
        "a constant column divides by 0",
        points=9,
        says="becomes 0",
        answers={
            "standardised": """
def standardised(train, other):
    mean, deviation = train.mean(0), train.std(0)
    return (train - mean) / deviation, (other - mean) / deviation
"""
        },
    ),
    Mutant(
        "a small number in place of a deviation of 0",
        points=9,
        says="becomes 0",
        answers={
            "standardised": """
def standardised(train, other):
    mean, deviation = train.mean(0), train.std(0) + 1e-8
    return (train - mean) / deviation, (other - mean) / deviation
"""
        },
    ),
    Mutant(
        "a deviation that was rounded is none",
        points=9,
        says="whether they are equal",
        answers={
            "standardised": STANDARDISED.replace(
                "np.min(train, axis=0) == np.max(train, axis=0)", "deviation == 0"
            )
        },
    ),
    Mutant(
        "special tokens are replaced too",
        points=9,
        says="the special tokens 0 to 3 stay",
        answers={"noised": NOISED.replace("    hit[ids < 4] = False\n", "")},
    ),
    Mutant(
        "the first ordinary token stays",
        points=9,
        says="4 is the first ordinary one",
        answers={"noised": NOISED.replace("ids < 4", "ids <= 4")},
    ),
    Mutant(
        "all tokens are drawn equally often",
        points=9,
        says="drawn often",
        answers={"noised": NOISED.replace("rng.choice(tokens", "rng.choice(np.unique(tokens)")},
    ),
    Mutant(
        "one token for all places",
        points=9,
        says="how often 20 is drawn",
        answers={"noised": NOISED.replace("rng.choice(tokens, hit.sum())", "rng.choice(tokens)")},
    ),
    Mutant(
        "whole rows are replaced",
        points=9,
        says="each place has its own chance",
        answers={
            "noised": NOISED.replace(
                "rng.random(ids.shape) < share",
                "np.broadcast_to(rng.random(ids.shape[-1]) < share, ids.shape).copy()",
            )
        },
    ),
    Mutant(
        "the share is kept, not replaced",
        points=9,
        says="with probability `share`",
        answers={"noised": NOISED.replace("< share", "> share")},
    ),
    Mutant(
        "chance from elsewhere",
        points=9,
        says="take all chance from `rng`",
        answers={"noised": NOISED.replace("rng.", "np.random.")},
    ),
    Mutant(
        "the same chance each time",
        points=9,
        says="not the same from another seed",
        answers={
            "noised": NOISED.replace(
                "    result =", "    rng = np.random.default_rng(0)\n    result =", 1
            )
        },
    ),
    Mutant(
        "rates are spread evenly, not by their logarithm",
        points=9,
        says="draw the logarithm evenly",
        answers={
            "draw": DRAW.replace("np.log(rest)", "rest").replace(
                "np.exp(rng.uniform(low, high))", "rng.uniform(low, high)"
            )
        },
    ),
    Mutant(
        "the logarithm itself",
        points=9,
        says="limits of the value itself",
        answers={"draw": DRAW.replace("np.exp(rng.uniform(low, high))", "rng.uniform(low, high)")},
    ),
    Mutant(
        "two bases",
        points=9,
        says="limits of the value itself",
        answers={"draw": DRAW.replace("np.log(rest)", "np.log10(rest)")},
    ),
    Mutant(
        "the upper end never comes",
        points=9,
        says="both among them",
        answers={"draw": DRAW.replace("rest[1] + 1", "max(rest[1], rest[0] + 1)")},
    ),
    Mutant(
        "both ends come half as often",
        points=9,
        says="both among them",
        answers={
            "draw": DRAW.replace(
                "int(rng.integers(rest[0], rest[1] + 1))", "round(rng.uniform(*rest))"
            )
        },
    ),
    Mutant(
        "whole numbers of NumPy's type",
        points=9,
        says="the type of a whole number",
        answers={
            "draw": DRAW.replace(
                "int(rng.integers(rest[0], rest[1] + 1))", "rng.integers(rest[0], rest[1] + 1)"
            )
        },
    ),
    Mutant(
        "the first option always",
        points=9,
        says="each option as often",
        answers={"draw": DRAW.replace("int(rng.integers(0, len(rest[0])))", "0")},
    ),
    Mutant(
        "one draw for all names",
        points=9,
        says="must not tell the others",
        answers={
            "draw": """
def draw(space, rng):
    setting, chance = {}, rng.random()
    for name, (kind, *rest) in space.items():
        if kind == "log":
            setting[name] = rest[0] * (rest[1] / rest[0]) ** chance
        elif kind == "whole":
            setting[name] = rest[0] + int(chance * (rest[1] - rest[0] + 1))
        else:
            setting[name] = rest[0][int(chance * len(rest[0]))]
    return setting
"""
        },
    ),
    Mutant(
        "settings by Python's own chance",
        points=9,
        says="take all chance from `rng`",
        answers={
            "draw": "import random\n"
            + DRAW.replace("rng.uniform", "random.uniform").replace(
                "rng.integers(rest[0], rest[1] + 1)", "random.randint(*rest)"
            )
        },
    ),
    Mutant(
        "the last losses of the others",
        points=9,
        says="after as many epochs",
        answers={"gives_up": GIVES_UP.replace("other[epoch - 1] for", "other[-1] for")},
    ),
    Mutant(
        "the mean of the others",
        points=9,
        says="compare the last loss with the median",
        answers={"gives_up": GIVES_UP.replace("np.median", "np.mean")},
    ),
    Mutant(
        "the upper one of two in the middle",
        points=9,
        says="it is their mean",
        answers={
            "gives_up": GIVES_UP.replace("np.median(beside)", "sorted(beside)[len(beside) // 2]")
        },
    ),
    Mutant(
        "worse than the best of the others",
        points=9,
        says="compare the last loss with the median",
        answers={"gives_up": GIVES_UP.replace("np.median", "np.min")},
    ),
    Mutant(
        "an equal loss is given up",
        points=9,
        says="an equal loss goes on",
        answers={"gives_up": GIVES_UP.replace("losses[-1] >", "losses[-1] >=")},
    ),
    Mutant(
        "the trial's lowest loss is compared",
        points=9,
        says="compare the last loss",
        answers={"gives_up": GIVES_UP.replace("bool(losses[-1] >", "bool(min(losses) >")},
    ),
    Mutant(
        "others that gave up count by their last loss",
        points=9,
        says="never came so far",
        answers={
            "gives_up": GIVES_UP.replace(
                "other[epoch - 1] for other in others if len(other) >= epoch",
                "other[:epoch][-1] for other in others",
            )
        },
    ),
    Mutant(
        "all others count for startup",
        points=9,
        says="neither for the median nor for `startup`",
        answers={
            "gives_up": GIVES_UP.replace(
                "len(beside) < startup", "len(others) < startup or not beside"
            )
        },
    ),
    Mutant(
        "just as many as startup are too few",
        points=9,
        says="never came so far",
        answers={"gives_up": GIVES_UP.replace("< startup", "<= startup")},
    ),
    Mutant(
        "a trial of nan goes on",
        points=9,
        says="ask for it first",
        answers={"gives_up": GIVES_UP.replace("if np.isnan(losses[-1]):", "if False:")},
    ),
    Mutant(
        "a sentence as long as the bound goes further",
        points=9,
        says="into the narrowest bucket",
        answers={
            "padded_share": PADDED_SHARE.replace(
                "if bound >= length)", "if bound > length or bound == bounds[-1])"
            )
        },
    ),
    Mutant(
        "the last batch has no empty rows",
        points=9,
        says="filled up with empty rows",
        answers={
            "padded_share": PADDED_SHARE.replace(
                "-(-count // batch) * batch * bound", "count * bound"
            )
        },
    ),
    Mutant(
        "the last batch is forgotten",
        points=9,
        says="filled up with empty rows",
        answers={
            "padded_share": PADDED_SHARE.replace("-(-count // batch)", "max(1, count // batch)")
        },
    ),
    Mutant(
        "one bucket for all",
        points=9,
        says="into the narrowest bucket",
        answers={"padded_share": PADDED_SHARE.replace("min(bound for", "max(bound for")},
    ),
    Mutant(
        "a batch is as wide as its longest sentence",
        points=9,
        says="as wide as its bucket",
        answers={
            "padded_share": """
def padded_share(lengths, bounds, batch):
    places, below = 0, -1
    for bound in bounds:
        rows = [length for length in lengths if below < length <= bound]
        for place in range(0, len(rows), batch):
            places += batch * max(rows[place : place + batch])
        below = bound
    return 1 - sum(lengths) / places if places else 0.0
"""
        },
    ),
    Mutant(
        "an empty bucket has a batch too",
        points=9,
        says="has no batch and no places",
        answers={
            "padded_share": PADDED_SHARE.replace(
                "-(-count // batch)", "max(1, -(-count // batch))"
            ).replace("if places", "if lengths")
        },
    ),
    Mutant(
        "the share of text, not of padding",
        points=9,
        says="what is left of the places",
        answers={
            "padded_share": PADDED_SHARE.replace(
                "(places - sum(lengths)) / places", "sum(lengths) / places"
            )
        },
    ),
    Mutant(
        "padding by text, not by all places",
        points=9,
        says="what is left of the places",
        answers={
            "padded_share": PADDED_SHARE.replace(
                "sum(lengths)) / places", "sum(lengths)) / sum(lengths)"
            )
        },
    ),
    Mutant(
        "the mean of the buckets' shares",
        points=9,
        says="into the narrowest bucket",
        answers={
            "padded_share": """
def padded_share(lengths, bounds, batch):
    shares, below = [], -1
    for bound in bounds:
        rows = [length for length in lengths if below < length <= bound]
        if rows:
            shares.append(1 - sum(rows) / (-(-len(rows) // batch) * batch * bound))
        below = bound
    return sum(shares) / len(shares) if shares else 0.0
"""
        },
    ),
    Mutant(
        "without a sentence it divides by 0",
        points=9,
        says="ZeroDivisionError",
        answers={"padded_share": PADDED_SHARE.replace(" if places else 0.0", "")},
    ),
    Mutant(
        "over the batch, as batch normalisation does",
        points=9,
        says="over its units",
        answers={"layer_norm": LAYER_NORM.replace("axis=-1", "axis=0")},
    ),
    Mutant(
        "over the second axis, whatever it is",
        points=9,
        says="the units are the last",
        answers={"layer_norm": LAYER_NORM.replace("axis=-1", "axis=1")},
    ),
    Mutant(
        "over all units and steps of a sentence",
        points=9,
        says="the units are the last",
        answers={"layer_norm": LAYER_NORM.replace("axis=-1", "axis=tuple(range(1, x.ndim))")},
    ),
    Mutant(
        "divided by the variance",
        points=9,
        says="mean and variance of each row",
        answers={
            "layer_norm": LAYER_NORM.replace(
                "np.sqrt(variance + epsilon)", "(variance + epsilon)"
            ).replace("(x - mean) /", "(x - mean) / ")
        },
    ),
    Mutant(
        "the variance of a sample",
        points=9,
        says="mean and variance of each row",
        answers={
            "layer_norm": LAYER_NORM.replace("np.var(x, axis=-1,", "np.var(x, axis=-1, ddof=1,")
        },
    ),
    Mutant(
        "epsilon beside the root",
        points=9,
        says="under the root",
        answers={
            "layer_norm": LAYER_NORM.replace(
                "np.sqrt(variance + epsilon)", "(np.sqrt(variance) + epsilon)"
            )
        },
    ),
    Mutant(
        "the bias is multiplied too",
        points=9,
        says="then `bias` is added",
        answers={
            "layer_norm": LAYER_NORM.replace(
                "/ np.sqrt(variance + epsilon) * gain + bias",
                "/ np.sqrt(variance + epsilon) + bias) * gain",
            ).replace("return (x", "return ((x")
        },
    ),
    Mutant(
        "each worker counts the same",
        points=9,
        says="by its share of all tokens",
        answers={
            "whole_gradient": WHOLE_GRADIENT.replace("count * array", "array").replace(
                "sum(tokens)", "sum(count > 0 for count in tokens)"
            )
        },
    ),
    Mutant(
        "a sum, not a mean",
        points=9,
        says="twice as long",
        answers={
            "whole_gradient": WHOLE_GRADIENT.replace("count * array", "array").replace(
                "array / sum(tokens)", "array"
            )
        },
    ),
    Mutant(
        "divided by the workers, not by their tokens",
        points=9,
        says="twice as long",
        answers={"whole_gradient": WHOLE_GRADIENT.replace("/ sum(tokens)", "/ len(tokens)")},
    ),
    Mutant(
        "0 times nan",
        points=9,
        says="0 times `nan` is `nan`",
        answers={"whole_gradient": WHOLE_GRADIENT.replace("if count == 0:", "if False:")},
    ),
    Mutant(
        "nan is 0 everywhere",
        points=9,
        says="a fault that has to be seen",
        answers={
            "whole_gradient": WHOLE_GRADIENT.replace(
                "count * array", "count * np.nan_to_num(array)"
            )
        },
    ),
    Mutant(
        "only the first of the weights",
        points=9,
        says="an array for each weight",
        answers={
            "whole_gradient": WHOLE_GRADIENT.replace(
                "for array in total]", "for array in total[:1]]"
            )
        },
    ),
    Mutant(
        "each sends the chunk of its own number in every round",
        points=9,
        says="what it has just got",
        answers={"scattered": SCATTERED.replace("(w - r) % n", "w % n")},
    ),
    Mutant(
        "the next chunk in place of the one before",
        points=9,
        says="what it has just got",
        answers={"scattered": SCATTERED.replace("(w - r) % n", "(w + r) % n")},
    ),
    Mutant(
        "to the left",
        points=9,
        says="what it has just got",
        answers={"scattered": SCATTERED.replace("held[(w + 1) % n]", "held[(w - 1) % n]")},
    ),
    Mutant(
        "one round too many",
        points=9,
        says="each sends its chunk w to the right",
        answers={"scattered": SCATTERED.replace("range(n - 1)", "range(n)")},
    ),
    Mutant(
        "what comes in replaces what was there",
        points=9,
        says="where it is added",
        answers={"scattered": SCATTERED.replace("] += sent[w]", "] = sent[w]")},
    ),
    Mutant(
        "what is sent is forgotten",
        points=9,
        says="each sends its chunk w to the right",
        answers={
            "scattered": SCATTERED.replace(
                "        for w in range(n):\n            held",
                "        for w in range(n):\n            held[w][(w - r) % n] *= 0\n            held",
            )
        },
    ),
    Mutant(
        "every worker has every sum, as if all was done",
        points=9,
        says="each sends its chunk w to the right",
        answers={
            "scattered": """
def scattered(parts):
    sums = [sum(chunks) for chunks in zip(*parts)]
    return [sums for _ in parts]
"""
        },
    ),
]
