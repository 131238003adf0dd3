"""Teacher forcing: what a decoder reads and must say, and what it does without its teacher."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course import batches
from course.errors import CourseError
from course.text import END, PAD, SPECIAL_TOKENS, START, UNK, Codec
from course.trace import Trace
from course.widgets.drawing import Table, bars, chip, escape
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import check_codec, codecs_of, tokens_of
from course.widgets.rows import TokenRows, around, box, unknown
from course.wording import number, shorten, visible

FURTHER = 10  # steps that a decoder left alone may take beyond the right ones
TABLE_ROWS = 8  # at a time; a static twin has all
NAMED = 3  # unknown words that are named; the others are counted


def teacher_forcing(
    target_sentence: str,
    codec: Codec | None = None,
    *,
    model: Any = None,
    source_sentence: str = "",
    source: Codec | None = None,
    **settings: Any,
) -> "TeacherForcing":
    """Step through what a decoder reads and must say; with a model, also what it says alone.

    Args:
        target_sentence: what the decoder is taught to say.
        codec: from that sentence to ids; the model's own target codec if None.
        model: anything with `start` and `step`; without one there is no inference to show.
        source_sentence: what the model reads when it is left alone.
        source: from that sentence to ids; the model's own if None.
        settings: any of the demo's traits to begin with, as `planted=True`.

    Returns:
        The demo, a widget.

    Raises:
        CourseError: the model cannot be decoded, a codec is missing or is none, or a setting makes
            no sense.
    """
    if model is not None:
        source, codec = codecs_of(model, source, codec)
    if codec is None:
        raise CourseError("teacher_forcing: without a model it needs a codec: pass codec=")
    check_codec(codec)
    sentences = {"target_sentence": target_sentence, "source_sentence": source_sentence}
    return TeacherForcing(codec, model, source, **sentences, **settings)


@dataclass(frozen=True)
class Way:
    """One way through a sentence: what the decoder reads and says at each step.

    Attributes:
        reads: ids: int array (time,).
        says: ids, PAD where nothing is asked: int array (time,).
        read_words: the tokens that are read, as they were typed.
        said_words: the tokens that are said, as they were typed.
        log_probs: of what must be said: float array, at most (time,); None without a model.
    """

    reads: np.ndarray
    says: np.ndarray
    read_words: Sequence[str]
    said_words: Sequence[str]
    log_probs: np.ndarray | None = None

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.says)

    def words(self, step: int) -> tuple[str, str]:
        """Write what is read and said at a step for a table; nothing after the last one."""
        return (
            _word(self.read_words, self.reads, step),
            _word(self.said_words, self.says, step),
        )


class TeacherForcing(Stepped):
    """A demo of teacher forcing.

    Attributes:
        target_sentence: what the decoder is taught to say.
        source_sentence: what the model reads; "" for no inference.
        planted: show the slip, a target that is not shifted.
        right, slipped, alone: the three ways; `alone` is None if there is no inference to show.
        lost: the words of the source sentence that the vocabulary does not hold, in words.
    """

    title = "Teacher forcing"
    heights = {"taught": 208, "alone": 208, "probability": 210, "table": 210}  # noqa: RUF012

    target_sentence = traitlets.Unicode()
    source_sentence = traitlets.Unicode()
    planted = traitlets.Bool(False)

    def __init__(self, codec: Codec, model: Any, source: Codec | None, **settings: Any) -> None:
        """Read the sentences and lay the demo out."""
        if model is None:
            self.heights = {"taught": 208, "alone": 48, "table": 210}
        super().__init__()
        self.codec, self.model, self.source = codec, model, source
        self.right = self.slipped = self.alone = None
        self.lost = ""
        self.begin_with(settings)
        knobs = self._knobs()
        self.attempt(self._read)
        self.observe(self._changed, list(knobs))
        numbers = [self.panes[name] for name in ("probability", "table") if name in self.panes]
        self.assemble(
            *(controls(knob) for knob in knobs.values()),
            self.player,
            self.panes["taught"],
            self.panes["alone"],
            beside(*numbers, widths=(280, 700)[-len(numbers) :]),
        )

    @property
    def taught(self) -> Way:
        """The way with the teacher, slip and all if it is planted."""
        return self.slipped if self.planted else self.right

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return both ways to run the decoder, what is likely at this step, and all in a table."""
        if self.right is None:
            return {name: "" for name in self.heights}
        parts = {"taught": self._taught(still), "alone": self._alone(still)}
        if self.model is not None:
            parts["probability"] = self._probability(still)
        return {**parts, "table": self._table(still)}

    def _read(self) -> None:
        """Make the rows of the sentence, and let the model go through it."""
        words = tokens_of(self.codec, self.target_sentence, "target sentence")
        asked = self.source_sentence if self.model is not None else ""
        asked = tokens_of(self.source, asked, "source sentence") if asked.strip() else []
        wrapped = np.array([[START, *self.codec.vocabulary.ids(words), END]])
        reads, says = (rows[0] for rows in batches.teacher_forcing(wrapped))
        copied = np.where(reads == START, PAD, reads)  # START is never a target
        heard = [SPECIAL_TOKENS[START], *words]
        right = Way(reads, says, heard, [*words, SPECIAL_TOKENS[END]])
        slipped = Way(reads, copied, heard, ["", *words])
        ways = self._run(asked, right, slipped) if asked else (right, slipped, None)
        self.right, self.slipped, self.alone = ways
        self.lost = lost_of(self.source, asked) if asked else ""
        self.message = ""
        self.last = max(len(way) for way in ways if way is not None) - 1

    def _run(self, asked: list[str], right: Way, slipped: Way) -> tuple[Way, Way, Way]:
        """Let the model go through the sentence with its teacher, and alone."""
        from course.decoding.replay import replay  # late: without a model no TensorFlow is needed

        ids, whole = self.source.vocabulary.ids(asked), len(self.codec.vocabulary)
        says, most = right.says, len(right) + FURTHER
        taught = replay(self.model, ids, forced=says, max_tokens=len(says), alternatives=whole)
        free = replay(self.model, ids, max_tokens=most, alternatives=whole)
        said = [self.codec.vocabulary.tokens[id] for id in free.tokens]
        heard = [SPECIAL_TOKENS[START], *said[:-1]]
        reads = np.array([START, *free.tokens[:-1]])
        return (
            replace(right, log_probs=log_probs_of(says, taught)),
            replace(slipped, log_probs=log_probs_of(slipped.says, taught)),
            Way(reads, free.tokens, heard, said, log_probs_of(says, free)),
        )

    @guarded
    def _changed(self, change: dict) -> None:
        """Show another sentence from its beginning, or the other target at this step."""
        self.pause()
        if change["name"] != "planted":
            self._read()
            self.step = 0
        self.draw()

    def _taught(self, still: bool) -> str:
        """Draw what the decoder reads and must say, and say what that does."""
        line = (
            "Not shifted: it must say what it has just read (under <start> nothing is asked). A "
            "model taught so can copy: its training loss falls, but it never learns to say the "
            "next token."
            if self.planted
            else "The same row, one step apart. Arrow: from what is read to what must be said. "
            "Dashed: the teacher puts in the right token, whatever was said."
        )
        return _shown("With the teacher", self._rows(self.taught).html(still), line)

    def _alone(self, still: bool) -> str:
        """Draw what the decoder reads and says at inference, its differences marked."""
        if self.alone is None:
            why = "no model was given" if self.model is None else "type a source sentence"
            return _shown("Alone, at inference", "", f"Not shown: {why}.")
        heard, said = self._differences()
        end = "Ends by itself" if self.alone.says[-1] == END else "Is cut off"
        line = (
            "Dashed: what it said is what it reads next. ≠ marks what differs from the right rows: "
            f"{len(heard)} read, {len(said)} said. {end} after {len(self.alone)} steps."
        )
        line += f" Source: {self.lost}." if self.lost else ""
        rows = self._rows(self.alone, (heard, said))
        return _shown("Alone, at inference", rows.html(still), line)

    def _rows(self, way: Way, marks: Sequence[frozenset[int]] = ((), ())) -> "TokenRows":
        """Return the two rows of a way; `marks` are the steps to set apart in each."""
        alone = way is self.alone
        labels = ("reads", "says" if alone else "must say")
        columns, told = [], []
        for step in range(len(way)):
            heard = box(way.read_words[step], way.reads[step], step in marks[0])
            answer = box(way.said_words[step], way.says[step], step in marks[1])
            columns.append((str(step), (heard, answer)))
            told.append(f"{step}: {heard.word}, {answer.word or 'nothing'}")
        alt = f"{'Alone' if alone else 'With the teacher'}: {' and '.join(labels)}, step by step. "
        fed = alone or not self.planted
        return TokenRows(labels, columns, alt + "; ".join(told), self.step, arrows=True, fed=fed)

    def _differences(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the steps at which the decoder alone reads, and says, what is not right."""
        alone, right = self.alone, self.right
        return tuple(
            frozenset(step for step, id in enumerate(own) if _at(wanted, step) != id)
            for own, wanted in ((alone.reads, right.reads), (alone.says, right.says))
        )

    def _probability(self, still: bool) -> str:
        """Draw how likely the model finds the right token, taught and alone."""
        if self.alone is None:
            return ""
        probs = [self._prob(way) for way in (self.taught, self.alone)]
        ended = "has ended" if self.step >= len(self.alone) else "nothing is asked"
        missing = ("nothing is asked", ended)
        labels = [
            why if prob is None else number(prob) for prob, why in zip(probs, missing, strict=True)
        ]
        told = [f"{name}: {label}" for name, label in zip(("taught", "alone"), labels, strict=True)]
        alt = f"Bars: probability of the token at step {self.step}; {'; '.join(told)}."
        values = [prob or 0.0 for prob in probs]
        drawing = bars(values, labels, told, alt, names=("taught", "alone"))
        return self._asked() + (drawing.image() if still else drawing.inline())

    def _asked(self) -> str:
        """Say whose probabilities the bars are, and the loss of the sentence as it is taught."""
        tokens, step = self.codec.vocabulary.tokens, self.step
        taught, right = (_at(way.says, step) for way in (self.taught, self.right))
        whose = "nothing" if taught == PAD else chip(tokens[taught])
        if taught != right:
            whose += f", and alone of {chip(tokens[right])}"
        loss = number(-float(np.nanmean(self.taught.log_probs)))
        line = f"<p>Loss of this model on the taught row: {loss} nats a token.</p>"
        if self.planted:
            line += (
                '<p class="u-label">Nothing is trained here: a model taught with the shift finds '
                "this row surprising; one taught with the slip would find it easy.</p>"
            )
        return f"<p>Probability of {whose}</p>{line}"

    def _prob(self, way: Way, step: int | None = None) -> float | None:
        """Return how likely the right token of a step is on a way; None where nothing is asked."""
        step = self.step if step is None else step
        known = step < len(way.log_probs) and not np.isnan(way.log_probs[step])
        return float(np.exp(way.log_probs[step])) if known else None

    def _table(self, still: bool) -> Table:
        """Tell the same in words and numbers."""
        shown = range(self.last + 1) if still else around(self.step, self.last + 1, TABLE_ROWS)
        header = ["time step", "reads", "must say"]
        if self.alone is not None:
            header += ["its probability", "reads alone", "says alone"]
            header += ["right token", "its probability", "differs"]
        rows = [self._row(step) for step in shown]
        caption = f"time steps {shown[0]} to {shown[-1]}; the last is {self.last}"
        caption += self._settings() if still else ""
        return Table(caption, header, rows, self.step - shown[0])

    def _settings(self) -> str:
        """Say how the demo is set, for a page that has no controls."""
        said = "; the target is not shifted: the planted slip" if self.planted else ""
        if self.alone is None:
            return said
        said += f"; source: {shorten(visible(self.source_sentence))}"
        return said + (f"; {self.lost}" if self.lost else "")

    def _row(self, step: int) -> tuple:
        """Return what the table says of a step."""
        taught = (step, *self.taught.words(step))
        if self.alone is None:
            return taught
        probs = [self._prob(way, step) for way in (self.taught, self.alone)]
        probs = ["" if prob is None else prob for prob in probs]
        names = zip(("reads", "says"), self._differences(), strict=True)
        differs = " and ".join(name for name, steps in names if step in steps)
        differs = differs if step < len(self.alone) else "has ended"
        right = self.right.words(step)[1]
        return (*taught, probs[0], *self.alone.words(step), right, probs[1], differs)

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        look = {"layout": {"width": "100%"}, "style": {"description_width": "70px"}}
        knobs = {
            "target_sentence": ipywidgets.Text(
                description="target", continuous_update=False, **look
            ),
            "source_sentence": ipywidgets.Text(
                description="source", continuous_update=False, **look
            ),
            "planted": ipywidgets.Checkbox(
                description="planted slip: the target is not shifted",
                indent=False,
                layout={"width": "auto"},
            ),
        }
        if self.model is None:
            del knobs["source_sentence"]
        return self.tie(knobs)


def log_probs_of(ids: np.ndarray, trace: Trace) -> np.ndarray:
    """Return how likely some tokens were along a trace that kept the whole vocabulary.

    Args:
        ids: a token for each step, PAD where nothing is asked: int array (time,).
        trace: of that many steps, or more, or fewer.

    Returns:
        float array, as long as the shorter of the two; NaN where nothing is asked.
    """
    steps = min(len(ids), len(trace))
    there = trace.top_ids[:steps] == ids[:steps, None]
    found = np.where(there, trace.top_log_probs[:steps], 0.0).sum(axis=1)
    return np.where(ids[:steps] == PAD, np.nan, found)


def lost_of(codec: Codec, tokens: Sequence[str]) -> str:
    """Say in words which tokens a vocabulary does not hold.

    Args:
        codec: of the tokens.
        tokens: of a sentence, as they were typed.

    Returns:
        How many there are, and the first ones by name; "" if there are none.
    """
    ids = codec.vocabulary.ids(tokens)
    words = [word for word, id in zip(tokens, ids, strict=True) if unknown(word, id)]
    if not words:
        return ""
    named = ", ".join(shorten(visible(word), 20) for word in words[:NAMED])
    named += ", …" if len(words) > NAMED else ""
    count = f"{len(words)} of {len(tokens)} tokens not in the vocabulary"
    return f"{count}, read as {SPECIAL_TOKENS[UNK]}: {named}"


def _shown(head: str, picture: str, line: str) -> str:
    """Put a heading above a picture, and a line that explains it below."""
    return f'<p><b>{escape(head)}</b></p>{picture}<p class="u-label">{escape(line)}</p>'


def _at(ids: np.ndarray, step: int) -> int:
    """Return the id of a step, PAD after the last one."""
    return int(ids[step]) if step < len(ids) else PAD


def _word(words: Sequence[str], ids: np.ndarray, step: int) -> str:
    """Write the token of a step for a table; "" after the last one."""
    if step >= len(words):
        return ""
    word = visible(words[step])
    return f"{word} ({SPECIAL_TOKENS[UNK]})" if unknown(word, ids[step]) else word
