"""The search for settings: what is drawn, what is given up, what a study keeps."""

import math

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import tuning
from course.cli import trials
from course.training import Epoch
from course.tuning import Range
from course.tuning.recorded import SPACE as recorded_space
from course.tuning.recorded import Recorded
from course.tuning.samplers import SAMPLERS
from course.tuning.space import grid
from tests.refusing import refusal

SPACE = {
    "rate": Range(1e-4, 1.0, log=True),
    "units": Range(16, 256, step=16),
    "cell": ("gru", "lstm"),
}


def bowl(drawn, report=None):
    """A loss whose least value, 1, lies at 0.01, 64 and lstm."""
    far = math.log10(drawn["rate"] / 0.01) ** 2 + math.log2(drawn["units"] / 64) ** 2
    return 1 + far + (drawn["cell"] == "gru")


def epoch(number, loss):
    return Epoch(number, loss, 0.5, loss, 0.5, 1.0, 1.0)


@pytest.fixture
def storage(tmp_path):
    return f"sqlite:///{tmp_path}/trials.db"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws_from_the_space(sampler):
    if sampler == "gp":
        pytest.importorskip("torch", reason="the Gaussian process needs PyTorch")
    study = tuning.search(bowl, SPACE, 16, sampler=sampler, seed=3)
    assert len(study.trials) == 16
    for trial in study.trials:
        assert 1e-4 <= trial.params["rate"] <= 1
        assert trial.params["units"] in range(16, 257, 16)
        assert trial.params["cell"] in ("gru", "lstm")
    again = tuning.search(bowl, SPACE, 16, sampler=sampler, seed=3)
    assert [trial.params for trial in again.trials] == [trial.params for trial in study.trials]


@pytest.mark.parametrize("sampler", ["tpe", "zoom"])
def test_what_looks_where_it_was_good_finds_more_than_chance(sampler):
    def found(name):
        return sum(
            tuning.search(bowl, SPACE, 40, sampler=name, seed=seed).best_value for seed in range(8)
        )

    assert found(sampler) < found("random")


def test_zoom_narrows_to_the_best_quarter_half_way():
    study = tuning.search(bowl, SPACE, 40, sampler="zoom", seed=1)
    first, later = study.trials[:20], study.trials[20:]
    best = sorted(first, key=lambda trial: trial.value)[:5]
    low, high = (edge(trial.params["rate"] for trial in best) for edge in (min, max))
    assert low <= later[0].params["rate"] <= high
    assert not all(low <= trial.params["rate"] <= high for trial in first)


def test_a_grid_has_three_points_of_each_range_and_then_no_more():
    points = grid(SPACE)
    assert points["rate"] == pytest.approx([1e-4, 1e-2, 1])
    assert points["units"] == [16, 144, 256]
    study = tuning.search(bowl, SPACE, 100, sampler="grid")
    drawn = {tuple(sorted(trial.params.items())) for trial in study.trials}
    assert len(drawn) == len(study.trials) == 18
    assert len(tuning.search(bowl, SPACE, 100, sampler="grid", study=study).trials) == 18


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(1, 7),
    st.floats(-100, 200),
    st.integers(1, 9),
)
def test_the_points_of_a_range_lie_in_it(low, width, step, value, count):
    values = Range(low, low + width * step, step=step)
    allowed = range(low, low + width * step + 1, step)
    assert values.rounded(value) in allowed
    assert set(values.points(count)) <= set(allowed)
    assert values.points(count) == sorted(set(values.points(count)))


def test_a_trial_that_does_worse_than_most_is_given_up():
    seen = {}

    def objective(drawn, report):
        number = len(seen)
        seen[number] = 0
        loss = 1.0 if number < 5 else 9.0
        for place in range(1, 5):
            report(epoch(place, loss))
            seen[number] = place
        return loss

    study = tuning.search(objective, SPACE, 7)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE"] * 5 + ["PRUNED"] * 2
    assert [seen[number] for number in range(7)] == [4] * 5 + [1] * 2
    whole = tuning.search(lambda drawn, report: objective(drawn, report), SPACE, 3, prune=False)
    assert [trial.state.name for trial in whole.trials] == ["COMPLETE"] * 3


