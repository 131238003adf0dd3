"""Wrong answers that learners give, and what each deserves."""

from autograder.mutants import Mutant

MUTANTS = [
    Mutant(
        "the special tokens have no ids",
        points=8,
        says="special tokens",
        answers={
            "features": """
def build_features(sentences):
    tokens = sorted({token for line in sentences for token in tokenizer.tokens(line)})
    return {token: id for id, token in enumerate(tokens)}
"""
        },
    ),
    Mutant(
        "a token that occurs again gets another id",
        points=8,
        says="one more than the id before",
        answers={
            "features": """
def build_features(sentences):
    features = {token: id for id, token in enumerate(SPECIAL_TOKENS)}
    tokens = sorted(token for line in sentences for token in tokenizer.tokens(line))
    for id, token in enumerate(tokens, start=4):
        features[token] = id
    return features
"""
        },
    ),
    Mutant(
        "characters numbered as tokens",
        points=8,
        says="distinct token",
        answers={
            "features": """
def build_features(sentences):
    features = {token: id for id, token in enumerate(SPECIAL_TOKENS)}
    for token in sorted({token for line in sentences for token in line.lower()}):
        features[token] = len(features)
    return features
"""
        },
    ),
    Mutant(
        "the visible answer, hard-coded",
        points=8,
        says="other sentences",
        answers={
            "features": """
def build_features(sentences):
    tokens = [*SPECIAL_TOKENS, ".", "?", "ferry", "is", "it", "late", "the"]
    return {token: id for id, token in enumerate(tokens)}
"""
        },
    ),
    Mutant(
        "as many columns as the longest sentence has characters",
        points=7,
        says="counts characters",
        answers={
            "ids": """
def to_ids(sentences, features):
    ids = np.zeros((len(sentences), max(len(line) for line in sentences)), dtype=int)
    for line, sentence in enumerate(sentences):
        for timestep, token in enumerate(tokenizer.tokens(sentence)):
            ids[line, timestep] = features.get(token, UNK)
    return ids
"""
        },
    ),
    Mutant(
        "the sentence with most characters taken for the longest",
        points=8,
        says="most tokens",
        answers={
            "ids": """
def to_ids(sentences, features):
    time = len(tokenizer.tokens(max(sentences, key=len)))
    ids = np.zeros((len(sentences), time), dtype=int)
    for line, sentence in enumerate(sentences):
        for timestep, token in enumerate(tokenizer.tokens(sentence)[:time]):
            ids[line, timestep] = features.get(token, UNK)
    return ids
"""
        },
    ),
    Mutant(
        "unknown words left out",
        points=9,
        says="left out",
        answers={
            "ids": """
def to_ids(sentences, features):
    rows = []
    for line in sentences:
        rows.append([features[token] for token in tokenizer.tokens(line) if token in features])
    ids = np.zeros((len(rows), max(len(row) for row in rows)), dtype=int)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
"""
        },
    ),
    Mutant(
        "padded on the left",
        points=8,
        says="at the right",
        answers={
            "ids": """
def to_ids(sentences, features):
    rows = [[features.get(token, UNK) for token in tokenizer.tokens(line)] for line in sentences]
    time = max(len(row) for row in rows)
    return np.array([[PAD] * (time - len(row)) + row for row in rows])
"""
        },
    ),
    Mutant(
        "ids that are no whole numbers",
        points=8,
        says="whole numbers",
        answers={
            "ids": """
def to_ids(sentences, features):
    rows = [[features.get(token, UNK) for token in tokenizer.tokens(line)] for line in sentences]
    ids = np.zeros((len(rows), max(len(row) for row in rows)))
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
"""
        },
    ),
    Mutant(
        "padding gets a one",
        points=9,
        says="padding is no token",
        answers={
            "one_hot": """
def one_hot(ids, depth):
    return np.eye(depth)[ids]
"""
        },
    ),
    Mutant(
        "the axes of time and vocabulary have changed places",
        points=8,
        says="in this order",
        answers={
            "one_hot": """
def one_hot(ids, depth):
    rows = np.zeros((ids.shape[0], depth, ids.shape[1]))
    for line, row in enumerate(ids):
        for timestep, id in enumerate(row):
            if id != PAD:
                rows[line, id, timestep] = 1
    return rows
"""
        },
    ),
    Mutant(
        "return in the loop over the sentences",
        points=8,
        says="before the function returns",
        answers={
            "one_hot": """
def one_hot(ids, depth):
    rows = np.zeros((*ids.shape, depth))
    for line, row in enumerate(ids):
        for timestep, id in enumerate(row):
            if id != PAD:
                rows[line, timestep, id] = 1
        return rows
"""
        },
    ),
    Mutant(
        "the ones stand one column too far left",
        points=8,
        says="whose number is the id",
        answers={
            "one_hot": """
def one_hot(ids, depth):
    rows = np.zeros((*ids.shape, depth))
    for line, row in enumerate(ids):
        for timestep, id in enumerate(row):
            if id != PAD:
                rows[line, timestep, id - 1] = 1
    return rows
"""
        },
    ),
    Mutant(
        "the highest score of each column",
        points=9,
        says="axis of the vocabulary",
        answers={
            "read_back": """
def read_back(scores, features):
    reverse_features = {id: token for token, id in features.items()}
    return [reverse_features[id] for id in np.argmax(scores, axis=0) if id != PAD]
"""
        },
    ),
    Mutant(
        "only a score of 1 is a token",
        points=9,
        says="need not be 1",
        answers={
            "read_back": """
def read_back(scores, features):
    reverse_features = {id: token for token, id in features.items()}
    return [reverse_features[id] for row in scores for id in np.flatnonzero(row == 1)]
"""
        },
    ),
    Mutant(
        "padding looked up in the table",
        points=9,
        says="padding",
        answers={
            "look_up": """
def look_up(ids, weights):
    return weights[ids]
"""
        },
    ),
    Mutant(
        "numbers of one byte",
        points=9,
        says="takes 4 bytes",
        answers={
            "memory": """
def largest_vocabulary(available, lines, time):
    return available // (lines * time)
"""
        },
    ),
    Mutant(
        "three slips at once",
        points=6,
        says="half a token",
        answers={
            "ids": """
def to_ids(sentences, features):
    rows = [[features.get(token, 0) for token in tokenizer.tokens(line)] for line in sentences]
    ids = np.full((len(rows), max(map(len, rows))), PAD)
    for line, row in enumerate(rows):
        ids[line, : len(row)] = row
    return ids
""",
            "one_hot": """
def one_hot(ids, depth):
    return (np.arange(depth, 0, -1) == ids[..., None]).astype(float)
""",
            "memory": """
def largest_vocabulary(available, lines, time):
    return available / (lines * time * 4)
""",
        },
    ),
]
