"""From a model that says one token at a time to whole sentences: greedy, sampling, beam.

Decoding knows two methods of a model, `start(source_ids)` and `step(token_ids, state)`, and leaves
a `Trace`. The same compiled loop serves one sentence and ten thousand: rows are sorted by length,
decoded in batches and put back in order, and a row's result does not depend on its neighbours.
Lesson 05 writes the loop out step by step.

Two names in a model's state have a meaning. "attention", float (batch, source_time), says where
the last step looked: each row sums to 1, padding gets nothing, and `start` gives zeros. What begins
with "memory" is what the model keeps of the source, (batch, source_time, …), and no step changes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course.decoding import beams, sampling
from course.decoding.jobs import Jobs, Rows, compiled
from course.errors import CourseError
from course.trace import Trace

COLDEST = 1e-30  # a temperature; logits divided by a smaller one are too large for a float


def greedy(model: Any, source_ids: Rows, **options: Any) -> list[Trace]:
    """Take the likeliest token at every step; `options` as for `sample`, without its draws."""
    return sample(model, source_ids, temperature=0.0, **options)


def sample(
    model: Any,
    source_ids: Rows,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    first_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
    max_tokens: int | Sequence[int] | None = None,
    prefix: Rows | None = None,
    forbid: Sequence[int] = (),
    no_repeat: int = 0,
    alternatives: int = 0,
    states: bool = False,
    batch: int = 256,
) -> list[Trace]:
    """Draw a token at every step.

    Args:
        model: anything with `start` and `step`.
        source_ids: id rows without START and END, or a padded int array (sentences, time).
        temperature: logits are divided by it; 0 takes the likeliest token.
        top_k: draw among the k likeliest tokens only.
        first_k: the same for the first token alone; `top_k` if None.
        top_p: draw among the likeliest tokens that together have this probability.
        seed: draws; a sentence's draws depend on the seed and on its place in `source_ids`.
        max_tokens: the most tokens a sentence may have, for all or for each; by default three times
            its source and twenty more.
        prefix: tokens that each sentence must begin with, as id rows.
        forbid: ids that are never drawn.
        no_repeat: draw no token that would complete an n-gram of so many tokens that the sentence
            holds already, if another one can be drawn; 0 lets them repeat.
        alternatives: keep so many of the likeliest tokens at each step in the trace.
        states: keep the states after each step in the trace, but for "attention", which it has in
            any case, and for "memory…", which no step changes.
        batch: sentences decoded at once.

    Returns:
        A trace for each sentence, in the order of `source_ids`.

    Raises:
        CourseError: a setting makes no sense.
    """
    _check_sampling(temperature, top_p, top_k=top_k, first_k=first_k)
    _check_counts(alternatives=(alternatives, 0), no_repeat=(no_repeat, 0), batch=(batch, 1))
    _check_counts(seed=(seed, 0))
    jobs = Jobs(source_ids, max_tokens, prefix)
    settings = (temperature == 0.0, alternatives, states, no_repeat)
    kept = [min(k or sampling.ALL, sampling.ALL) for k in (first_k or top_k, top_k)]
    loop = compiled(model, sampling.loop, sampling.SIGNATURE, settings)
    traces: list = [None] * len(jobs)
    for rows in jobs.chunks(batch):
        steps = int(jobs.limits[rows].max())
        noise = sampling.noise(seed, rows, steps) if temperature else np.zeros((1, 1), np.float32)
        knobs = (max(temperature, COLDEST), *kept, top_p, np.asarray(forbid, np.int32))
        arrays = loop(*jobs.inputs(rows), noise, *knobs)
        found = sampling.traces(arrays, [len(jobs.sources[row]) for row in rows])
        for row, trace in zip(rows, found, strict=True):
            traces[row] = trace
    return traces


def beam(
    model: Any,
    source_ids: Rows,
    *,
    width: int = 5,
    length_penalty: float = 0.6,
    diversity: float = 0.0,
    n_best: int = 1,
    max_tokens: int | Sequence[int] | None = None,
    prefix: Rows | None = None,
    forbid: Sequence[int] = (),
    batch: int = 64,
) -> list[Trace]:
    """Follow the `width` likeliest beginnings at once and return the best whole sentences.

    Args:
        model: anything with `start` and `step`.
        source_ids: as for `sample`.
        width: beginnings kept at each step.
        length_penalty: exponent of the divisor ((5 + length) / 6); 0 compares plain sums, which
            favours short sentences.
        diversity: what a continuation loses for each likelier one of the same beginning, when the
            beginnings that go on are chosen; 0 compares them as they are. The sums do not change.
        n_best: whole sentences to return for each source, at most `width`.
        max_tokens: as for `sample`.
        prefix: as for `sample`.
        forbid: ids that are never said.
        batch: sentences decoded at once.

    Returns:
        A trace for each sentence. `tokens` holds the best one found, `hypotheses` the n best with
        their scores, and `candidates` all that was looked at, with parents and fates.

    Raises:
        CourseError: a setting makes no sense.

    Reference:
        Wu et al., 2016, equation 14, for the length penalty (without coverage); Li, Monroe and
        Jurafsky, 2016, for the diversity.
    """
    _check_counts(width=(width, 1), n_best=(n_best, 1), batch=(batch, 1))
    if n_best > width:
        raise CourseError(f"n_best is {n_best}, but a beam of width {width} has no more than that")
    if not 0 <= length_penalty <= 10:
        raise CourseError(f"length_penalty must be from 0 to 10, not {length_penalty}")
    if not 0 <= diversity <= 100:
        raise CourseError(f"diversity must be from 0 to 100, not {diversity}")
    jobs = Jobs(source_ids, max_tokens, prefix)
    loop = compiled(model, beams.loop, beams.SIGNATURE, (width, n_best))
    traces: list = [None] * len(jobs)
    for rows in jobs.chunks(batch):
        knobs = (length_penalty, diversity, np.asarray(forbid, np.int32))
        arrays = loop(*jobs.inputs(rows), *knobs)
        found = beams.traces(arrays, length_penalty)
        for row, trace in zip(rows, found, strict=True):
            traces[row] = trace
    return traces


def translate(
    model: Any,
    sentences: Sequence[str],
    *,
    search: str = "greedy",
    **options: Any,
) -> list[str]:
    """Translate sentences with a model that knows its two codecs.

    Args:
        model: a `Seq2Seq` with `source` and `target`.
        sentences: an empty one gives an empty translation.
        search: "greedy", "sample" or "beam".
        options: those of the search.
    """
    searches = {"greedy": greedy, "sample": sample, "beam": beam}
    if search not in searches:
        raise CourseError(f"no search {search!r}: choose {', '.join(searches)}")
    ids = [model.source.ids(sentence) for sentence in sentences]
    asked = [row for row in ids if row]
    traces = iter(searches[search](model, asked, **options) if asked else [])
    return [model.target.text(next(traces).tokens) if row else "" for row in ids]


def _check_sampling(temperature: float, top_p: float, **kept: int | None) -> None:
    """Refuse knobs that make no sense."""
    if not (np.isfinite(temperature) and temperature >= 0):
        raise CourseError(f"temperature must be 0 or more, not {temperature}")
    for name, count in kept.items():
        if count is not None and count < 1:
            raise CourseError(f"{name} must be at least 1, not {count}")
    if not 0 < top_p <= 1:
        raise CourseError(f"top_p must be above 0 and at most 1, not {top_p}")


def _check_counts(**counts: tuple[int, int]) -> None:
    """Refuse counts below their least value."""
    for name, (count, least) in counts.items():
        if count < least:
            raise CourseError(f"{name} must be at least {least}, not {count}")
