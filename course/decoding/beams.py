"""Beam search: the likeliest beginnings of each row, side by side.

Each step looks at the 2 * width likeliest continuations of all beginnings of a row, its candidates.
Those that end are rated as whole sentences; of the others the best `width` go on. 2 * width are
enough: each beginning has one continuation that ends, so at most `width` of them do.
"""

from typing import Any

import numpy as np

from course.backend import tf
from course.decoding import bans
from course.decoding.jobs import INT, INTS, NEVER, NUMBER, demanded, growing, write
from course.errors import CourseError
from course.text import END, PAD, START
from course.trace import ABSENT, DROPPED, ENDED, KEPT, Candidates, Hypothesis, Trace

SIGNATURE = (INTS, INT, INTS, NUMBER, NUMBER, INT)
# Added to the score of a sentence that was cut off: it comes behind all that ended by themselves.
CUT_OFF = -1e4
Tensors = dict[str, tf.Tensor]


def loop(
    model: Any,
    settings: tuple[int, int],
    source: tf.Tensor,
    limits: tf.Tensor,
    forced: tf.Tensor,
    length_penalty: tf.Tensor,
    diversity: tf.Tensor,
    forbidden: tf.Tensor,
) -> Tensors:
    """Search a batch.

    Args:
        model: with `start` and `step`.
        settings: (width, n_best).
        source: int (batch, source_time).
        limits: most tokens of each row: int (batch,).
        forced: tokens to begin with, PAD where free: int (batch, prefix_time).
        length_penalty: scalar.
        diversity: scalar.
        forbidden: ids that are never said: int (tokens,).

    Returns:
        "ids", "parents", "sums" and "fates" of the candidates: (time, batch, 2 * width); "scores",
        "steps" and "slots" of the best whole sentences, the best first: (batch, n_best).
    """
    width, n_best = settings
    rows = tf.shape(source)[0]
    forced = tf.repeat(forced, width, axis=0)

    def body(step, beam, best, done, written):
        logits, state = model.step(tf.reshape(beam["token"], [-1]), beam["state"])
        log_probs = bans.without(tf.nn.log_softmax(logits), forbidden)
        log_probs = _obey(log_probs, demanded(forced, step))
        found = _expand(beam["sums"], log_probs, width, diversity)
        found["fates"] = _judge(found, (step + 1 >= limits)[:, None], done, width)
        best = _rate(best, found, step, length_penalty)
        beam = _go_on(found, state, width)
        hope = tf.reduce_max(beam["sums"], axis=1) / penalty(
            tf.cast(limits, tf.float32), length_penalty
        )
        # A model that says NaN has no hope to compare: its limit ends it.
        done |= (hope <= tf.maximum(best["scores"][:, -1], NEVER / 2)) | (step + 1 >= limits)
        return step + 1, beam, best, done, write(written, step, found)

    start = {name: tf.repeat(value, width, axis=0) for name, value in model.start(source).items()}
    sums = tf.tile(tf.constant([[0.0] + [NEVER] * (width - 1)]), [rows, 1])
    beam = {"token": tf.fill([rows, width], START), "sums": sums, "state": start}
    nothing = tf.zeros([rows, n_best], tf.int32)
    best = {"scores": tf.fill([rows, n_best], NEVER), "steps": nothing, "slots": nothing}
    kept = growing({"ids": tf.int32, "parents": tf.int32, "sums": tf.float32, "fates": tf.int32})
    _, _, best, _, written = tf.while_loop(
        lambda step, beam, best, done, written: ~tf.reduce_all(done),
        body,
        (0, beam, best, limits < 1, kept),
    )
    return {**best, **{name: array.stack() for name, array in written.items()}}


def _obey(log_probs: tf.Tensor, must: tf.Tensor) -> tf.Tensor:
    """Rule out all tokens but the one that a prefix demands, if it demands one."""
    allowed = tf.range(log_probs.shape[-1])[None] == must[:, None]
    return tf.where(allowed | (must == PAD)[:, None], log_probs, NEVER)


def _expand(sums: tf.Tensor, log_probs: tf.Tensor, width: int, diversity: tf.Tensor) -> Tensors:
    """Return the likeliest continuations of each row: (batch, candidates) each.

    Args:
        sums: of the beginnings: (batch, width).
        log_probs: of their next tokens: (batch * width, vocabulary).
        width: beginnings a row.
        diversity: what each loses for every likelier continuation of the same beginning.
    """
    # Of one beginning no more than 2 * width can be among the 2 * width likeliest of all.
    count = min(2 * width, log_probs.shape[-1])
    own = tf.math.top_k(log_probs, count)
    totals = tf.reshape(tf.reshape(sums, [-1, 1]) + own.values, [-1, width * count])
    ids = tf.reshape(own.indices, [-1, width * count])
    rank = tf.tile(tf.range(count, dtype=tf.float32), [width])
    top = tf.math.top_k(totals - diversity * rank, min(2 * width, width * count)).indices
    return {
        "ids": tf.gather(ids, top, axis=1, batch_dims=1),
        "parents": top // count,
        "sums": tf.gather(totals, top, axis=1, batch_dims=1),
    }


