"""Plausible wrong answers to exercise 07, with the points that each deserves.

`corpus_bleu` calls `clipped_matches` and `bleu`, so what is wrong in one of them costs its point too.
"""

from autograder.mutants import Mutant

WEIGHTS = """
def attention_weights(scores, mask):
    scores = np.where(mask, scores, -np.inf)
    highest = scores.max(axis=1, keepdims=True)
    shares = np.where(mask, np.exp(scores - np.where(np.isfinite(highest), highest, 0)), 0)
    totals = shares.sum(axis=1, keepdims=True)
    return shares / np.where(totals == 0, 1, totals)
"""

PLAIN_SOFTMAX = """
def attention_weights(scores, mask):
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
"""

MULTIPLICATIVE = """
def multiplicative_scores(query, memory, kernel):
    return np.einsum("bw,btw->bt", query @ kernel, memory)
"""

ADDITIVE = """
def additive_scores(query, memory, query_kernel, memory_kernel, scale):
    return np.tanh((query @ query_kernel)[:, None] + memory @ memory_kernel) @ scale
"""

SCORES = MULTIPLICATIVE + "\n" + ADDITIVE

DECODER_STEP = """
def decoder_step(hidden, memory, weights, mix_kernel, output_kernel):
    context = np.einsum("bt,btw->bw", weights, memory)
    mixed = np.tanh(np.concatenate([hidden, context], axis=1) @ mix_kernel)
    return context, mixed @ output_kernel
"""

CLIPPED_MATCHES = """
def clipped_matches(translation, references, n):
    def count(tokens):
        grams = [tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)]
        return {gram: grams.count(gram) for gram in grams}

    found, others = count(translation), [count(tokens) for tokens in references]
    matches = 0
    for gram, times in found.items():
        matches += min(times, max(other.get(gram, 0) for other in others))
    return matches, sum(found.values())
"""

BLEU = """
def bleu(matches, totals, length, reference_length, smooth=False):
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
"""

CORPUS_BLEU = """
def corpus_bleu(translations, references, smooth=False):
    matches, totals, length, reference_length = [0] * 4, [0] * 4, 0, 0
    for translation, group in zip(translations, references):
        for n in range(1, 5):
            match, total = clipped_matches(translation, group, n)
            matches[n - 1] += match
            totals[n - 1] += total
        closest = min(map(len, group), key=lambda size: (abs(size - len(translation)), size))
        length, reference_length = length + len(translation), reference_length + closest
    return bleu(matches, totals, length, reference_length, smooth)
"""

NEVER_END = """
def never_end(target_out):
    faults = []
    for number, row in enumerate(target_out):
        tokens = row[row != PAD].tolist()
        if tokens and (tokens[-1] != END or tokens.count(END) > 1):
            faults.append(number)
    return faults
"""

OVERFITS = """
def overfits(draw, model, steps, below):
    losses = [model.learn(*draw()) for _ in range(steps)]
    return losses[-1] < below
"""

