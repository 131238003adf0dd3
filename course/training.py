"""Teach a model: one compiled step, repeated; progress, early stopping, checkpoints, resume.

`fit` knows nothing of translation: it takes any model with `logits(*inputs, training)`,
`trainable_variables`, `random_states`, `get_weights`, `set_weights` and `save`, and batches whose
last array is the target. If it was built within `replicas.scope`, each device or machine takes a
share of every batch. A model of running text has `zero_state(rows)` as well, and its
`logits(inputs, state, training)` returns the state after the batch, which goes into the next one;
each epoch begins with zeros. Lesson 04 trains the same model with Keras' own `fit`.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from course import board, metrics, objectives, progress, replicas, runtime
from course.backend import tf
from course.batches import PairBatches
from course.errors import CourseError
from course.models import storage
from course.objectives import forward, token_sums
from course.optimizers import OPTIMIZERS, Schedule, make_optimizer

ENDINGS = {
    "diverged": "the loss is no number any more: a smaller learning rate may help",
    "no longer improving": "no longer improving: the model has the weights of its best epoch",
    "interrupted": "interrupted: the model has the weights of its best epoch so far",
}


@dataclass
class Epoch:
    """What one epoch gave; losses in nats a token, padding left out everywhere."""

    epoch: int
    loss: float
    accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None
    tokens_per_second: float
    seconds: float


@dataclass
class History:
    """The epochs of a training run, and why it ended.

    Attributes:
        epochs: one entry an epoch, those before a resume included.
        stopped: "finished", "no longer improving", "diverged" or "interrupted".
    """

    epochs: list[Epoch] = field(default_factory=list)
    stopped: str = "finished"

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss (training loss without validation)."""
        if not self.epochs:
            raise CourseError("no epoch was finished")
        return min(self.epochs, key=_judged_loss)

    def column(self, name: str) -> np.ndarray:
        """Return one figure of all epochs, as `history.column("valid_loss")`: (epochs,)."""
        return np.array([getattr(epoch, name) for epoch in self.epochs], float)

    def plot(self):
        """Draw the loss and accuracy curves; see `course.plots.history`."""
        # plots stands on a floor above: named only when a picture is asked for.
        from course import plots

        return plots.history(self)


def fit(
    model: Any,
    train: PairBatches,
    valid: PairBatches | None = None,
    *,
    epochs: int = 10,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    schedule: str | Schedule = "cosine",
    warmup: int = 0,
    clip: float = 1.0,
    objective: objectives.Objective | None = None,
    patience: int | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    resume: bool = False,
    xla: bool = True,
    show: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_progress: Callable[[progress.Progress], None] | None = None,
    tensorboard: str | Path | None = None,
) -> History:
    """Train a model; it ends with the weights of its best epoch.

    Args:
        model: a `Seq2Seq` or anything else with the methods named at the top of this module.
        train: batches to learn from.
        valid: batches to judge by.
        epochs: passes over `train`, those before a resume included.
        optimizer: "adam", "rmsprop" or "sgd".
        learning_rate: the highest rate; the optimizer's own default if None.
        schedule: "cosine" falls from the highest rate to nothing, "constant" stays; or a schedule
            of Keras, as `optimizers.decaying` gives one, which alone decides the rate.
        warmup: training steps over which the rate first rises from nothing, with "cosine".
        clip: the gradients' greatest global norm.
        objective: what training makes small, from `course.objectives`; the cross-entropy if None.
        patience: stop after so many epochs without a better validation loss.
        seed: draws the order of the batches.
        folder: keep the best model and the state of training here, after each epoch.
        resume: go on from the state in `folder`.
        xla: compile by XLA, where that works and outside fast mode. It takes some ten seconds and a
            hundred megabytes, which a run of a few hundred steps does not earn back.
        show: show a progress bar, in a notebook or on a terminal.
        on_epoch: called after each epoch.
        on_progress: called within an epoch, a dozen batches at a time, and when its last is done.
        tensorboard: write each epoch's figures into this folder, as TensorBoard reads them.

    Returns:
        The history. Ctrl-C ends training early and leaves the best model so far, or, within the
        first epoch, the model as it is then; `folder` is written after whole epochs only.

    Raises:
        CourseError: a setting makes no sense, or there is nothing to resume.
    """
    _check(epochs, optimizer, schedule, resume, folder)
    steps = epochs * len(train)
    strategy = replicas.strategy_of(model)
    with strategy.scope() if strategy else nullcontext():
        moves = make_optimizer(optimizer, learning_rate, schedule, clip, steps, warmup)
    run = _Run(model, moves, objective or objectives.cross_entropy, xla and runtime.compiles())
    if resume:
        run.restore(folder)
    if not replicas.is_chief(run.strategy):
        folder = tensorboard = None
    bar, scalars = progress.bar(show), board.writer(tensorboard)
    try:
        for epoch in range(len(run.history.epochs) + 1, epochs + 1):
            run.epoch(epoch, epochs, train, valid, seed, bar, on_progress)
            bar.line(_summary(run.history.epochs[-1], epochs))
            scalars(run.history.epochs[-1])
            run.history.stopped = run.ending(patience)
            if run.history.stopped != "diverged":
                run.keep(folder, on_epoch)
            if run.history.stopped != "finished":
                break
    except KeyboardInterrupt:
        run.history.stopped = "interrupted"
    finally:
        if run.history.stopped in ENDINGS:
            bar.line(ENDINGS[run.history.stopped])
        bar.close()
    if run.best is not None:
        model.set_weights(run.best)
    return run.history


