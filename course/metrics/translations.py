"""Measures of translations: BLEU as sacreBLEU computes it, how sure it is, and chrF.

A sentence counts with ten numbers (its length, the length of its closest reference, and for each
n-gram order the n-grams found and said), and the BLEU of any group of sentences follows from their
sums. So a thousand resamples cost a thousand sums. Lesson 07 builds BLEU by hand.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from course.errors import CourseError

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEUScore

# Those of sacreBLEU that need no further package and no download.
TOKENIZERS = ("13a", "intl", "char", "zh", "none")
ORDERS = 4

References = Sequence[Sequence[str]]


class LengthBleu(NamedTuple):
    """The BLEU of the sentences whose source has from `low` to `high` tokens.

    Attributes:
        low: the fewest tokens.
        high: the most; None where there is no upper bound.
        sentences: how many there are.
        bleu: of all of them together, from 0 to 100.
    """

    low: int
    high: int | None
    sentences: int
    bleu: float


def bleu(translations: Sequence[str], references: References, tokenize: str = "13a") -> float:
    """Return the corpus BLEU of some translations, from 0 to 100, as sacreBLEU computes it.

    Args:
        translations: one for each source sentence.
        references: for each source sentence its correct translations, at least one.
        tokenize: how sacreBLEU cuts sentences into tokens, one of `TOKENIZERS`. Scores under
            different ones cannot be compared.

    Raises:
        CourseError: the numbers differ, a sentence has no reference, or there is no such tokenizer.

    Reference:
        Papineni et al., 2002; Post, 2018 (sacreBLEU: 13a tokens, cased, exponential smoothing).
    """
    return bleu_score(translations, references, tokenize).score


def bleu_score(
    translations: Sequence[str],
    references: References,
    tokenize: str = "13a",
    smooth: bool = True,
) -> "BLEUScore":
    """Return sacreBLEU's own `BLEUScore`, with precisions and brevity penalty; see `bleu`.

    Args:
        translations: as for `bleu`.
        references: as for `bleu`.
        tokenize: as for `bleu`.
        smooth: give an order without a match a small precision (sacreBLEU's "exp"), so that it does
            not make the whole score 0.
    """
    _check("bleu", translations, references)
    metric = _metric(tokenize, smooth)
    return metric.corpus_score(list(translations), _columns(references))


def bleu_signature(references: References, tokenize: str = "13a") -> str:
    """Return sacreBLEU's signature of what `bleu` does with these references.

    It is to stand beside every score: number of references ("var" where it varies), case,
    tokenizer, smoothing and version.

    Args:
        references: as for `bleu`.
        tokenize: as for `bleu`.

    Raises:
        CourseError: a sentence has no reference, or there is no such tokenizer.
    """
    _check("bleu_signature", references, references)
    return str(_metric(tokenize, references=_columns(references)).get_signature())


def chrf(translations: Sequence[str], references: References) -> float:
    """Return the corpus chrF of some translations, from 0 to 100, as sacreBLEU computes it.

    It compares runs of up to six characters, so a wrong ending costs less than a wrong word.

    Args:
        translations: one for each source sentence.
        references: for each source sentence its correct translations, at least one.

    Raises:
        CourseError: the numbers differ, or a sentence has no reference.

    Reference:
        Popović, 2015.
    """
    import sacrebleu

    _check("chrf", translations, references)
    return sacrebleu.corpus_chrf(list(translations), _columns(references)).score


def sentence_bleu(translation: str, references: Sequence[str]) -> float:
    """Return the BLEU of one sentence, from 0 to 100, as sacreBLEU computes it.

    Only n-gram orders that the translation is long enough for count. It serves to find sentences
    worth a look; how good a model is, the corpus' BLEU says.

    Args:
        translation: of one source sentence.
        references: its correct translations, at least one.

    Raises:
        CourseError: there is no reference.
    """
    return sentence_bleu_score(translation, references).score


def sentence_bleu_score(
    translation: str, references: Sequence[str], smooth: bool = True
) -> "BLEUScore":
    """Return sacreBLEU's own `BLEUScore` of one sentence; see `sentence_bleu` and `bleu_score`."""
    _check("sentence_bleu", [translation], [references])
    return _metric("13a", smooth, effective_order=True).sentence_score(translation, references)


def bleu_interval(
    translations: Sequence[str],
    references: References,
    resamples: int = 1_000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return between which values BLEU lies, had other sentences of the same kind been tested.

    Sentences are drawn with replacement, as many as there are, time and again; the interval leaves
    out the lowest and the highest scores of these samples in equal shares.

    Args:
        translations: one for each source sentence.
        references: for each source sentence its correct translations, at least one.
        resamples: how many samples are drawn.
        seed: of the draws.
        level: the share of the samples whose score lies within, above 0 and below 1.

    Returns:
        The lower and the upper bound, from 0 to 100.

    Raises:
        CourseError: as for `bleu`, or there is no sample, or the level is no such share.

    Reference:
        Koehn, 2004 (bootstrap resampling of sentences).
    """
    if resamples < 1 or not 0 < level < 1:
        raise CourseError(
            f"bleu_interval: resamples is {resamples} and level {level}; the first must be at "
            "least 1, the second above 0 and below 1"
        )
    _check("bleu_interval", translations, references)
    statistics, rng = _statistics(translations, references), np.random.default_rng(seed)
    count = len(statistics)
    draws = (rng.integers(count, size=count) for _ in range(resamples))
    sums = [np.bincount(drawn, minlength=count) @ statistics for drawn in draws]
    low, high = np.quantile(_scores(np.stack(sums)), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bleu_by_length(
    translations: Sequence[str],
    references: References,
    lengths: Sequence[int],
    bounds: Sequence[int],
) -> list[LengthBleu]:
    """Return the BLEU of short sentences, of longer ones, and so on.

    Args:
        translations: one for each source sentence.
        references: for each source sentence its correct translations, at least one.
        lengths: of the source sentences, in tokens.
        bounds: the highest length of each group but the last, which has none: 5, 10 for the
            groups 1 to 5, 6 to 10, 11 and more.

    Returns:
        The groups that have sentences, the shortest first.

    Raises:
        CourseError: as for `bleu`, or the lengths are not as many as the translations, or the
            bounds do not rise from 1 on.
    """
    _check("bleu_by_length", translations, references)
    lengths, edges = np.asarray(lengths), np.asarray([0, *bounds])
    if lengths.shape != (len(translations),):
        raise CourseError(
            f"bleu_by_length: {len(translations)} translations need as many lengths, not an array "
            f"of shape {lengths.shape}"
        )
    if (np.diff(edges) < 1).any():
        raise CourseError(f"bleu_by_length: bounds must rise from 1 on, not be {list(bounds)}")
    statistics, group_of = _statistics(translations, references), np.searchsorted(bounds, lengths)
    groups = []
    for group in np.unique(group_of):
        inside = group_of == group
        high = int(bounds[group]) if group < len(bounds) else None
        score = float(_scores(statistics[inside].sum(axis=0)))
        groups.append(LengthBleu(int(edges[group]) + 1, high, int(inside.sum()), score))
    return groups


def references_by_source(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[list[str]]]:
    """Gather the translations of each source sentence.

    Returns:
        The distinct source sentences in order of appearance, and for each its translations.
    """
    groups: dict[str, list[str]] = {}
    for source, target in pairs:
        groups.setdefault(source, []).append(target)
    return list(groups), list(groups.values())


def _check(name: str, translations: Sequence[str], references: References) -> None:
    """Refuse translations that there is nothing to compare with."""
    if len(translations) != len(references):
        raise CourseError(
            f"{name}: {len(translations)} translations, but references for {len(references)}"
        )
    if not translations or not all(references):
        raise CourseError(f"{name}: every translation needs at least one reference")
    if any(isinstance(group, str) for group in references):
        raise CourseError(
            f"{name}: the references of a sentence are a list, even if there is only one"
        )


def _columns(references: References) -> list[list[str | None]]:
    """Return the first references of all sentences, their second ones, …, as sacreBLEU wants them.

    None stands where a sentence has no n-th reference.
    """
    most = max(len(group) for group in references)
    return [[group[n] if n < len(group) else None for group in references] for n in range(most)]


def _metric(tokenize: str, smooth: bool = True, **options):
    """Return sacreBLEU's BLEU with a tokenizer that every installation has."""
    import sacrebleu

    if tokenize not in TOKENIZERS:
        raise CourseError(f"no BLEU tokenizer {tokenize!r}: choose {', '.join(TOKENIZERS)}")
    smoothing = "exp" if smooth else "none"
    return sacrebleu.BLEU(tokenize=tokenize, smooth_method=smoothing, **options)


def _statistics(translations: Sequence[str], references: References) -> np.ndarray:
    """Return the ten numbers with which each sentence counts.

    Returns:
        float array (sentences, 10), for floats multiply fast: tokens of the translation, tokens of
        the reference closest in length, clipped matches of 1- to 4-grams, n-grams in all.
    """
    # Effective order touches the score of a sentence only, and keeps sacreBLEU from warning of it.
    metric = _metric("13a", effective_order=True)
    scores = map(metric.sentence_score, translations, references)
    rows = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in scores]
    return np.array(rows, np.float64)


def _scores(statistics: np.ndarray) -> np.ndarray:
    """Return the corpus BLEU of summed statistics: (…, 10) -> (…).

    An order without a match counts as half a match, the next such order as a quarter, and so on:
    sacreBLEU's exponential smoothing.
    """
    said, asked = statistics[..., 0], statistics[..., 1]
    found, total = statistics[..., 2 : 2 + ORDERS], statistics[..., 2 + ORDERS :]
    smoothed = np.where(found > 0, found, 0.5 ** np.cumsum(found == 0, axis=-1))
    logs = np.log(smoothed / np.maximum(total, 1)).mean(axis=-1)
    brevity = np.minimum(0, 1 - asked / np.maximum(said, 1))
    scored = (found > 0).any(axis=-1) & (total > 0).all(axis=-1)
    return np.where(scored, 100 * np.exp(brevity + logs), 0.0)
