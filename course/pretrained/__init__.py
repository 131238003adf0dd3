"""Three small translators that ship, so that a demo opens at once.

Each lies in a folder of its own as its `save` writes it, with a card, `README.md`, that says what
it was trained on and how good it is. `make models` trains them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from course.models.attentive import Attentive
    from course.models.seq2seq import Seq2Seq

NAMES = ("words", "characters", "attention")


def folder(name: str = "words") -> Path:
    """Return the folder of a model that ships: its card, its manifest and its weights.

    Args:
        name: "words", "characters" or "attention".

    Raises:
        CourseError: no model that ships has this name.
    """
    if name not in NAMES:
        *most, last = NAMES
        known = f"{', '.join(most)} or {last}"
        raise CourseError(f"no model {name!r} ships with the course: choose {known}")
    return Path(__file__).parent / name


def load(name: str = "words") -> Seq2Seq | Attentive:
    """Return a translator that ships, from English to Spanish, ready to decode.

    Args:
        name: "words" for the one of words and GRU cells, "characters" for the one of characters and
            LSTM cells, "attention" for the one of words that looks back at its source.

    Returns:
        A model of its own at each call. `source` and `target` are its codecs, `about` its card as
        plain data.

    Raises:
        CourseError: no model that ships has this name, or its folder is damaged.
    """
    place = folder(name)
    # Late, because it brings TensorFlow with it.
    from course.models import translators

    return translators.load(place)
