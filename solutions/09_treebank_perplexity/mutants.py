"""Plausible wrong answers to exercise 09, with the points that each deserves."""

from autograder.mutants import Mutant

UNIGRAM = """
def unigram(ids, size):
    parts = np.bincount(ids[1:], minlength=size) + 1.0
    parts[:2] = 0
    return parts / parts.sum()
"""

MEASURES = """
def measures(probs, ids):
    nats = -np.log(probs[ids[1:]]).mean()
    return nats, nats / np.log(2), np.exp(nats)
"""

PERPLEXITY = """
def perplexity(batches):
    total, tokens = 0.0, 0
    for log_probs, mask in batches:
        total += log_probs[mask].sum(dtype=np.float64)
        tokens += mask.sum()
    return np.exp(-total / tokens)
"""

WORD_PERPLEXITY = """
def word_perplexity(bits, lines):
    characters = sum(len(line) + 1 for line in lines)
    tokens = sum(len(line.split()) + 1 for line in lines)
    return 2 ** (bits * characters / tokens)
"""

AUDIT = """
def audit(ids, batches):
    place = {token: at for at, token in enumerate(ids.tolist())}
    times = {token: 0 for token in ids.tolist()[1:]}
    for _, targets in batches:
        for token in targets.ravel().tolist():
            if token != PAD:
                times[token] += 1
    breaks = 0
    for (before, _), (now, _) in pairwise(batches):
        for row in range(len(now)):
            last, first = before[row, -1], now[row, 0]
            if first != PAD and (last == PAD or place[first] != place[last] + 1):
                breaks += 1
    lost = sum(n == 0 for n in times.values())
    twice = sum(n - 1 for n in times.values() if n > 1)
    return {"lost": lost, "twice": twice, "breaks": breaks}
"""

CARRIED = """
def carried(step, zero_state, batches):
    state, nll, tokens = zero_state, 0.0, 0
    for inputs, targets in batches:
        real = targets != PAD
        log_probs, state = step(state, inputs, targets)
        nll -= log_probs[real].sum()
        tokens += real.sum()
    return nll, tokens
"""

FOR_THE_MEAN = """
def for_the_mean(rate, limit, flat, epochs, steps):
    rates = [rate * steps]
    for epoch in range(1, epochs):
        rates.append(rates[-1] if epoch < flat else rates[-1] / 2)
    return rates, limit / steps
"""

CONTINUATION = """
def continuation(counts):
    behind = np.count_nonzero(counts, axis=0)
    return behind / behind.sum()
"""

KNESER_NEY = """
def kneser_ney(counts, lower, discount):
    total = counts.sum(axis=1, keepdims=True)
    types = (counts > 0).sum(axis=1, keepdims=True)
    kept = np.maximum(counts - discount, 0)
    probs = (kept + discount * types * lower) / np.maximum(total, 1)
    return np.where(total > 0, probs, lower)
"""

ENTROPY_RATE = """
def entropy_rate(probs, following):
    states = len(probs)
    moves = np.zeros((states, states))
    for state, row in enumerate(probs):
        for token, p in enumerate(row):
            if p > 0:
                moves[state, following[state, token]] += p
    equations = np.vstack([moves.T - np.eye(states), np.ones(states)])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(states), 1), rcond=None)[0]
    entropies = -(probs * np.log(np.where(probs > 0, probs, 1))).sum(axis=1)
    return shares @ entropies
"""

