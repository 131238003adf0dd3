"""Plausible wrong answers to exercise 05, with the points that each deserves."""

from autograder.mutants import Mutant

GREEDY = """
def greedy(model, source_ids, max_tokens):
    state, token, said = model.start(source_ids), START, []
    while token != END and len(said) < max_tokens:
        logits, state = model.step(np.array([token]), state)
        token = int(logits[0].argmax())
        said.append(token)
    return said
"""

LOG_PROB = """
def log_prob(model, source_ids, tokens):
    state, total = model.start(source_ids), 0.0
    for token, following in zip([START, *tokens[:-1]], tokens):
        logits, state = model.step(np.array([token]), state)
        total += np.log(softmax(logits)[0, following])
    return float(total)
"""

PROBABILITIES = """
def probabilities(logits, temperature=1.0, top_k=None):
    logits = logits / temperature
    if top_k is not None:
        least = np.sort(logits, axis=-1)[:, -top_k, None]
        logits = np.where(logits < least, -np.inf, logits)
    return softmax(logits)
"""

CONTINUATIONS = """
def continuations(sums, log_probs, width):
    totals = (sums[:, None] + log_probs).ravel()
    best = np.argsort(-totals)[:width]
    return best // log_probs.shape[1], best % log_probs.shape[1], totals[best]
"""

BEAM = """
def beam(model, source_ids, width, max_tokens):
    state, beginnings, sums, whole = model.start(source_ids), [[]], np.zeros(1), []
    for _ in range(max_tokens):
        last = np.array([tokens[-1] if tokens else START for tokens in beginnings])
        logits, state = model.step(last, state)
        parents, ids, sums = continuations(sums, np.log(softmax(logits)), width)
        longer = [[*beginnings[parent], int(id)] for parent, id in zip(parents, ids)]
        whole += [(longer[i], float(sums[i])) for i in np.flatnonzero(ids == END)]
        live = np.flatnonzero(ids != END)
        beginnings, sums = [longer[i] for i in live], sums[live]
        state = {name: array[parents[live]] for name, array in state.items()}
        if not beginnings:
            break
    whole += [(tokens, float(total)) for tokens, total in zip(beginnings, sums)]
    return sorted(whole, key=lambda pair: -pair[1])
"""

RANK = """
def rank(hypotheses, exponent):
    def score(pair):
        return pair[1] / ((5 + len(pair[0])) / 6) ** exponent

    return sorted(hypotheses, key=score, reverse=True)
"""

MUTANTS = [
    Mutant(
        "START is fed at every step",
        points=8,
        says="START",
        answers={"greedy": GREEDY.replace("np.array([token])", "np.array([START])")},
    ),
    Mutant(
        "the state is not carried on",
        points=8,
        says="state of the step before",
        answers={"greedy": GREEDY.replace("logits, state =", "logits, _ =")},
    ),
    Mutant(
        "return stands in the loop",
        points=8,
        says="first pass",
        answers={"greedy": GREEDY.replace("    return said", "        return said")},
    ),
    Mutant(
        "the limit is compared with characters",
        points=8,
        says="characters",
        answers={"greedy": GREEDY.replace("len(said)", "len(book.target.text(said))")},
    ),
    Mutant(
        "the loop does not end at END",
        points=9,
        says="END ends the loop",
        answers={"greedy": GREEDY.replace("token != END and ", "")},
    ),
    Mutant(
        "the loop has no limit",
        points=9,
        says="max_tokens",
        answers={"greedy": GREEDY.replace(" and len(said) < max_tokens", "")},
    ),
    Mutant(
        "END is left out of the list",
        points=9,
        says="stands last",
        answers={
            "greedy": GREEDY.replace("return said", "return [id for id in said if id != END]")
        },
    ),
    Mutant(
        "argmin in the place of argmax",
        points=8,
        says="the words that greedy says",
        answers={"greedy": GREEDY.replace("argmax", "argmin")},
    ),
    Mutant(
        "logits are taken for log-probabilities",
        points=9,
        says="log_prob",
        answers={"log_prob": LOG_PROB.replace("np.log(softmax(logits)", "(logits")},
    ),
    Mutant(
        "the probability of END is left out",
        points=9,
        says="END included",
        answers={"log_prob": LOG_PROB.replace("], tokens)", "], tokens[:-1])")},
    ),
    Mutant(
        "the logits are multiplied by the temperature",
        points=9,
        says="divided",
        answers={"probabilities": PROBABILITIES.replace("logits / temp", "logits * temp")},
    ),
    Mutant(
        "the softmax runs over the rows",
        points=8,
        says="vocabulary",
        answers={"probabilities": PROBABILITIES.replace("softmax(logits)", "softmax(logits.T).T")},
    ),
    Mutant(
        "top-k keeps the k least likely tokens",
        points=9,
        says="likeliest",
        answers={
            "probabilities": PROBABILITIES.replace("-top_k, None", "top_k - 1, None").replace(
                "logits < least", "logits > least"
            )
        },
    ),
    Mutant(
        "what top-k leaves does not add up to 1",
        points=9,
        says="add up to 1",
        answers={
            "probabilities": PROBABILITIES.replace(
                "-np.inf, logits)", "0.0, softmax(logits))"
            ).replace("        logits = np.where", "        return np.where")
        },
    ),
    Mutant(
        "a token without probability is drawn by the number 0",
        points=9,
        says="number 0",
        answers={
            "draw": """
def draw(probs, numbers):
    return np.array([np.searchsorted(np.cumsum(row), n) for row, n in zip(probs, numbers)])
"""
        },
    ),
    Mutant(
        "the numbers are not used: the likeliest token is drawn",
        points=9,
        says="Add up",
        answers={"draw": "def draw(probs, numbers):\n    return probs.argmax(axis=-1)"},
    ),
    Mutant(
        "the continuations forget how likely their beginnings were",
        points=7,
        says="sum of both",
        answers={
            "continuations": CONTINUATIONS.replace("(sums[:, None] + log_probs)", "log_probs")
        },
    ),
    Mutant(
        "flat places are divided by the beginnings, not by the vocabulary",
        points=7,
        says="parent",
        answers={"continuations": CONTINUATIONS.replace("shape[1]", "shape[0]")},
    ),
    Mutant(
        "a beam of one, whatever the width",
        points=8,
        says="keep `width` beginnings",
        answers={"beam": BEAM.replace("(logits)), width)", "(logits)), 1)")},
    ),
    Mutant(
        "the beginnings go on with the states of others",
        points=8,
        says="state of its parent",
        answers={"beam": BEAM.replace("parents[live]]", "np.arange(len(live)) % len(array)]")},
    ),
    Mutant(
        "beginnings go on beyond END",
        points=8,
        says="put aside",
        answers={
            "beam": BEAM.replace("flatnonzero(ids == END)", "flatnonzero(ids < 0)").replace(
                "ids != END", "ids >= 0"
            )
        },
    ),
    Mutant(
        "what the limit cuts off is thrown away",
        points=8,
        says="counts as it is",
        answers={"beam": BEAM.replace("zip(beginnings, sums)", "[]")},
    ),
    Mutant(
        "the length penalty multiplies",
        points=9,
        says="exponent",
        answers={"rank": RANK.replace("pair[1] /", "pair[1] *")},
    ),
    Mutant(
        "the worst sentence comes first",
        points=9,
        says="highest score",
        answers={"rank": RANK.replace(", reverse=True", "")},
    ),
]
