"""A recurrent network, unrolled: what the demo shows is what the arithmetic gives."""

import asyncio
import re

import numpy as np
import pytest
from handling import knob
from hypothesis import given, settings
from hypothesis import strategies as some

from course import widgets
from course.errors import CourseError
from course.models import backprop, by_hand
from course.widgets.drawing import Table

WORDS = ("the", "grass", "is", "green")


@pytest.fixture
def demo():
    return widgets.unrolled_network("01101")


@pytest.fixture(scope="module")
def weights():
    """Five arrays for four tokens, seven units and three labels."""
    return backprop.draw_weights(5, 7, 4, seed=2)


def cell(token, state):
    """A cell as a learner may write it: three units."""
    before = np.zeros(3) if state is None else state
    return np.tanh(0.5 * before + len(token) * np.array([0.1, -0.2, 0.3]))


def shown(demo):
    """All that the live panes show."""
    return "".join(pane.value for pane in demo.panes.values())


def steps(demo, column):
    """A column of the table of steps, by step."""
    table = demo.view(still=True)["steps"]
    return {row[0]: row[table.header.index(column)] for row in table.rows}


@settings(deadline=None, max_examples=15)
@given(some.text("01", min_size=1, max_size=30))
def test_it_says_the_parity_of_what_was_typed(bits):
    said = steps(widgets.unrolled_network(bits), "says")
    for step in range(1, len(bits) + 1):
        odd = bits[:step].count("1") % 2
        assert said[step].split()[0] == ("even", "odd")[odd]


def test_the_equations_add_up(demo):
    states, logits = demo.model.read("01101")
    for demo.step in range(1, 6):
        table = demo.view()["units"]
        assert table.header == ("unit", "before", "input @ W", "before @ U", "b", "sum", "after")
        for unit, before, from_input, from_state, bias, total, after in table.rows:
            assert before == states[demo.step - 1, unit] and after == states[demo.step, unit]
            assert from_input == 3 * int("01101"[demo.step - 1])
            assert total == pytest.approx(from_input + from_state + bias)
            assert np.tanh(total) == pytest.approx(after)
        odds = np.exp(logits[demo.step - 1])
        said = dict(demo.view()["outputs"].rows)
        assert [said[label] for label in ("even", "odd")] == pytest.approx(odds / odds.sum())


def test_the_equations_hold_this_steps_numbers(demo):
    demo.step = 2
    lines = demo.view()["equations"]
    assert "state = tanh(input @ W + state before @ U + b)" in lines
    assert "[0.928, -0.876] = tanh([3, 3] + [0.142, 0.142] + [-1.5, -4.5])" in lines
    assert "[even 0.039, odd 0.96] = softmax([-3.61, 3.61] + [2, -2])" in lines


def test_steps_to_come_are_not_told(demo):
    demo.step = 2
    picture = demo.panes["network"].value
    assert picture.count(">?</text>") == 3 and picture.count("<title>") == 5
    assert re.findall(r">((?:even|odd) [\d.]+)<", picture) == ["even 0.97", "odd 0.96"]
    assert [row[0] for row in demo.view()["steps"].rows] == [0, 1, 2]
    demo.step = 5
    assert ">?</text>" not in demo.panes["network"].value


def test_before_the_first_token_the_state_is_zeros(demo):
    assert demo.step == 0 and demo.last == 5
    assert "Nothing has been read: the state is [0, 0]." in demo.view()["equations"]
    assert "nothing is said" in demo.view()["outputs"]
    assert [row[1] for row in demo.view()["units"].rows] == [0, 0]


def test_back_in_time_it_shows_how_much_of_the_gradient_arrives(demo):
    norms = demo.model.norms_back("01101", label=0)  # it says odd: as if even were right
    knob(demo, "back in time: the gradient").value = True
    demo.step = 0
    assert demo.place == 5
    for demo.step in range(5):
        place = 5 - demo.step
        arrived = {step: norm for step, norm in steps(demo, "gradient").items() if norm != ""}
        assert arrived == {step: norms[step - 1] for step in range(place, 6)}
        widths = re.findall(r'class="orange" x="[^"]*" width="([\d.]+)"', demo.view()["network"])
        assert len(widths) == demo.step + 1 and float(widths[-1]) == 80.0
        assert float(widths[0]) == pytest.approx(80 * norms[place - 1] / norms[-1], abs=0.06)
    demo.step = 3
    part = f"{norms[1] / norms[2]:.2g} of it"
    assert "From step 3 back to step 2" in demo.view()["equations"]
    assert part in demo.view()["equations"]
    demo.step = 5
    assert demo.place == 0 and "here the way ends" in demo.view()["equations"]


def test_what_the_last_step_should_have_said_makes_the_loss(demo):
    should_say = knob(demo, "the last step should say")
    assert should_say.disabled
    demo.backward = True
    assert not should_say.disabled and "as if even were right" in shown(demo)
    should_say.value = "odd"
    assert demo.wanted == "odd" and "as if odd were right" in shown(demo)
    np.testing.assert_array_equal(demo.norms, demo.model.norms_back("01101", label=1))
    demo.text = "0110"  # the wish stays
    np.testing.assert_array_equal(demo.norms, demo.model.norms_back("0110", label=1))
    should_say.value = ""
    np.testing.assert_array_equal(demo.norms, demo.model.norms_back("0110", label=1))


