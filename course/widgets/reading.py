"""What demos ask of a model and of a sentence, each in one line that says what to do."""

from typing import Any

from course.errors import CourseError
from course.text import Codec

MOST_TOKENS = 200  # of a sentence


def codecs_of(
    model: Any, source: Codec | None = None, target: Codec | None = None
) -> tuple[Codec, Codec]:
    """Return the codecs that a model is decoded with: those given, or its own.

    Raises:
        CourseError: it has no `start` and `step`, or a codec is missing.
    """
    check_decodable(model)
    codecs = (source or getattr(model, "source", None), target or getattr(model, "target", None))
    if None in codecs:
        raise CourseError("this model has no codecs: pass source= and target=")
    for codec in codecs:
        check_codec(codec)
    return codecs


def check_codec(codec: Any) -> None:
    """Refuse what is no codec, as a vocabulary without its tokenizer.

    Raises:
        CourseError: it has no `tokenizer` and `vocabulary`.
    """
    if not (hasattr(codec, "tokenizer") and hasattr(codec, "vocabulary")):
        raise CourseError(f"a {type(codec).__name__} is no codec: course.text.Codec makes one")


def check_decodable(model: Any) -> None:
    """Refuse what cannot be decoded.

    Raises:
        CourseError: it has no `start` and `step`.
    """
    if not (hasattr(model, "start") and hasattr(model, "step")):
        raise CourseError(f"{type(model).__name__} has no start and step: it cannot be decoded")


def tokens_of(codec: Codec, sentence: str, name: str = "sentence") -> list[str]:
    """Return the tokens of what a learner typed.

    Args:
        codec: of the sentence.
        sentence: any text.
        name: what it is, for the message.

    Raises:
        CourseError: there are none, or more than a demo can show.
    """
    tokens = codec.tokenizer.tokens(sentence)
    if not tokens:
        raise CourseError(f"the {name} is empty: type one")
    if len(tokens) > MOST_TOKENS:
        raise CourseError(
            f"the {name} has {len(tokens)} tokens: a demo reads at most {MOST_TOKENS}"
        )
    return tokens
