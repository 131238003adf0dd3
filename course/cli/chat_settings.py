"""What the training of a chatbot depends on: chosen from what was typed, or from a saved run."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved
from course.errors import CourseError

USUAL = {"embedding": 256, "shares": (0.8, 0.1, 0.1)}
LARGE = 5_000  # exchanges to learn from
# What ships has a thousand exchanges: it is learnt by heart. Judged by held-out replies a run would
# stop before the model can say one of them whole.
FEW = {
    "units": 128,
    "dropout": 0.45,
    "word_dropout": 0.1,
    "batch": 16,
    "learning_rate": 4e-3,
    "min_count": 1,
    "samples": 0,
    "patience": 0,
    "longest_source": 60,
    "source_buckets": 1,
}
MANY = {
    "units": 256,
    "dropout": 0.2,
    "word_dropout": 0.0,
    "batch": 64,
    "learning_rate": 2e-3,
    "min_count": 3,
    "samples": 2_000,
    "patience": 3,
    "longest_source": 40,
    "source_buckets": 2,
}
READ = 400_000  # exchanges that training reads, if not told how many epochs
FEWEST, MOST = 6, 42  # epochs, then
CONFIGS = {
    "usual": {},
    # Three deep layers on each side, as a well-known book's chatbot has them; for a GPU.
    "classic": {
        "cell": "lstm",
        "layers": 3,
        "units": 1_024,
        "embedding": 1_024,
        "attention": "last",
        "one_way": True,
        "direct": False,
        "tied": False,
        "dropout": 0.0,
        "word_dropout": 0.0,
        "batch": 34,
        "learning_rate": 1e-4,
        "schedule": "constant",
        "warmup": 0,
        "shares": (0.7, 0.15, 0.15),
        "context": 1,
    },
}
FAST = {"units": 16, "embedding": 16, "layers": 1, "epochs": 2, "batch": 32}
FAST_TALKS = 60

# A saved run goes on with the same of everything but these; of its data, the content must be.
MAY_DIFFER = {"data", "epochs", "patience", "tensorboard"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run gives; the names are those of the options.

    Attributes:
        data: a file or a folder; None for the conversations that ship.
        format: of the data; None to tell by its name.
        within: minutes that a reply in a Messenger export may take.
        groups: take group chats as well.
        speaker: whose replies are learnt; None for everybody's, and Wren's of those that ship.
        emoji: "keep", "drop" or "token".
        anonymize: mask links, numbers and names.
        context: turns that the model reads before a reply.
        longest_reply: tokens; a longer one is not learnt.
        shares: of training, validation and test, by conversation.
        attention: "last" for none, "additive" or "multiplicative".
        direct: attention sees the words themselves, beside what the encoder says of them.
        word2vec: begin with embeddings that word2vec learns from the same conversations.
        samples: of the sampled softmax; 0 for the full one.
        patience: 0 to keep the epoch with the lowest training loss, whatever held-out replies say.
        longest_source: tokens of what the model reads, the last ones.
        source_buckets: lengths of these, for each length of replies.
        units, dropout, word_dropout, batch, learning_rate, min_count, samples, patience, epochs,
            longest_source, source_buckets: None as the amount of data suggests.
    """

    command: ClassVar[str] = "course train chat"

    embedding: int
    shares: tuple[float, float, float]
    data: str | None = None
    format: str | None = None
    within: float = 60.0
    groups: bool = False
    speaker: str | None = None
    emoji: str = "keep"
    anonymize: bool = False
    context: int = 5
    longest_reply: int = 30
    min_count: int | None = None
    cell: str = "gru"
    layers: int = 1
    attention: str = "multiplicative"
    one_way: bool = False
    direct: bool = True
    input_feeding: bool = False
    tied: bool = True
    word2vec: bool = False
    samples: int | None = None
    units: int | None = None
    dropout: float | None = None
    word_dropout: float | None = None
    batch: int | None = None
    learning_rate: float | None = None
    optimizer: str = "adam"
    schedule: str = "cosine"
    warmup: int = 200
    epochs: int | None = None
    patience: int | None = None
    longest_source: int | None = None
    source_buckets: int | None = None
    seed: int = 0
    talks: int = 0
    tensorboard: str | None = None

    def __post_init__(self) -> None:
        """Take the list that a JSON file has for a tuple."""
        object.__setattr__(self, "shares", tuple(self.shares))

    def suited(self, exchanges: int) -> "Settings":
        """Return these settings with what the amount of data decides.

        Args:
            exchanges: to learn from.
        """
        suits = dict(MANY if exchanges >= LARGE else FEW)
        suits["epochs"] = min(max(round(READ / exchanges), FEWEST), MOST)
        if self.optimizer != "adam":
            del suits["learning_rate"]  # the other optimizers have their own
        open_ = {name: value for name, value in suits.items() if getattr(self, name) is None}
        return replace(self, **open_)


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names; "config" may be one of `CONFIGS`.
    """
    given = _plain(given)
    usual = USUAL | CONFIGS[given.pop("config", "usual")]
    if runtime.fast_mode():
        usual |= FAST | ({} if "data" in given else {"talks": FAST_TALKS})
    return Settings(**usual | given)


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    if "config" in given:
        raise CourseError(f"--config: the run in {folder} has its own; leave it out")
    return saved.settings_of(Settings, folder, _plain(given), MAY_DIFFER)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Return values that a JSON file holds as they are; files as paths from anywhere.

    A switch that was not given is False, which says nothing.
    """
    plain = {name: value for name, value in saved.plain(given).items() if value is not False}
    if plain.get("attention") == "none":
        plain["attention"] = "last"  # as a translator's without attention is called
    files = {name for name in ("data", "tensorboard") if name in plain}
    return plain | {name: os.path.abspath(plain[name]) for name in files}
