"""What a translator is trained with where the command does not say, and its named configurations.

The names are those of `translator_settings.Settings`.
"""

MOST_HELD_OUT = 2_000

# Made for the first 20,000 pairs of spa-eng: well within ten minutes and 2 GB on two cores at word
# level.
_EVERYWHERE = {
    "units": 256,
    "min_count": 0,  # as the number of pairs suggests
    "epochs": 12,
    "patience": 3,
    "buckets": 4,
    "optimizer": "adam",
    "most_held_out": MOST_HELD_OUT,
}
USUAL = {
    "word": _EVERYWHERE | {"embedding": 128, "dropout": 0.2, "batch": 128, "learning_rate": 4e-3},
    "character": _EVERYWHERE | {"embedding": 0, "dropout": 0.0, "batch": 64, "learning_rate": 8e-3},
}
# In place of some of these, with attention.
ATTENTIVE = {"cell": "gru", "embedding": 256, "dropout": 0.2, "learning_rate": 2e-3, "warmup": 200}

SIZES = {
    "usual": {},
    # The well-known ten-minute tutorial of a translator of characters.
    "tutorial": {
        "limit": 10_000,
        "level": "character",
        "cell": "lstm",
        "units": 256,
        "embedding": 0,
        "dropout": 0.0,
        "batch": 64,
        "optimizer": "rmsprop",
        "learning_rate": None,
        "schedule": "constant",
        "warmup": 0,
        "epochs": 40,
        "patience": 40,
    },
    # A translator with attention as a well-known book trains it.
    "book": {
        "max_length": 15,
        "source_text": "plain",
        "attention": "additive",
        "units": 512,
        "embedding": 100,
        "dropout": 0.0,
        "batch": 64,
        "buckets": 1,
        "learning_rate": 5e-3,
        "schedule": "constant",
        "warmup": 0,
        "samples": 512,
        "epochs": 0,
        "updates": 1_000,
        "patience": 1_000_000,  # a run of so many steps is not ended by a few bad epochs
    },
    "best": {
        "max_length": 15,
        "source_text": "lower",
        "attention": "multiplicative",
        "cell": "gru",
        "units": 320,
        "embedding": 256,
        "dropout": 0.25,
        "min_count": 2,
        "batch": 128,
        "buckets": 3,
        "source_buckets": 2,
        "samples": 2_000,
        "epochs": 6,
        "learning_rate": 2e-3,
        "warmup": 400,
    },
}

FAST = {
    "units": 16, "epochs": 2, "updates": 0, "batch": 32, "buckets": 1, "source_buckets": 1,
}  # fmt: skip
FAST_PAIRS = 200
FAST_WIDTH = 16  # of the embeddings, at most