MUTANTS = [
    Mutant(
        "no mask",
        points=9,
        says="Padding gets exactly 0",
        answers={"attention_weights": PLAIN_SOFTMAX},
    ),
    Mutant(
        "the softmax runs over the batch",
        points=9,
        says="the last axis",
        answers={"attention_weights": WEIGHTS.replace("axis=1", "axis=0")},
    ),
    Mutant(
        "the mask comes after the softmax, and the sum is not taken anew",
        points=9,
        says="adds up to 1 without the padding",
        answers={
            "attention_weights": PLAIN_SOFTMAX.replace(
                "return shares / shares.sum(axis=1, keepdims=True)",
                "return shares / shares.sum(axis=1, keepdims=True) * mask",
            )
        },
    ),
    Mutant(
        "the mask comes after the softmax, where padding can have swallowed all",
        points=9,
        says="largest real score",
        answers={
            "attention_weights": """
def attention_weights(scores, mask):
    shares = np.exp(scores - scores.max(axis=1, keepdims=True)) * mask
    totals = shares.sum(axis=1, keepdims=True)
    return shares / np.where(totals == 0, 1, totals)
"""
        },
    ),
    Mutant(
        "-1e9 is added, so a row of nothing but padding shares among padding",
        points=9,
        says="nothing to share",
        answers={
            "attention_weights": PLAIN_SOFTMAX.replace(
                "    shares =", "    scores = scores + np.where(mask, 0, -1e9)\n    shares =", 1
            )
        },
    ),
    Mutant(
        "the scores of padding are set to 0, which is a score like others",
        points=9,
        says="weights at padding",
        answers={
            "attention_weights": PLAIN_SOFTMAX.replace(
                "    shares =", "    scores = scores * mask\n    shares =", 1
            )
        },
    ),
    Mutant(
        "exp of large scores runs over",
        points=9,
        says="before exp",
        answers={
            "attention_weights": """
def attention_weights(scores, mask):
    shares = np.exp(scores) * mask
    totals = shares.sum(axis=1, keepdims=True)
    return shares / np.where(totals == 0, 1, totals)
"""
        },
    ),
    Mutant(
        "query and memory change places",
        points=9,
        says="ValueError",
        answers={"scores": SCORES.replace("query @ kernel, memory", "query, memory @ kernel")},
    ),
    Mutant(
        "the scores are divided by the root of the units, as in a transformer",
        points=9,
        says="multiplicative_scores: the example",
        answers={
            "scores": SCORES.replace(
                "query @ kernel, memory)", "query @ kernel, memory) / query.shape[1] ** 0.5"
            )
        },
    ),
    Mutant(
        "the softmax is taken already",
        points=9,
        says="no softmax yet",
        answers={
            "scores": SCORES.replace(
                '"bw,btw->bt", query @ kernel, memory)',
                '"bw,btw->bt", query @ kernel, memory)\n    return softmax(scores)',
            ).replace("    return np.einsum", "    scores = np.einsum")
        },
    ),
    Mutant(
        "scale is missing: the depth is added up",
        points=9,
        says="twice the score",
        answers={"scores": SCORES.replace("memory_kernel) @ scale", "memory_kernel).sum(axis=-1)")},
    ),
    Mutant(
        "scale stands within the tanh",
        points=9,
        says="outside of the tanh",
        answers={
            "scores": SCORES.replace("return np.tanh((query", "return np.tanh(((query").replace(
                "memory_kernel) @ scale", "memory_kernel) @ scale)"
            )
        },
    ),
    Mutant(
        "the tanh is forgotten",
        points=9,
        says="the tanh comes after the sum",
        answers={"scores": SCORES.replace("return np.tanh(", "return (")},
    ),
    Mutant(
        "a tanh for each, and then the sum",
        points=9,
        says="the tanh comes after the sum",
        answers={
            "scores": SCORES.replace(
                "np.tanh((query @ query_kernel)[:, None] + memory @ memory_kernel)",
                "(np.tanh(query @ query_kernel)[:, None] + np.tanh(memory @ memory_kernel))",
            )
        },
    ),
    Mutant(
        "the context is the row with the greatest weight",
        points=9,
        says="the sum of all rows",
        answers={
            "decoder_step": DECODER_STEP.replace(
                'np.einsum("bt,btw->bw", weights, memory)',
                "memory[np.arange(len(memory)), weights.argmax(axis=1)]",
            )
        },
    ),
    Mutant(
        "the context is the plain mean of the memory",
        points=9,
        says="takes that row",
        answers={
            "decoder_step": DECODER_STEP.replace(
                'np.einsum("bt,btw->bw", weights, memory)', "memory.mean(axis=1)"
            )
        },
    ),
    Mutant(
        "the context stands before the hidden state",
        points=9,
        says="before the context",
        answers={"decoder_step": DECODER_STEP.replace("[hidden, context]", "[context, hidden]")},
    ),
    Mutant(
        "the mixing layer has no tanh",
        points=9,
        says="goes through a tanh",
        answers={"decoder_step": DECODER_STEP.replace("np.tanh(np", "(np")},
    ),
    Mutant(
        "probabilities in the place of logits",
        points=9,
        says="without a softmax",
        answers={
            "decoder_step": DECODER_STEP.replace(
                "mixed @ output_kernel", "softmax(mixed @ output_kernel)"
            )
        },
    ),
    Mutant(
        "matches are not clipped",
        points=8,
        says="not more often",
        answers={
            "clipped_matches": CLIPPED_MATCHES.replace(
                "min(times, max(other.get(gram, 0) for other in others))",
                "times * any(gram in other for other in others)",
            )
        },
    ),
    Mutant(
        "references add up before the clip",
        points=8,
        says="references do not add up",
        answers={"clipped_matches": CLIPPED_MATCHES.replace("max(other", "sum(other")},
    ),
    Mutant(
        "only the first reference is looked at",
        points=8,
        says="any of the references",
        answers={"clipped_matches": CLIPPED_MATCHES.replace("in others)", "in others[:1])")},
    ),
    Mutant(
        "each n-gram counts once",
        points=8,
        says="said twice too",
        answers={
            "clipped_matches": CLIPPED_MATCHES.replace(
                "{gram: grams.count(gram) for gram in grams}", "{gram: 1 for gram in grams}"
            )
        },
    ),
    Mutant(
        "the total is that of the reference, as in recall",
        points=8,
        says="n-grams of the translation",
        answers={
            "clipped_matches": CLIPPED_MATCHES.replace(
                "sum(found.values())", "sum(others[0].values())"
            )
        },
    ),
    Mutant(
        "a sentence that is too short has fewer than no n-grams",
        points=8,
        says="it can have none",
        answers={
            "clipped_matches": CLIPPED_MATCHES.replace(
                "sum(found.values())", "len(translation) - n + 1"
            )
        },
    ),
    Mutant(
        "the brevity penalty the wrong way round",
        points=8,
        says="and only that",
        answers={"bleu": BLEU.replace("length >= reference_length", "length <= reference_length")},
    ),
    Mutant(
        "the brevity penalty rewards what is too long",
        points=8,
        says="and only that",
        answers={"bleu": BLEU.replace("1.0 if length >= reference_length else np.exp", "np.exp")},
    ),
    Mutant(
        "the mean of the four precisions",
        points=7,
        says="geometric mean",
        answers={
            "bleu": BLEU.replace("product, part = 1.0", "product, part = 0.0")
            .replace("product *=", "product +=")
            .replace("product**0.25", "product / 4")
        },
    ),
    Mutant(
        "the logarithm of zero",
        points=7,
        says="ValueError",
        answers={
            "bleu": """
import math


def bleu(matches, totals, length, reference_length, smooth=False):
    total = sum(math.log(match / of) for match, of in zip(matches, totals))
    penalty = min(1.0, math.exp(1 - reference_length / length))
    return 100 * penalty * math.exp(total / 4)
"""
        },
    ),
    Mutant(
        "an n that nothing was long enough for is divided by 0",
        points=7,
        says="ZeroDivisionError",
        answers={"bleu": BLEU.replace(" or not all(totals)", "")},
    ),
    Mutant(
        "an n without n-grams is left out of the mean",
        points=7,
        says="a total of 0",
        answers={
            "bleu": BLEU.replace(" or not all(totals)", "")
            .replace(
                "zip(matches, totals):", "zip(matches, totals):\n        if not total: continue"
            )
            .replace("product**0.25", "product ** (1 / sum(map(bool, totals)))")
        },
    ),
    Mutant(
        "an empty translation scores 100",
        points=8,
        says="an empty line",
        answers={
            "bleu": BLEU.replace(
                "    if not any",
                "    if not length:\n        return 100.0\n    if not any",
            )
        },
    ),
    Mutant(
        "smoothing is not written",
        points=8,
        says="half a match",
        answers={"bleu": BLEU.replace("smooth and not match", "False")},
    ),
    Mutant(
        "every n without a match counts as half a match",
        points=9,
        says="a quarter for the second",
        answers={"bleu": BLEU.replace("part /= 2", "part = 0.5")},
    ),
    Mutant(
        "one is added to every count from n = 2 on, another smoothing",
        points=8,
        says="half a match",
        answers={
            "bleu": BLEU.replace("if smooth and not match:", "if smooth and total != totals[0]:")
            .replace("            part /= 2\n", "            total += 1\n")
            .replace("match = part", "match += 1")
        },
    ),
    Mutant(
        "smoothing where nothing matches at all",
        points=9,
        says="does not help",
        answers={"bleu": BLEU.replace("not any(matches) or not all", "not all")},
    ),
    Mutant(
        "smoothed, whatever `smooth` says",
        points=9,
        says="without smoothing",
        answers={"bleu": BLEU.replace("smooth and not match", "not match")},
    ),
    Mutant(
        "the mean of the sentences' figures",
        points=9,
        says="added up",
        answers={
            "corpus_bleu": """
def corpus_bleu(translations, references, smooth=False):
    figures = []
    for translation, group in zip(translations, references):
        counts = [clipped_matches(translation, group, n) for n in range(1, 5)]
        matches, totals = zip(*counts)
        closest = min(map(len, group), key=lambda size: (abs(size - len(translation)), size))
        figures.append(bleu(matches, totals, len(translation), closest, smooth))
    return sum(figures) / len(figures)
"""
        },
    ),
    Mutant(
        "all sentences in one, so that n-grams reach over their borders",
        points=9,
        says="from one sentence into the next",
        answers={
            "corpus_bleu": """
def corpus_bleu(translations, references, smooth=False):
    whole = sum(translations, [])
    most = max(map(len, references))
    groups = [sum((group[min(n, len(group) - 1)] for group in references), []) for n in range(most)]
    matches, totals = zip(*(clipped_matches(whole, groups, n) for n in range(1, 5)))
    pairs = zip(translations, references)
    lengths = [min(map(len, group), key=lambda size: (abs(size - len(t)), size)) for t, group in pairs]
    return bleu(matches, totals, len(whole), sum(lengths), smooth)
"""
        },
    ),
    Mutant(
        "the longest reference counts",
        points=9,
        says="closest to the translation's",
        answers={
            "corpus_bleu": CORPUS_BLEU.replace(
                "min(map(len, group), key=lambda size: (abs(size - len(translation)), size))",
                "max(map(len, group))",
            )
        },
    ),
    Mutant(
        "the shortest reference counts",
        points=9,
        says="closest to the translation's",
        answers={
            "corpus_bleu": CORPUS_BLEU.replace(
                "min(map(len, group), key=lambda size: (abs(size - len(translation)), size))",
                "min(map(len, group))",
            )
        },
    ),
    Mutant(
        "the first reference's length counts",
        points=9,
        says="closest to the translation's",
        answers={
            "corpus_bleu": CORPUS_BLEU.replace(
                "min(map(len, group), key=lambda size: (abs(size - len(translation)), size))",
                "len(group[0])",
            )
        },
    ),
    Mutant(
        "of two that are equally close the first one counts",
        points=9,
        says="if two do, the shorter",
        answers={
            "corpus_bleu": CORPUS_BLEU.replace(
                "(abs(size - len(translation)), size))", "abs(size - len(translation)))"
            )
        },
    ),
    Mutant(
        "empty lines are left out",
        points=9,
        says="a length that counts",
        answers={
            "corpus_bleu": CORPUS_BLEU.replace(
                "        for n in",
                "        if not translation:\n            continue\n        for n in",
            )
        },
    ),
    Mutant(
        "an END anywhere is enough",
        points=9,
        says="nothing but padding stands behind it",
        answers={
            "never_end": NEVER_END.replace(
                "(tokens[-1] != END or tokens.count(END) > 1)", "END not in tokens"
            )
        },
    ),
    Mutant(
        "only the last token is looked at, so a second END goes unseen",
        points=9,
        says="END stands once",
        answers={"never_end": NEVER_END.replace(" or tokens.count(END) > 1", "")},
    ),
    Mutant(
        "the last column is looked at, padding or not",
        points=9,
        says="before the padding",
        answers={"never_end": NEVER_END.replace("row[row != PAD].tolist()", "row.tolist()")},
    ),
    Mutant(
        "a row of nothing but padding is called a fault",
        points=9,
        says="asks nothing",
        answers={
            "never_end": NEVER_END.replace(
                "tokens and (tokens[-1] != END or", "(END not in tokens or"
            ).replace("tokens.count(END) > 1", "tokens[-1] != END or tokens.count(END) > 1")
        },
    ),
    Mutant(
        "the batch is drawn once, so that unrelated pairs are learnt by heart",
        points=9,
        says="call draw() for each step",
        answers={
            "overfits": """
def overfits(draw, model, steps, below):
    batch = draw()
    losses = [model.learn(*batch) for _ in range(steps)]
    return losses[-1] < below
"""
        },
    ),
    Mutant(
        "a loss that falls is taken for a proof",
        points=9,
        says="falls on unrelated pairs too",
        answers={"overfits": OVERFITS.replace("losses[-1] < below", "losses[-1] < losses[0] / 2")},
    ),
    Mutant(
        "the mean of all losses is compared",
        points=9,
        says="It is the last loss",
        answers={"overfits": OVERFITS.replace("losses[-1] <", "np.mean(losses) <")},
    ),
    Mutant(
        "return stands in the loop",
        points=9,
        says="the steps of training",
        answers={
            "overfits": """
def overfits(draw, model, steps, below):
    for _ in range(steps):
        loss = model.learn(*draw())
        return loss < below
"""
        },
    ),
    Mutant(
        "source and target come from two draws",
        points=9,
        says="the batches drawn",
        answers={
            "overfits": OVERFITS.replace(
                "model.learn(*draw())", "model.learn(draw()[0], draw()[1])"
            )
        },
    ),
]