def evaluate(model: Any, batches: PairBatches) -> dict[str, float]:
    """Measure a model on batches, over all their tokens at once.

    Returns:
        "loss" in nats a token, "accuracy" and "perplexity", padding left out.
    """
    strategy = replicas.strategy_of(model)
    step = _evaluator(model, runtime.compiles(), strategy)
    loss, correct, tokens = _total(model, step, batches, strategy)
    return {
        "loss": loss / tokens,
        "accuracy": correct / tokens,
        "perplexity": metrics.perplexity(loss, tokens),
    }


class _Run:
    """A training run under way: the model, its optimizer, the compiled steps, the best so far."""

    def __init__(self, model, optimizer, objective, xla: bool) -> None:
        self.model, self.optimizer, self.history = model, optimizer, History()
        self.best, self.strategy = None, replicas.strategy_of(model)
        with self.strategy.scope() if self.strategy else nullcontext():
            self.optimizer.build(model.trainable_variables)
        self.train_step = train_step(model, optimizer, objective, xla)
        self.valid_step = _evaluator(model, xla, self.strategy)

    def epoch(self, epoch, epochs, train, valid, seed, bar, on_progress) -> None:
        """Pass once over the training batches, then judge."""
        began, sums = time.perf_counter(), np.zeros(3)
        waiting, deal = [], replicas.dealer(self.strategy)
        state = replicas.first_state(self.strategy, self.model, train)
        for done, batch in enumerate(train.shuffled(seed, epoch), 1):
            state, three = self.train_step(state, *deal(batch))
            waiting.append(three)
            # Results are read in dozens: reading each one would hold up the next step.
            if done % 12 == 0 or done == len(train):
                sums += np.sum([[float(x) for x in three] for three in waiting], axis=0)
                waiting.clear()
                seconds = time.perf_counter() - began
                now = progress.Progress(epoch, epochs, done, len(train), *sums, seconds)
                bar.update(now)
                if on_progress:
                    on_progress(now)
        speed = sums[2] / (time.perf_counter() - began)
        judged = (None, None)
        if valid is not None:
            loss, correct, tokens = _total(self.model, self.valid_step, valid, self.strategy)
            judged = (loss / tokens, correct / tokens)
        seconds = time.perf_counter() - began
        loss, accuracy = (float(total / sums[2]) for total in sums[:2])
        row = Epoch(epoch, loss, accuracy, *judged, float(speed), seconds)
        self.history.epochs.append(row)
        if self.history.best is row and np.isfinite(_judged_loss(row)):
            self.best = self.model.get_weights()

    def ending(self, patience: int | None) -> str:
        """Return why the run ends here, as `History.stopped`; "finished" if it need not."""
        if not np.isfinite(_judged_loss(self.history.epochs[-1])):
            return "diverged"
        worn = patience is not None and self.stale() >= patience
        return "no longer improving" if worn else "finished"

    def keep(self, folder: str | Path | None, on_epoch: Callable | None) -> None:
        """Write and report the epoch that is over."""
        if folder is not None:
            self.store(folder)
        if on_epoch:
            on_epoch(self.history.epochs[-1])

    def stale(self) -> int:
        """Count the epochs since the best one."""
        return len(self.history.epochs) - self.history.best.epoch

    def _moving(self) -> list:
        """What moves on with training beside the weights: the optimizer, the dropout's seeds."""
        return [*self.optimizer.variables, *self.model.random_states]

    def store(self, folder: str | Path) -> None:
        """Write the best model, and all that a resume needs."""
        current = self.model.get_weights()
        if self.stale() == 0:
            self.model.save(folder)
        arrays = {f"last/{name}": weight for name, weight in current.items()}
        arrays |= {f"best/{name}": weight for name, weight in self.best.items()}
        arrays |= {f"moving/{n}": v.numpy() for n, v in enumerate(self._moving())}
        # The run's own copy: after a full disk the model beside it may be of an earlier run.
        described = getattr(self.model, "about", {})
        about = {"kind": "training", "history": asdict(self.history), "about": described}
        storage.save_arrays(folder, "training", arrays, about)

    def restore(self, folder: str | Path) -> None:
        """Read what `store` wrote."""
        arrays, manifest = storage.load_arrays(folder, "training")
        moving = _part(arrays, "moving/")
        shapes = [tuple(variable.shape) for variable in self._moving()]
        if [moving[str(number)].shape for number in range(len(moving))] != shapes:
            raise CourseError(f"the run in {folder} has another optimizer or another model")
        self.model.set_weights(_part(arrays, "last/"))
        self.best = _part(arrays, "best/")
        for number, variable in enumerate(self._moving()):
            variable.assign(moving[str(number)])
        self.history = History([Epoch(**row) for row in manifest["history"]["epochs"]])


