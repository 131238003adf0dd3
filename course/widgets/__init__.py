"""Demos for notebooks: each one a function that returns one widget.

A demo draws; `course.decoding` and its like compute. It loads when it is first named.
"""

import importlib
from collections.abc import Callable

# Each demo's function, and the module that it lives in.
DEMOS = {
    "decoding_stepper": "stepper",
    "beam_tree": "tree",
    "teacher_forcing": "forcing",
    "one_hot": "encoding",
    "inside_a_cell": "cell",
    "attention_map": "attention",
    "temperature_playground": "temperature",
    "perplexity_meter": "surprise",
    "training_dashboard": "dashboard",
    "padding_trap": "padding",
    "unrolled_network": "unrolled",
    "bleu_score": "bleu",
    "chat_box": "talk",
}

__all__ = list(DEMOS)


def __getattr__(name: str) -> Callable:
    """Return a demo's function, as in `widgets.decoding_stepper(model, sentence)`."""
    if name in DEMOS:
        return getattr(importlib.import_module(f"{__name__}.{DEMOS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the demos that have not been loaded yet as well."""
    return sorted(__all__)
