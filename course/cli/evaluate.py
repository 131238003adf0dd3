"""`course evaluate`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from course import metrics, runtime, text
from course.cli import options as o
from course.cli import places, saved
from course.cli.guard import note
from course.cli.translator_data import fingerprint, selected, split
from course.cli.translator_settings import Settings
from course.corpora import SentencePairs
from course.errors import CourseError

EXAMPLE = "Example: course evaluate --model model --pairs spa.txt"

BOUNDS = {"word": (5, 10, 15), "character": (20, 40, 60)}  # of the groups by length, in tokens
CHUNK = 1_024  # sentences translated at a time, then the terminal is told how many
MOST_REFERENCES = 3  # shown of a sentence


def evaluate(
    model: o.Model,
    pairs: o.Pairs = None,
    corpus: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A corpus by name instead of a file."),
    ] = None,
    source_file: o.SourceFile = None,
    target_file: o.TargetFile = None,
    limit: o.Limit = None,
    sample: o.Sample = None,
    skip_bad: o.SkipBad = False,
    seed: o.DrawSeed = 0,
    beam: o.Beam = None,
    max_tokens: o.MaxTokens = None,
    worst: o.Worst = 10,
) -> None:
    """Say how good a translator is: BLEU and chrF on sentence pairs, and its worst translations.

    Of the pairs that the model was trained on, those that training held out are scored; --limit and
    --sample take from these. A source sentence counts once, with all its references.
    """
    places.check(pairs, corpus, source_file, target_file, needed=True)
    source, about = _card(model)
    given = places.load(pairs, corpus, source_file, target_file, skip_bad)
    chosen = _unseen(given, about)
    chosen = chosen if limit is None else chosen.limit(limit)
    chosen = chosen if sample is None else chosen.sample(sample, seed)
    sources, references = metrics.references_by_source(chosen)
    _warn_of_unknown(sources, source)
    search = {"search": "greedy"} if beam is None else {"search": "beam", "width": beam}
    translations = _translate(model, sources, max_tokens=max_tokens, **search)
    _report(sources, translations, references, source.tokenizer)
    _show_worst(sources, translations, references, worst)


def _card(folder: Path) -> tuple[text.Codec, dict[str, Any]]:
    """Read a translator's source codec, and what it says about its training, without TensorFlow.

    Raises:
        CourseError: the folder holds no translator of text, or half of one.
    """
    manifest = saved.model_manifest(folder)
    if manifest.get("kind") not in ("seq2seq", "attentive"):
        raise CourseError(f"{folder} holds a {manifest.get('kind')!r} model, not a translator")
    try:
        return text.Codec.from_dict(manifest["source"]), dict(manifest.get("about") or {})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CourseError(f"the model in {folder} is no translator of text") from error


def _unseen(given: SentencePairs, about: dict[str, Any]) -> SentencePairs:
    """Return the pairs that a model is to be judged on, and say which they are.

    Args:
        given: all pairs of a corpus or a file.
        about: what the model's card says.
    """
    learnt = _as_trained(given, about)
    if learnt is not None:
        pairs, held_out = learnt
        note(pairs.source)
        note(
            "the model was trained on these pairs: only those that training held out are scored, "
            f"{len(held_out):,}"
        )
        return replace(pairs, pairs=held_out, selection="")
    if about.get("options", {}).get("reverse"):
        given = given.reversed()
    note(given.source)
    if "provenance" in about:
        note(
            "all are scored, those too that the model may have been trained on "
            f"({about['provenance']})"
        )
    return given


def _as_trained(
    pairs: SentencePairs, about: dict[str, Any]
) -> tuple[SentencePairs, list[tuple[str, str]]] | None:
    """Return what training took of these pairs, and what it held out; None if it saw others."""
    try:
        settings = Settings(**about["options"])
        taken = selected(pairs, settings)
    except (CourseError, KeyError, TypeError):
        return None
    if fingerprint(taken) != about.get("fingerprint"):
        return None
    return taken, split(taken, settings)[1]


def _warn_of_unknown(sources: list[str], codec: text.Codec) -> None:
    """Say how many sentences the model cannot read whole."""
    if count := sum(bool(codec.unknown(source)) for source in sources):
        note(f"{count:,} of {len(sources):,} source sentences hold tokens that it does not know")


def _translate(folder: Path, sources: list[str], **options: Any) -> list[str]:
    """Translate, and tell a terminal how far it is."""
    runtime.tensorflow()
    from course import decoding
    from course.models import translators

    model, found, told = translators.load(folder), [], sys.stderr.isatty()
    for begin in range(0, len(sources), CHUNK):
        found += decoding.translate(model, sources[begin : begin + CHUNK], **options)
        if told:
            end = "\n" if len(found) == len(sources) else "\r"
            print(f"{len(found):,} of {len(sources):,} translated", end=end, file=sys.stderr)
    return found


def _report(
    sources: list[str],
    translations: list[str],
    references: list[list[str]],
    tokenizer: text.Tokenizer,
) -> None:
    """Print BLEU with what belongs to it, chrF, and BLEU by length."""
    low, high = metrics.bleu_interval(translations, references)
    print(f"on {len(sources):,} source sentences:")
    print(f"BLEU               {metrics.bleu(translations, references):.1f}", end=" ")
    print(f"(95% interval {low:.1f} to {high:.1f})")
    print(f"signature          {metrics.bleu_signature(references)}")
    print(f"chrF               {metrics.chrf(translations, references):.1f}")
    print(f"\n{'source tokens':<19}{'sentences':>9}{'BLEU':>8}")
    lengths = [len(tokenizer.tokens(source)) for source in sources]
    for row in metrics.bleu_by_length(translations, references, lengths, BOUNDS[tokenizer.level]):
        group = f"{row.low}-{row.high}" if row.high else f"{row.low}+"
        print(f"{group:<19}{row.sentences:>9,}{row.bleu:>8.1f}")


def _show_worst(
    sources: list[str], translations: list[str], references: list[list[str]], count: int
) -> None:
    """Print the sentences that score lowest; of equal ones, the first."""
    scores = list(map(metrics.sentence_bleu, translations, references))
    rows = np.argsort(scores, kind="stable")[:count]
    if len(rows):
        print(f"\nthe worst {len(rows):,} by sentence BLEU:")
    for row in rows:
        wanted = " | ".join(references[row][:MOST_REFERENCES])
        more = " | …" if len(references[row]) > MOST_REFERENCES else ""
        shown = translations[row] or "(nothing)"
        print(f"{scores[row]:5.1f}  {sources[row]} -> {shown} (reference: {wanted}{more})")