MUTANTS = [
    Mutant(
        "the first END is counted too",
        points=9,
        says="only read",
        answers={"unigram": UNIGRAM.replace("ids[1:]", "ids")},
    ),
    Mutant(
        "PAD and START get a share",
        points=9,
        says="neither gets a share",
        answers={"unigram": UNIGRAM.replace("parts[:2] = 0", "")},
    ),
    Mutant(
        "plain frequencies, without smoothing",
        points=9,
        says="gets one more",
        answers={"unigram": UNIGRAM.replace(" + 1.0", " + 0.0")},
    ),
    Mutant(
        "only the types that occur get one more",
        points=9,
        says="gets one more",
        answers={
            "unigram": UNIGRAM.replace(
                "parts[:2] = 0", "parts = np.where(parts == 1, 0, parts)\n    parts[:2] = 0"
            )
        },
    ),
    Mutant(
        "divided by the number of tokens, as if nothing had been added",
        points=9,
        says="the sum of all parts",
        answers={"unigram": UNIGRAM.replace("parts.sum()", "(len(ids) - 1)")},
    ),
    Mutant(
        "END is taken for a special token that is never predicted",
        points=9,
        says="no other probability is 0",
        answers={"unigram": UNIGRAM.replace("parts[:2]", "parts[:3]")},
    ),
    Mutant(
        "bits are nats times log 2",
        points=9,
        says="more of them",
        answers={"measures": MEASURES.replace("nats / np.log(2)", "nats * np.log(2)")},
    ),
    Mutant(
        "two to the power of nats",
        points=9,
        says="which base",
        answers={"measures": MEASURES.replace("np.exp(nats)", "2**nats")},
    ),
    Mutant(
        "the perplexity is the mean of 1 / p",
        points=9,
        says="perplexity",
        answers={"measures": MEASURES.replace("np.exp(nats)", "(1 / probs[ids[1:]]).mean()")},
    ),
    Mutant(
        "the surprisal of the mean probability",
        points=9,
        says="mean of all surprisals",
        answers={
            "measures": MEASURES.replace(
                "-np.log(probs[ids[1:]]).mean()", "-np.log(probs[ids[1:]].mean())"
            )
        },
    ),
    Mutant(
        "the first token is judged as well",
        points=9,
        says="only read",
        answers={"measures": MEASURES.replace("ids[1:]", "ids")},
    ),
    Mutant(
        "the surprisals are added up and not averaged",
        points=9,
        says="mean of all surprisals",
        answers={"measures": MEASURES.replace(".mean()", ".sum()")},
    ),
    Mutant(
        "the entropy of the model, whatever the text is",
        points=9,
        says="mean of all surprisals",
        answers={
            "measures": MEASURES.replace(
                "-np.log(probs[ids[1:]]).mean()",
                "-sum(p * np.log(p) for p in np.unique(probs) if p > 0)",
            )
        },
    ),
    Mutant(
        "the mean of the batches' perplexities",
        points=9,
        says="exp once",
        answers={
            "perplexity": """
def perplexity(batches):
    found = [np.exp(-np.mean(log_probs[mask], dtype=float)) for log_probs, mask in batches]
    return np.mean(found)
"""
        },
    ),
    Mutant(
        "the mean of the batches' mean surprisals",
        points=9,
        says="divide and take exp once",
        answers={
            "perplexity": """
def perplexity(batches):
    return np.exp(np.mean([-log_probs[mask].mean(dtype=float) for log_probs, mask in batches]))
"""
        },
    ),
    Mutant(
        "the last batch, which is not full, is dropped",
        points=9,
        says="last batch counts",
        answers={
            "perplexity": PERPLEXITY.replace(
                "in batches:", "in batches[: max(1, len(batches) - 1)]:"
            )
        },
    ),
    Mutant(
        "the sign is forgotten",
        points=9,
        says="larger than 1",
        answers={"perplexity": PERPLEXITY.replace("-total", "total")},
    ),
    Mutant(
        "padding counts as tokens",
        points=9,
        says="the number of tokens",
        answers={"perplexity": PERPLEXITY.replace("mask.sum()", "mask.size")},
    ),
    Mutant(
        "padding is added up",
        points=9,
        says="leave it out",
        answers={"perplexity": PERPLEXITY.replace("log_probs[mask]", "log_probs")},
    ),
    Mutant(
        "multiplied by the mask",
        points=9,
        says="pick the real places out",
        answers={"perplexity": PERPLEXITY.replace("log_probs[mask]", "(log_probs * mask)")},
    ),
    Mutant(
        "added up in half precision",
        points=9,
        says="float64",
        answers={"perplexity": PERPLEXITY.replace("sum(dtype=np.float64)", "sum()")},
    ),
    Mutant(
        "batches are made float64 only when their sums are added up",
        points=9,
        says="within a batch",
        answers={
            "perplexity": PERPLEXITY.replace(
                "log_probs[mask].sum(dtype=np.float64)", "float(log_probs[mask].sum())"
            )
        },
    ),
    Mutant(
        "the line ends are no characters",
        points=9,
        says="line ends",
        answers={"word_perplexity": WORD_PERPLEXITY.replace("len(line) + 1", "len(line)")},
    ),
    Mutant(
        "END is no token",
        points=9,
        says="line ends",
        answers={
            "word_perplexity": WORD_PERPLEXITY.replace("len(line.split()) + 1", "len(line.split())")
        },
    ),
    Mutant(
        "spaces are no characters",
        points=9,
        says="characters' bits",
        answers={
            "word_perplexity": WORD_PERPLEXITY.replace("len(line)", "len(line.replace(' ', ''))")
        },
    ),
    Mutant(
        "an empty line has an empty word",
        points=9,
        says="characters' bits",
        answers={"word_perplexity": WORD_PERPLEXITY.replace("split()", "split(' ')")},
    ),
    Mutant(
        "bits are put into exp",
        points=9,
        says="characters' bits",
        answers={"word_perplexity": WORD_PERPLEXITY.replace("2 ** (", "np.exp(")},
    ),
    Mutant(
        "the bits of a mean word, and not of the file",
        points=9,
        says="characters' bits",
        answers={
            "word_perplexity": """
def word_perplexity(bits, lines):
    lengths = [(len(line) + 1) / (len(line.split()) + 1) for line in lines]
    return 2 ** (bits * sum(lengths) / len(lengths))
"""
        },
    ),
    Mutant(
        "the first token counts as lost",
        points=9,
        says="the first one need not be",
        answers={"audit": AUDIT.replace("ids.tolist()[1:]", "ids.tolist()")},
    ),
    Mutant(
        "PAD counts as a target",
        points=9,
        says="PAD is",
        answers={
            "audit": AUDIT.replace("if token != PAD:", "if True:").replace(
                "times[token] += 1", "times[token] = times.get(token, 0) + 1"
            )
        },
    ),
    Mutant(
        "what is read counts, and not what is asked",
        points=9,
        says="no target anywhere",
        answers={
            "audit": AUDIT.replace("for _, targets", "for targets, _").replace(
                "times[token] += 1", "times[token] = times.get(token, 0) + 1"
            )
        },
    ),
    Mutant(
        "tokens asked too often count once",
        points=9,
        says="every further time",
        answers={"audit": AUDIT.replace("sum(n - 1 for n", "sum(1 for n")},
    ),
    Mutant(
        "a row that has ended counts as broken",
        points=9,
        says="have ended",
        answers={
            "audit": AUDIT.replace(
                "if first != PAD and (last == PAD or place[first] != place[last] + 1):",
                "if place.get(first, -1) != place.get(last, -9) + 1:",
            )
        },
    ),
    Mutant(
        "a batch with a broken row counts once",
        points=9,
        says="what a row reads first",
        answers={"audit": AUDIT.replace("breaks += 1", "breaks += 1\n                break")},
    ),
    Mutant(
        "the last target of a row is taken for what it read last",
        points=9,
        says="what it read last",
        answers={
            "audit": AUDIT.replace(
                "for (before, _), (now, _)", "for (_, before), (now, _)"
            ).replace("place[last] + 1", "place[last]")
        },
    ),
    Mutant(
        "each row is compared with the row above it",
        points=9,
        says="what it read last in the batch before",
        answers={
            "audit": AUDIT.replace("pairwise(batches)", "zip(batches, batches)")
            .replace("range(len(now))", "range(1, len(now))")
            .replace("before[row, -1]", "before[row - 1, -1]")
        },
    ),
    Mutant(
        "the state is zero again in each batch",
        points=9,
        says="the state after one batch",
        answers={"carried": CARRIED.replace("step(state,", "step(zero_state,")},
    ),
    Mutant(
        "the mean surprisal and not the sum",
        points=9,
        says="the sum is over all",
        answers={"carried": CARRIED.replace("return nll,", "return nll / tokens,")},
    ),
    Mutant(
        "the surprisal at padding is added",
        points=9,
        says="all real targets",
        answers={"carried": CARRIED.replace("log_probs[real]", "log_probs")},
    ),
    Mutant(
        "all places are counted",
        points=9,
        says="count the real targets",
        answers={"carried": CARRIED.replace("real.sum()", "real.size")},
    ),
    Mutant(
        "the batches are read backwards",
        points=9,
        says="in their order",
        answers={"carried": CARRIED.replace("in batches:", "in batches[::-1]:")},
    ),
    Mutant(
        "the model reads once to warm up, and then again to be judged",
        points=9,
        says="one call for each batch",
        answers={
            "carried": CARRIED.replace(
                "    for inputs, targets in batches:",
                "    for inputs, targets in batches:\n"
                "        _, state = step(state, inputs, targets)\n"
                "    for inputs, targets in batches:",
                1,
            )
        },
    ),
    Mutant(
        "the rate for the sum is kept",
        points=9,
        says="what must the rate be",
        answers={"for_the_mean": FOR_THE_MEAN.replace("[rate * steps]", "[rate]")},
    ),
    Mutant(
        "the rate is divided by the steps",
        points=9,
        says="what must the rate be",
        answers={"for_the_mean": FOR_THE_MEAN.replace("[rate * steps]", "[rate / steps]")},
    ),
    Mutant(
        "the limit for the sum is kept",
        points=9,
        says="smaller gradients",
        answers={"for_the_mean": FOR_THE_MEAN.replace("limit / steps", "limit")},
    ),
    Mutant(
        "the limit grows with the rate",
        points=9,
        says="smaller gradients",
        answers={"for_the_mean": FOR_THE_MEAN.replace("limit / steps", "limit * steps")},
    ),
    Mutant(
        "halving begins an epoch too late",
        points=9,
        says="half of the rate before",
        answers={"for_the_mean": FOR_THE_MEAN.replace("epoch < flat", "epoch <= flat")},
    ),
    Mutant(
        "halving begins an epoch too early",
        points=9,
        says="half of the rate before",
        answers={"for_the_mean": FOR_THE_MEAN.replace("epoch < flat", "epoch < flat - 1")},
    ),
    Mutant(
        "the rate is halved once",
        points=9,
        says="half of the rate before",
        answers={
            "for_the_mean": FOR_THE_MEAN.replace(
                "rates[-1] if epoch < flat else rates[-1] / 2",
                "rates[0] if epoch < flat else rates[0] / 2",
            )
        },
    ),
    Mutant(
        "how often a token occurs, as in a unigram model",
        points=9,
        says="a pair counts once",
        answers={
            "continuation": CONTINUATION.replace("np.count_nonzero(counts,", "np.sum(counts,")
        },
    ),
    Mutant(
        "how many different tokens come behind a token",
        points=9,
        says="comes second",
        answers={"continuation": CONTINUATION.replace("axis=0", "axis=1")},
    ),
    Mutant(
        "divided by the number of token types",
        points=9,
        says="add up to 1",
        answers={"continuation": CONTINUATION.replace("behind.sum()", "len(counts)")},
    ),
    Mutant(
        "what is taken off is not shared out",
        points=9,
        says="shared out",
        answers={"kneser_ney": KNESER_NEY.replace("(kept + discount * types * lower)", "kept")},
    ),
    Mutant(
        "the discount is taken off unseen pairs too",
        points=9,
        says="shared out",
        answers={
            "kneser_ney": KNESER_NEY.replace(
                "np.maximum(counts - discount, 0)", "counts - discount"
            )
        },
    ),
    Mutant(
        "taken off unseen pairs too, and the rows scaled to 1 again",
        points=9,
        says="never seen",
        answers={
            "kneser_ney": KNESER_NEY.replace(
                "np.maximum(counts - discount, 0)", "counts - discount"
            ).replace(
                "    return", "    probs = probs / probs.sum(axis=1, keepdims=True)\n    return"
            )
        },
    ),
    Mutant(
        "the share of the lower distribution is the discount itself",
        points=9,
        says="shared out",
        answers={"kneser_ney": KNESER_NEY.replace("discount * types * lower", "discount * lower")},
    ),
    Mutant(
        "counts and lower distribution are mixed with fixed shares",
        points=9,
        says="follow the formula",
        answers={
            "kneser_ney": KNESER_NEY.replace(
                "(kept + discount * types * lower) / np.maximum(total, 1)",
                "(1 - discount) * counts / np.maximum(total, 1) + discount * lower",
            )
        },
    ),
    Mutant(
        "only unseen pairs get something of the lower distribution",
        points=9,
        says="follow the formula",
        answers={
            "kneser_ney": KNESER_NEY.replace(
                "    return",
                "    free = np.where(counts > 0, 0, lower)\n"
                "    free = free / np.maximum(free.sum(axis=1, keepdims=True), 1e-12)\n"
                "    probs = (kept + discount * types * free) / np.maximum(total, 1)\n    return",
            )
        },
    ),
    Mutant(
        "what was taken off is shared out evenly",
        points=9,
        says="follow the formula",
        answers={"kneser_ney": KNESER_NEY.replace("types * lower)", "types / len(lower))")},
    ),
    Mutant(
        "a row without counts is divided by 0",
        points=9,
        says="nothing ever came behind",
        answers={
            "kneser_ney": KNESER_NEY.replace("np.maximum(total, 1)", "total").replace(
                "np.where(total > 0, probs, lower)", "probs"
            )
        },
    ),
    Mutant(
        "a row without counts stays empty",
        points=9,
        says="nothing ever came behind",
        answers={"kneser_ney": KNESER_NEY.replace("np.where(total > 0, probs, lower)", "probs")},
    ),
    Mutant(
        "the states count the same, however often they are visited",
        points=9,
        says="share of the steps",
        answers={"entropy_rate": ENTROPY_RATE.replace("shares @ entropies", "entropies.mean()")},
    ),
    Mutant(
        "the entropy of the tokens, without regard to the state",
        points=9,
        says="share of the steps",
        answers={
            "entropy_rate": ENTROPY_RATE.replace(
                "    entropies =", "    probs = np.array([shares @ probs])\n    entropies ="
            ).replace("shares @ entropies", "entropies[0]")
        },
    ),
    Mutant(
        "what flows out of a state is taken for what flows in",
        points=9,
        says="share of the steps",
        answers={"entropy_rate": ENTROPY_RATE.replace("moves.T", "moves")},
    ),
    Mutant(
        "of several tokens that lead to one state, the last one counts",
        points=9,
        says="add up",
        answers={"entropy_rate": ENTROPY_RATE.replace("+= p", "= p")},
    ),
    Mutant(
        "a walk of many steps in the place of equations",
        points=9,
        says="runs in circles",
        answers={
            "entropy_rate": ENTROPY_RATE.replace(
                "    equations =",
                "    shares = np.eye(states)[0]\n    for _ in range(1_000):\n"
                "        shares = shares @ moves\n    unused =",
            ).replace("    shares = np.linalg", "    equations = unused\n    others = np.linalg")
        },
    ),
    Mutant(
        "0 log 0 is not a number",
        points=9,
        says="0 log 0",
        answers={
            "entropy_rate": ENTROPY_RATE.replace(
                "np.log(np.where(probs > 0, probs, 1))", "np.log(probs)"
            )
        },
    ),
    Mutant(
        "bits in the place of nats",
        points=9,
        says="natural logarithm",
        answers={"entropy_rate": ENTROPY_RATE.replace("np.log(", "np.log2(")},
    ),
]
