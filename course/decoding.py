"""From a model that says one token at a time to whole sentences: greedy, sampling, beam.

Decoding knows two methods of a model, `start(source_ids)` and `step(token_ids, state)`, and leaves
a `Trace`. The same compiled loop serves one sentence and ten thousand: rows are sorted by length,
decoded in batches and put back in order, and a row's result does not depend on its neighbours.
Lesson 05 writes the loop out step by step.
"""

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from course.batches import pad
from course.errors import CourseError
from course.text import END, PAD, START
from course.trace import ABSENT, DROPPED, ENDED, KEPT, Candidates, Hypothesis, Trace

Rows = Sequence[Sequence[int]] | np.ndarray
NEVER, CUT_OFF = -1e9, -1e4


def greedy(model: Any, source_ids: Rows, **options: Any) -> list[Trace]:  # noqa: ANN401
    """Take the likeliest token at every step; `options` as for `sample`, without its draws."""
    return sample(model, source_ids, temperature=0.0, **options)


def sample(
    model: Any,  # noqa: ANN401
    source_ids: Rows,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int = 0,
    max_tokens: int | Sequence[int] | None = None,
    prefix: Rows | None = None,
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
        top_p: draw among the likeliest tokens that together have this probability.
        seed: draws; a sentence's draws depend on the seed and on its place in `source_ids`.
        max_tokens: the most tokens a sentence may have, for all or for each; by default three times
            its source and twenty more.
        prefix: tokens that each sentence must begin with, as id rows.
        alternatives: keep so many of the likeliest tokens at each step in the trace.
        states: keep the states after each step in the trace.
        batch: sentences decoded at once.

    Returns:
        A trace for each sentence, in the order of `source_ids`.

    Raises:
        CourseError: a setting makes no sense.
    """
    _check_sampling(temperature, top_k, top_p)
    _check_counts(alternatives=(alternatives, 0), batch=(batch, 1))
    jobs = _Jobs(source_ids, max_tokens, prefix)
    settings = (temperature == 0.0, top_k or 0, alternatives, states)
    loop = _compiled(model, _sampling_loop, _SAMPLING_INPUTS, settings)
    traces: list = [None] * len(jobs)
    for rows in jobs.chunks(batch):
        noise = _noise(seed, rows, int(jobs.limits[rows].max()))
        arrays = loop(*jobs.inputs(rows), noise, temperature or 1.0, top_p)
        for row, trace in zip(rows, _sampling_traces(arrays), strict=True):
            traces[row] = trace
    return traces


def beam(
    model: Any,  # noqa: ANN401
    source_ids: Rows,
    *,
    width: int = 5,
    length_penalty: float = 0.6,
    n_best: int = 1,
    max_tokens: int | Sequence[int] | None = None,
    prefix: Rows | None = None,
    batch: int = 64,
) -> list[Trace]:
    """Follow the `width` likeliest beginnings at once and return the best whole sentences.

    Args:
        model: anything with `start` and `step`.
        source_ids: as for `sample`.
        width: beginnings kept at each step.
        length_penalty: exponent of the divisor ((5 + length) / 6); 0 compares plain sums, which
            favours short sentences.
        n_best: whole sentences to return for each source, at most `width`.
        max_tokens: as for `sample`.
        prefix: as for `sample`.
        batch: sentences decoded at once.

    Returns:
        A trace for each sentence. `tokens` holds the best one found, `hypotheses` the n best with
        their scores, and `candidates` all that was looked at, with parents and fates.

    Raises:
        CourseError: a setting makes no sense.

    Reference:
        Wu et al., 2016, equation 14, for the length penalty (without coverage).
    """
    _check_counts(width=(width, 1), n_best=(n_best, 1), batch=(batch, 1))
    if n_best > width:
        raise CourseError(f"n_best is {n_best}, but a beam of width {width} has no more than that")
    if not 0 <= length_penalty <= 10:
        raise CourseError(f"length_penalty must be from 0 to 10, not {length_penalty}")
    jobs = _Jobs(source_ids, max_tokens, prefix)
    loop = _compiled(model, _beam_loop, _BEAM_INPUTS, (width, n_best))
    traces: list = [None] * len(jobs)
    for rows in jobs.chunks(batch):
        arrays = loop(*jobs.inputs(rows), length_penalty)
        found = _beam_traces(arrays, n_best, length_penalty)
        for row, trace in zip(rows, found, strict=True):
            traces[row] = trace
    return traces


def translate(
    model: Any,  # noqa: ANN401
    sentences: Sequence[str],
    *,
    search: str = "greedy",
    **options: Any,  # noqa: ANN401
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


class _Jobs:
    """Sentences to decode, each with its limit and the tokens that it must begin with."""

    def __init__(self, source_ids: Rows, max_tokens, prefix: Rows | None) -> None:  # noqa: ANN001
        """Check and copy the input of a search."""
        rows = [[id for id in row if id != PAD] for row in source_ids]
        self.sources = rows
        usual = [3 * len(row) + 20 for row in rows]
        limits = usual if max_tokens is None else np.broadcast_to(max_tokens, len(rows))
        self.limits = np.asarray(limits, np.int32)
        if len(rows) and self.limits.min() < 1:
            raise CourseError(f"max_tokens must be at least 1, not {self.limits.min()}")
        self.prefixes = [[] for _ in rows] if prefix is None else list(prefix)
        if len(self.prefixes) != len(rows):
            raise CourseError(f"{len(self.prefixes)} prefixes for {len(rows)} sentences")

    def __len__(self) -> int:
        return len(self.sources)

    def chunks(self, batch: int) -> list[np.ndarray]:
        """Cut the places of all sentences into batches of like length."""
        order = np.argsort([len(row) for row in self.sources], kind="stable")
        return [order[begin : begin + batch] for begin in range(0, len(order), batch)]

    def inputs(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return sources, limits and prefixes of some rows, padded to at least one column."""
        sources, prefixes = (
            pad([some[row] for row in rows], max(1, *(len(some[row]) for row in rows)))
            for some in (self.sources, self.prefixes)
        )
        return sources, self.limits[rows], prefixes


_programs: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

_INTS, _INT = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
_NUMBER = tf.TensorSpec([], tf.float32)
_SAMPLING_INPUTS = (_INTS, _INT, _INTS, tf.TensorSpec([None, None], tf.float32), _NUMBER, _NUMBER)
_BEAM_INPUTS = (_INTS, _INT, _INTS, _NUMBER)


def _compiled(model, loop, signature, settings):  # noqa: ANN001, ANN202
    """Return a loop as a `tf.function` of a model: traced once, kept as long as the model."""
    kept = _programs.setdefault(model, {})
    key = (loop.__name__, settings)
    if key not in kept:
        # A weak reference: the program must not keep alive the model that it is kept for.
        known = weakref.ref(model)
        kept[key] = tf.function(
            lambda *inputs: loop(known(), settings, *inputs), input_signature=signature
        )
    return kept[key]


def _sampling_loop(model, settings, source, limits, forced, noise, temperature, top_p) -> dict:  # noqa: ANN001
    """Decode a batch token by token; see `sample`.

    Args:
        model: with `start` and `step`.
        settings: (take the likeliest, top_k or 0, alternatives, keep states).
        source: int (batch, source_time).
        limits: most tokens of each row: int (batch,).
        forced: tokens to begin with, PAD where free: int (batch, prefix_time).
        noise: a number from 0 to 1 for each row and step: (batch, steps).
        temperature: scalar.
        top_p: scalar.

    Returns:
        Arrays by name, time first.
    """
    likeliest, top_k, alternatives, keep_states = settings
    state = model.start(source)
    rows = tf.shape(source)[0]

    def body(step, token, state, done, written):  # noqa: ANN001, ANN202
        logits, state = model.step(token, state)
        log_probs = tf.nn.log_softmax(logits)
        if likeliest:
            drawn = tf.argmax(logits, axis=-1, output_type=tf.int32)
        else:
            drawn = _draw(logits / temperature, noise[:, step], top_k, top_p)
        drawn = _force(drawn, forced, step)
        token = tf.where(done, PAD, drawn)
        chosen = tf.gather(log_probs, drawn, axis=-1, batch_dims=1)
        record = {"tokens": token, "log_probs": tf.where(done, 0.0, chosen)}
        if alternatives:
            top = tf.math.top_k(log_probs, min(alternatives, logits.shape[-1]))
            record |= {"top_ids": top.indices, "top_log_probs": top.values}
        if keep_states:
            record |= {f"states/{name}": value for name, value in state.items()}
        done = done | (drawn == END) | (step + 1 >= limits)
        written = {name: written[name].write(step, value) for name, value in record.items()}
        return step + 1, token, state, done, written

    names = {"tokens": tf.int32, "log_probs": tf.float32}
    if alternatives:
        names |= {"top_ids": tf.int32, "top_log_probs": tf.float32}
    if keep_states:
        names |= {f"states/{name}": value.dtype for name, value in state.items()}
    written = {
        name: tf.TensorArray(dtype, 0, dynamic_size=True, infer_shape=False)
        for name, dtype in names.items()
    }
    start = (0, tf.fill([rows], START), state, limits < 1, written)
    *_, written = tf.while_loop(
        lambda step, token, state, done, written: ~tf.reduce_all(done), body, start
    )
    return {name: array.stack() for name, array in written.items()}


def _draw(logits, noise, top_k: int, top_p) -> tf.Tensor:  # noqa: ANN001
    """Draw a token for each row by one uniform number.

    The tokens are laid end to end, the likeliest first, each as long as its probability; the number
    says how far along the row the chosen one lies. Cutting the row short gives top-k and top-p.

    Args:
        logits: (batch, vocabulary).
        noise: from 0 to 1: (batch,).
        top_k: 0 for all.
        top_p: scalar.
    """
    kept = min(top_k or logits.shape[-1], logits.shape[-1])
    top = tf.math.top_k(tf.nn.softmax(logits), kept)
    ends = tf.cumsum(top.values, axis=-1)
    inside = (ends - top.values) < top_p * ends[:, -1:]
    reach = tf.reduce_max(tf.where(inside, ends, 0.0), axis=-1)
    place = tf.reduce_sum(tf.cast(ends <= (noise * reach)[:, None], tf.int32), axis=-1)
    last = tf.reduce_sum(tf.cast(inside, tf.int32), axis=-1) - 1
    return tf.gather(top.indices, tf.minimum(place, last), axis=-1, batch_dims=1)


def _force(token, forced, step) -> tf.Tensor:  # noqa: ANN001
    """Replace the tokens of a step by those that the prefix demands."""
    width = tf.shape(forced)[1]
    wanted = tf.where(step < width, forced[:, tf.minimum(step, width - 1)], PAD)
    return tf.where(wanted == PAD, token, wanted)


def _beam_loop(model, settings, source, limits, forced, length_penalty) -> dict:  # noqa: ANN001
    """Beam search over a batch; see `beam`.

    Each step looks at the 2 * width likeliest continuations of all beginnings of a row. Those that
    end are rated as whole sentences; of the others the best `width` go on. 2 * width are enough:
    at most `width` of them can end.

    Args:
        model: with `start` and `step`.
        settings: (width, n_best).
        source: int (batch, source_time).
        limits: most tokens of each row: int (batch,).
        forced: tokens to begin with, PAD where free: int (batch, prefix_time).
        length_penalty: scalar.

    Returns:
        "ids", "parents", "sums" and "fates" of the candidates of each step, (time, batch,
        2 * width); "scores", "steps" and "slots" of the best whole sentences, (batch, n_best).
    """
    width, n_best = settings
    rows = tf.shape(source)[0]
    state = {name: tf.repeat(value, width, axis=0) for name, value in model.start(source).items()}
    wanted = tf.repeat(forced, width, axis=0)

    def body(step, token, sums, state, best, done, written):  # noqa: ANN001, ANN202
        logits, state = model.step(tf.reshape(token, [-1]), state)
        log_probs = _forced_log_probs(tf.nn.log_softmax(logits), wanted, step)
        size = log_probs.shape[-1]
        totals = tf.reshape(
            sums[:, :, None] + tf.reshape(log_probs, [rows, width, size]), [rows, -1]
        )
        top_sums, places = tf.math.top_k(totals, min(2 * width, width * size))
        parents, ids = places // size, places % size
        possible = top_sums > NEVER / 2
        at_limit = (step + 1 >= limits)[:, None]
        ends = possible & ((ids == END) | at_limit)
        live = possible & ~ends
        # The first `width` that do not end go on, in order of their sums.
        rank = tf.cumsum(tf.cast(live, tf.int32), axis=1, exclusive=True)
        kept = live & (rank < width)
        fates = tf.where(ends, ENDED, tf.where(kept, KEPT, tf.where(possible, DROPPED, ABSENT)))
        fates = tf.where(done[:, None], ABSENT, fates)
        # A sentence cut off at the limit is rated behind every one that ended by itself.
        penalty = _penalty(tf.cast(step + 1, tf.float32), length_penalty)
        scores = top_sums / penalty + tf.where(ids == END, 0.0, CUT_OFF)
        best = _merge(best, scores, ends & ~done[:, None], step)
        order = tf.argsort(tf.where(kept, rank, 3 * width), axis=1, stable=True)[:, :width]
        pick = lambda values: tf.gather(values, order, axis=1, batch_dims=1)  # noqa: E731
        next_sums = tf.where(pick(kept), pick(top_sums), NEVER)
        flat = tf.reshape(tf.range(rows)[:, None] * width + pick(parents), [-1])
        state = {name: tf.gather(value, flat) for name, value in state.items()}
        bound = next_sums[:, 0] / _penalty(tf.cast(limits, tf.float32), length_penalty)
        hopeless = bound <= best["scores"][:, -1]
        done = done | at_limit[:, 0] | hopeless | ~tf.reduce_any(kept, axis=1)
        record = {"ids": ids, "parents": parents, "sums": top_sums, "fates": fates}
        written = {name: written[name].write(step, value) for name, value in record.items()}
        return step + 1, pick(ids), next_sums, state, best, done, written

    sums = tf.tile(tf.constant([[0.0] + [NEVER] * (width - 1)]), [rows, 1])
    best = {
        "scores": tf.fill([rows, n_best], NEVER),
        "steps": tf.zeros([rows, n_best], tf.int32),
        "slots": tf.zeros([rows, n_best], tf.int32),
    }
    written = {
        name: tf.TensorArray(dtype, 0, dynamic_size=True, infer_shape=False)
        for name, dtype in (("ids", tf.int32), ("parents", tf.int32), ("fates", tf.int32))
    }
    written["sums"] = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)
    start = (0, tf.fill([rows, width], START), sums, state, best, limits < 1, written)
    _, _, _, _, best, _, written = tf.while_loop(
        lambda step, token, sums, state, best, done, written: ~tf.reduce_all(done), body, start
    )
    return {**best, **{name: array.stack() for name, array in written.items()}}