def test_turning_round_stays_at_the_same_place(demo):
    demo.step = 2
    demo.backward = True
    assert (demo.step, demo.place) == (3, 2)
    demo.back.click()
    assert demo.place == 3
    demo.backward = False
    assert (demo.step, demo.place) == (3, 3)
    assert widgets.unrolled_network("01101", backward=True, step=1).place == 4


def test_folded_up_there_is_one_cell(demo):
    demo.step = 2
    assert demo.panes["network"].value.count(">W<") == 5
    height = demo.panes["network"].value.split("height: ")[1][:6]
    knob(demo, "fold up").value = True
    picture = demo.panes["network"].value
    assert picture.count(">W<") == picture.count(">U<") == picture.count(">V<") == 1
    assert "goes back into it" in picture and "step 2" in picture and "odd 0.96" in picture
    assert "one cell with a loop" in picture and picture.split("height: ")[1][:6] == height
    demo.backward = True
    assert ">Uᵀ<" in demo.panes["network"].value and "u-image" in demo.static().html


def test_what_it_does_not_know_is_one_line(demo):
    demo.step = 3
    before = shown(demo)
    knob(demo, "reads").value = "0120"
    assert demo.message == "this network does not know '2': it reads 0, 1"
    assert (demo.step, demo.last) == (3, 5) and shown(demo) == before
    knob(demo, "reads").value = "11"
    assert demo.message == "" and (demo.step, demo.last) == (0, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "nothing to read"), ("  ", "nothing to read"), ("01" * 101, "202 tokens: a demo reads")],
)
def test_a_text_that_cannot_be_read_is_one_line(demo, text, says):
    demo.text = text
    assert says in demo.message and "\n" not in demo.message
    first = widgets.unrolled_network(text)
    assert says in first.message and says in first.static().html
    first.slider.value = 0
    first.folded = first.backward = True
    first.wanted = "odd"
    first.text = "01"
    assert first.message == "" and first.view()["steps"].rows
    np.testing.assert_array_equal(first.norms, first.model.norms_back("01", label=1))


def test_bits_and_words_are_told_apart(weights):
    demo = widgets.unrolled_network("0 1 1")
    assert demo.reading.tokens == ["0", "1", "1"]
    demo = widgets.unrolled_network("the grass is", weights, symbols=WORDS, labels="xyz")
    assert demo.reading.tokens == ["the", "grass", "is"]
    demo.text = "green"
    assert demo.reading.tokens == ["green"] and demo.last == 1
    demo.text = "cow"
    assert "does not know 'c'" in demo.message


def test_weights_of_ones_own(weights):
    text = "the grass is green"
    demo = widgets.unrolled_network(text, weights, symbols=WORDS, labels="xyz", step=3)
    inputs = np.eye(5)[[1, 2, 3, 4]][None]
    states, logits = backprop.forward(inputs, weights)
    np.testing.assert_allclose(demo.reading.states, states[0])
    moved = np.abs(states[0, 3] - states[0, 2])
    units = [row[0] for row in demo.view()["units"].rows]
    assert units == sorted(np.argsort(-moved)[:6]) and "6 of 7 units" in shown(demo)
    odds = np.exp(logits[0, 2, 1:] - logits[0, 2].max())
    said = dict(demo.view()["outputs"].rows)
    assert [said[label] for label in "xyz"] == pytest.approx(odds / odds.sum())
    assert "… 7 numbers]" in demo.view()["equations"]
    demo.backward = True
    assert (steps(demo, "gradient")[4], demo.norms.shape) == (demo.norms[3], (4,))


def test_a_trained_tagger():
    from course.models.tagger import Config, Tagger

    tagger = Tagger(Config(3, 3, units=5, activation="relu"))
    demo = widgets.unrolled_network("0110", tagger, step=4)
    predicted = tagger.predict(np.array([[1, 2, 2, 1]]))[0]
    said = steps(demo, "says")
    assert [said[step].split()[0] for step in range(1, 5)] == [
        ("even", "odd")[label - 1] for label in predicted
    ]
    assert "state = relu(" in shown(demo) and "5 units" in shown(demo)


def test_a_function_instead_of_weights():
    demo = widgets.unrolled_network("the cow ate", cell, step=2)
    states = [cell("the", None)]
    states.append(cell("cow", states[-1]))
    np.testing.assert_allclose(demo.reading.states[:3], [np.zeros(3), *states])
    assert demo.view()["units"].header == ("unit", "before", "after")
    assert "state = cell(token, state before)" in shown(demo) and "= cell(cow, [" in shown(demo)
    assert "no output layer" in demo.view()["outputs"]
    assert "says" not in demo.view()["steps"].header and ">V<" not in shown(demo)
    assert knob(demo, "back in time: the gradient").disabled
    with pytest.raises(CourseError, match="a function shows no gradient"):
        demo.backward = True
    assert not demo.backward


