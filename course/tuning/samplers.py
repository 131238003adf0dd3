"""Ways to draw the next settings to try."""

import importlib.util
import math
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, GPSampler, GridSampler, RandomSampler, TPESampler

from course.errors import CourseError
from course.tuning.space import Space, grid

SAMPLERS = ("tpe", "gp", "random", "zoom", "grid")
WIDE = 0.5  # of the trials, drawn from the whole space before it is narrowed
KEPT = 0.25  # of the trials, the best, between which it is narrowed


def make_sampler(name: str, space: Space, trials: int, seed: int = 0) -> BaseSampler:
    """Return what draws the settings of a study's trials.

    Args:
        name: "tpe", a tree-structured Parzen estimator; "gp", a Gaussian process; "random"; "zoom",
            random, and then within the best region; "grid", three values of each range.
        space: what it draws from.
        trials: of the study in all.
        seed: of the draws.

    Raises:
        CourseError: there is no such sampler, or PyTorch is missing, which "gp" needs.

    Reference:
        Bergstra et al., 2011, for "tpe"; Bergstra and Bengio, 2012, for random beside grid search.
    """
    if name not in SAMPLERS:
        raise CourseError(f"no sampler {name!r}: choose among {', '.join(SAMPLERS)}")
    if name == "gp":
        if importlib.util.find_spec("torch") is None:
            raise CourseError(
                "the Gaussian-process sampler needs PyTorch: `pip install torch`, or take "
                "another sampler, as tpe"
            )
        return GPSampler(seed=seed)
    if name == "grid":
        return GridSampler(grid(space), seed=seed)
    if name == "zoom":
        return ZoomSampler(trials, seed)
    return RandomSampler(seed) if name == "random" else TPESampler(seed=seed)


class ZoomSampler(BaseSampler):
    """Random search that narrows each range to where its best trials lie, half way through."""

    def __init__(self, trials: int, seed: int = 0) -> None:
        """Plan for a study of so many trials in all."""
        self._wide = math.ceil(trials * WIDE)
        self._random = RandomSampler(seed)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict:
        """Return nothing: each setting is drawn by itself."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: dict) -> dict:
        """Return nothing: each setting is drawn by itself."""
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: Any, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one setting, between those of the best trials once there are enough."""
        over = [one for one in study.get_trials(deepcopy=False) if one.state.name == "COMPLETE"]
        tried = [one for one in study.get_trials(deepcopy=False) if one.state.is_finished()]
        whole = isinstance(param_distribution, CategoricalDistribution)
        if len(tried) >= self._wide and len(over) >= 2 and not whole:
            best = sorted(over, key=lambda one: one.value)
            best = best[: max(2, round(len(tried) * KEPT))]
            values = [one.params[param_name] for one in best]
            param_distribution = narrowed(param_distribution, min(values), max(values))
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def reseed_rng(self) -> None:
        """Draw differently from now on, as a thread of its own must."""
        self._random.reseed_rng()


def narrowed(distribution: BaseDistribution, low: float, high: float) -> BaseDistribution:
    """Return a distribution of the same kind between two of its values."""
    shape = {name: getattr(distribution, name) for name in ("log", "step")}
    return type(distribution)(low, high, **shape)


def seed_of(seed: int, *places: int) -> int:
    """Return a seed of its own for each place, so that two workers do not draw the same."""
    return int(np.random.SeedSequence((seed, *places)).generate_state(1)[0])
