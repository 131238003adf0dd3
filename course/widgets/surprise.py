"""The perplexity meter: how surprised a model is by each token of a text that you type."""

from typing import Any

import ipywidgets
import numpy as np
import traitlets

from course.decoding.surprisal import running_perplexity, surprisals
from course.errors import CourseError
from course.text import END, SPECIAL_TOKENS, UNK, Codec
from course.widgets import drawing
from course.widgets.drawing import Drawing, Table, chip
from course.widgets.frame import Demo, Part, beside, controls, guarded
from course.widgets.reading import check_codec, check_decodable, tokens_of
from course.wording import number, shorten, visible

ROW, SHOWN = 24, 12  # pixels a token, and tokens that are seen without scrolling
NAMES, FULL, BITS, ENDS = 24, 40, 77, 97  # percent: names, longest bar, and two columns


def perplexity_meter(
    model: Any,
    text: str,
    *,
    source_sentence: str = "",
    source: Codec | None = None,
    target: Codec | None = None,
) -> "PerplexityMeter":
    """Type a text and see how many bits of surprise each of its tokens is to a model.

    Args:
        model: anything with `start` and `step`.
        text: what it is asked to read, as if it had said it.
        source_sentence: of which `text` is a translation, if the model translates.
        source: from the source sentence to ids; the model's own if None. A model without one reads
            nothing first.
        target: from the text to ids; the model's `target` or `codec` if None.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the model cannot be decoded, or there is no codec for the text.
    """
    check_decodable(model)
    source = source or getattr(model, "source", None)
    target = target or getattr(model, "target", None) or getattr(model, "codec", None)
    if target is None:
        raise CourseError("this model has no codec for the text: pass target=")
    for codec in filter(None, (source, target)):
        check_codec(codec)
    return PerplexityMeter(model, source, target, text=text, source_sentence=source_sentence)