def test_states_that_are_no_numbers_are_one_line(weights):
    demo = widgets.unrolled_network("01", lambda token, state: np.full(2, np.nan))
    assert demo.message == "the states are no numbers any more: they have grown too large"
    growing = weights._replace(recurrent_kernel=np.eye(7) * 1e9)
    wide = widgets.unrolled_network(
        "the " * 60, growing, symbols=WORDS, labels="xyz", activation="relu"
    )
    assert "grown too large" in wide.message and wide.view()["steps"] == ""
    lengths = widgets.unrolled_network("ab", lambda token, state: np.ones(ord(token) - 96))
    assert "1 numbers, then 2" in lengths.message


def test_a_gradient_that_explodes_or_vanishes_can_still_be_shown(weights):
    flat = weights._replace(kernel=np.zeros((5, 7)))  # states of zeros, where tanh is steepest
    for factor, says in ((1e9, "to no value."), (0.0, "from 0 to 0.")):
        network = flat._replace(recurrent_kernel=np.eye(7) * factor)
        demo = widgets.unrolled_network(
            "the " * 60, network, symbols=WORDS, labels="xyz", backward=True
        )
        for demo.step in range(61):
            assert "nan" not in shown(demo) and "inf" not in shown(demo)
            assert says in shown(demo) or demo.step not in range(40, 60)


def test_settings_that_make_no_sense_are_one_line(weights):
    for settings_, says in (
        ({"wanted": "blue"}, "never says 'blue', only even, odd"),
        ({"speed": 0.0}, "speed=0.0 will not do"),
        ({"colour": 1}, "no setting 'colour'"),
        ({"model": cell, "backward": True}, "a function shows no gradient"),
        ({"model": weights}, "symbols names 2, but this network has 4"),
        ({"model": 3}, "a int has no recurrent layer"),
        ({"model": weights, "symbols": WORDS, "labels": "xyz", "activation": "sine"}, "sine"),
    ):
        with pytest.raises(CourseError, match=says):
            widgets.unrolled_network("01", **settings_)


def test_two_hundred_tokens_stay_a_small_picture():
    demo = widgets.unrolled_network("01" * 100, step=120)
    picture = demo.panes["network"].value
    assert picture.count("<title>") == 25 and ">step 120<" in picture and len(picture) < 40_000
    assert [row[0] for row in demo.view()["steps"].rows] == list(range(114, 121))
    assert len(demo.view(still=True)["steps"].rows) == 201
    assert "Drawn: step 117 to step 123; the table has all." in demo.static().html
    demo.backward = True
    assert demo.place == 120 and ">step 120<" in demo.panes["network"].value


def test_html_in_a_token_is_shown_and_not_run(page):
    demo = widgets.unrolled_network("<img/src=x> </svg><b>x</b> is", cell)
    for demo.step in range(4):
        for told in (shown(demo), demo.static().html, page(demo)):
            assert "<img/src" not in told and "<b>x" not in told
            assert "&lt;img/src=x&gt;" in told


def test_a_label_with_html_in_it(weights):
    demo = widgets.unrolled_network(
        "is", weights, symbols=WORDS, labels=["<b>1</b>"] * 3, step=1, backward=True
    )
    assert "<b>1" not in shown(demo) + demo.static().html
    assert "&lt;b&gt;1" in demo.static().html


def test_play_goes_back_in_time_when_told_so(demo):
    async def watch():
        demo.backward, demo.speed = True, 50.0
        demo.step = 0
        demo.play.click()
        places = [demo.place]
        while demo.playing:
            await asyncio.sleep(0.005)
            places += [demo.place] * (demo.place != places[-1])
        return places

    assert asyncio.run(watch()) == [5, 4, 3, 2, 1, 0]


def test_two_demos_of_one_network_do_not_disturb_each_other():
    network = by_hand.parity()
    one, two = (widgets.unrolled_network("0110", network) for _ in range(2))
    before = shown(two)
    one.text, one.step, one.backward, one.folded = "111", 2, True, True
    assert shown(two) == before


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("folded", [False, True])
def test_the_static_twin_shows_on_an_exported_page(demo, page, folded, backward):
    demo.step, demo.folded, demo.backward = 3, folded, backward
    exported = page(demo)
    assert "u-image" in exported and "A recurrent network" in exported
    tables = [part for part in demo.view(still=True).values() if isinstance(part, Table)]
    assert len(tables) == 3
    for table in tables:
        assert table.inline() in exported


def test_there_is_always_a_picture_of_the_same_height(demo):
    heights = {
        (step, backward, folded): re.findall(r"height: \d+px", shown(demo))
        for folded in (False, True)
        for backward in (False, True)
        for step in range(6)
        if not demo.set_trait("folded", folded)
        and not demo.set_trait("backward", backward)
        and not demo.set_trait("step", step)
    }
    assert len(heights) == 24 and len({tuple(found) for found in heights.values()}) == 1
