"""Words a second of the classic treebank model: ours, plain Keras, Keras by XLA, and PyTorch.

Same architecture, batch, steps, precision, loss, clipping and optimizer; random words with a
treebank's frequencies. Ways are interleaved, medians. PyTorch takes part if it is installed
(`pip install torch`): the course does not need it.
"""

import importlib.util
import os
from collections.abc import Callable
from itertools import cycle

import numpy as np

from benchmarks import machine
from benchmarks.timing import medians
from course import objectives, runtime, training
from course.backend import keras, tf
from course.models.language import Config, LanguageModel
from course.optimizers import make_optimizer
from course.streams import StreamBatches

SIZE, EMBEDDING, UNITS = runtime.pick(10_000, 200), 200, (256, 128)
BATCH, STEPS, CLIP, RATE = 60, 20, 5.0, 1.0
EACH, ROUNDS = runtime.pick(20, 2), runtime.pick(7, 1)  # training steps at a time, and times
WORDS = BATCH * STEPS * EACH


def run() -> dict:
    """Return words a second of each way, ratios, and the share of the matrix-product rate."""
    ways = {"ours": _ours(), "Keras": _keras(xla=False), "Keras, XLA": _keras(xla=True)}
    if importlib.util.find_spec("torch"):
        ways["PyTorch"] = _torch()
    before = machine.matrix_rate()
    rates = {name: WORDS / seconds for name, seconds in medians(ways, ROUNDS).items()}
    after = machine.matrix_rate()
    found = {f"{name}: words a second": round(rate) for name, rate in rates.items()}
    others = [rate for name, rate in rates.items() if name != "ours"]
    found["ours, times the fastest other"] = round(rates["ours"] / max(others), 2)
    for name, count in operations().items():
        found[f"operations a word, {name}"] = count
    total = 3 * sum(operations().values())  # backwards each product has two
    found["operations a word in training"] = total
    share = rates["ours"] * total / 1e9 / ((before + after) / 2)
    found["matrix products before and after, GFLOP/s"] = [round(before), round(after)]
    found["ours: share of the matrix-product rate"] = round(share, 2)
    return found


def operations() -> dict[str, int]:
    """Count multiplications and additions of the matrix products of a forward step, a word."""
    found, width = {}, EMBEDDING
    for number, units in enumerate(UNITS, 1):
        found[f"LSTM {number}"] = 2 * 4 * units * (width + units)
        width = units
    return found | {"softmax": 2 * width * SIZE}


def _batches() -> cycle:
    """Return batches of words drawn by Zipf's law, for ever."""
    shares = 1 / np.arange(1, SIZE + 1)
    draw = np.random.default_rng(0)
    ids = draw.choice(SIZE, BATCH * STEPS * 40 + 1, p=shares / shares.sum()) + 2
    return cycle(StreamBatches(ids.astype(np.int32), batch=BATCH, steps=STEPS))


def _ours() -> Callable:
    """Return a way to take some steps with the course's model."""
    shape = {"units": UNITS, "cell": "lstm", "embedding": EMBEDDING, "tied": False, "spread": 0.1}
    model, batches = LanguageModel(Config(SIZE + 2, **shape)), _batches()
    optimizer = make_optimizer("sgd", RATE, "constant", CLIP, 0)
    optimizer.build(model.trainable_variables)
    objective = objectives.summed_over_steps
    step = training.train_step(model, optimizer, objective, xla=runtime.compiles())
    state = model.zero_state(BATCH)

    def way() -> None:
        nonlocal state
        for _ in range(EACH):
            state, sums = step(state, *map(tf.constant, next(batches)))
        float(sums[0])

    return way


def _keras(xla: bool) -> Callable:
    """Return the same with Keras' own layers, in a loop as its guides write it."""
    layers = [keras.layers.Embedding(SIZE + 2, EMBEDDING)]
    layers += [keras.layers.LSTM(u, return_sequences=True, stateful=True) for u in UNITS]
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, STEPS)), *layers])
    model.add(keras.layers.Dense(SIZE + 2))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    optimizer, batches = keras.optimizers.SGD(RATE, global_clipnorm=CLIP), _batches()
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=xla)
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(targets, model(inputs, training=True)) / BATCH
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    def way() -> None:
        for _ in range(EACH):
            value = step(*map(tf.constant, next(batches)))
        float(value)

    return way


def _torch() -> Callable:
    """Return the same with PyTorch's layers, its state cut off between batches."""
    import torch

    torch.set_num_threads(os.cpu_count())
    embedding = torch.nn.Embedding(SIZE + 2, EMBEDDING)
    widths = (EMBEDDING, *UNITS)
    lstms = [torch.nn.LSTM(m, n, batch_first=True) for m, n in zip(widths, UNITS, strict=False)]
    output = torch.nn.Linear(UNITS[-1], SIZE + 2)
    weights = [w for part in (embedding, *lstms, output) for w in part.parameters()]
    optimizer, batches = torch.optim.SGD(weights, lr=RATE), _batches()
    states = [None] * len(lstms)

    def step(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        rows = embedding(inputs)
        for number, lstm in enumerate(lstms):
            rows, after = lstm(rows, states[number])
            states[number] = tuple(state.detach() for state in after)
        logits = output(rows).flatten(0, 1)
        value = torch.nn.functional.cross_entropy(logits, targets.flatten(), reduction="sum")
        value = value / BATCH
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        optimizer.step()
        return value

    def way() -> None:
        for _ in range(EACH):
            value = step(*(torch.from_numpy(part).long() for part in next(batches)))
        float(value)

    return way
