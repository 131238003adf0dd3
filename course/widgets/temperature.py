"""The temperature playground: one distribution, three knobs, a hundred samples."""

from collections.abc import Iterable, Sequence

import ipywidgets
import numpy as np
import traitlets

from course import distribution
from course.errors import CourseError
from course.text import Vocabulary
from course.widgets.drawing import ROW, Drawing, Table, escape, text
from course.widgets.frame import Demo, Part, beside, controls, guarded
from course.wording import number, shorten, visible

SHOWN = 10  # tokens with a bar of their own; one more is for all others
SAMPLES = 100
COLDEST, WARMEST = 0.05, 5.0
MOST_SEEDS = 10_000
NAMES, FULL = 25, 55  # percent of the width: names, and a bar of probability 1


def temperature_playground(
    logits: np.ndarray, tokens: Sequence[str] | Vocabulary, **settings: object
) -> "TemperaturePlayground":
    """Turn the knobs of sampling on one distribution and watch a hundred samples change.

    What a model says of the next token will do, as `model.step(...)[0][0]`; so will the
    alternatives that a `Trace` keeps of a step, `trace.top_log_probs[step]`, with their tokens.

    Args:
        logits: of the next token: (vocabulary,); log-probabilities do as well.
        tokens: all tokens by id, or the vocabulary.
        settings: any of the demo's traits to begin with, as `temperature=0.5`.

    Returns:
        The demo, one widget: show it as the last line of a cell.

    Raises:
        CourseError: the logits are no distribution, or the tokens are not as many.
    """
    tokens = getattr(tokens, "tokens", tokens)
    if not isinstance(tokens, Iterable):
        raise CourseError(f"tokens must be a list or a Vocabulary, not {type(tokens).__name__}")
    tokens = list(tokens)
    own = distribution.probabilities(logits)
    if len(tokens) != len(own):
        raise CourseError(f"{len(own)} logits, but {len(tokens)} tokens: there must be as many")
    return TemperaturePlayground(np.asarray(logits, np.float64), tokens, **settings)


