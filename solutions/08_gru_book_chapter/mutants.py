"""Plausible wrong answers to exercise 08, with the points that each deserves."""

from autograder.mutants import Mutant

GRU_STEP = """
def gru_step(inputs, hidden, kernel, recurrent_kernel, bias, reset_after):
    b, d = bias if reset_after else (bias, np.zeros_like(bias))
    x_z, x_r, x_c = np.split(inputs @ kernel + b, 3, axis=-1)
    u_z, u_r, u_c = np.split(recurrent_kernel, 3, axis=-1)
    d_z, d_r, d_c = np.split(d, 3)
    z = sigmoid(x_z + hidden @ u_z + d_z)
    r = sigmoid(x_r + hidden @ u_r + d_r)
    past = r * (hidden @ u_c + d_c) if reset_after else (r * hidden) @ u_c
    return z * hidden + (1 - z) * np.tanh(x_c + past)
"""

STREAMS = """
def streams(ids, rows, steps):
    batches = -(-(len(ids) - 1) // (rows * steps))
    filled = np.full(batches * rows * steps + 1, PAD)
    filled[: len(ids)] = ids
    targets = filled[1:].reshape(rows, batches, steps).swapaxes(0, 1)
    inputs = filled[:-1].reshape(rows, batches, steps).swapaxes(0, 1)
    return np.where(targets == PAD, PAD, inputs), targets
"""

SECTIONS = """
def sections(ids, length):
    places = range(len(ids) - length)
    return [ids[place : place + length] for place in places], ids[length:]
"""

PERPLEXITY = """
def perplexity(bigrams, unigrams, share, batches):
    nll, tokens = 0.0, 0
    for inputs, targets in batches:
        probs = share * bigrams[inputs, targets] + (1 - share) * unigrams[targets]
        real = targets != PAD
        nll -= np.log(probs[real]).sum()
        tokens += real.sum()
    return np.exp(nll / tokens)
"""

BANNED = """
def banned(said, n):
    grams = [tuple(said[place : place + n]) for place in range(len(said) - n + 1)]
    last = tuple(said[len(said) - n + 1 :])
    return sorted({gram[-1] for gram in grams if gram[:-1] == last})
"""

DISTINCT = """
def distinct(tokens, n):
    grams = [tuple(tokens[place : place + n]) for place in range(len(tokens) - n + 1)]
    return len(set(grams)) / len(grams)
"""

