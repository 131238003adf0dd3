"""Seeds, threads, fast mode, and a TensorFlow that keeps quiet."""

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

import numpy as np

Value = TypeVar("Value")


def fast_mode() -> bool:
    """Say whether `COURSE_FAST=1` asks for runs of seconds instead of minutes."""
    return os.environ.get("COURSE_FAST", "0") not in ("", "0")


def pick(normal: Value, fast: Value) -> Value:
    """Return the first value, or the second one in fast mode.

    Args:
        normal: the value for a learner's run.
        fast: the value for a test's run.
    """
    return fast if fast_mode() else normal


def tensorflow() -> ModuleType:
    """Import TensorFlow late and without its start-up messages.

    Returns:
        The module `tensorflow`. The first call takes seconds, the next ones nothing.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with contextlib.nullcontext() if "tensorflow" in sys.modules else _quiet():
        import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    return tf


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what native code writes to standard error; show it only if an exception follows.

    From 2.20 on TensorFlow writes its first messages before it looks at its log level.
    """
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and, if it is loaded, TensorFlow.

    Args:
        seed: any integer from 0 to 2**32 - 1.
    """
    random.seed(seed)
    np.random.seed(seed)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(seed)


def limit_threads(threads: int) -> None:
    """Let TensorFlow use so many threads; call it before the first operation runs.

    Args:
        threads: threads within an operation; operations run one after another.
    """
    tf = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
