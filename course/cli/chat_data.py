"""The conversations of a chatbot: read, cleaned, split, encoded; no TensorFlow."""

import hashlib
from dataclasses import dataclass

from course import exchanges, messages, prose
from course.batches import PairBatches
from course.cli.chat_settings import Settings
from course.cli.guard import note
from course.corpora.dialogues import WREN, load_dialogues
from course.corpora.turns import Conversation, Dialogues
from course.exchanges import Encoded, Exchange
from course.text import Codec, WordTokenizer


@dataclass(frozen=True)
class Data:
    """Exchanges, split by conversation, and their codec.

    Attributes:
        settings: of the run, with what the amount of data decides.
    """

    settings: Settings
    dialogues: Dialogues
    train: Encoded
    valid: Encoded
    test: Encoded
    codec: Codec
    capitals: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all that was said."""
        digest = hashlib.sha256()
        for talk in self.dialogues:
            said = "\t".join(turn.text for turn in talk)
            digest.update(f"{said}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    @property
    def batches(self) -> tuple[PairBatches, PairBatches]:
        """Batches to learn from and to judge by."""
        batch, lengths = self.settings.batch, self.settings.source_buckets
        learnt = self.train.batches(batch=batch, buckets=4, source_buckets=lengths)
        return learnt, self.valid.batches(batch=batch, buckets=2)


def prepare(settings: Settings) -> Data:
    """Read the conversations, clean and split them, build the vocabulary, encode.

    Raises:
        CourseError: they cannot be read, or there are too few.
    """
    dialogues = _cleaned(settings)
    parts = exchanges.split(dialogues, settings.shares, settings.seed)
    train, valid, test = (_taken(part, settings) for part in parts)
    turns = [turn.text for talk in parts[0] for turn in talk]
    settings = settings.suited(len(train))
    rare = settings.min_count
    # The token between turns is one of the texts, so that it has an id.
    joined = [exchanges.source_of(["", ""])] * rare
    codec = Codec.fit([*turns, *joined], WordTokenizer(lower=True), min_count=rare)
    lengths = settings.longest_source, settings.longest_reply
    encoded = (exchanges.encode(part, codec, *lengths) for part in (train, valid, test))
    return Data(settings, dialogues, *encoded, codec, prose.capitals(turns))


def _cleaned(settings: Settings) -> Dialogues:
    """Read the conversations of a run, each once, cleaned."""
    reading = {"within": settings.within, "groups": settings.groups}
    dialogues = load_dialogues(settings.data, settings.format, **reading, say=note)
    names = dialogues.speakers if settings.anonymize else ()
    clean = messages.cleaner(emoji=settings.emoji, anonymize=settings.anonymize, names=names)
    dialogues = exchanges.without_repeats(dialogues.mapped(clean))
    return dialogues.limit(settings.talks) if settings.talks else dialogues


def _taken(part: list[Conversation], settings: Settings) -> list[Exchange]:
    """Take the exchanges of a part of the conversations."""
    speaker = settings.speaker or (None if settings.data else WREN)
    return exchanges.exchanges(part, settings.context, speaker)
