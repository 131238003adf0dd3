"""The training dashboard: loss and accuracy while `fit` runs, in one picture that is kept up."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.progress import Progress
from course.widgets import drawing
from course.widgets.drawing import Drawing, Table, escape
from course.widgets.frame import Demo, Part, beside
from course.wording import number

if TYPE_CHECKING:
    from course.training import Epoch, History

PAUSE = 0.25  # seconds that pass at least between two pictures within an epoch
MOST_POINTS, MOST_MARKS, MOST_ROWS = 120, 20, 10  # of a line, on a line, of the table
LEFT, WIDE = 11, 85  # percent of the width: the axis, and the chart
HEAD, CHART, FOOT = 26, 110, 26  # pixels: above, in and below a chart
SPAN, KEY = HEAD + CHART + FOOT, 22


def training_dashboard(history: "History | None" = None) -> "TrainingDashboard":
    """Show loss and accuracy while a model learns.

    Display it first and train in the same cell or a later one; the picture follows, although the
    kernel is busy:

        dashboard = widgets.training_dashboard()
        display(dashboard)
        training.fit(model, data, on_epoch=dashboard.add, on_progress=dashboard.follow)

    Args:
        history: a run that is over, to show instead.

    Returns:
        The demo, one widget, with `add` and `follow` for `fit`.

    Raises:
        CourseError: it is no history.
    """
    if history is not None and not (hasattr(history, "epochs") and hasattr(history, "stopped")):
        kind = type(history).__name__
        raise CourseError(f"training_dashboard: pass the History that fit returned, not a {kind}")
    dashboard = TrainingDashboard()
    if history is not None:
        dashboard.end(history)
    return dashboard


class TrainingDashboard(Demo):
    """A picture of a training run.

    Attributes:
        epochs: those that are over, in order.
        now: how far the present epoch has come; None before the first batches.
        stopped: why the run ended, if `end` was told.
        redraws: how often the picture was drawn.
    """

    title = "Training: loss and accuracy"
    heights = {"progress": 116, "curves": KEY + 2 * SPAN, "table": 250}  # noqa: RUF012

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Lay the demo out: as yet there is nothing to show; `clock` tells the seconds."""
        super().__init__()
        self.clock = clock
        self.epochs: list[Epoch] = []
        self.now: Progress | None = None
        self.stopped, self.redraws, self._drawn_at = "", 0, -np.inf
        self.assemble(
            self.panes["progress"],
            beside(self.panes["curves"], self.panes["table"], widths=(520, 400)),
        )

    def add(self, epoch: "Epoch") -> None:
        """Add an epoch that is over; `fit` calls it as `on_epoch`.

        Args:
            epoch: one that is not later than the last begins another run.
        """
        self._begin_anew_before(epoch.epoch)
        self.epochs.append(epoch)
        self._draw_in_training()

    def follow(self, now: Progress) -> None:
        """Note how far an epoch has come; `fit` calls it as `on_progress`.

        The picture is drawn at most four times a second.
        """
        self._begin_anew_before(now.epoch)
        self.now = now
        if self.clock() - self._drawn_at >= PAUSE:
            self._draw_in_training()

    def end(self, history: "History") -> None:
        """Show what `fit` returned: all epochs, and why it ended."""
        self.epochs, self.stopped = list(history.epochs), history.stopped
        self.draw()

    def _draw_in_training(self) -> None:
        """Draw; a fault is shown in the demo, but the training goes on."""
        with contextlib.suppress(Exception):  # `draw` has kept it as `fault` and said so
            self.draw()

    def draw(self) -> None:
        """Show the present state."""
        super().draw()
        self.redraws, self._drawn_at = self.redraws + 1, self.clock()

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return the progress in words, the curves, and the last epochs as a table."""
        lines = [self._progress(), *map(escape, self._words())]
        return {
            "progress": "".join(f"<p>{line}</p>" for line in lines),
            "curves": self._curves(),
            "table": self._table(),
        }

    @property
    def best(self) -> "Epoch | None":
        """The best epoch, as `fit` sees it; None if there is none yet."""
        if not self.epochs:
            return None
        from course.training import History  # it loads TensorFlow, which made these epochs

        best = History(self.epochs).best
        judged = best.loss if best.valid_loss is None else best.valid_loss
        return best if np.isfinite(judged) else None

    @property
    def _under_way(self) -> bool:
        """Whether an epoch has begun that is not over."""
        return self.now is not None and self.now.epoch > self._last and not self.stopped

    @property
    def _last(self) -> int:
        """The number of the last epoch that is over."""
        return self.epochs[-1].epoch if self.epochs else 0

    def _begin_anew_before(self, epoch: int) -> None:
        """Forget the run that was shown, if an epoch does not follow its last one."""
        if epoch <= self._last:
            self.epochs, self.now = [], None
        self.stopped = ""

    def _progress(self) -> str:
        """Say where the run stands, with a bar for the present epoch."""
        if not self._under_way:
            return escape(self._standstill())
        now = self.now
        words = f"epoch {now.epoch} of {now.epochs}, batch {now.done:,} of {now.total:,}"
        bar = f'<progress value="{now.done}" max="{now.total}" aria-label="this epoch"></progress>'
        return f"{escape(words)} {bar}"

    def _standstill(self) -> str:
        """Say where the run stands between epochs."""
        if self.stopped:
            return f"{self.stopped} after {len(self.epochs)} epoch" + "s" * (len(self.epochs) != 1)
        if not self.epochs:
            return "nothing has been learnt yet: pass this dashboard to fit"
        planned = f" of {self.now.epochs}" if self.now else ""
        return f"epochs that are over: {self._last}{planned}"

    def _words(self) -> list[str]:
        """Say loss, speed and time left, and which epoch was best."""
        lines = []
        if self._under_way:
            loss, accuracy = self._so_far()
            speed, left = self.now.tokens / self.now.seconds, self.now.seconds_left
            said = f"loss {number(loss)}, accuracy {number(accuracy)} so far"
            said = said if np.isfinite(loss) else "diverged: the loss is no number any more"
            lines.append(f"{said}; {speed:,.0f} tokens a second; {left:,.0f} s left")
        elif self.epochs:
            lines.append(f"{self.epochs[-1].tokens_per_second:,.0f} tokens a second in the last")
        if best := self.best:
            kind, loss = ("training", best.loss)
            if best.valid_loss is not None:
                kind, loss = ("validation", best.valid_loss)
            lines.append(f"best epoch: {best.epoch}, {kind} loss {number(loss)} nats a token")
        elif self.epochs:
            lines.append("diverged: no epoch has a loss; a smaller learning rate may help")
        return lines

    def _so_far(self) -> tuple[float, float]:
        """Return loss and accuracy of the present epoch; NaN both if there is none or diverged."""
        if not (self._under_way and np.isfinite(self.now.nll)):
            return np.nan, np.nan
        return float(self.now.nll / self.now.tokens), float(self.now.right / self.now.tokens)

    def _curves(self) -> Drawing:
        """Draw the loss above the accuracy, over the same epochs."""
        end = max(self._last, self.now.epochs if self.now else 1)
        loss, accuracy = self._so_far()
        losses = np.concatenate([self._column("loss"), self._column("valid_loss"), [loss]])
        highest = float(losses[np.isfinite(losses)].max(initial=0.0))
        charts = (
            ("loss", "nats a token", loss, Axes(KEY + HEAD, end, _round_above(highest))),
            ("accuracy", "share", accuracy, Axes(KEY + HEAD + SPAN, end, 1.0)),
        )
        body, words = _key(), []
        for name, unit, present, axes in charts:
            lines = [self._column(name), self._column(f"valid_{name}")]
            body += axes.frame(f"{name} ({unit})") + axes.best(self.best)
            body += _line(axes, self._numbers(), lines[0], "blue")
            body += _line(axes, self._numbers(), lines[1], "orange") + self._present(axes, present)
            words += [_told(f"training {name}", lines[0]), _told(f"validation {name}", lines[1])]
        alt = f"Loss and accuracy over {len(self.epochs)} epochs. {' '.join(filter(None, words))}"
        return Drawing(body, alt.strip(), 520, KEY + 2 * SPAN, fits=True)

    def _present(self, axes: "Axes", value: float) -> str:
        """Draw where the present epoch stands so far."""
        if not np.isfinite(value):
            return ""
        at = self.now.epoch - 1 + self.now.done / self.now.total
        return f'<circle class="cursor" cx="{axes.x(at)}%" cy="{axes.y(value)}" r="4"/>'

    def _numbers(self) -> np.ndarray:
        """Return the numbers of the epochs: (epochs,)."""
        return np.array([epoch.epoch for epoch in self.epochs], int)

    def _column(self, name: str) -> np.ndarray:
        """Return one figure of all epochs, NaN where it was not measured or diverged: (epochs,)."""
        values = np.array([getattr(epoch, name) for epoch in self.epochs], float)
        judge = "valid_loss" if name.startswith("valid_") else "loss"
        losses = np.array([getattr(epoch, judge) for epoch in self.epochs], float)
        return np.where(np.isfinite(losses), values, np.nan)

    def _table(self) -> Table:
        """Tell the last epochs in numbers."""
        best, shown = self.best, self.epochs[-MOST_ROWS:]
        rows = [
            (
                "best" if row is best else "",
                row.epoch,
                *map(_figure, (row.loss, row.accuracy, row.valid_loss, row.valid_accuracy)),
            )
            for row in shown
        ]
        chosen = next((place for place, row in enumerate(shown) if row is best), None)
        header = ("best", "epoch", "loss", "accuracy", "valid loss", "valid accuracy")
        caption = f"the last {len(shown)} of {len(self.epochs)} epochs" if shown else "no epoch yet"
        return Table(caption, header, rows, chosen)


@dataclass(frozen=True)
class Axes:
    """Where a chart lies, and what its edges mean.

    Attributes:
        above: pixels of its upper edge.
        end: the epoch at its right edge; at the left it is 0.
        top: the value at its upper edge; at the lower it is 0.
    """

    above: int
    end: int
    top: float

    def x(self, epoch: float) -> float:
        """Return the place of an epoch, in percent of the width."""
        return round(LEFT + WIDE * epoch / self.end, 2)

    def y(self, value: float) -> float:
        """Return the place of a value, in pixels."""
        return round(self.above + CHART * (1 - value / self.top), 1)

    def frame(self, name: str) -> str:
        """Draw the name, the edges and the ticks."""
        floor = self.above + CHART
        body = drawing.text(0, self.above - 10, name, "strong")
        for value in (0, self.top / 2, self.top):
            y = self.y(value)
            body += f'<line class="line" x1="{LEFT}%" x2="{LEFT + WIDE}%" y1="{y}" y2="{y}"/>'
            body += drawing.text(f"{LEFT - 1.5}%", y + 4, f"{value:g}", "small soft", "end")
        body += drawing.text(0, floor + 15, "epoch", "small soft")
        tick = _tick(self.end)
        for epoch in range(tick, self.end + 1, tick):
            body += drawing.text(f"{self.x(epoch)}%", floor + 15, epoch, "small soft", "middle")
        return body

    def best(self, epoch: "Epoch | None") -> str:
        """Mark the best epoch by a dotted line with its number."""
        if epoch is None:
            return ""
        x, anchor = self.x(epoch.epoch), "end" if epoch.epoch > self.end / 2 else "start"
        words = f" best: {epoch.epoch} "
        return (
            f'<line class="cursor" stroke-dasharray="2 4" x1="{x}%" x2="{x}%" '
            f'y1="{self.above}" y2="{self.above + CHART}"/>'
            + drawing.text(f"{x}%", self.above - 3, words, "small", anchor)
        )


def thin(count: int, most: int) -> np.ndarray:
    """Choose some of many places, evenly, the first and the last among them.

    Args:
        count: how many there are.
        most: how many to choose at most.

    Returns:
        int array (chosen,), in order.
    """
    if not count:
        return np.zeros(0, int)
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _line(axes: Axes, epochs: np.ndarray, values: np.ndarray, colour: str) -> str:
    """Draw a line through the values that are numbers: blue with discs, orange with squares."""
    there = np.flatnonzero(np.isfinite(values))
    if not len(there):
        return ""
    points = there[thin(len(there), MOST_POINTS)]
    path = "L".join(f"{epochs[n]} {axes.y(values[n]) - axes.above:g}" for n in points)
    dashes = ' stroke-dasharray="6 3"' * (colour == "orange")
    line = (
        f'<svg x="{LEFT}%" y="{axes.above}" width="{WIDE}%" height="{CHART}" overflow="visible" '
        f'viewBox="0 0 {axes.end} {CHART}" preserveAspectRatio="none"><path d="M{path}" '
        f'class="stroke-{colour}"{dashes} vector-effect="non-scaling-stroke"/></svg>'
    )
    marked = points[thin(len(points), MOST_MARKS)]
    return line + "".join(_mark(f"{axes.x(epochs[n])}%", axes.y(values[n]), colour) for n in marked)


def _mark(x: str, y: float, colour: str) -> str:
    """Draw a disc of training or a square of validation."""
    if colour == "blue":
        return f'<circle class="blue" cx="{x}" cy="{y}" r="3.5"/>'
    middle = 'transform="translate(-3.5 -3.5)"'
    return f'<rect class="orange" x="{x}" y="{y}" width="7" height="7" {middle}/>'


def _key() -> str:
    """Say what the marks mean."""
    marks = (
        (0, _mark("6", 10, "blue"), "training"),
        (80, _mark("6", 10, "orange"), "validation"),
        (170, '<circle class="cursor" cx="6" cy="10" r="4"/>', "this epoch so far"),
    )
    return "".join(
        f'<g transform="translate({x})">{mark}{drawing.text(14, 14, words, "small soft")}</g>'
        for x, mark, words in marks
    )


def _tick(end: int) -> int:
    """Return a round distance that puts at most eight ticks on an axis."""
    steps = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    return next(step for step in steps if end / step <= 7)


def _round_above(value: float) -> float:
    """Return a round number that is not below a value; 1 for 0."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(n * power for n in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if n * power >= value))


def _figure(value: float | None) -> float | str:
    """Return a figure for the table, or the word for one that is missing or no number."""
    if value is None:
        return "–"
    return float(value) if np.isfinite(value) else "diverged"


def _told(name: str, values: np.ndarray) -> str:
    """Say where a line begins and ends; nothing if there is none."""
    there = values[np.isfinite(values)]
    if not len(there):
        return ""
    return f"{name} from {number(float(there[0]))} to {number(float(there[-1]))}."