class TemperaturePlayground(Demo):
    """A demo of temperature, top-k and top-p.

    Attributes:
        temperature: from 0.05 to 5; a value outside is moved to the nearest end.
        top_k: draw among so many of the likeliest tokens; 0 for all.
        top_p: of those draw among the likeliest that together have this share.
        seed: of the samples.
        own: the model's own probabilities: (vocabulary,).
        probs: those after the knobs: (vocabulary,).
        left: the tokens that can be drawn, the likeliest first: ids (kept,).
        samples: what was drawn: ids (100,).
    """

    title = "Temperature, top-k and top-p: one distribution, a hundred samples"
    heights = {"words": 106, "bars": (SHOWN + 2) * ROW, "table": (SHOWN + 2) * ROW}  # noqa: RUF012

    temperature = traitlets.Float(1.0)
    top_k = traitlets.Int(0)
    top_p = traitlets.Float(1.0)
    seed = traitlets.Int(0)

    def __init__(self, logits: np.ndarray, tokens: list[str], **settings: object) -> None:
        """Draw for the first time and lay the demo out."""
        super().__init__()
        self.logits, self.tokens = logits, tokens
        self.own = distribution.probabilities(logits)
        self.order = np.argsort(-self.own, kind="stable")  # which no temperature changes
        self.begin_with(settings)
        self._draw_samples()
        knobs = self._knobs()
        self.again = ipywidgets.Button(
            description="Draw again",
            icon="refresh",
            tooltip=f"Draw {SAMPLES} other samples: the next seed",
            layout={"width": "120px"},
        )
        self.again.on_click(self._draw_again)
        self.observe(self._changed, list(knobs))
        self.assemble(
            controls(*knobs.values(), self.again),
            self.panes["words"],
            beside(self.panes["bars"], self.panes["table"], widths=(460, 330)),
        )

    @traitlets.validate("temperature", "top_k", "top_p", "seed")
    def _within(self, proposal: dict) -> float:
        """Move a value outside to the nearest end."""
        low, high = {
            "temperature": (COLDEST, WARMEST),
            "top_k": (0, len(self.tokens)),
            "top_p": (0.01, 1.0),
            "seed": (0, MOST_SEEDS),
        }[proposal["trait"].name]
        return min(max(low, proposal["value"]), high)

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return what the knobs did in words, the likeliest tokens as bars, and a table."""
        return {
            "words": "".join(f"<p>{escape(line)}</p>" for line in self._words()),
            "bars": self._bars(),
            "table": self._table(),
        }

    def _draw_samples(self) -> None:
        """Turn the knobs on the distribution and draw."""
        warm = distribution.probabilities(self.logits, self.temperature)
        self.able = distribution.possible(warm)
        self.by_top_k = distribution.possible(warm, self.top_k or None)
        self.left = distribution.possible(warm, self.top_k or None, self.top_p)
        self.probs = distribution.cut(warm, self.left)
        noise = np.random.default_rng(self.seed).random(SAMPLES)
        self.samples = distribution.draws(self.probs, noise)
        self.counts = np.bincount(self.samples, minlength=len(self.tokens))

    @guarded
    def _changed(self, _: dict) -> None:
        """Follow a knob."""
        self._draw_samples()
        self.draw()

    @guarded
    def _draw_again(self, _: object = None) -> None:
        """Take the next seed; after the last one the first."""
        self.seed = (self.seed + 1) % (MOST_SEEDS + 1)

    def _words(self) -> list[str]:
        """Say how many tokens are left, and how uncertain the next one is."""
        now, own = distribution.entropy(self.probs), distribution.entropy(self.own)
        different = len(set(self.samples.tolist()))
        return [
            f"tokens that can be drawn: {len(self.able):,} of {len(self.tokens):,}, after top-k "
            f"{len(self.by_top_k):,}, after top-p {len(self.left):,}.",
            f"entropy {number(now)} bits, as of {number(2**now)} equally likely tokens; "
            f"the model's own: {number(own)} bits.",
            f"{SAMPLES} samples (seed {self.seed}): {different} different tokens.",
        ]

    def _rows(self) -> list[tuple[str, float, float, int, str]]:
        """Return token, own probability, probability now, samples and fate, and all others last."""
        shown, others = self.order[:SHOWN], self.order[SHOWN:]
        rows = [
            (
                self.tokens[id],
                float(self.own[id]),
                float(self.probs[id]),
                int(self.counts[id]),
                self._fate(id),
            )
            for id in shown
        ]
        if len(others):
            sums = (self.own[others].sum(), self.probs[others].sum())
            kept = len(np.intersect1d(others, self.left))
            name, fate = f"{len(others):,} others", f"{kept:,} left"
            rows.append((name, *map(float, sums), int(self.counts[others].sum()), fate))
        return rows

    def _fate(self, id: int) -> str:
        """Say which knob took a token away, or that it had no probability to begin with."""
        if id in self.left:
            return ""
        if id not in self.able:
            return "cannot be said"
        return "cut by top-p" if id in self.by_top_k else "cut by top-k"

    def _bars(self) -> Drawing:
        """Draw for each token its probability, the share of samples below it, and a mark."""
        rows = self._rows()
        words = "; ".join(
            f"{visible(token)} {number(now)}, drawn {count}" for token, _, now, count, _ in rows
        )
        alt = f"Bars: probability now, and how many of {SAMPLES} samples: {words}."
        body = "".join(_row(place, row) for place, row in enumerate(rows))
        return Drawing(_key() + body, alt, 460, (len(rows) + 1) * ROW, fits=True)

    def _table(self) -> Table:
        """Tell the same in numbers."""
        header = ("token", "own", "now", "drawn", "note")
        rows = [(shorten(visible(token), 16), *rest) for token, *rest in self._rows()]
        most = self.top_k or "all"
        settings = f"temperature {number(self.temperature)}, top-k {most}, top-p {self.top_p:g}"
        return Table(f"probability (own, now) and samples; {settings}", header, rows)

    def _knobs(self) -> dict[str, ipywidgets.Widget]:
        """Return a control for each setting, tied to it in both directions."""
        wide = {"layout": {"width": "310px"}, "style": {"description_width": "84px"}}
        narrow = {"layout": {"width": "150px"}, "style": {"description_width": "50px"}}
        most = len(self.tokens)
        knobs = {
            # From 0.05 to 5, in steps that meet 1.
            "temperature": ipywidgets.FloatLogSlider(
                min=-1.3,
                max=0.7,
                step=0.02,
                readout_format=".2f",
                description="temperature",
                **wide,
            ),
            "top_k": ipywidgets.BoundedIntText(min=0, max=most, description="top-k", **narrow),
            "top_p": ipywidgets.FloatSlider(
                min=0.01, max=1, step=0.01, description="top-p", **wide
            ),
            "seed": ipywidgets.BoundedIntText(min=0, max=MOST_SEEDS, description="seed", **narrow),
        }
        return self.tie(knobs)


def _key() -> str:
    """Say what bar, frame and mark mean."""
    return (
        f'<rect class="bar" x="{NAMES}%" y="8" width="12" height="12"/>'
        + _shifted(NAMES, 17, text(0, 18, "now", "small soft"))
        + _shifted(NAMES, 48, '<rect class="line" x="0" y="9" width="12" height="9"/>')
        + _shifted(NAMES, 64, text(0, 18, "samples", "small soft"))
        + _shifted(
            NAMES, 116, '<path class="cursor" d="M3 6v15"/>' + text(8, 18, "own", "small soft")
        )
    )


def _shifted(percent: float, pixels: float, inner: str) -> str:
    """Put a part of a drawing some pixels to the right of a place in percent."""
    moved = f'<g transform="translate({pixels})">{inner}</g>'
    return f'<svg x="{percent}%" overflow="visible">{moved}</svg>'


def _row(place: int, row: tuple[str, float, float, int, str]) -> str:
    """Draw one token: probability now, share of samples, and a mark at the model's own."""
    token, own, now, count, fate = row
    y = (place + 1) * ROW
    own_at, now_wide, drawn_wide = (FULL * value for value in (own, now, count / SAMPLES))
    title = f"{visible(token)}: own probability {number(own)}, now {number(now)}, drawn {count}"
    end = NAMES + max(own_at, now_wide, drawn_wide) + 1.5
    gone = fate.startswith(("cut", "cannot"))
    label = fate if gone else f"{number(now, 2)} · {count}"
    return (
        f"<g><title>{escape(title)}</title>"
        f'<svg width="{NAMES - 1}%" y="{y}" height="{ROW}">{text(0, 19, shorten(token, 16))}</svg>'
        f'<rect class="bar" x="{NAMES}%" y="{y + 4}" width="{now_wide:.2f}%" height="12"/>'
        f'<rect class="line" x="{NAMES}%" y="{y + 17}" width="{drawn_wide:.2f}%" height="8"/>'
        f'<line class="cursor" x1="{NAMES + own_at:.2f}%" x2="{NAMES + own_at:.2f}%" '
        f'y1="{y + 3}" y2="{y + 26}"/>' + text(f"{end:.2f}%", y + 19, label, "soft" * gone) + "</g>"
    )
