"""The decoding stepper says at every step what the trace says."""

import asyncio
import html

import numpy as np
import pytest

from course import decoding, widgets
from course.decoding.replay import replay
from course.errors import CourseError
from course.models.seq2seq import Config, Seq2Seq
from course.text import Codec, Vocabulary
from course.wording import number

SENTENCE = "My sister is tired."


@pytest.fixture
def demo(model):
    return widgets.decoding_stepper(model, SENTENCE)


def tokens(demo, ids):
    return [demo.target.vocabulary.tokens[id] for id in ids]


def said(demo):
    """Return the table of the present step as lists of its columns."""
    return [list(column) for column in zip(*demo.view()["table"].rows, strict=True)]


def test_each_step_shows_the_models_own_alternatives(demo, model):
    trace = decoding.greedy(model, [model.source.ids(SENTENCE)], alternatives=8)[0]
    assert demo.last == len(trace) > 5
    for step in range(len(trace)):
        demo.step = step
        shown, probs, log_probs, taken = said(demo)
        assert shown == tokens(demo, trace.top_ids[step])
        np.testing.assert_allclose(log_probs, trace.top_log_probs[step], rtol=1e-5)
        np.testing.assert_allclose(probs, np.exp(trace.top_log_probs[step]), rtol=1e-5)
        assert taken == ["◀"] + [""] * 7
        assert [button.description for button in demo._buttons] == shown
        for token, log_prob in zip(shown, log_probs, strict=True):
            assert f"log-probability {number(log_prob)}" in demo.view()["alternatives"].body
            assert token in demo.view(still=True)["alternatives"].body


def test_the_buttons_step_and_stop_at_both_ends(demo):
    assert demo.back.disabled and not demo.forth.disabled
    demo.forth.click()
    demo.forth.click()
    assert demo.step == demo.slider.value == 2
    demo.back.click()
    assert demo.step == 1
    demo.slider.value = demo.last
    assert demo.step == demo.last and demo.forth.disabled
    assert "whole" in demo.view()["alternatives"]
    assert all(button.disabled for button in demo._buttons)
    demo.forth.click()
    assert demo.step == demo.last
    demo.step = -7
    assert demo.step == 0


def test_a_forced_token_is_said_and_the_rest_follows_from_it(demo, model):
    ids = model.source.ids(SENTENCE)
    before = list(demo.trace.tokens)
    demo.step = 2
    other = int(demo.trace.top_ids[2][3])
    demo._buttons[3].click()
    assert demo.step == 3 and list(demo.prefix) == [*before[:2], other]
    alone = decoding.greedy(model, [ids], prefix=[[*before[:2], other]])[0]
    assert list(demo.trace.tokens) == list(alone.tokens) != before
    page = demo.view()["sentence"]
    assert "forced" in page and model.target.text(before) in page
    demo.reset.click()
    assert demo.step == 0 and list(demo.trace.tokens) == before
    assert "forced" not in demo.view()["sentence"]


def test_a_choice_further_back_forgets_the_later_one(demo):
    demo.step = 4
    demo._buttons[1].click()
    demo.step = 1
    demo._buttons[2].click()
    assert demo.picked == {1} and len(demo.prefix) == 2


def test_what_it_says_alone_follows_the_settings(demo, model):
    demo.step = 1
    demo._buttons[2].click()
    demo.search, demo.temperature, demo.seed = "sample", 2.0, 4
    alone = decoding.sample(model, [model.source.ids(SENTENCE)], temperature=2.0, seed=4)[0]
    assert f"left alone it says: {model.target.text(alone.tokens)}" in demo.view()["sentence"]
    assert list(demo.trace.tokens)[:2] == list(demo.prefix)
    assert "before temperature" in demo.view()["table"].caption


def test_a_choice_while_the_typed_sentence_is_empty(demo):
    demo.step, demo.sentence = 1, ""
    assert "empty" in demo.message
    demo._buttons[3].click()
    assert demo.message == "" and demo.step == 2
    assert list(demo.trace.tokens)[:2] == list(demo.prefix)


def test_a_setting_at_the_last_step_keeps_the_step_within(demo):
    demo.step = demo.last
    for search in ("sample", "beam", "greedy"):
        demo.search = search
        assert 0 <= demo.step <= demo.last == len(demo.trace)


@pytest.mark.parametrize("search", ["greedy", "sample", "beam"])
def test_a_model_that_says_nan_is_said_in_one_line(make_model, search):
    model = make_model()
    model.set_weights({name: weight * np.nan for name, weight in model.get_weights().items()})
    demo = widgets.decoding_stepper(model, SENTENCE, search=search)
    assert "numbers" in demo.message and "\n" not in demo.message


@pytest.mark.parametrize(
    "settings", [{"width": 11}, {"top_k": 20_000}, {"seed": -1}, {"search": "bream"}, {"widht": 3}]
)
def test_settings_out_of_range_are_one_line(model, settings):
    with pytest.raises(CourseError, match="Decoding, step by step: ") as caught:
        widgets.decoding_stepper(model, SENTENCE, **settings)
    assert "\n" not in str(caught.value)


def test_beams_and_samples_in_place(demo, model):
    ids = model.source.ids(SENTENCE)
    demo.search = "beam"
    found = decoding.beam(model, [ids], width=5, n_best=5)[0]
    assert list(demo.trace.tokens) == list(found.tokens)
    np.testing.assert_allclose(demo.trace.log_probs, found.log_probs, atol=1e-4)
    demo.width = 2
    assert list(demo.trace.tokens) == list(decoding.beam(model, [ids], width=2)[0].tokens)
    demo.search, demo.temperature, demo.seed = "sample", 2.0, 5
    drawn = decoding.sample(model, [ids], temperature=2.0, seed=5)[0]
    assert list(demo.trace.tokens) == list(drawn.tokens)
    demo.top_k = 1
    assert list(demo.trace.tokens) == list(decoding.greedy(model, [ids])[0].tokens)