def _forced_log_probs(log_probs, wanted, step) -> tf.Tensor:  # noqa: ANN001
    """Rule out all tokens but the one that the prefix demands at this step, if it demands one."""
    width = tf.shape(wanted)[1]
    token = tf.where(step < width, wanted[:, tf.minimum(step, width - 1)], PAD)
    allowed = tf.range(log_probs.shape[-1])[None] == token[:, None]
    return tf.where(allowed | (token == PAD)[:, None], log_probs, NEVER)


def _penalty(length, exponent) -> tf.Tensor:  # noqa: ANN001
    """Return the divisor of a sum of `length` log-probabilities."""
    return ((5.0 + length) / 6.0) ** exponent


def _merge(best, scores, ends, step) -> dict[str, tf.Tensor]:  # noqa: ANN001
    """Put the sentences that end in this step among the best whole ones.

    Args:
        best: "scores", "steps", "slots": (batch, n_best) each, the best first.
        scores: of the candidates: (batch, candidates).
        ends: which of them are whole sentences: bool (batch, candidates).
        step: scalar.
    """
    slots = tf.broadcast_to(tf.range(tf.shape(scores)[1])[None], tf.shape(scores))
    new = {"scores": tf.where(ends, scores, NEVER), "steps": tf.fill(tf.shape(slots), step)}
    both = {
        name: tf.concat([best[name], values], axis=1)
        for name, values in (new | {"slots": slots}).items()
    }
    top = tf.math.top_k(both["scores"], best["scores"].shape[1])
    return {
        name: tf.gather(values, top.indices, axis=1, batch_dims=1) for name, values in both.items()
    }