class PerplexityMeter(Demo):
    """A demo of surprisal and perplexity.

    Attributes:
        text: what the model is asked to read.
        source_sentence: of which the text is a translation.
        bits: the surprisal of each token, the end included: (time,); None if there is none yet.
        perplexities: the perplexity up to each token: (time,).
    """

    title = "The perplexity meter: surprise, token by token"
    heights = {"words": 158, "bars": (SHOWN + 1) * ROW, "table": (SHOWN + 1) * ROW}  # noqa: RUF012

    text = traitlets.Unicode()
    source_sentence = traitlets.Unicode()

    def __init__(self, model: Any, source: Codec | None, target: Codec, **sentences: str) -> None:
        """Measure for the first time and lay the demo out."""
        super().__init__()
        self.model, self.source, self.target = model, source, target
        self.bits: np.ndarray | None = None
        self.begin_with(sentences)
        self.attempt(self._measure)
        fields = self._fields()
        self.observe(self._changed, list(fields))
        self.assemble(
            *(controls(field) for field in fields.values()),
            self.panes["words"],
            beside(self.panes["bars"], self.panes["table"], widths=(460, 330)),
        )

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the text and its perplexity in words, a bar for each token, and a table."""
        if self.bits is None:
            return {name: "" for name in self.heights}
        return {"words": self._words(), "bars": self._bars(), "table": self._table()}

    def _measure(self) -> None:
        """Ask the model anew."""
        read = [] if self.source is None else tokens_of(self.source, self.source_sentence, _SOURCE)
        tokens = tokens_of(self.target, self.text, _TEXT)
        source_ids = [] if self.source is None else self.source.vocabulary.ids(read)
        ids = self.target.vocabulary.ids(tokens)
        self.bits = surprisals(self.model, ids, source_ids)
        self.perplexities = running_perplexity(self.bits)
        self.tokens = [*tokens, SPECIAL_TOKENS[END]]
        self.unknown = {_SOURCE: _unknown(read, source_ids), _TEXT: _unknown(tokens, ids)}
        self.message = ""

    @guarded
    def _changed(self, _: dict) -> None:
        """Follow what was typed."""
        self._measure()
        self.draw()

    def _words(self) -> str:
        """Say the perplexity of the whole text, and where the surprise is."""
        count, most = len(self.bits), int(self.bits.argmax())
        perplexity = _written(self.perplexities[-1])
        token = chip(shorten(self.tokens[most], 24))
        lines = [
            f"<b>perplexity {perplexity}</b> over {count} tokens, the end counted: at each of them "
            f"as unsure as among {perplexity} equally likely ones",
            f"{number(float(self.bits.sum()))} bits in all, {number(float(self.bits.mean()))} a "
            f"token; most at token {most + 1} {token} {number(float(self.bits[most]))} bits",
        ]
        for where, tokens in self.unknown.items():
            if tokens:
                chips = "".join(chip(token, "unknown") for token in tokens)
                lines.append(f"{where}: not in the vocabulary, read as &lt;unk&gt;: {chips}")
        return "".join(f"<p>{line}</p>" for line in lines)

    def _bars(self) -> Drawing:
        """Draw a bar for each token, with a mark at the mean so far."""
        top = max(1.0, float(self.bits[np.isfinite(self.bits)].max(initial=0)))
        rows = self._rows()
        body = "".join(_row(place, *row, top) for place, row in enumerate(rows))
        words = "; ".join(f"{token} {number(bits)}" for token, bits, _ in rows[:SHOWN])
        alt = (
            f"Bars: the surprisal of {len(rows)} tokens in bits, from 0 to {number(top)}: {words}"
            + "; …" * (len(rows) > SHOWN)
        )
        return Drawing(_head() + body, alt, 460, (len(rows) + 1) * ROW, fits=True)

    def _table(self) -> Table:
        """Tell the same in numbers."""
        rows = [
            (place, token, bits, float(2.0**-bits), _finite(perplexity))
            for place, (token, bits, perplexity) in enumerate(self._rows(), 1)
        ]
        header = ("place", "token", "bits", "probability", "perplexity")
        return Table("surprisal, and the perplexity up to there", header, rows)

    def _rows(self) -> list[tuple[str, float, float]]:
        """Return each token ("?" behind one that is unknown), its bits, the perplexity up to it."""
        vocabulary = self.target.vocabulary
        names = [
            shorten(visible(token), 16) + " ?" * (token not in vocabulary) for token in self.tokens
        ]
        return list(zip(names, self.bits.tolist(), self.perplexities.tolist(), strict=True))

    def _fields(self) -> dict[str, ipywidgets.Widget]:
        """Return a text field for each sentence, tied to it in both directions."""
        wide = {"layout": {"width": "100%"}, "style": {"description_width": "70px"}}
        names = {"text": "text"}
        if self.source is not None:
            names = {"source_sentence": "source", "text": "translation"}
        fields = {
            name: ipywidgets.Text(description=words, continuous_update=False, **wide)
            for name, words in names.items()
        }
        return self.tie(fields)


_SOURCE, _TEXT = "source", "text"


def _unknown(tokens: list[str], ids: list[int]) -> list[str]:
    """Return the tokens that the vocabulary does not hold, each once."""
    found = (token for token, id in zip(tokens, ids, strict=True) if id == UNK)
    return list(dict.fromkeys(found))


def _finite(perplexity: float) -> float | str:
    """Return a perplexity, or the word for one that no number holds."""
    return perplexity if np.isfinite(perplexity) else "infinite"


def _written(perplexity: float) -> str:
    """Write a perplexity for a reader."""
    return number(float(perplexity)) if np.isfinite(perplexity) else "infinite"


def _head() -> str:
    """Name the columns."""
    y = ROW - 8
    return (
        drawing.text(0, y, "token", "small soft")
        + drawing.text(f"{NAMES}%", y, "surprisal,  | mean so far", "small soft")
        + drawing.text(f"{BITS}%", y, "bits", "small soft", "end")
        + drawing.text(f"{ENDS}%", y, "perplexity", "small soft", "end")
    )


def _row(place: int, token: str, bits: float, perplexity: float, top: float) -> str:
    """Draw one token: its bar, a mark at the mean surprisal so far, and two numbers."""
    y = (place + 1) * ROW
    mean = min(float(np.log2(perplexity)), top) if np.isfinite(perplexity) else top
    at = f"{NAMES + FULL * mean / top:.2f}%"
    said = f"{number(bits)} bits; perplexity so far {_written(perplexity)}"
    name = drawing.text(0, 16, token)
    return (
        f"<g><title>{drawing.escape(token)}: {said}</title>"
        f'<svg width="{NAMES - 1}%" y="{y}" height="{ROW}">{name}</svg>'
        f'<rect class="bar" x="{NAMES}%" y="{y + 4}" width="{FULL * min(bits, top) / top:.2f}%" '
        f'height="{ROW - 8}"/>'
        f'<line class="cursor" x1="{at}" x2="{at}" y1="{y}" y2="{y + ROW}"/>'
        + drawing.text(f"{BITS}%", y + 16, number(bits), "", "end")
        + drawing.text(f"{ENDS}%", y + 16, _written(perplexity), "", "end")
        + "</g>"
    )
