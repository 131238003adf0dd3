"""The course's models; each submodule loads when it is first named."""

import importlib
from types import ModuleType

_SUBMODULES = (
    "attention",
    "attentive",
    "backprop",
    "by_hand",
    "graphs",
    "hmm",
    "inside",
    "language",
    "ngram",
    "numpy_attention",
    "numpy_cells",
    "reverser",
    "scan",
    "seq2seq",
    "storage",
    "tagger",
    "translator",
    "translators",
)

__all__ = list(_SUBMODULES)


def __getattr__(name: str) -> ModuleType:
    """Import a submodule when it is first named, as in `models.seq2seq`."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
