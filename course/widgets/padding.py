"""The padding trap: one set of predictions, three accuracies."""

from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
import traitlets

from course import batches, metrics
from course.errors import CourseError
from course.text import PAD, Codec
from course.widgets.drawing import Drawing, Table, bars, escape
from course.widgets.frame import Part, beside, controls, guarded
from course.widgets.player import Stepped
from course.widgets.reading import check_codec
from course.widgets.rows import Box, TokenRows
from course.wording import number

SHOWN = 3  # columns of padding that are drawn; the others are counted
FURTHER = 100  # columns of padding that can be added
ACCURACIES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "all places": metrics.padded_accuracy,
    "real tokens": metrics.masked_accuracy,
    "sentences": metrics.sentence_accuracy,
}


def padding_trap(
    predicted: np.ndarray,
    target: np.ndarray,
    codec: Codec,
    *,
    sources: Sequence[str] = (),
    **settings: int,
) -> "PaddingTrap":
    """Show one set of predictions and its three accuracies, while padding is added.

    Args:
        predicted: what a model said: int array (batch, time).
        target: what it should have said, PAD after the last token: int array (batch, time).
        codec: of both.
        sources: the sentences that it read, one for each row; may be left out.
        settings: any of the demo's traits to begin with, as `length=30`.

    Returns:
        The demo, a widget.

    Raises:
        CourseError: the arrays do not fit each other, the codec or the sentences; the codec is
            none; or a setting makes no sense.
    """
    check_codec(codec)
    predicted, target = _array(predicted, "predicted"), _array(target, "target")
    sources = list(sources)
    metrics.padded_accuracy(predicted, target)  # refuses shapes that differ, and no token at all
    for name, ids in (("predicted", predicted), ("target", target)):
        if ids.ndim != 2 or not np.issubdtype(ids.dtype, np.integer):
            raise CourseError(f"padding_trap: {name} must be an int array (batch, time)")
        if ids.min() < 0 or ids.max() >= len(codec.vocabulary):
            raise CourseError(f"padding_trap: {name} holds ids that the vocabulary does not")
    if sources and len(sources) != len(target):
        raise CourseError(f"padding_trap: {len(sources)} sources for {len(target)} sentences")
    return PaddingTrap(predicted, target, codec, sources, **settings)


