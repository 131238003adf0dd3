"""What the training of a chatbot depends on: chosen from what was typed, or from a saved run."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from course import runtime
from course.cli import saved

# Made for what ships, some thousand exchanges, and for a hundred times as many.
USUAL = {
    "units": 256,
    "embedding": 256,
    "dropout": 0.3,
    "batch": 64,
    "learning_rate": 2e-3,
    "shares": (0.8, 0.1, 0.1),
}
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
        "tied": False,
        "dropout": 0.0,
        "batch": 34,
        "learning_rate": 1e-4,
        "schedule": "constant",
        "warmup": 0,
        "shares": (0.7, 0.15, 0.15),
        "samples": 0,
        "context": 1,
    },
}
FAST = {"units": 16, "embedding": 16, "layers": 1, "epochs": 2, "batch": 32, "samples": 0}
FAST_TALKS = 60
READ = 6_000_000  # tokens of replies that training reads, if not told how many epochs
FEWEST, MOST = 6, 60  # epochs, then
PATIENCE = 3
LARGE = 5_000  # exchanges; from that on rare words are left out, and the softmax is sampled

# A saved run goes on with the same of everything but these; of its data, the content must be.
MAY_DIFFER = {"data", "epochs", "patience"}


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
        longest_source: tokens of these, the last ones.
        longest_reply: tokens; a longer one is not learnt.
        shares: of training, validation and test, by conversation.
        min_count: 0 for 3 where there is much to learn from, else 1.
        attention: "last" for none, "additive" or "multiplicative".
        word2vec: begin with embeddings that word2vec learns from the same conversations.
        samples: of the sampled softmax; 0 for the full one, None as the amount of data suggests.
        epochs: 0 for as many as the amount of data suggests.
        patience: 0 to stop early only where there is much to learn from. A small set is learnt by
            heart: judged by held-out replies, a model would stop before it can say one whole.
        talks: take so many conversations only; 0 for all.
    """

    command: ClassVar[str] = "course train chat"

    units: int
    embedding: int
    dropout: float
    batch: int
    learning_rate: float | None
    shares: tuple[float, float, float]
    data: str | None = None
    format: str | None = None
    within: float = 60.0
    groups: bool = False
    speaker: str | None = None
    emoji: str = "keep"
    anonymize: bool = False
    context: int = 3
    longest_source: int = 40
    longest_reply: int = 30
    min_count: int = 0
    cell: str = "gru"
    layers: int = 1
    attention: str = "multiplicative"
    one_way: bool = False
    input_feeding: bool = False
    tied: bool = True
    word2vec: bool = False
    samples: int | None = None
    optimizer: str = "adam"
    schedule: str = "cosine"
    warmup: int = 200
    epochs: int = 0
    patience: int = 0
    seed: int = 0
    talks: int = 0
    tensorboard: str | None = None

    def __post_init__(self) -> None:
        """Take the list that a JSON file has for a tuple."""
        object.__setattr__(self, "shares", tuple(self.shares))

    def suited(self, exchanges: int, tokens: int) -> "Settings":
        """Return these settings with what the amount of data decides.

        Args:
            exchanges: to learn from.
            tokens: of their replies.
        """
        large = exchanges >= LARGE
        samples = (2_000 if large else 0) if self.samples is None else self.samples
        patience = self.patience or (PATIENCE if large else 0)
        epochs = self.epochs or min(max(round(READ / tokens), FEWEST), MOST)
        return replace(self, samples=samples, epochs=epochs, patience=patience)


def chosen(given: dict[str, Any]) -> Settings:
    """Complete the options that were given.

    Args:
        given: values by the options' names; "config" may be one of `CONFIGS`.
    """
    given = _plain(given)
    usual = USUAL | CONFIGS[given.pop("config", "usual")]
    if runtime.fast_mode():
        usual |= FAST | ({} if "data" in given else {"talks": FAST_TALKS})
    if given.get("optimizer", "adam") != "adam":
        usual["learning_rate"] = None
    return Settings(**usual | given)


def of_saved_run(folder: Path, given: dict[str, Any]) -> Settings:
    """Return the settings of the run in a folder, with what may differ replaced.

    Args:
        folder: where the run was saved.
        given: values by the options' names.

    Raises:
        CourseError: there is no such run, or one of the options does not fit it.
    """
    given.pop("config", None)
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
