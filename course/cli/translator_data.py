"""The sentence pairs of a translator: loaded, chosen, split, encoded; no TensorFlow."""

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from course import text, vectors
from course.batches import PairBatches
from course.cli import places
from course.cli.translator_settings import Settings
from course.corpora import SentencePairs
from course.errors import CourseError
from course.splits import split_by_source

HELD_OUT = 0.1  # share of the source sentences that training does not see
FEW_PAIRS = 1_000  # from that on words that occur once are left out, if not told otherwise
MOST_LOGITS = 40_000_000  # of a batch: 160 MB, of which a training step keeps a few copies
CLEANING = {
    "as-is": {},
    "lower": {"lower": True},
    "plain": {"lower": True, "drop_accents": True},
}


@dataclass(frozen=True)
class Data:
    """Sentence pairs, split, and the codecs of the half that is learnt from."""

    provenance: str
    fingerprint: str
    train: list[tuple[str, str]]
    held_out: list[tuple[str, str]]
    source: text.Codec
    target: text.Codec
    batches: PairBatches
    judged: PairBatches


def prepare(settings: Settings) -> Data:
    """Load the pairs, split them, build both vocabularies, encode.

    Raises:
        CourseError: the pairs cannot be read, or there are too few.
    """
    place = settings.pairs, settings.corpus, settings.source_file, settings.target_file
    pairs = selected(places.load(*place, settings.skip_bad, settings.limit), settings)
    train, held_out = split(pairs, settings)
    tokenizers = source_tokenizer(settings), text.tokenizer(settings.level)
    usual = 2 if settings.level == "word" and len(train) >= FEW_PAIRS else 1
    rare = settings.min_count or usual
    sides = zip(zip(*train, strict=True), tokenizers, strict=True)
    codecs = [text.Codec.fit(side, tokenizer, min_count=rare) for side, tokenizer in sides]
    batches = in_batches(train, codecs, settings, settings.buckets, settings.source_buckets)
    # Each shape is compiled anew; judging is quick, so fewer shapes with more padding serve it.
    judged = in_batches(held_out, codecs, settings, min(2, settings.buckets))
    return Data(pairs.source, fingerprint(pairs), train, held_out, *codecs, batches, judged)


def in_batches(
    pairs: list, codecs: list[text.Codec], settings: Settings, buckets: int, source_buckets: int = 1
) -> PairBatches:
    """Encode some pairs, in batches that are small where the sentences are long."""
    most = max(1, MOST_LOGITS // len(codecs[1].vocabulary))
    shapes = {"buckets": buckets, "source_buckets": source_buckets, "most_steps": most}
    return PairBatches.encode(pairs, *codecs, batch=settings.batch, **shapes)


def source_tokenizer(settings: Settings) -> text.Tokenizer:
    """Return what cuts the source sentences of a run."""
    return text.tokenizer(settings.level, **CLEANING[settings.source_text])


def selected(pairs: SentencePairs, settings: Settings) -> SentencePairs:
    """Return what a run takes from the pairs of its file or corpus, columns swapped if it does so.

    Raises:
        CourseError: nothing is left.
    """
    if settings.limit:
        pairs = pairs.limit(settings.limit)
    if settings.sample:
        pairs = pairs.sample(settings.sample, settings.seed)
    if settings.reverse:
        pairs = pairs.reversed()
    if settings.max_length:
        # Uncleaned sentences: cleaning leaves tokens out, so that these bound both sides.
        pairs = pairs.up_to(settings.max_length, text.tokenizer(settings.level))
    return pairs


def split(pairs: SentencePairs, settings: Settings) -> tuple[list, list]:
    """Part the pairs of a run into those that it learns from and those that it holds out.

    Sources that the model reads alike, as "Él" and "el" without capitals and accents, count as one.
    """
    key = partial(text.clean, **CLEANING[settings.source_text])
    train, held_out = split_by_source(pairs, HELD_OUT, settings.seed, key, settings.most_held_out)
    # "Ça va ?" and "Ça va?" are two texts, and the same tokens.
    tokens = source_tokenizer(settings).tokens
    judged = {tuple(tokens(source)) for source, _ in held_out}
    return [pair for pair in train if tuple(tokens(pair[0])) not in judged], held_out


def fingerprint(pairs: SentencePairs) -> str:
    """Return the SHA-256 of some pairs, by which a run knows them again."""
    joined = "\n".join("\t".join(pair) for pair in pairs)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def first_embeddings(settings: Settings, vocabulary: text.Vocabulary) -> tuple[np.ndarray, int]:
    """Read the embeddings that a model begins with.

    Args:
        settings: of the run; they name a file.
        vocabulary: of the source side.

    Returns:
        float32 (len(vocabulary), width), and how many tokens the file has a vector for.

    Raises:
        CourseError: the file is bad, has none of the tokens, or vectors of another width than the
            settings have.
    """
    path, wanted = settings.embeddings, settings.embedding
    found = vectors.read_vectors(path, only=vocabulary.tokens)
    if wanted not in (None, found.width):
        raise CourseError(
            f"--embedding is {wanted}, but the vectors in {path} have {found.width} numbers: leave "
            "--embedding out"
        )
    try:
        return found.rows(vocabulary, settings.seed)
    except CourseError as error:
        raise CourseError(f"{path}: {error}") from error
