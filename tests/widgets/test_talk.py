"""The chat box lets a learner talk with a chatbot and look into its replies."""

import html

import numpy as np
import pytest
from handling import knob

from course import chat, exchanges, widgets
from course.errors import CourseError
from course.text import Codec, WordTokenizer
from course.widgets.drawing import Table

TEXTS = ["hello there , how are you ? __eou__ i am well . and the weather <b> & you"]


@pytest.fixture(scope="module")
def bot():
    from course.models.chatbot import Chatbot

    codec = Codec.fit(TEXTS, WordTokenizer(lower=True))
    model = Chatbot.of(codec, units=7, embedding=5, cell="lstm", seed=3)
    rng = np.random.default_rng(0)
    louder = {k: (3 * w + rng.normal(size=w.shape)) for k, w in model.get_weights().items()}
    model.set_weights({name: weight.astype(np.float32) for name, weight in louder.items()})
    return model


@pytest.fixture
def demo(bot):
    return widgets.chat_box(bot, temperature=0.0)


def rows(demo):
    table = demo.view()["alternatives"]
    assert isinstance(table, Table)
    return table.rows


def test_it_says_what_a_chat_says(demo, bot):
    talk = chat.Chat(bot, demo._manner())
    for text in ("Hello there.", "How are you?"):
        assert demo.say(text) == talk.reply(text).text
    assert demo.talk.history == talk.history
    assert all(text in demo.panes["history"].value for text in ("Hello there.", "How are you?"))


def test_the_alternatives_are_ranked_and_the_one_that_was_said_is_marked(demo):
    said = demo.say("Hello there.")
    shares = [share for share, *_ in rows(demo)]
    [marked] = [row for row in rows(demo) if row[2]]
    assert marked[1] == said and marked[0] == pytest.approx(demo.talk.last.share, rel=1e-3)
    found = demo.talk.alternatives(6)
    assert shares[: len(found)] == [share for share, _ in found]


def test_typing_and_send_do_what_say_does(demo):
    knob(demo, "you").value = "Hello there."
    assert demo.talk.history == []
    knob(demo, "Send").click()
    assert demo.talk.history[0] == "Hello there." and demo.said == knob(demo, "you").value == ""


def test_enter_sends(demo):
    field = knob(demo, "you")
    field.value = "How are you?"
    field._handle_custom_msg({"event": "submit"}, [])
    assert demo.talk.history[0] == "How are you?"


def test_an_empty_field_sends_nothing(demo):
    knob(demo, "Send").click()
    assert demo.talk.history == [] and demo.message == ""


def test_a_message_without_a_word_is_said_in_the_line(demo):
    knob(demo, "you").value = "\u202e\u202e"
    knob(demo, "Send").click()
    assert "no word" in demo.message and demo.fault is None


def test_a_very_long_message_is_refused(demo):
    with pytest.raises(CourseError, match="10,000 characters: a chat box takes 2,000"):
        demo.say("h" * 10_000)


def test_what_is_typed_is_shown_and_never_run(demo):
    demo.say("<script>alert(1)</script> & so on")
    for shown in (demo.panes["history"].value, demo.static().html):
        assert "<script>" not in shown and "&lt;script&gt;" in shown


def test_forget_begins_anew(demo):
    demo.say("Hello there.")
    knob(demo, "Forget").click()
    assert demo.talk.history == [] and "Nothing was said yet" in demo.panes["history"].value


def test_a_look_inside_follows_the_very_reply(bot):
    demo = widgets.chat_box(bot, temperature=5.0, top_p=1.0, seed=4)
    demo.say("How are you?")
    knob(demo, "Look inside").click()
    assert np.array_equal(demo.inside.trace.tokens, demo.talk.last.trace.tokens)
    assert demo.inside.sentence == bot.codec.text(bot.codec.ids("How are you?"))
    greedy = chat.replies(bot, ["How are you?"], chat.GREEDY)[0].tokens
    assert not np.array_equal(greedy, demo.inside.trace.tokens)
    demo.inside.step = 1
    assert "step 1 of" in demo.inside.panes["sentence"].value


def test_a_look_inside_reads_the_turns_before_as_well(bot):
    bot.about = {"options": {"context": 3}}
    demo = widgets.chat_box(bot, temperature=0.0)
    demo.say("Hello there.")
    demo.say("How are you?")
    read = demo.look_inside().ids
    assert read == bot.codec.ids(demo.talk.last.source)
    assert read.count(*bot.codec.ids(exchanges.END_OF_TURN)) == 2
    bot.about = {}


def test_the_next_reply_closes_the_look_inside(demo):
    demo.say("Hello there.")
    inside = demo.look_inside()
    demo.say("How are you?")
    assert demo.inside is None and inside.comm is None


def test_looking_into_nothing_is_said(demo):
    knob(demo, "Look inside").click()
    assert "no reply yet" in demo.message


def test_the_knobs_are_the_manner_of_the_next_reply(demo):
    demo.temperature, demo.first_k, demo.top_k, demo.top_p = 2.0, 3, 2, 0.8
    demo.say("Hello there.")
    assert demo.talk.manner == chat.Manner(2.0, first_k=3, top_k=2, top_p=0.8)


def test_the_page_without_a_kernel_tells_the_conversation(demo, page):
    said = demo.say("Hello there.")
    shown = html.unescape(page(demo))
    assert "Hello there." in shown and said in shown and "whole replies by a beam search" in shown


def test_another_kind_of_model_is_one_line(model):
    with pytest.raises(CourseError, match="needs a chatbot, not a translator"):
        widgets.chat_box(model)
