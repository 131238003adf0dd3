"""Ways to draw the next settings to try."""

import importlib.util
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler

from course.errors import CourseError
from course.tuning.space import Space, grid