def test_a_loss_that_is_no_number_never_wins():
    losses = iter([math.nan, 3.0, math.inf, 2.0])
    study = tuning.search(lambda drawn, report: next(losses), SPACE, 4)
    assert tuning.best(study).value == 2
    assert tuning.best_so_far(study) == [math.inf, 3, 3, 2]
    nothing = tuning.search(lambda drawn, report: math.nan, SPACE, 2)
    assert "no trial came to its end" in refusal(tuning.best, nothing)


def test_a_study_goes_on_where_it_was_left(storage):
    study = tuning.open_study("one", storage, SPACE)
    tuning.search(bowl, SPACE, 3, sampler="random", study=study)
    again = tuning.open_study("one", storage, SPACE)
    tuning.search(bowl, SPACE, 5, sampler="random", study=again)
    drawn = [trial.params["rate"] for trial in again.trials]
    assert len(set(drawn)) == len(drawn) == 5
    tuning.search(bowl, SPACE, 5, study=again)
    assert len(again.trials) == 5


def test_two_workers_do_not_draw_the_same():
    drawn = [
        tuning.search(bowl, SPACE, 1, sampler="random", worker=worker).trials[0].params["rate"]
        for worker in (0, 1)
    ]
    assert drawn[0] != drawn[1]


def test_an_error_of_a_training_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        tuning.search(lambda drawn, report: 1 / 0, SPACE, 2)


def test_bad_input_is_refused_in_a_line(tmp_path, storage, monkeypatch):
    assert "at least 1" in refusal(tuning.search, bowl, SPACE, 0)
    assert "tpe, gp, random" in refusal(tuning.search, bowl, SPACE, 1, sampler="magic")
    assert "no range" in refusal(Range, 2, 1)
    assert "no range" in refusal(Range, 0, 1, log=True)
    assert "steps of 1" in refusal(Range, 1, 9, log=True, step=2)
    assert "sqlite:///x.db" in refusal(tuning.open_study, "a", "x.db", SPACE)
    missing = f"sqlite:///{tmp_path}/none/x.db"
    assert "unable to open" in refusal(tuning.open_study, "a", missing, SPACE)
    tuning.open_study("a", storage, SPACE, {"corpus": "one"})
    assert "another corpus" in refusal(tuning.open_study, "a", storage, SPACE, {"corpus": "two"})
    less = {"rate": SPACE["rate"]}
    assert "another search space" in refusal(tuning.open_study, "a", storage, less)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "needs PyTorch" in refusal(tuning.search, bowl, SPACE, 1, sampler="gp")


def test_a_copy_needs_no_storage(storage):
    study = tuning.open_study("one", storage, SPACE)
    tuning.search(bowl, SPACE, 3, study=study)
    copy = tuning.copied(study)
    assert [trial.value for trial in copy.trials] == [trial.value for trial in study.trials]
    assert isinstance(copy._storage, optuna.storages.InMemoryStorage)


@pytest.fixture(scope="module")
def recorded():
    return Recorded()


def test_recorded_trials_are_of_the_space_that_the_command_draws_from(recorded):
    assert recorded_space == trials.SPACE
    assert len(recorded.trials) > 100
    for trial in recorded.trials:
        assert len(trial["losses"]) == trial["epochs"]
        for name, values in trials.SPACE.items():
            if isinstance(values, Range):
                assert values.low <= trial[name] <= values.high
            else:
                assert trial[name] in values


def test_what_was_recorded_is_guessed_as_it_was(recorded):
    for trial in recorded.trials[::20]:
        assert recorded.losses(trial) == pytest.approx(trial["losses"], rel=0.05)
    spread = np.std([trial["losses"][-1] for trial in recorded.trials])
    assert recorded.error() < spread / 2  # it says more than the mean of all would


def test_a_guess_is_reported_epoch_by_epoch(recorded):
    seen = []
    settings = recorded.trials[3]
    loss = recorded.objective(settings, lambda epoch: seen.append((epoch.epoch, epoch.valid_loss)))
    assert [number for number, _ in seen] == list(range(1, settings["epochs"] + 1))
    assert loss == min(value for _, value in seen)