class PaddingTrap(Stepped):
    """A demo of what padding does to an accuracy.

    Attributes:
        step: the row whose tokens are shown.
        length: columns of the arrays; moved to the nearest end of `least` to `most`.
        least: columns up to the last one with a token in it.
        most: columns at most.
        predicted, target: int arrays (batch, least).
    """

    title = "The padding trap"
    heights = {"tokens": 236, "bars": 104, "accuracies": 104, "words": 146, "table": 210}  # noqa: RUF012

    length = traitlets.Int()

    def __init__(
        self,
        predicted: np.ndarray,
        target: np.ndarray,
        codec: Codec,
        sources: list[str],
        **settings: int,
    ) -> None:
        """Cut off the padding that all rows share, and lay the demo out."""
        super().__init__()
        used = np.flatnonzero((batches.mask(target) | batches.mask(predicted)).any(axis=0))
        self.least = int(used[-1]) + 1
        self.most = max(self.least + FURTHER, target.shape[1])
        self.predicted, self.target = predicted[:, : self.least], target[:, : self.least]
        self.codec, self.sources = codec, sources
        self.slider.description = "row"
        self.last = len(target) - 1
        self.begin_with({"length": target.shape[1], **settings})
        knob = self._knob()
        self.observe(self._lengthened, "length")
        self.assemble(
            self.player,
            self.panes["tokens"],
            controls(knob),
            beside(self.panes["bars"], self.panes["accuracies"], widths=(470, 380)),
            self.panes["words"],
            self.panes["table"],
        )

    @property
    def padded(self) -> tuple[np.ndarray, np.ndarray]:
        """What is said and what must be said, with all padding: int arrays (batch, length)."""
        more = ((0, 0), (0, self.length - self.least))
        return tuple(
            np.pad(ids, more, constant_values=PAD) for ids in (self.predicted, self.target)
        )

    @property
    def accuracies(self) -> dict[str, float]:
        """The three accuracies by name."""
        return {name: measure(*self.padded) for name, measure in ACCURACIES.items()}

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return a row of tokens, the accuracies as bars and table, and the row as a table."""
        return {
            "tokens": self._tokens(still),
            "bars": self._bars(),
            "accuracies": self._accuracies(),
            "words": self._words(),
            "table": self._table(),
        }

    @traitlets.validate("length")
    def _within(self, proposal: dict) -> int:
        """Keep the length between the ends of its slider."""
        return min(max(self.least, proposal["value"]), self.most)

    @guarded
    def _lengthened(self, _: dict) -> None:
        """Show what the added padding does."""
        self.draw()

    def _places(self) -> list[tuple[int, int, int]]:
        """Return time step, said and right id of the places to show: all tokens, some padding."""
        said, right = (ids[self.step] for ids in self.padded)
        used = np.flatnonzero(batches.mask(said) | batches.mask(right))
        count = min(self.length, int(used.max(initial=-1)) + 1 + SHOWN)
        return [(step, int(said[step]), int(right[step])) for step in range(count)]

    def _tokens(self, still: bool) -> str:
        """Draw what is said above what must be said, marks between, padding grey."""
        places = self._places()
        columns = [(str(step), self._column(said, right)) for step, said, right in places]
        more = self.length - len(places)
        columns += [("", [Box("…", "mark")] * 3)] * (more > 0)
        labels, name = ("says", "right?", "must say"), f"Row {self.step} of 0 to {self.last}"
        told = "; ".join(f"{row[0]}: {row[1]}, {row[2]}, {row[3]}" for row in self._table().rows)
        rows = TokenRows(labels, columns, f"{name}: step, says, must say, right. {told}")
        heading = escape(name) + (
            f": <bdi>{escape(self.sources[self.step])}</bdi>" if self.sources else ""
        )
        line = "Grey, marks in brackets: padding; only the first accuracy counts it."
        line += f" … {more} more columns of padding, all said right." if more else ""
        return f'<p><b>{heading}</b></p>{rows.html(still)}<p class="u-label">{escape(line)}</p>'

    def _column(self, said: int, right: int) -> tuple[Box, Box, Box]:
        """Return the boxes of a place."""
        words, mark = self.codec.vocabulary.tokens, "✓" if said == right else "✗"
        if right == PAD:
            told = "padding: counts in the first accuracy only"
            marked = Box(f"({mark})", "mark", told)
            return Box(words[said], "padding", told), marked, Box(words[right], "padding", told)
        told = "right" if said == right else "wrong"
        said_box = Box(words[said], "differs" * (said != right), f"{words[said]}: id {said}")
        return (
            said_box,
            Box(mark, "mark", told),
            Box(words[right], "", f"{words[right]}: id {right}"),
        )

    def _bars(self) -> Drawing:
        """Draw the three accuracies."""
        found = self.accuracies
        labels = [number(value) for value in found.values()]
        told = [f"{name}: {label}" for name, label in zip(found, labels, strict=True)]
        alt = f"Bars: three accuracies of the same predictions. {'; '.join(told)}."
        return bars(list(found.values()), labels, told, alt, names=list(found))

    def _accuracies(self) -> Table:
        """Tell the accuracies in numbers, and what each is a share of."""
        target = self.padded[1]
        real = batches.mask(target)
        counts = (target.size, int(real.sum()), int(real.any(axis=1).sum()))
        rows = [
            (name, count, value)
            for (name, value), count in zip(self.accuracies.items(), counts, strict=True)
        ]
        return Table("accuracy: the share that is right", ("of", "how many", "accuracy"), rows)

    def _words(self) -> str:
        """Say how much is padding, and why that makes the first accuracy rise."""
        target = self.padded[1]
        share = 1 - batches.mask(target).mean()
        sizes = (
            f"{len(target)} rows × {self.length} columns; {share:.0%} of the places are padding."
        )
        planted = (
            "In each added column the model is planted to say <pad>, as models of well-known "
            "tutorials do after <end>: right in every row. The first accuracy rises with the "
            "padding, though nothing is said better. The others stay."
        )
        return f"<p>{escape(sizes)}</p><p>{escape(planted)}</p>"

    def _table(self) -> Table:
        """Tell the row in words."""
        words = self.codec.vocabulary.tokens
        rows = [
            (step, words[said], words[right], "✓ yes" if said == right else "✗ no",
             "no: padding" if right == PAD else "yes")
            for step, said, right in self._places()
        ]  # fmt: skip
        more = self.length - len(rows)
        header = ("time step", "says", "must say", "right", "real token")
        caption = f"row {self.step}; {self.length} columns"
        caption += f", without {more} more columns of padding" if more else ""
        return Table(caption, header, rows)

    def _knob(self) -> ipywidgets.IntSlider:
        """Return the slider of the length, tied to it in both directions."""
        knob = ipywidgets.IntSlider(
            self.length,
            self.least,
            self.most,
            description="columns",
            layout={"width": "320px"},
            style={"description_width": "60px"},
        )
        traitlets.link((self, "length"), (knob, "value"))
        return knob


def _array(ids: Sequence, name: str) -> np.ndarray:
    """Make an array; rows that are not equally long are refused."""
    try:
        return np.asarray(ids)
    except ValueError:
        raise CourseError(
            f"padding_trap: {name} must be an int array (batch, time): pad its rows"
        ) from None
