"""Two small translators that ship, so that a demo opens at once.

Each lies in a folder of its own as `Seq2Seq.save` writes it, with a card, `README.md`, that says
what it was trained on and how good it is. `make models` trains both anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from course.models.seq2seq import Seq2Seq

NAMES = ("words", "characters")


def folder(name: str = "words") -> Path:
    """Return the folder of a model that ships: its card, its manifest and its weights.

    Args:
        name: "words" or "characters".

    Raises:
        CourseError: no model that ships has this name.
    """
    if name not in NAMES:
        raise CourseError(f"no model {name!r} ships with the course: choose {' or '.join(NAMES)}")
    return Path(__file__).parent / name


def load(name: str = "words") -> Seq2Seq:
    """Return a translator that ships, from English to Spanish, ready to decode.

    Args:
        name: "words" for the one of words and GRU cells, "characters" for the one of characters and
            LSTM cells.

    Returns:
        A model of its own at each call. `source` and `target` are its codecs, `about` its card as
        plain data.

    Raises:
        CourseError: no model that ships has this name, or its folder is damaged.
    """
    place = folder(name)
    # Late, because it brings TensorFlow with it.
    from course.models.seq2seq import Seq2Seq

    return Seq2Seq.load(place)
