"""Translators of either kind, from their folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from course.models import storage

if TYPE_CHECKING:
    from course.models.attentive import Attentive
    from course.models.seq2seq import Seq2Seq


def load(folder: str | Path) -> "Seq2Seq | Attentive":
    """Read a translator, with attention or without.

    Raises:
        CourseError: the folder is missing, half-written, of another version or holds no translator.
    """
    # The folder is looked at before TensorFlow is loaded for it.
    kind = storage.read_manifest(Path(folder), "model").get("kind")
    if kind == "attentive":
        from course.models.attentive import Attentive

        return Attentive.load(folder)
    from course.models.seq2seq import Seq2Seq

    return Seq2Seq.load(folder)