def _noise(seed: int, rows: np.ndarray, steps: int) -> np.ndarray:
    """Return uniform numbers for some rows: float32 (rows, steps), each row from its own seed."""
    draws = [np.random.default_rng((seed, int(row))).random(steps, np.float32) for row in rows]
    return np.stack(draws)


def _sampling_traces(arrays: dict[str, tf.Tensor]) -> list[Trace]:
    """Cut a batch's arrays (time first) into a trace for each sentence."""
    arrays = {name: np.moveaxis(array.numpy(), 0, 1) for name, array in arrays.items()}
    lengths = (arrays["tokens"] != PAD).sum(axis=1)
    traces = []
    for row, length in enumerate(lengths):
        own = {name: array[row, :length] for name, array in arrays.items()}
        states = {k.removeprefix("states/"): own.pop(k) for k in list(own) if "states/" in k}
        traces.append(Trace(**own, states=states))
    return traces


def _beam_traces(arrays: dict[str, tf.Tensor], n_best: int, exponent: float) -> list[Trace]:
    """Cut a batch's beam search into a trace for each sentence."""
    arrays = {name: array.numpy() for name, array in arrays.items()}
    traces = []
    for row in range(len(arrays["scores"])):
        candidates = _candidates(arrays, row)
        found = arrays["scores"][row] > NEVER / 2
        ends = zip(arrays["steps"][row][found], arrays["slots"][row][found], strict=True)
        paths = [_backtrack(candidates, *end) for end in ends]
        hypotheses = [
            Hypothesis(ids, float(sums[-1]), float(sums[-1] / _penalty(len(ids), exponent)))
            for ids, sums in paths
        ]
        ids, sums = paths[0]
        traces.append(
            Trace(ids, np.diff(sums, prepend=0.0), hypotheses=hypotheses, candidates=candidates)
        )
    return traces