MUTANTS = [
    Mutant(
        "the update gate lets the candidate in, as in other books",
        points=8,
        says="keeps the state",
        answers={
            "gru_step": GRU_STEP.replace(
                "z * hidden + (1 - z) * np.tanh(x_c + past)",
                "(1 - z) * hidden + z * np.tanh(x_c + past)",
            )
        },
    ),
    Mutant(
        "the reset gate stands first, as in PyTorch's layout",
        points=8,
        says="first third",
        answers={
            "gru_step": GRU_STEP.replace("x_z, x_r", "x_r, x_z")
            .replace("u_z, u_r", "u_r, u_z")
            .replace("d_z, d_r", "d_r, d_z")
        },
    ),
    Mutant(
        "the reset gate is forgotten",
        points=8,
        says="both gates at 0",
        answers={"gru_step": GRU_STEP.replace("r * ", "1 * ")},
    ),
    Mutant(
        "the candidate is squashed by a sigmoid",
        points=8,
        says="tanh of the inputs",
        answers={"gru_step": GRU_STEP.replace("np.tanh", "sigmoid")},
    ),
    Mutant(
        "the reset gate always acts after the product",
        points=9,
        says="scales the state, and then",
        answers={"gru_step": GRU_STEP.replace("(r * hidden) @ u_c", "r * (hidden @ u_c)")},
    ),
    Mutant(
        "the reset gate always acts before the product",
        points=9,
        says="the product and its bias",
        answers={
            "gru_step": GRU_STEP.replace("r * (hidden @ u_c + d_c)", "(r * hidden) @ u_c + d_c")
        },
    ),
    Mutant(
        "the state's own bias is left out",
        points=9,
        says="whether the inputs' bias or the state's",
        answers={"gru_step": GRU_STEP.replace("np.split(d, 3)", "np.split(0 * d, 3)")},
    ),
    Mutant(
        "rows go on within a batch, and not from batch to batch",
        points=9,
        says="row i of the batch before",
        answers={
            "streams": STREAMS.replace(
                "(rows, batches, steps).swapaxes(0, 1)", "(batches, rows, steps)"
            )
        },
    ),
    Mutant(
        "the batches are shuffled",
        points=9,
        says="row i of the batch before",
        answers={
            "streams": STREAMS.replace(
                "    return",
                "    order = np.random.default_rng(0).permutation(batches)[::-1]\n"
                "    inputs, targets = inputs[order], targets[order]\n    return",
            )
        },
    ),
    Mutant(
        "the axes of rows and batches change places",
        points=9,
        says="batches, rows, steps",
        answers={"streams": STREAMS.replace(".swapaxes(0, 1)", "")},
    ),
    Mutant(
        "the last words of the text are dropped",
        points=9,
        says="the text's end stays",
        answers={
            "streams": """
def streams(ids, rows, steps):
    batches = (len(ids) - 1) // (rows * steps)
    shape, whole = (rows, batches, steps), batches * rows * steps
    inputs, targets = ids[:whole], ids[1 : whole + 1]
    return inputs.reshape(shape).swapaxes(0, 1), targets.reshape(shape).swapaxes(0, 1)
"""
        },
    ),
    Mutant(
        "a window's last token has no target",
        points=9,
        says="no window loses one",
        answers={
            "streams": STREAMS.replace(
                "    return",
                "    return inputs, np.pad(inputs[:, :, 1:], ((0, 0), (0, 0), (0, 1)))\n    return",
            )
        },
    ),
    Mutant(
        "the targets are what is read",
        points=9,
        says="from the one before it",
        answers={
            "streams": STREAMS.replace("filled[1:].reshape", "filled[:-1].reshape").replace(
                "    return", "    targets = np.where(targets == ids[-1], PAD, targets)\n    return"
            )
        },
    ),
    Mutant(
        "sections lie end to end",
        points=9,
        says="one token after the one before it",
        answers={
            "sections": SECTIONS.replace("(len(ids) - length)", "(0, len(ids) - length, length)")
        },
    ),
    Mutant(
        "the last section is left out",
        points=9,
        says="left to be its target",
        answers={
            "sections": SECTIONS.replace("- length)", "- length - 1)").replace(
                "ids[length:]", "ids[length:-1]"
            )
        },
    ),
    Mutant(
        "the target is the section's last token",
        points=9,
        says="no part of it",
        answers={"sections": SECTIONS.replace("ids[length:]", "ids[length - 1 : -1]")},
    ),
    Mutant(
        "the targets' rows are not counted",
        points=9,
        says="one for its target",
        answers={
            "one_hot_bytes": """
def one_hot_bytes(tokens, length, size):
    return (tokens - length) * length * size * 4
"""
        },
    ),
    Mutant(
        "every token is counted once, as if sections did not overlap",
        points=9,
        says="overlap",
        answers={
            "one_hot_bytes": """
def one_hot_bytes(tokens, length, size):
    return tokens * size * 4
"""
        },
    ),
    Mutant(
        "the mean of the batches' perplexities",
        points=9,
        says="a mean of perplexities is none",
        answers={
            "perplexity": """
def perplexity(bigrams, unigrams, share, batches):
    found = []
    for inputs, targets in batches:
        probs = share * bigrams[inputs, targets] + (1 - share) * unigrams[targets]
        found.append(np.exp(-np.log(probs[targets != PAD]).mean()))
    return np.mean(found)
"""
        },
    ),
    Mutant(
        "the mean of the batches' mean losses",
        points=9,
        says="divide and take exp once",
        answers={
            "perplexity": """
def perplexity(bigrams, unigrams, share, batches):
    losses = []
    for inputs, targets in batches:
        probs = share * bigrams[inputs, targets] + (1 - share) * unigrams[targets]
        losses.append(-np.log(probs[targets != PAD]).mean())
    return np.exp(np.mean(losses))
"""
        },
    ),
    Mutant(
        "padding is a token like any other",
        points=9,
        says="padding is no token",
        answers={"perplexity": PERPLEXITY.replace("targets != PAD", "targets > -1")},
    ),
    Mutant(
        "the last batch is dropped",
        points=9,
        says="sum over all batches",
        answers={
            "perplexity": PERPLEXITY.replace(
                "in batches:", "in batches[: max(1, len(batches) - 1)]:"
            )
        },
    ),
    Mutant(
        "logarithms are mixed and not probabilities",
        points=9,
        says="and then take the logarithm",
        answers={
            "perplexity": PERPLEXITY.replace(
                "share * bigrams[inputs, targets] + (1 - share) * unigrams[targets]",
                "bigrams[inputs, targets] ** share * unigrams[targets] ** (1 - share)",
            )
        },
    ),
    Mutant(
        "the next token is looked up in the rows",
        points=9,
        says="perplexity: one batch",
        answers={"perplexity": PERPLEXITY.replace("[inputs, targets]", "[targets, inputs]")},
    ),
    Mutant(
        "every token that was said is banned, whatever n is",
        points=9,
        says="last n - 1 tokens",
        answers={"banned": "def banned(said, n):\n    return sorted(set(said))"},
    ),
    Mutant(
        "n counts the tokens before the banned one",
        points=9,
        says="last n - 1 tokens",
        answers={"banned": BANNED.replace("(said, n):", "(said, n):\n    n = n + 1")},
    ),
    Mutant(
        "the last n-gram of what was said is not looked at",
        points=9,
        says="may overlap",
        answers={"banned": BANNED.replace("- n + 1)]", "- n)]")},
    ),
    Mutant(
        "only the first place of the last tokens is looked at",
        points=9,
        says="wherever they were",
        answers={
            "banned": BANNED.replace(
                "gram[:-1] == last})", "gram[:-1] == last}, key=said.index)[:1]"
            )
        },
    ),
    Mutant(
        "n-grams are cut end to end",
        points=9,
        says="n-grams overlap",
        answers={
            "distinct": DISTINCT.replace("- n + 1)", "- n + 1, n)").replace("(len", "(0, len", 1)
        },
    ),
    Mutant(
        "distinct-n is divided by the number of tokens",
        points=9,
        says="Divide by them all",
        answers={"distinct": DISTINCT.replace("/ len(grams)", "/ len(tokens)")},
    ),
    Mutant(
        "a copy with gaps counts as a run",
        points=9,
        says="without a gap",
        answers={
            "longest_copy": """
def longest_copy(tokens, corpus):
    table = np.zeros((len(tokens) + 1, len(corpus) + 1), int)
    for i, token in enumerate(tokens):
        for j, other in enumerate(corpus):
            best = max(table[i, j + 1], table[i + 1, j])
            table[i + 1, j + 1] = table[i, j] + 1 if token == other else best
    return table.max()
"""
        },
    ),
    Mutant(
        "words of the corpus in any order count as a run",
        points=9,
        says="stands in the corpus",
        answers={
            "longest_copy": """
def longest_copy(tokens, corpus):
    longest = run = 0
    for token in tokens:
        run = run + 1 if token in corpus else 0
        longest = max(longest, run)
    return longest
"""
        },
    ),
    Mutant(
        "a run must begin at the same place in both",
        points=9,
        says="anywhere in both",
        answers={
            "longest_copy": """
def longest_copy(tokens, corpus):
    longest = run = 0
    for token, other in zip(tokens, corpus):
        run = run + 1 if token == other else 0
        longest = max(longest, run)
    return longest
"""
        },
    ),
    Mutant(
        "a run that ends with the text is not counted",
        points=9,
        says="longest run",
        answers={
            "longest_copy": """
def longest_copy(tokens, corpus):
    longest = 0
    for shift in range(-len(tokens), len(corpus)):
        run = 0
        for place, token in enumerate(tokens):
            if 0 <= place + shift < len(corpus) and token == corpus[place + shift]:
                run += 1
            else:
                longest, run = max(longest, run), 0
    return longest
"""
        },
    ),
]
