"""`course chat`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course import runtime
from course.cli import options as o
from course.cli import saved
from course.cli.guard import note
from course.errors import CourseError
from course.messages import printable

if TYPE_CHECKING:
    from course.chat import Chat

EXAMPLE = 'Example: course chat --model bot, or course chat --model bot --replies 5 "Hello!"'

HELP = "/why shows what else it could have said, /history what was said, /reset forgets it"
ALTERNATIVES = 5


def chat(
    model: o.Model,
    first: Annotated[
        str | None,
        typer.Argument(
            metavar="SENTENCE", show_default=False, help="What the conversation begins with."
        ),
    ] = None,
    replies: o.Replies = None,
    temperature: o.ChatTemperature = 0.7,
    first_k: o.FirstK = None,
    top_k: o.TopK = None,
    top_p: o.TopP = 0.9,
    no_repeat: o.NoRepeat = 3,
    beam: o.Beam = None,
    diversity: o.Diversity = 0.0,
    max_words: o.MaxWords = 30,
    seed: o.DrawSeed = 0,
) -> None:
    """Talk with a chatbot: a line for you, a line for it; Ctrl-D ends.

    With --replies N it answers a first sentence, then itself. Among your lines /why shows what else
    it could have said last, with the probability of each, /history what was said, and /reset
    forgets it. The seed decides all draws.
    """
    if replies is not None and not first:
        raise typer.BadParameter("needs a first sentence to reply to", param_hint="--replies")
    check(model)
    runtime.tensorflow()
    from course.chat import Chat, Manner
    from course.models.chatbot import Chatbot

    manner = Manner(
        temperature, first_k, top_k, top_p, no_repeat, beam or 0, diversity, words=max_words
    )
    talk = Chat(Chatbot.load(model), manner, seed)
    if replies is not None:
        _alone(talk, first, replies)
    else:
        _together(talk, [first] if first else [])


def check(folder: Path) -> None:
    """Refuse a folder without a chatbot, before TensorFlow is loaded for it.

    Raises:
        CourseError: it holds no model, half of one, or another kind.
    """
    kind = saved.model_manifest(folder).get("kind")
    if kind != "chatbot":
        raise CourseError(
            f"{folder} holds a {kind!r} model, not a chatbot: `course train chat --save DIR` makes "
            "one"
        )


def _alone(talk: "Chat", first: str, replies: int) -> None:
    """Let a model talk to itself."""
    said = first
    print(f"> {printable(said)}")
    for _ in range(replies):
        said = talk.reply(said).text
        print(f"  {said}", flush=True)
        talk.history.pop()  # the reply is what is said next


def _together(talk: "Chat", begun: list[str]) -> None:
    """Answer line after line."""
    note(f"type something; {HELP}; Ctrl-D ends")
    for line in _lines(begun):
        said = line.strip()
        if said.startswith("/"):
            _obey(talk, said)
        elif said:
            _answer(talk, said)


def _lines(begun: list[str]) -> Iterator[str]:
    """Yield what is typed, after what was said on the command line."""
    yield from begun
    asking = sys.stdin.isatty()
    while True:
        if asking:
            print("> ", end="", flush=True, file=sys.stderr)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        yield line.decode("utf-8", "replace")


def _answer(talk: "Chat", said: str) -> None:
    """Print the reply to a line."""
    try:
        print(talk.reply(said).text, flush=True)
    except CourseError as error:
        note(str(error))


def _obey(talk: "Chat", command: str) -> None:
    """Do what a line that begins with a slash asks for."""
    if command == "/reset":
        talk.reset()
        note("forgotten")
    elif command == "/history":
        for place, text in enumerate(talk.history):
            print(f"{'you' if place % 2 == 0 else 'bot'}: {text}", flush=True)
    elif command == "/why":
        _explain(talk)
    else:
        note(f"no command {printable(command)}: {HELP}")


def _explain(talk: "Chat") -> None:
    """Print what else a model could have said last, and how sure it was of each word."""
    try:
        found, trace = talk.alternatives(ALTERNATIVES), talk.traced(3)
    except CourseError as error:
        note(str(error))
        return
    for share, text in found:
        print(f"{share:7.2%}  {text}")
    print("word by word:")
    for token, choices in talk.choices(trace):
        others = ", ".join(f"{name} {share:.0%}" for name, share in choices)
        print(f"  {token:<14}{others}", flush=True)