def test_a_beam_wider_than_the_vocabulary(codecs):
    small = [Codec(codec.tokenizer, Vocabulary(["a", "b"])) for codec in codecs]
    model = Seq2Seq(Config(6, 6, units=3), *small)
    demo = widgets.decoding_stepper(model, "a b", search="beam", width=10)
    shown, *_ = said(demo)
    assert set(shown) <= {"a", "b", "<end>", "<unk>"}
    assert [button.disabled for button in demo._buttons] == [False] * 4 + [True] * 4


def test_a_sentence_of_ones_own(demo, model):
    demo.step = 3
    demo.sentence = "My blorp is tired."
    assert demo.step == 0
    page = demo.view()["sentence"]
    assert page.count("unknown") == 1 and "not in the vocabulary" in page
    trace = decoding.greedy(model, [model.source.ids("My blorp is tired.")])[0]
    assert list(demo.trace.tokens) == list(trace.tokens)


@pytest.mark.parametrize(
    ("sentence", "says"),
    [("", "empty"), ("   ", "empty"), ("so " * 201, "at most 200")],
)
def test_a_sentence_that_cannot_be_read_is_said_in_one_line(demo, sentence, says):
    before = demo.trace
    demo.sentence = sentence
    assert says in demo.message and "\n" not in demo.message
    assert says in demo._line.value
    assert demo.trace is before
    demo.sentence = SENTENCE
    assert demo.message == ""


def test_it_may_begin_with_nothing(model):
    demo = widgets.decoding_stepper(model, "")
    assert "empty" in demo.message and demo.view()["table"] == ""
    demo.forth.click()
    demo.sentence = SENTENCE
    assert demo.message == "" and demo.last > 0


@pytest.mark.parametrize("sentence", ["blorp blarp", "🙂🙃 👩‍👩‍👧", "שלום עולם", "so " * 200])
def test_any_text_is_read(demo, sentence):
    demo.sentence = sentence
    assert demo.message == "" and demo.last > 0
    demo.step = demo.last
    assert all(html.escape(token) in demo.static().html for token in demo.tokens)


class ByBlanks:
    """Cuts a text at its blanks only, so that a whole element can be one token."""

    def tokens(self, text):
        return text.split()

    def join(self, tokens):
        return " ".join(tokens)


def test_html_is_shown_and_never_run(model, page):
    evil = ["<img/src=x/onerror=alert(1)>", "<script>alert(2)</script>", "</bdi>"]
    codec = Codec(ByBlanks(), Vocabulary(evil))
    small = Seq2Seq(Config(len(codec.vocabulary), len(codec.vocabulary), units=3), codec, codec)
    demo = widgets.decoding_stepper(small, " ".join(evil), search="sample", temperature=5.0)
    demo.step = demo.last
    shown = "".join(pane.value for pane in demo.panes.values())
    for where in (shown, demo.static().html, page(demo)):
        for element in evil[:2]:
            assert element not in where and html.escape(element) in where


def test_a_model_that_cannot_be_decoded_is_refused():
    with pytest.raises(CourseError, match="no start and step"):
        widgets.decoding_stepper(object(), SENTENCE)


def test_two_demos_of_one_model_do_not_disturb_each_other(model):
    one, other = (widgets.decoding_stepper(model, SENTENCE) for _ in range(2))
    one.step = 3
    one._buttons[1].click()
    assert other.step == 0 and other.prefix == ()
    assert list(other.trace.tokens) == list(other.unforced.tokens)


def test_play_walks_to_the_end(demo):
    demo.pace.value = 20.0

    async def watch():
        demo.play.click()
        assert demo.playing and demo.play.description == "Pause"
        while demo.playing:
            await asyncio.sleep(0.02)

    demo.step = demo.last - 3
    asyncio.run(watch())
    assert demo.step == demo.last and demo.play.description == "Play"


def test_a_hand_on_the_slider_pauses_play(demo):
    demo.speed = 20.0

    async def watch():
        demo.play.click()
        while demo.step < 2:
            await asyncio.sleep(0.02)
        demo.slider.value = 1
        assert not demo.playing
        await asyncio.sleep(0.2)

    asyncio.run(watch())
    assert demo.step == 1


def test_play_without_a_notebook_says_so(demo):
    demo.play.click()
    assert "needs a notebook" in demo.message and not demo.playing


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.step = 2
    exported = page(demo)
    for row in demo.view()["table"].rows:
        assert f"<bdi>{row[0]}</bdi>" in exported
    assert exported.count('alt="Bars: the likeliest next tokens') == 1
    assert "widget-view" not in exported


def test_replay_of_a_beam_keeps_both(model):
    ids = model.source.ids(SENTENCE)
    trace = replay(model, ids, "beam", width=3, n_best=3)
    found = decoding.beam(model, [ids], width=3, n_best=3)[0]
    assert list(trace.tokens) == list(found.tokens)
    assert trace.top_ids.shape == (len(found), 8) and len(trace.hypotheses) == 3
    assert len(trace.candidates) == len(found.candidates)
    with pytest.raises(CourseError, match="no search 'bream'"):
        replay(model, ids, "bream")
