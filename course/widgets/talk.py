"""The chat box: a conversation with a model, what else it could have said, and a look inside."""

from typing import Any

import ipywidgets
import traitlets

from course import chat
from course.errors import CourseError
from course.exchanges import source_key
from course.widgets.drawing import Table, escape
from course.widgets.frame import Demo, Part, beside, controls, guarded
from course.widgets.stepper import DecodingStepper

SHOWN = 30  # turns of the history
ALTERNATIVES = 6
MOST_CHARACTERS = 2_000  # of a message
MOST = 10_000  # of a knob that counts
KNOBS = ("temperature", "first_k", "top_k", "top_p", "seed")
TURN = "margin: 3px 0; padding: 2px 8px; border-left: 3px solid"


def chat_box(model: Any, **settings: Any) -> "ChatBox":
    """Talk with a chatbot, see what else it could have said, and step into a reply.

    Args:
        model: a `Chatbot`.
        settings: any of the demo's traits to begin with, as `temperature=0.0`.

    Returns:
        The demo; `demo.say("Hello.")` does what typing does.

    Raises:
        CourseError: the model is no chatbot, or a setting makes no sense.
    """
    if getattr(model, "kind", None) != "chatbot":
        noun = getattr(model, "noun", type(model).__name__)
        raise CourseError(f"a chat box needs a chatbot, not {noun}")
    return ChatBox(model, **settings)