def train_step(model, optimizer, objective: objectives.Objective, xla: bool) -> Callable:
    """Compile a training step, as `fit` takes it.

    Batches of running text have one shape, and the step is one program. Others come in many: then
    the gradients, compiled anew for each shape, are a program, and the update another.

    Args:
        model: as `fit` takes one.
        optimizer: built for the model's variables.
        objective: what training makes small.
        xla: compile by XLA.

    Returns:
        A function of the state before a batch (None without one) and the batch's arrays. It moves
        the weights, and returns the state after the batch and the sums of `token_sums`.
    """
    variables = model.trainable_variables
    compiled = partial(tf.function, jit_compile=xla, autograph=False)

    def gradients(state: dict | None, *batch: tf.Tensor) -> tuple:
        *inputs, target = batch
        with tf.GradientTape() as tape:
            loss, sums, state = objective(model, inputs, target, state, optimizer.iterations)
        # An embedding's gradient comes as rows and their places; the update wants it whole.
        grads = [tf.convert_to_tensor(grad) for grad in tape.gradient(loss, variables)]
        return grads, state, sums

    def update(grads: list[tf.Tensor]) -> None:
        optimizer.apply(grads, variables)

    if strategy := replicas.strategy_of(model):
        by_rows = getattr(objective, "by_rows", False)
        return compiled(_shared_step(strategy, gradients, update, by_rows), jit_compile=False)

    one_shape = hasattr(model, "zero_state")
    if not one_shape:
        gradients, update = compiled(gradients), compiled(update)

    def step(state: dict | None, *batch: tf.Tensor) -> tuple:
        grads, state, sums = gradients(state, *batch)
        update(grads)
        return state, sums

    return compiled(step) if one_shape else step


def _shared_step(strategy, gradients: Callable, update: Callable, by_rows: bool) -> Callable:
    """Return a training step of several replicas; see `course.replicas`."""

    def own(state: dict | None, *batch: tf.Tensor) -> tuple:
        grads, state, sums = gradients(state, *batch)
        return state, [*replicas.weighted(grads, sums[2], by_rows), *sums]

    whole = replicas.shared(strategy, own)

    def step(state: dict | None, *batch: Any) -> tuple:
        state, summed = whole(state, *batch)
        update(summed[:-3])
        return state, summed[-3:]

    return step


def _evaluator(model, xla: bool, strategy) -> Callable:
    """Compile the forward pass and its sums."""

    def step(state: dict | None, *batch: tf.Tensor) -> tuple:
        *inputs, target = batch
        logits, state = forward(model.logits, inputs, state, training=False)
        return state, list(token_sums(logits, target))

    if strategy:
        return tf.function(replicas.shared(strategy, step), autograph=False)
    return tf.function(step, jit_compile=xla, autograph=False)


def _total(model, step: Callable, batches: PairBatches, strategy) -> tuple[float, float, int]:
    """Sum a step's results over all batches: loss, right guesses, tokens."""
    sums, deal = np.zeros(3), replicas.dealer(strategy)
    state = replicas.first_state(strategy, model, batches)
    for batch in batches:
        state, three = step(state, *deal(batch))
        sums += [float(x) for x in three]
    return float(sums[0]), float(sums[1]), int(sums[2])


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the arrays whose name begins with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _judged_loss(epoch: Epoch) -> float:
    """The loss that says which epoch is best; one that is not a number is never best."""
    loss = epoch.loss if epoch.valid_loss is None else epoch.valid_loss
    return loss if np.isfinite(loss) else float("inf")


def _summary(row: Epoch, epochs: int) -> str:
    """Put an epoch in one line."""
    text = f"epoch {row.epoch}/{epochs}  loss {row.loss:.3f}  accuracy {row.accuracy:.3f}"
    if row.valid_loss is not None:
        text += f"  valid loss {row.valid_loss:.3f}  valid accuracy {row.valid_accuracy:.3f}"
    return f"{text}  {row.tokens_per_second:,.0f} tokens/s  {row.seconds:.1f} s"


def _check(epochs, optimizer, schedule, resume, folder) -> None:
    """Refuse settings that make no sense."""
    if epochs < 1:
        raise CourseError(f"epochs must be at least 1, not {epochs}")
    if optimizer not in OPTIMIZERS:
        raise CourseError(f"no optimizer {optimizer!r}: choose {', '.join(OPTIMIZERS)}")
    if isinstance(schedule, str) and schedule not in ("cosine", "constant"):
        raise CourseError(f"no schedule {schedule!r}: choose cosine or constant")
    if resume and folder is None:
        raise CourseError("resume needs the folder of the run that it goes on from")
