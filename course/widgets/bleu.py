"""BLEU taken apart: n-grams that stand in a reference, clipping, brevity, the mean, the corpus."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets
import traitlets

from course import clipping, metrics
from course.errors import CourseError
from course.widgets import bleu_words
from course.widgets.drawing import Drawing, Table, bars, escape
from course.widgets.frame import Demo, Part, beside, controls, guarded
from course.widgets.spans import Row, Span, picture
from course.wording import shorten

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEUScore

MOST_TOKENS, MOST_REFERENCES, MOST_SENTENCES = 200, 8, 50


def bleu_score(
    translations: str | Sequence[str],
    references: Sequence[str] | Sequence[Sequence[str]],
    *,
    sentence: int = 1,
    order: int = 1,
    smooth: bool = True,
) -> "BleuScore":
    """Take the BLEU of one or a few sentences apart; a learner types other ones.

    Args:
        translations: a text for each sentence; one text if there is one sentence only.
        references: for each sentence its correct translations, at least one; for one text a list of
            texts.
        sentence: which one is shown first, from 1.
        order: the n of the n-grams that are shown first, 1 to 4.
        smooth: whether an order without a match gets a small precision instead of 0.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the numbers differ, a text is empty or too long, or a setting makes no sense.
    """
    if isinstance(translations, str):
        translations, references = [translations], [references]
    pairs = _checked(list(translations), list(references))
    return BleuScore(pairs, sentence=sentence, order=order, smooth=smooth)


def _checked(
    translations: list[str], references: list[Sequence[str]]
) -> list[tuple[str, list[str]]]:
    """Pair each translation with its references, once it is known that they can be compared."""
    metrics.bleu_score(translations, references)  # refuses numbers that differ, and no references
    if len(translations) > MOST_SENTENCES:
        raise CourseError(f"{len(translations)} sentences: a demo shows at most {MOST_SENTENCES}")
    pairs = [
        (" ".join(said.splitlines()), [" ".join(text.splitlines()) for text in group])
        for said, group in zip(translations, references, strict=True)
    ]
    for said, group in pairs:
        _read(said, group)
    return pairs


def _read(translation: str, references: Sequence[str]) -> None:
    """Refuse texts that cannot be judged, or that are too long for a picture."""
    if not references:
        raise CourseError("there is no reference: type at least one, each on a line of its own")
    if len(references) > MOST_REFERENCES:
        raise CourseError(f"{len(references)} references: a demo shows at most {MOST_REFERENCES}")
    named = [("translation", translation), *(("reference", text) for text in references)]
    for name, text in named:
        count = len(clipping.tokens(text))
        if not count:
            raise CourseError(f"the {name} is empty: type one")
        if count > MOST_TOKENS:
            raise CourseError(f"a {name} has {count} tokens: a demo reads at most {MOST_TOKENS}")


class BleuScore(Demo):
    """A demo of BLEU.

    Attributes:
        sentence: which one is shown, from 1; a value outside is moved to the nearest end.
        order: the n of the n-grams that are shown, 1 to 4.
        smooth: whether an order without a match gets a small precision instead of 0.
        translation: of that sentence.
        references: of that sentence, one a line.
        pairs: the little corpus: a translation and its references for each sentence.
        score, corpus: sacreBLEU's own, of the sentence and of the corpus.
        scores: of each sentence.
    """

    title = "BLEU taken apart"
    heights = {  # noqa: RUF012
        "tokens": 258,
        "words": 146,
        "bars": 186,
        "scores": 186,
        "ngrams": 190,
        "corpus": 190,
    }

    sentence = traitlets.Int(1)
    order = traitlets.Int(1)
    smooth = traitlets.Bool(True)
    translation = traitlets.Unicode()
    references = traitlets.Unicode()

    def __init__(self, pairs: list[tuple[str, list[str]]], **settings: object) -> None:
        """Judge for the first time and lay the demo out."""
        super().__init__()
        self.pairs = pairs
        self.begin_with(settings)
        self._take_up()
        self._judge()
        knobs = self._knobs()
        self.observe(self._changed, list(knobs))
        few = ["sentence"] * (len(pairs) > 1) + ["order", "smooth"]
        self.assemble(
            controls(knobs["translation"]),
            controls(knobs["references"]),
            controls(*(knobs[name] for name in few)),
            self.panes["tokens"],
            self.panes["words"],
            beside(self.panes["bars"], self.panes["scores"], widths=(400, 450)),
            beside(self.panes["ngrams"], self.panes["corpus"], widths=(430, 420)),
        )

    @traitlets.validate("sentence", "order")
    def _within(self, proposal: dict) -> int:
        """Move a value outside to the nearest end."""
        most = {"sentence": len(self.pairs), "order": max(clipping.ORDERS)}
        return min(max(1, proposal["value"]), most[proposal["trait"].name])

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the n-grams as marks and as a table, the score in words, bars and numbers."""
        return {
            "tokens": self._tokens(still),
            "words": "".join(f"<p>{escape(line)}</p>" for line in self._words()),
            "bars": self._bars(),
            "scores": self._scores(),
            "ngrams": self._ngrams(),
            "corpus": self._corpus(),
        }

    def _take_up(self) -> None:
        """Put the texts of the sentence into the fields, both at once."""
        said, known = self.pairs[self.sentence - 1]
        with self.hold_trait_notifications():
            self.translation, self.references = said, "\n".join(known)

    def _judge(self) -> None:
        """Read what was typed, and score the sentence and the corpus anew."""
        said, known = (
            self.translation,
            [text for text in self.references.splitlines() if text.strip()],
        )
        _read(said, known)
        self.pairs[self.sentence - 1] = said, known
        self.said, self.known = clipping.tokens(said), [clipping.tokens(text) for text in known]
        self.matches = clipping.matches(self.said, self.known, self.order)
        self.scores = [metrics.sentence_bleu_score(*pair, self.smooth) for pair in self.pairs]
        self.corpus = metrics.bleu_score(*zip(*self.pairs, strict=True), smooth=self.smooth)
        self.message = ""

    @property
    def score(self) -> "BLEUScore":
        """The sentence's score."""
        return self.scores[self.sentence - 1]

    @guarded
    def _changed(self, change: dict) -> None:
        """Follow a control."""
        if change["name"] == "sentence":
            self._take_up()
        self._judge()
        self.draw()

    def _tokens(self, still: bool) -> str:
        """Draw the translation and its references, a mark below each n-gram."""
        fates = clipping.fates(self.said, self.known, self.order)
        rows = [Row("translation", self.said, self._spans(self.said, fates), self.order)]
        for place, tokens in enumerate(self.known, 1):
            ours = {match.ngram for match in self.matches}
            kinds = ["found" * (run in ours) for run in clipping.ngrams(tokens, self.order)]
            rows.append(Row(f"reference {place}", tokens, self._spans(tokens, kinds), self.order))
        counts = ", ".join(f"{fates.count(kind)} {kind}" for kind in ("found", "clipped", "absent"))
        alt = f"The translation above its references, {self.order}-grams marked: {counts}."
        key = (
            f"{self.order}-grams: full bar, found in a reference ({fates.count('found')}); dashed, "
            f"clipped: said more often than any one reference has it ({fates.count('clipped')}); "
            f"thin line, in none ({fates.count('absent')})"
        )
        return f'<p class="u-label">{escape(key)}</p>{picture(rows, alt, still)}'

    def _spans(self, tokens: list[str], kinds: list[str]) -> list[Span]:
        """Return a mark for each n-gram that has a kind."""
        runs = clipping.ngrams(tokens, self.order)
        return [
            Span(at, kind, f"{' '.join(run)}: {kind}")
            for at, (run, kind) in enumerate(zip(runs, kinds, strict=True))
            if kind
        ]

    def _words(self) -> list[str]:
        """Say how the score comes about."""
        smoothing = "on" if self.smooth else "off"
        where = f"Sentence {self.sentence} of {len(self.pairs)}, smoothing {smoothing}. "
        mean, *rest = bleu_words.lines(self.score, list(map(len, self.known)), self.smooth)
        return [where + mean, *rest, bleu_words.sums(self.corpus, self.scores)]

    def _bars(self) -> Drawing:
        """Draw the four precisions, the brevity penalty and the score."""
        score = self.score
        values = [*score.precisions, 100 * score.bp, score.score]
        names = [*(f"{n}-grams" for n in clipping.ORDERS), "brevity", "BLEU"]
        labels = bleu_words.labels(score)
        told = [f"{name} {label}" for name, label in zip(names, labels, strict=True)]
        alt = f"Bars: {'; '.join(told)}."
        chosen = self.order - 1
        return bars(values, labels, told, alt, chosen=chosen, top=100, names=names)

    def _scores(self) -> Table:
        """Tell the same in numbers, beside those of the corpus."""
        parts = (self.score, self.corpus)
        rows = []
        for at, order in enumerate(clipping.ORDERS):
            cells = [(part.counts[at], part.totals[at], part.precisions[at]) for part in parts]
            rows.append((f"{order}-grams found, %", *cells[0], *cells[1]))
        cells = [(part.sys_len, part.ref_len, part.bp) for part in parts]
        rows.append(("tokens, closest; brevity", *cells[0], *cells[1]))
        rows.append(("BLEU", "", "", self.score.score, "", "", self.corpus.score))
        header = ("", "sentence", "of", "value", "corpus", "of", "value")
        return Table("the score and its parts", header, rows, chosen=self.order - 1)

    def _ngrams(self) -> Table:
        """Tell how often each n-gram is said, how often each reference has it, and what counts."""
        rows = [
            (
                shorten(" ".join(match.ngram), 60),
                match.said,
                " · ".join(map(str, match.known)),
                match.counted,
                _note(match),
            )
            for match in self.matches
        ]
        header = ("n-gram", "said", "in each reference", "counts", "note")
        place = self.order - 1
        counts, total = self.score.counts[place], self.score.totals[place]
        return Table(f"{self.order}-grams: {counts} of {total} count", header, rows)

    def _corpus(self) -> Table:
        """Tell the sentences, the whole, and why it is not their mean."""
        rows = [
            (str(place), score.score, score.sys_len, score.ref_len, shorten(said, 60))
            for place, ((said, _), score) in enumerate(zip(self.pairs, self.scores, strict=True), 1)
        ]
        whole = self.corpus
        rows.append(("all", whole.score, whole.sys_len, whole.ref_len, "counts summed"))
        rows.append(("mean", bleu_words.mean(self.scores), "", "", "of the sentences"))
        header = ("sentence", "BLEU", "tokens", "closest", "translation")
        caption = f"the little corpus, {len(self.pairs)} sentences"
        return Table(caption, header, rows, chosen=self.sentence - 1)

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        look = {"layout": {"width": "280px"}, "style": {"description_width": "80px"}}
        wide = {"style": {"description_width": "80px"}, "continuous_update": False}
        knobs = {
            "sentence": ipywidgets.IntSlider(1, 1, len(self.pairs), description="sentence", **look),
            "order": ipywidgets.IntSlider(1, 1, 4, description="n-grams of", **look),
            "smooth": ipywidgets.Checkbox(
                description="smoothing", indent=False, layout={"width": "110px"}
            ),
            "translation": ipywidgets.Text(
                description="translation", layout={"width": "100%"}, **wide
            ),
            "references": ipywidgets.Textarea(
                description="references",
                placeholder="one a line",
                layout={"width": "100%", "height": "66px"},
                **wide,
            ),
        }
        return self.tie(knobs)


def _note(match: clipping.Match) -> str:
    """Say what became of an n-gram that does not count as often as it is said."""
    if not match.most:
        return "in no reference"
    lost = match.said - match.counted
    return f"{lost} clipped" if lost else ""
