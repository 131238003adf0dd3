"""Unrolled: the helper library of an interactive course in sequence models.

`import course` is quick and imports no TensorFlow; a submodule loads when it is first named.
"""

import importlib
from types import ModuleType

__version__ = "0.1.0"

_SUBMODULES = (
    "batches",
    "buckets",
    "checks",
    "clipping",
    "corpora",
    "decoding",
    "distribution",
    "doctor",
    "errors",
    "joining",
    "metrics",
    "models",
    "noising",
    "novelty",
    "objectives",
    "optimizers",
    "plots",
    "pretrained",
    "profiling",
    "progress",
    "prose",
    "replicas",
    "runtime",
    "splits",
    "streams",
    "text",
    "trace",
    "training",
    "tuning",
    "vectors",
    "widgets",
    "wording",
)

__all__ = ["__version__", *_SUBMODULES]


def __getattr__(name: str) -> ModuleType:
    """Import a submodule when it is first named, as in `course.text`."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the submodules that have not been loaded yet as well."""
    return sorted(__all__)
