"""The chat box in JupyterLab: what the page shows is what the chatbot said."""

import json

import pytest

from browser.hands import press, write
from browser.lab import wait_for

SOURCE = """\
import json
import numpy as np
from course import widgets
from course.models.chatbot import Chatbot
from course.text import Codec, WordTokenizer

texts = ["hello there , how are you ? __eou__ i am well . and the weather"]
bot = Chatbot.of(Codec.fit(texts, WordTokenizer(lower=True)), units=7, embedding=5, seed=3)
rng = np.random.default_rng(0)
weights = {k: 3 * w + rng.normal(size=w.shape) for k, w in bot.get_weights().items()}
bot.set_weights({name: weight.astype(np.float32) for name, weight in weights.items()})
"""
TRICK = "<img src=x onerror=\"document.title='bad'\">"
TURNS = """demo => [...demo.querySelectorAll('[data-pane=history] bdi')]
    .map(turn => turn.textContent)"""
TOLD = """demo => [...demo.querySelectorAll('[data-pane=alternatives] tbody tr')]
    .map(row => row.cells[1].textContent)"""


@pytest.fixture(scope="module")
def sheet(browser, lab):
    with lab.opened(browser, lab.notebook("chat_box.ipynb", SOURCE)) as sheet:
        sheet.run_all()
        yield sheet
        assert not sheet.complaints and not sheet.strangers


@pytest.fixture
def demo(sheet):
    """A new chat box on the page; at the end of the test, no callback may have failed."""
    sheet.run("w = widgets.chat_box(bot, temperature=0.0)\nw")
    yield sheet.demos().first
    assert sheet.run("print(w.fault)").strip() == "None"
    sheet.keep(1)


def history(sheet):
    """The conversation, as Python has it."""
    return json.loads(sheet.run("print(json.dumps(w.talk.history))"))


def await_turns(demo, count):
    wait_for(lambda: len(demo.evaluate(TURNS)) == count, f"{count} turns")


def test_what_is_typed_is_answered(demo, sheet):
    write(demo, "you", "Hello there.")
    await_turns(demo, 2)
    demo.locator("input").and_(demo.get_by_label("you", exact=True)).fill("How are you?")
    press(demo, "Send")
    await_turns(demo, 4)
    turns = history(sheet)
    assert turns[0::2] == ["Hello there.", "How are you?"]
    assert demo.evaluate(TURNS) == turns


def test_the_alternatives_are_those_of_the_last_reply(demo, sheet):
    write(demo, "you", "Hello there.")
    await_turns(demo, 2)
    found = json.loads(sheet.run("print(json.dumps(w.talk.alternatives(6)))"))
    told = demo.evaluate(TOLD)
    assert told[: len(found)] == [text for _, text in found]
    assert history(sheet)[1] in told


def test_looking_inside_opens_the_decoding_of_the_reply(demo, sheet):
    write(demo, "you", "Hello there.")
    await_turns(demo, 2)
    press(demo, "Look inside")
    inside = sheet.demos().nth(1)
    inside.wait_for()
    press(inside, "Step")
    said = inside.locator("[data-pane=sentence] .u-chip:not(.next)")
    wait_for(lambda: "has said:" in inside.inner_text() and said.count() > 3, "the first token")
    press(demo, "Forget")
    wait_for(lambda: sheet.demos().count() == 1, "the stepper to close")
    await_turns(demo, 0)
    assert history(sheet) == []


def test_html_in_a_message_is_shown_and_never_run(demo, sheet):
    write(demo, "you", TRICK)
    await_turns(demo, 2)
    assert demo.evaluate(TURNS)[0] == TRICK
    assert demo.locator("img").count() == 0
    assert sheet.page.title() != "bad"
