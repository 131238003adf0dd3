"""The same training on several devices or machines: each takes a share of every batch.

Each *replica* has all the weights. It finds the gradients of its share; these are added up, and
every replica makes the same move. So one step of n replicas is one step of a single one with the
same whole batch. TensorFlow's `tf.distribute` keeps the copies alike; lesson 11 measures what that
costs.
"""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from course.backend import tf
from course.errors import CourseError

NAMES = ("mirrored", "multiworker", "tpu")
EXAMPLE = (
    '{"cluster": {"worker": ["host-a:4711", "host-b:4711"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


def scope(name: str | None) -> AbstractContextManager:
    """Let a model that is built meanwhile be trained on several devices; train it afterwards.

    Args:
        name: "mirrored", all GPUs of this machine; "multiworker", the machines in `TF_CONFIG`,
            each of which runs the same program; "tpu", the TPU that TensorFlow finds; None for
            the usual single device.

    Raises:
        CourseError: there is no such way, or what it needs is not there.
    """
    if name is None:
        return nullcontext()
    if name not in NAMES:
        raise CourseError(f"no way to distribute {name!r}: choose among {', '.join(NAMES)}")
    return {"mirrored": _mirrored, "multiworker": _multiworker, "tpu": _tpu}[name]().scope()


def strategy_of(model: Any) -> "tf.distribute.Strategy | None":
    """Return what distributes a model's training; None for a model on a single device.

    Raises:
        CourseError: the scope that the model was built in is still open.
    """
    if tf.distribute.has_strategy():
        raise CourseError("build a model within the scope of its replicas, and train it after that")
    variable = model.trainable_variables[0].value
    several = isinstance(variable, tf.distribute.DistributedValues)
    return variable.distribute_strategy if several else None


def is_chief(strategy: "tf.distribute.Strategy | None") -> bool:
    """Say whether this process is the one that writes files: the first of the workers."""
    resolver = getattr(strategy, "cluster_resolver", None)
    if resolver is None or resolver.task_type is None:
        return True
    workers_only = "chief" not in resolver.cluster_spec().as_dict()
    return resolver.task_type == "chief" or (workers_only and resolver.task_id == 0)


def dealer(strategy: "tf.distribute.Strategy | None") -> Callable[[Sequence[np.ndarray]], list]:
    """Return what turns a batch's arrays into tensors, each replica's share of the rows its own.

    A replica takes every n-th row, since empty rows stand at the end; a batch that cannot be shared
    evenly gets a few more of them.
    """
    if strategy is None:
        return lambda batch: [tf.constant(array) for array in batch]
    count = strategy.num_replicas_in_sync

    def deal(batch: Sequence[np.ndarray]) -> list:
        return [_dealt(strategy, _filled_up(array, count), count) for array in batch]

    return deal


def shared(strategy: "tf.distribute.Strategy", step: Callable) -> Callable:
    """Return a step that all replicas take together.

    Args:
        strategy: what distributes.
        step: takes a state and a batch's arrays; returns the state after it, and a list of tensors.

    Returns:
        The same for all replicas: a function that returns the states, each replica's its own, and
        the sum of each tensor over the replicas.
    """

    def whole(state: Any, *batch: Any) -> tuple:
        state, tensors = strategy.run(step, args=(state, *batch))
        return state, [strategy.reduce("SUM", tensor, axis=None) for tensor in tensors]

    return whole


def weighted(grads: list, tokens: "tf.Tensor", by_rows: bool) -> list:
    """Scale a replica's gradients, so that their sum is the gradient of the whole batch.

    Args:
        grads: of the replica's loss.
        tokens: real target tokens of its share.
        by_rows: the loss is a mean over rows, which are shared evenly, and not over tokens.
    """
    context = tf.distribute.get_replica_context()
    total = context.all_reduce("SUM", tokens)
    share = 1 / context.num_replicas_in_sync if by_rows else tokens / total
    # A share without a token has a loss of 0 / 0.
    return [tf.math.multiply_no_nan(grad, share) for grad in grads]


def first_state(strategy: "tf.distribute.Strategy | None", model: Any, batches: Any) -> Any:
    """Return zeros for the streams of each replica; None for a model that carries no state.

    Raises:
        CourseError: the streams cannot be shared evenly.
    """
    if not hasattr(model, "zero_state"):
        return None
    rows = batches.batch
    if strategy is None:
        return model.zero_state(rows)
    count = strategy.num_replicas_in_sync
    if rows % count:
        raise CourseError(f"{rows} streams cannot be shared by {count} replicas: change the batch")
    return strategy.run(tf.function(lambda: model.zero_state(rows // count), autograph=False))


def _filled_up(array: np.ndarray, count: int) -> np.ndarray:
    """Add empty rows until a number divides them."""
    missing = -len(array) % count
    return np.pad(array, ((0, missing), *((0, 0),) * (array.ndim - 1)))


def _dealt(strategy: "tf.distribute.Strategy", array: np.ndarray, count: int) -> Any:
    """Give each replica its rows of an array."""
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(array[context.replica_id_in_sync_group :: count])
    )


def _mirrored() -> "tf.distribute.Strategy":
    """Take all GPUs of this machine, or else its CPU, or its logical CPUs if there are several."""
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices(kind)]
    )


def _multiworker() -> "tf.distribute.Strategy":
    """Meet the other machines."""
    _check_config(os.environ.get("TF_CONFIG", ""))
    return tf.distribute.MultiWorkerMirroredStrategy()


def _tpu() -> "tf.distribute.Strategy":
    """Take the TPU."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(
            os.environ.get("TPU_NAME", "local")
        )
    except (ValueError, tf.errors.OpError, RuntimeError) as error:
        raise CourseError("no TPU was found: take mirrored, or leave it out") from error
    return tf.distribute.TPUStrategy(resolver)


def _check_config(config: str) -> None:
    """Find out whether `TF_CONFIG` says who the workers are, and which of them this is.

    Raises:
        CourseError: it does not.
    """
    if not config:
        raise CourseError(f"multiworker needs the environment variable TF_CONFIG, as {EXAMPLE}")
    try:
        settings = json.loads(config)
        workers, task = settings["cluster"], settings["task"]
        workers[task["type"]][int(task["index"])]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CourseError(
            f"TF_CONFIG does not say who the workers are, and which of them this is: {EXAMPLE}"
        ) from error
