"""Four gates squashed one by one, and by a single tanh: an LSTM's elementwise work under XLA."""

import time

import numpy as np

from course.backend import tf
from course.models.scan import lstm_gates

STEPS, BATCH, UNITS, ROUNDS = 40, 64, 256, 25


def run() -> dict:
    """Return the median milliseconds of a loop over all steps, for both ways, interleaved."""
    shape = (STEPS, BATCH, 4 * UNITS)
    inputs = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
    ways = {"gates one by one": _one_by_one, "one tanh for all gates": lstm_gates}
    programs = {name: _loop(inputs, gates) for name, gates in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, program in programs.items():
            began = time.perf_counter()
            program().numpy()
            seconds[name].append(time.perf_counter() - began)
    medians = {name: round(1e3 * float(np.median(s)), 2) for name, s in seconds.items()}
    first, second = medians.values()
    return {f"{name}: ms": ms for name, ms in medians.items()} | {"ratio": round(first / second, 1)}


def _one_by_one(pre_activation: tf.Tensor) -> tf.Tensor:
    """Squash the gates as the textbook writes it."""
    i, f, g, o = tf.split(pre_activation, 4, axis=-1)
    return tf.concat([tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)], axis=-1)


def _loop(inputs: tf.Tensor, gates):
    """Compile the loop of an LSTM without its matrix product; run it once to compile it."""

    def step(time: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor) -> tuple:
        i, f, g, o = tf.split(gates(inputs[time] + hidden[:, :1]), 4, axis=-1)
        cell = f * cell + i * g
        return time + 1, o * tf.tanh(cell), cell

    @tf.function(jit_compile=True, autograph=False)
    def program() -> tf.Tensor:
        zeros = tf.zeros((BATCH, UNITS))
        return tf.while_loop(
            lambda time, *_: time < STEPS, step, (0, zeros, zeros), maximum_iterations=STEPS
        )[1]

    program()
    return program