def _candidates(arrays: dict[str, np.ndarray], row: int) -> list[Candidates]:
    """Return what was looked at in each step of one sentence."""
    steps = []
    for step in range(len(arrays["ids"])):
        there = arrays["fates"][step, row] != ABSENT
        if not there.any():
            break
        names = ("ids", "parents", "sums", "fates")
        steps.append(Candidates(*(arrays[name][step, row][there] for name in names)))
    return steps


def _backtrack(candidates: list[Candidates], step: int, slot: int) -> tuple[np.ndarray, np.ndarray]:
    """Follow a candidate back to the start; return its tokens and its sums after each step."""
    ids, sums = [], []
    for looked_at in reversed(candidates[: step + 1]):
        ids.append(looked_at.ids[slot])
        sums.append(looked_at.log_probs[slot])
        if len(ids) <= step:
            before = candidates[step - len(ids)]
            slot = np.flatnonzero(before.fates == KEPT)[looked_at.parents[slot]]
    return np.array(ids[::-1], np.int32), np.array(sums[::-1], np.float32)


def _check_sampling(temperature: float, top_k: int | None, top_p: float) -> None:
    """Refuse knobs that make no sense."""
    if not (np.isfinite(temperature) and temperature >= 0):
        raise CourseError(f"temperature must be 0 or more, not {temperature}")
    if top_k is not None and top_k < 1:
        raise CourseError(f"top_k must be at least 1, not {top_k}")
    if not 0 < top_p <= 1:
        raise CourseError(f"top_p must be above 0 and at most 1, not {top_p}")


def _check_counts(**counts: tuple[int, int]) -> None:
    """Refuse counts below their least value."""
    for name, (count, least) in counts.items():
        if count < least:
            raise CourseError(f"{name} must be at least {least}, not {count}")
