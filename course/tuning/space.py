"""What settings are drawn from: ranges and choices by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course.errors import CourseError

if TYPE_CHECKING:
    import optuna

GRID_POINTS = 3  # of a range in a grid


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, both of them included.

    Attributes:
        low: the least.
        high: the greatest.
        log: 1 to 10 is as likely as 10 to 100.
        step: between two neighbours, which makes them whole numbers; None for real numbers.
    """

    low: float
    high: float
    log: bool = False
    step: int | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that leave nothing to draw."""
        if not self.low < self.high or (self.log and self.low <= 0):
            raise CourseError(
                f"no range: from {self.low} to {self.high}{', logarithmic' * self.log}"
            )
        if self.log and self.step not in (None, 1):
            raise CourseError("a logarithmic range has steps of 1, or none")

    def points(self, count: int = GRID_POINTS) -> list[float]:
        """Return values at equal distances from the least to the greatest."""
        space = np.geomspace if self.log else np.linspace
        values = space(self.low, self.high, count)
        if self.step is None:
            return [float(value) for value in values]
        return sorted({self.rounded(value) for value in values})

    def rounded(self, value: float) -> float:
        """Return the nearest value that the range has."""
        if self.step is None:
            return float(np.clip(value, self.low, self.high))
        steps = round((value - self.low) / self.step)
        return int(np.clip(self.low + steps * self.step, self.low, self.high))


Space = Mapping[str, Range | tuple]


def suggest(trial: "optuna.Trial", space: Space) -> dict[str, Any]:
    """Let a trial's sampler draw one value for each name."""
    return {name: _value(trial, name, values) for name, values in space.items()}


def grid(space: Space) -> dict[str, list]:
    """Return the values of each name at which a grid has its points."""
    return {
        name: values.points() if isinstance(values, Range) else list(values)
        for name, values in space.items()
    }


def _value(trial: "optuna.Trial", name: str, values: Range | tuple) -> Any:
    """Let a trial's sampler draw one value."""
    if not isinstance(values, Range):
        return trial.suggest_categorical(name, values)
    if values.step is None:
        return trial.suggest_float(name, values.low, values.high, log=values.log)
    return trial.suggest_int(name, values.low, values.high, step=values.step, log=values.log)
