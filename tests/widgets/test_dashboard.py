"""The training dashboard: real runs of `fit`, shown while they last."""

import re

import numpy as np
import pytest

from course import runtime, widgets
from course.batches import PairBatches, Ragged
from course.errors import CourseError
from course.progress import Progress
from course.text import END, START
from course.widgets.dashboard import TrainingDashboard, thin

runtime.tensorflow()

from course import training  # noqa: E402
from course.models.seq2seq import Config, Seq2Seq  # noqa: E402
from course.training import Epoch, History  # noqa: E402


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Compile without XLA: that would take longer than these runs."""
    monkeypatch.setenv("COURSE_FAST", "1")


def copying(count):
    """Sentences to be said backwards."""
    rng = np.random.default_rng(count)
    rows = [list(rng.integers(4, 10, 3)) for _ in range(count)]
    targets = [[START, *row[::-1], END] for row in rows]
    return PairBatches(Ragged(rows), Ragged(targets), batch=16, buckets=1)


TRAIN, VALID = copying(16 * 29), copying(35)  # 29 batches: progress is told after 12, 24 and 29


def build():
    return Seq2Seq(Config(10, 10, units=9))


class Clock:
    """Goes on by a fixed time whenever it is asked."""

    def __init__(self, pace):
        self.pace, self.now = pace, 0.0

    def __call__(self):
        self.now += self.pace
        return self.now


def fitted(pace, epochs=3, model=None, valid=VALID):
    """Train under a dashboard whose clock goes on by `pace` seconds a look."""
    dashboard = TrainingDashboard(Clock(pace))
    history = training.fit(
        model or build(),
        TRAIN,
        valid,
        epochs=epochs,
        on_epoch=dashboard.add,
        on_progress=dashboard.follow,
        show=False,
    )
    return dashboard, history


def epoch(number, loss=1.0, valid_loss=None):
    valid_accuracy = None if valid_loss is None else 0.4
    return Epoch(number, loss, 0.5, valid_loss, valid_accuracy, 1234.0, 2.0)


def test_a_run_of_fit_is_shown():
    dashboard, history = fitted(pace=0.0)
    assert dashboard.epochs == history.epochs
    table = dashboard.view()["table"]
    assert table.header == ("best", "epoch", "loss", "accuracy", "valid loss", "valid accuracy")
    for row, told in zip(history.epochs, table.rows, strict=True):
        assert told[1:] == (
            row.epoch,
            row.loss,
            row.accuracy,
            row.valid_loss,
            row.valid_accuracy,
        )
    assert [row[0] for row in table.rows].index("best") == history.best.epoch - 1
    assert table.chosen == history.best.epoch - 1
    page = dashboard.panes["progress"].value
    assert f"best epoch: {history.best.epoch}, validation loss" in page
    assert "epochs that are over: 3 of 3" in page


# Three epochs, each with three looks at the progress; and the first, empty picture.
@pytest.mark.parametrize(("pace", "redraws"), [(0.0, 1 + 3), (0.1, 1 + 3 * 2), (1.0, 1 + 3 * 4)])
def test_it_is_drawn_at_every_epochs_end_and_at_most_four_times_a_second(pace, redraws):
    dashboard, _ = fitted(pace)
    assert dashboard.redraws == redraws


def test_the_present_epoch_is_shown_before_it_is_over():
    seen = []

    class Watched(TrainingDashboard):
        def follow(self, now):
            super().follow(now)
            seen.append({name: pane.value for name, pane in self.panes.items()})

    dashboard = Watched(Clock(1.0))
    training.fit(
        build(), TRAIN, epochs=2, on_epoch=dashboard.add, on_progress=dashboard.follow, show=False
    )
    assert len(seen) == 6
    told = [re.search(r"epoch (\d) of 2, batch (\d+) of 29", one["progress"]) for one in seen]
    assert [tuple(map(int, found.groups())) for found in told] == [
        (number, done) for number in (1, 2) for done in (12, 24, 29)
    ]
    for one in seen:
        assert 'aria-label="this epoch"' in one["progress"] and "s left" in one["progress"]
        assert "tokens a second" in one["progress"] and "accuracy 0" in one["progress"]
        assert one["curves"].count('cy="10" r="4"') == 1  # the key
        assert len(re.findall('<circle class="cursor"[^>]*r="4"', one["curves"])) == 1 + 2
    assert len({one["curves"] for one in seen}) == 6
    assert "validation loss" not in dashboard.panes["progress"].value
    assert "orange" not in dashboard.view()["curves"].body.replace('class="orange" x="6"', "")


def test_a_loss_that_is_no_number_is_told_and_not_drawn():
    model = build()
    broken = model.get_weights()
    broken["output/bias"][:] = np.nan
    model.set_weights(broken)
    dashboard, history = fitted(pace=1.0, model=model)
    assert history.stopped == "diverged" and not dashboard.epochs
    assert "diverged: the loss is no number" in dashboard.panes["progress"].value
    assert "nan" not in dashboard.panes["curves"].value
    dashboard.end(history)
    assert "diverged after 1 epoch<" in dashboard.panes["progress"].value
    (row,) = dashboard.view()["table"].rows
    assert row[2] == row[4] == "diverged" and row[0] == ""
    assert "nan" not in dashboard.panes["curves"].value


def test_an_epoch_that_diverged_is_left_out_of_the_lines():
    dashboard = widgets.training_dashboard()
    for number, loss in enumerate((3.0, np.nan, 2.0), 1):
        dashboard.add(epoch(number, loss, loss + 1))
    assert [row[2] for row in dashboard.view()["table"].rows] == [3.0, "diverged", 2.0]
    body = dashboard.view()["curves"].body
    assert "nan" not in body and len(re.findall('<circle class="blue"', body)) == 1 + 2 * 2
    assert dashboard.best.epoch == 3


def test_points_stand_where_the_figures_say():
    dashboard = widgets.training_dashboard()
    for number, loss in enumerate((4.0, 2.0, 1.0, 0.0), 1):
        dashboard.add(epoch(number, loss))
    body = dashboard.view()["curves"].body
    marks = re.findall(r'<circle class="blue" cx="([\d.]+)%" cy="([\d.]+)"', body)
    x, y = np.array(marks[:4], float).T
    np.testing.assert_allclose(np.diff(x), np.diff(x)[0], atol=0.02)
    np.testing.assert_allclose((y - y[0]) / (y[3] - y[0]), [0, 0.5, 0.75, 1], atol=0.01)
    # The accuracy of all epochs is one half: halfway between the lines at 0 and 1.
    lines = re.findall(r'<line class="line"[^>]*y1="([\d.]+)"', body)[3:]
    assert {float(cy) for _, cy in marks[4:]} == {np.mean([float(lines[0]), float(lines[2])])}


def test_thousands_of_epochs_stay_a_small_picture():
    history = History([epoch(n, 4 / n, 5 / n) for n in range(1, 3001)])
    dashboard = widgets.training_dashboard(history)
    view = dashboard.view()
    assert len(view["curves"].inline()) < 30_000
    assert [row[1] for row in view["table"].rows] == list(range(2991, 3001))
    assert "the last 10 of 3000 epochs" in view["table"].caption
    assert "training loss from 4 to 0.00133." in view["curves"].alt


def test_thinning_keeps_the_ends():
    assert thin(0, 5).tolist() == [] and thin(3, 5).tolist() == [0, 1, 2]
    assert thin(1000, 4).tolist() == [0, 333, 666, 999] and thin(1, 5).tolist() == [0]


def test_another_run_begins_anew_and_a_resumed_one_goes_on():
    dashboard = widgets.training_dashboard()
    for number in (1, 2, 3):
        dashboard.add(epoch(number))
    dashboard.add(epoch(4))
    assert len(dashboard.epochs) == 4
    dashboard.follow(Progress(1, 5, 12, 29, 30.0, 4.0, 20.0, 1.0))
    dashboard.draw()
    assert not dashboard.epochs and "epoch 1 of 5" in dashboard.panes["progress"].value
    dashboard.add(epoch(1))
    assert [row.epoch for row in dashboard.epochs] == [1]
    dashboard.add(epoch(1, 0.25))
    assert [row.loss for row in dashboard.epochs] == [0.25]


def test_a_run_that_is_over_and_none_at_all(page):
    history = History([epoch(1, 2.0, 3.0), epoch(2, 1.0, 2.5)], "no longer improving")
    dashboard = widgets.training_dashboard(history)
    assert "no longer improving after 2 epochs" in dashboard.panes["progress"].value
    exported = page(dashboard)
    assert "validation loss from 3 to 2.5." in exported and "valid accuracy" in exported
    empty = widgets.training_dashboard()
    assert "nothing has been learnt yet" in page(empty) and empty.best is None


def test_what_is_no_history_is_one_line():
    with pytest.raises(CourseError, match="pass the History that fit returned, not a list"):
        widgets.training_dashboard([epoch(1)])


def test_a_picture_that_fails_is_shown_and_does_not_end_the_training(no_demo_failed):
    class Broken(TrainingDashboard):
        def view(self, still=False):
            if self.epochs or self.now:
                raise ZeroDivisionError("no picture")
            return super().view(still)

    dashboard = Broken(Clock(1.0))
    history = training.fit(
        build(), TRAIN, epochs=2, on_epoch=dashboard.add, on_progress=dashboard.follow, show=False
    )
    assert len(history.epochs) == len(dashboard.epochs) == 2
    assert "ZeroDivisionError: no picture" in dashboard.message
    assert isinstance(dashboard.fault, ZeroDivisionError)
    no_demo_failed.clear()


def test_two_dashboards_do_not_disturb_each_other():
    one, two = widgets.training_dashboard(), widgets.training_dashboard()
    shown = {name: pane.value for name, pane in two.panes.items()}
    one.add(epoch(1))
    assert {name: pane.value for name, pane in two.panes.items()} == shown and not two.epochs
