"""One sentence decoded by any search, with all that a demo shows of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course import decoding
from course.errors import CourseError
from course.trace import Trace


def replay(
    model: Any,
    source_ids: Sequence[int],
    search: str = "greedy",
    *,
    forced: Sequence[int] = (),
    alternatives: int = 8,
    max_tokens: int | None = None,
    **options: Any,
) -> Trace:
    """Decode a sentence and keep alternatives and states at every step.

    A beam search keeps only sums; so the best sentence that it found is gone through once more, and
    the trace holds both: the model's alternatives along it, and the search's candidates.

    Args:
        model: anything with `start` and `step`.
        source_ids: without START and END.
        search: "greedy", "sample" or "beam".
        forced: tokens that the sentence must begin with.
        alternatives: likeliest tokens to keep at each step.
        max_tokens: as for `decoding.sample`.
        options: those of the search.

    Returns:
        Its trace, with alternatives and states at every step; of a beam the candidates as well.

    Raises:
        CourseError: there is no such search, a setting makes no sense, or the model says NaN.
    """
    trace = _found(model, source_ids, search, forced, alternatives, max_tokens, options)
    if not len(trace) or not np.isfinite(trace.log_probs).all():
        raise CourseError("the model's probabilities are no numbers: its training has diverged")
    return trace


def _found(model, source_ids, search, forced, alternatives, max_tokens, options) -> Trace:
    """Search; arguments as for `replay`."""
    kept = {"alternatives": alternatives, "states": True}
    common = {"prefix": [list(forced)], "max_tokens": max_tokens}
    if search == "greedy":
        return decoding.greedy(model, [source_ids], **common, **kept, **options)[0]
    if search == "sample":
        return decoding.sample(model, [source_ids], **common, **kept, **options)[0]
    if search != "beam":
        raise CourseError(f"no search {search!r}: choose greedy, sample, beam")
    found = decoding.beam(model, [source_ids], **common, **options)[0]
    path = {"prefix": [found.tokens], "max_tokens": len(found.tokens)}
    again = decoding.greedy(model, [source_ids], **path, **kept)[0]
    return replace(again, hypotheses=found.hypotheses, candidates=found.candidates)