class ChatBox(Demo):
    """A demo of a conversation.

    Attributes:
        said: what is in the field, not sent yet.
        temperature, first_k, top_k, top_p, seed: as of `chat.Manner`; a count of 0 is all words.
        talk: the conversation, a `course.chat.Chat`.
        inside: the stepper of the last reply, once somebody has looked inside.
    """

    title = "A conversation, and what else it could have said"
    heights = {"history": 230, "alternatives": 230}  # noqa: RUF012

    said = traitlets.Unicode()
    temperature = traitlets.Float(0.7, min=0.0, max=5.0)
    first_k = traitlets.Int(0, min=0, max=MOST)
    top_k = traitlets.Int(0, min=0, max=MOST)
    top_p = traitlets.Float(0.9, min=0.01, max=1.0)
    seed = traitlets.Int(0, min=0, max=MOST)

    def __init__(self, model: Any, **settings: Any) -> None:
        """Lay the demo out; nothing is said yet."""
        super().__init__()
        self.talk = chat.Chat(model)
        self.inside: DecodingStepper | None = None
        self._found: list[tuple[float, str]] = []
        self.begin_with(settings)
        self._room = ipywidgets.VBox(layout={"width": "100%"})
        knobs = self._knobs()
        self.observe(lambda _: self.draw(), list(KNOBS))
        self.assemble(
            beside(self.panes["history"], self.panes["alternatives"], widths=(430, 400)),
            controls(self._field(), *self._buttons()),
            controls(*(knobs[name] for name in KNOBS)),
            self._room,
        )

    def say(self, text: str) -> str:
        """Say something, and return what the model answers.

        Raises:
            CourseError: there is no word in it, or far too many.
        """
        if len(text) > MOST_CHARACTERS:
            raise CourseError(
                f"this message has {len(text):,} characters: a chat box takes {MOST_CHARACTERS:,}"
            )
        self.talk.manner, self.talk.seed = self._manner(), self.seed
        reply = self.talk.reply(text)
        self._found = self.talk.alternatives(ALTERNATIVES)
        self.said = self.message = ""
        self._close_inside()
        self.draw()
        return reply.text

    def reset(self) -> None:
        """Forget the conversation."""
        self.talk.reset()
        self.message = ""
        self._close_inside()
        self.draw()

    def look_inside(self) -> DecodingStepper:
        """Open the decoding of the last reply below the conversation.

        Raises:
            CourseError: nothing was said yet.
        """
        if self.talk.last is None:
            raise CourseError(chat.SILENT)
        self._close_inside()
        model, reply = self.talk.model, self.talk.last
        read = model.codec.text(chat.source_ids(model, reply.source))
        self.inside = DecodingStepper(model, model.codec, model.codec, sentence=read)
        self.inside.follow(reply.trace.tokens)
        self._room.children = (self.inside,)
        return self.inside

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the conversation, and the whole replies that the model found likeliest."""
        if self.talk.last is None:
            empty = "<p>Nothing was said yet: type below, and press Enter.</p>"
            return {"history": empty, "alternatives": ""}
        return {"history": self._history(still), "alternatives": self._alternatives()}

    def _history(self, still: bool) -> str:
        """Return the last turns, the newest at the bottom, where the pane begins to be read."""
        turns = list(enumerate(self.talk.history))[-SHOWN:]
        lines = [_turn(("you", "model")[place % 2], text) for place, text in turns]
        if still:
            return "".join(lines)
        style = "display: flex; flex-direction: column-reverse; height: 100%; overflow: auto"
        return f'<div style="{style}"><div>{"".join(lines)}</div></div>'

    def _alternatives(self) -> Table:
        """Return what a beam search finds, and what was said, each with its probability."""
        rows, said = list(self._found), self.talk.last
        keys = [source_key(text) for _, text in rows]
        if source_key(said.text) not in keys:
            rows.append((said.share, said.text))
            keys.append(source_key(said.text))
        chosen = keys.index(source_key(said.text))
        marked = [(*row, "◀" * (place == chosen)) for place, row in enumerate(rows)]
        caption = "whole replies by a beam search, and the one that was said"
        return Table(caption, ("probability", "reply", "said"), marked, chosen)

    def _manner(self) -> chat.Manner:
        """Return how the next reply is drawn."""
        counts = {name: getattr(self, name) or None for name in ("first_k", "top_k")}
        return chat.Manner(self.temperature, top_p=self.top_p, **counts)

    def _close_inside(self) -> None:
        """Close the stepper of an earlier reply."""
        if self.inside is not None:
            self._room.children = ()
            self.inside.close()
            self.inside = None

    @guarded
    def _sent(self, *_: object) -> None:
        """Say what is in the field."""
        if self.said.strip():
            self.say(self.said)

    @guarded
    def _forget(self, _: object) -> None:
        self.reset()

    @guarded
    def _look(self, _: object) -> None:
        self.look_inside()

    def _field(self) -> ipywidgets.Text:
        """Return the field; Enter sends what is in it."""
        field = ipywidgets.Text(
            description="you",
            placeholder="say something",
            layout={"flex": "1 1 300px", "width": "auto"},
            style={"description_width": "initial"},
        )
        self.tie({"said": field})
        field.on_msg(
            lambda _, content, __: self._sent() if content.get("event") == "submit" else None
        )
        return field

    def _buttons(self) -> list[ipywidgets.Button]:
        """Return Send, Look inside and Forget."""
        made = []
        for words, tip, pressed in (
            ("Send", "Say this", self._sent),
            ("Look inside", "Step through the decoding of the last reply", self._look),
            ("Forget", "Begin a new conversation", self._forget),
        ):
            button = ipywidgets.Button(description=words, tooltip=tip, layout={"width": "100px"})
            button.on_click(pressed)
            made.append(button)
        return made

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        narrow = {
            "layout": {"flex": "1 1 130px", "max_width": "180px", "width": "auto"},
            "style": {"description_width": "initial"},
        }
        count = {"min": 0, "max": MOST, **narrow}
        knobs = {
            "temperature": ipywidgets.BoundedFloatText(
                min=0, max=5, step=0.1, description="temperature", **narrow
            ),
            "first_k": ipywidgets.BoundedIntText(description="top-k, first word", **count),
            "top_k": ipywidgets.BoundedIntText(description="top-k", **count),
            "top_p": ipywidgets.BoundedFloatText(
                min=0.01, max=1, step=0.05, description="top-p", **narrow
            ),
            "seed": ipywidgets.BoundedIntText(description="seed", **count),
        }
        return self.tie(knobs)


def _turn(speaker: str, text: str) -> str:
    """Write a turn."""
    colour = {"you": "var(--u-edge)", "model": "var(--u-blue)"}[speaker]
    return (
        f'<p style="{TURN} {colour}"><span class="u-label">{speaker}: </span>'
        f"<bdi>{escape(text)}</bdi></p>"
    )
