"""Greedy search and sampling: one token a step and row."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course.backend import tf
from course.decoding import bans
from course.decoding.jobs import COUNT, INT, INTS, NUMBER, NUMBERS, demanded, growing, write
from course.text import END, PAD, START
from course.trace import Trace

SIGNATURE = (INTS, INT, INTS, NUMBERS, NUMBER, COUNT, COUNT, NUMBER, INT)
ALL = 2**31 - 1  # as `top_k`: more tokens than any vocabulary has


def loop(
    model: Any,
    settings: tuple[bool, int, bool, int],
    source: tf.Tensor,
    limits: tf.Tensor,
    forced: tf.Tensor,
    noise: tf.Tensor,
    temperature: tf.Tensor,
    first_k: tf.Tensor,
    top_k: tf.Tensor,
    top_p: tf.Tensor,
    forbidden: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """Decode a batch token by token.

    Args:
        model: with `start` and `step`.
        settings: (take the likeliest, alternatives, keep states, no n-gram of so many tokens
            twice).
        source: int (batch, source_time).
        limits: most tokens of each row: int (batch,).
        forced: tokens to begin with, PAD where free: int (batch, prefix_time).
        noise: a number from 0 to 1 for each row and step: (batch, steps).
        temperature: scalar.
        first_k: int scalar, in place of `top_k` for the first token.
        top_k: int scalar.
        top_p: scalar.
        forbidden: ids that are never drawn: int (tokens,).

    Returns:
        What a `Trace` holds, time first: (time, batch, …).
    """
    likeliest, alternatives, keep_states, no_repeat = settings

    def body(step, token, state, done, history, written):
        logits, state = model.step(token, state)
        allowed = bans.without(logits, forbidden)
        if no_repeat:
            allowed = bans.no_repeats(allowed, history, step, no_repeat)
        if likeliest:
            drawn = tf.argmax(allowed, axis=-1, output_type=tf.int32)
        else:
            kept = tf.where(step == 0, first_k, top_k)
            drawn = draw(allowed / temperature, noise[:, step], kept, top_p)
        must = demanded(forced, step)
        drawn = tf.where(must == PAD, drawn, must)
        record = _record(logits, drawn, done, alternatives)
        record |= {f"states/{name}": value for name, value in state.items()}
        done_now = done | (drawn == END) | (step + 1 >= limits)
        if no_repeat:
            history = bans.remember(history, step, drawn, no_repeat)
        return step + 1, record["tokens"], state, done_now, history, write(written, step, record)

    state = model.start(source)
    dtypes = {"tokens": tf.int32, "log_probs": tf.float32}
    if alternatives:
        dtypes |= {"top_ids": tf.int32, "top_log_probs": tf.float32}
    for name, value in state.items():
        if name == "attention" or (keep_states and not name.startswith("memory")):
            dtypes[f"states/{name}"] = value.dtype
    first = tf.fill([tf.shape(source)[0]], START)
    history = bans.history(source, tf.reduce_max(limits), no_repeat)
    *_, written = tf.while_loop(
        lambda step, token, state, done, *_: ~tf.reduce_all(done),
        body,
        (0, first, state, limits < 1, history, growing(dtypes)),
    )
    return {name: array.stack() for name, array in written.items()}


def draw(logits: tf.Tensor, noise: tf.Tensor, top_k: tf.Tensor, top_p: tf.Tensor) -> tf.Tensor:
    """Draw a token for each row by one uniform number.

    The tokens are laid end to end, the likeliest first, each as long as its probability; the number
    says how far along the row the chosen one lies. Cutting the row short gives top-k and top-p.

    Args:
        logits: (batch, vocabulary).
        noise: from 0 to 1: (batch,).
        top_k: int scalar, `ALL` for all.
        top_p: scalar.
    """
    top = tf.math.top_k(tf.nn.softmax(logits), tf.minimum(top_k, logits.shape[-1]))
    ends = tf.cumsum(top.values, axis=-1)
    inside = (ends - top.values) < top_p * ends[:, -1:]
    reach = tf.reduce_max(tf.where(inside, ends, 0.0), axis=-1)
    place = tf.reduce_sum(tf.cast(ends <= (noise * reach)[:, None], tf.int32), axis=-1)
    # None is inside if the logits are NaN; the first then stands for a draw that means nothing.
    last = tf.maximum(tf.reduce_sum(tf.cast(inside, tf.int32), axis=-1) - 1, 0)
    return tf.gather(top.indices, tf.minimum(place, last), axis=-1, batch_dims=1)


def noise(seed: int, rows: np.ndarray, steps: int) -> np.ndarray:
    """Return uniform numbers for some rows: float32 (rows, steps), each row from its own seed."""
    draws = [np.random.default_rng((seed, int(row))).random(steps, np.float32) for row in rows]
    return np.stack(draws)


def traces(arrays: dict[str, tf.Tensor], source_lengths: Sequence[int]) -> list[Trace]:
    """Cut the arrays of `loop` into a trace for each sentence, whose source is so long."""
    arrays = {name: np.moveaxis(array.numpy(), 0, 1) for name, array in arrays.items()}
    found = []
    for row, length in enumerate((arrays["tokens"] != PAD).sum(axis=1)):
        own = {name: array[row, :length] for name, array in arrays.items()}
        states = {key.removeprefix("states/"): own.pop(key) for key in list(own) if "/" in key}
        attention = states.pop("attention", None)
        if attention is not None:
            attention = attention[:, : source_lengths[row]]
        found.append(Trace(**own, states=states, attention=attention))
    return found


def _record(
    logits: tf.Tensor, drawn: tf.Tensor, done: tf.Tensor, alternatives: int
) -> dict[str, tf.Tensor]:
    """Return what a trace keeps of one step; PAD and 0 for rows that are done."""
    log_probs = tf.nn.log_softmax(logits)
    chosen = tf.gather(log_probs, drawn, axis=-1, batch_dims=1)
    record = {"tokens": tf.where(done, PAD, drawn), "log_probs": tf.where(done, 0.0, chosen)}
    if alternatives:
        top = tf.math.top_k(log_probs, min(alternatives, logits.shape[-1]))
        record |= {"top_ids": top.indices, "top_log_probs": top.values}
    return record