def _judge(found: Tensors, at_limit: tf.Tensor, done: tf.Tensor, width: int) -> tf.Tensor:
    """Say what becomes of each candidate: int (batch, candidates)."""
    possible = (found["sums"] > NEVER / 2) & ~done[:, None]
    ends = possible & ((found["ids"] == END) | at_limit)
    live = possible & ~ends
    rank = tf.cumsum(tf.cast(live, tf.int32), axis=1, exclusive=True)
    fates = tf.where(live & (rank < width), KEPT, tf.where(ends, ENDED, DROPPED))
    return tf.where(possible, fates, ABSENT)


def _rate(best: Tensors, found: Tensors, step: tf.Tensor, length_penalty: tf.Tensor) -> Tensors:
    """Put the sentences that end in this step among the best whole ones.

    Args:
        best: "scores", "steps", "slots": (batch, n_best) each, the best first.
        found: the candidates.
        step: scalar.
        length_penalty: scalar.
    """
    scores = found["sums"] / penalty(tf.cast(step + 1, tf.float32), length_penalty)
    scores += tf.where(found["ids"] == END, 0.0, CUT_OFF)
    slots = tf.range(tf.shape(scores)[1])[None] + tf.zeros_like(found["ids"])
    ending = {
        "scores": tf.where(found["fates"] == ENDED, scores, NEVER),
        "steps": tf.fill(tf.shape(slots), step),
        "slots": slots,
    }
    both = {name: tf.concat([best[name], ending[name]], axis=1) for name in best}
    top = tf.math.top_k(both["scores"], best["scores"].shape[1]).indices
    return {name: tf.gather(values, top, axis=1, batch_dims=1) for name, values in both.items()}


def _go_on(found: Tensors, state: Tensors, width: int) -> dict[str, Any]:
    """Return the beam after a step: the kept candidates and their parents' states."""
    kept = found["fates"] == KEPT
    order = tf.argsort(tf.cast(~kept, tf.int32), axis=1, stable=True)[:, :width]
    token, parents, sums, there = (
        tf.gather(values, order, axis=1, batch_dims=1)
        for values in (found["ids"], found["parents"], found["sums"], kept)
    )
    first = tf.range(tf.shape(parents)[0])[:, None] * width
    parents = tf.reshape(first + parents, [-1])
    # All beginnings of a row have the same memory, so whose it is makes no difference.
    state = {
        name: value if name.startswith("memory") else tf.gather(value, parents)
        for name, value in state.items()
    }
    return {"token": token, "sums": tf.where(there, sums, NEVER), "state": state}


def penalty(length: tf.Tensor | float, exponent: tf.Tensor | float) -> tf.Tensor | float:
    """Return the divisor of a sum of `length` log-probabilities (Wu et al., 2016, equation 14)."""
    return ((5.0 + length) / 6.0) ** exponent


def traces(arrays: Tensors, exponent: float) -> list[Trace]:
    """Cut the arrays of `loop` into a trace for each sentence."""
    arrays = {name: array.numpy() for name, array in arrays.items()}
    found = []
    for row, scores in enumerate(arrays["scores"]):
        candidates = _candidates(arrays, row)
        there = scores > NEVER / 2
        ends = zip(arrays["steps"][row][there], arrays["slots"][row][there], strict=True)
        paths = [_backtrack(candidates, *end) for end in ends]
        hypotheses = [
            Hypothesis(ids, float(sums[-1]), float(sums[-1] / penalty(len(ids), exponent)))
            for ids, sums in paths
        ]
        if not paths:
            raise CourseError(
                "beam search found no sentence: can the model say this prefix, and are its "
                "weights numbers?"
            )
        ids, sums = paths[0]
        log_probs = np.diff(sums, prepend=np.float32(0))
        found.append(Trace(ids, log_probs, hypotheses=hypotheses, candidates=candidates))
    return found


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
    for place in range(step, -1, -1):
        ids.append(candidates[place].ids[slot])
        sums.append(candidates[place].log_probs[slot])
        if place:
            kept = np.flatnonzero(candidates[place - 1].fates == KEPT)
            slot = kept[candidates[place].parents[slot]]
    return np.array(ids[::-1], np.int32), np.array(sums[::-1], np.float32)
