"""Fast mode, and a TensorFlow that keeps quiet."""

import contextlib
import functools
import os
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

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


@functools.cache
def xla_works() -> bool:
    """Say whether TensorFlow can compile by XLA here: on some systems it is built without."""
    tf = tensorflow()
    try:
        tf.function(lambda x: x + 1, jit_compile=True, autograph=False)(tf.constant(1))
    except (tf.errors.OpError, ValueError, RuntimeError):
        return False
    return True


def compiles() -> bool:
    """Say whether to compile by XLA: where that works, and takes no longer than the whole run."""
    return not fast_mode() and xla_works()
