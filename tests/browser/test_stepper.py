"""The decoding stepper in JupyterLab: what the page shows is what decoding left."""

import re

import pytest

from browser.hands import REACHABLE, button, press, slide, tab_to, tabbed, write
from browser.lab import wait_for
from browser.stepped import SENTENCE, shown

OTHER = "Where are my keys?"
TRICK = "<img src=x onerror=\"document.title='bad'\">"


@pytest.fixture(scope="module")
def sheet(browser, lab):
    source = "from course import pretrained, widgets\nmodel = pretrained.load('words')"
    name = lab.notebook("stepper.ipynb", source)
    with lab.opened(browser, name) as sheet:
        sheet.run_all()
        yield sheet
        assert not sheet.complaints and not sheet.strangers


@pytest.fixture
def demo(sheet):
    """A new stepper on the page; at the end of the test, no callback may have failed."""
    sheet.run(f"w = widgets.decoding_stepper(model, {SENTENCE!r})\nw")
    yield sheet.demos().first
    assert sheet.run("w.pause()\nprint(w.fault)").strip() == "None"
    sheet.keep(1)


@pytest.fixture(scope="module")
def words(translator):
    return translator.target.vocabulary.tokens


def test_step_and_back_show_the_trace(demo, decode, await_shown):
    trace = decode()
    await_shown(demo, trace, 0)
    for _ in range(3):
        press(demo, "Step")
    await_shown(demo, trace, 3)
    press(demo, "Back")
    await_shown(demo, trace, 2)
    press(demo, "Reset")
    await_shown(demo, trace, 0)


def test_play_runs_to_the_end_and_stops(demo, decode, await_shown):
    trace = decode()
    demo.get_by_label("steps a second").fill("20")
    demo.get_by_label("steps a second").press("Enter")
    press(demo, "Play")
    await_shown(demo, trace, len(trace))
    button(demo, "Play").wait_for()
    assert button(demo, "Step").is_disabled()
    assert "The sentence is whole" in demo.locator("[data-pane=alternatives]").inner_text()


def test_pause_holds_still(demo, decode, await_shown, sheet):
    trace = decode()
    press(demo, "Play")
    wait_for(lambda: shown(demo)["step"] >= 1, "the first step")
    press(demo, "Pause")
    button(demo, "Play").wait_for()
    step = shown(demo)["step"]
    sheet.page.wait_for_timeout(1200)  # two steps, were it still playing
    assert step < len(trace)
    await_shown(demo, trace, step)


def test_arrow_keys_move_the_slider(demo, decode, await_shown):
    trace = decode()
    slide(demo, "step", "ArrowRight", "ArrowRight", "ArrowRight")
    await_shown(demo, trace, 3)
    slide(demo, "step", "ArrowLeft")
    await_shown(demo, trace, 2)
    slide(demo, "step", "End")
    await_shown(demo, trace, len(trace))


def test_a_slider_moved_while_it_plays_wins(demo, decode, await_shown, sheet):
    press(demo, "Play")
    wait_for(lambda: shown(demo)["step"] >= 1, "the first step")
    slide(demo, "step", "Home")
    button(demo, "Play").wait_for()
    await_shown(demo, decode(), 0)
    sheet.page.wait_for_timeout(1200)  # two steps, were it still playing
    await_shown(demo, decode(), 0)


def test_a_step_while_a_cell_runs_is_taken_at_the_latest_when_it_ends(
    demo, decode, await_shown, sheet
):
    sheet.start("import time\ntime.sleep(3)")
    wait_for(sheet.busy, "the cell")
    press(demo, "Step")
    press(demo, "Step")
    await_shown(demo, decode(), 2)


def test_forcing_a_token_shows_what_would_follow(demo, decode, await_shown, words):
    left_alone = decode()
    press(demo, "Step")
    await_shown(demo, left_alone, 1)
    other = int(left_alone.top_ids[1][3])
    press(demo, words[other])
    forced = decode(forced=[int(left_alone.tokens[0]), other])
    await_shown(demo, forced, 2)
    chips = demo.locator("[data-pane=sentence] .u-chip.forced")
    assert chips.all_inner_texts() == [words[other]]
    press(demo, "Step")
    await_shown(demo, forced, 3)
    press(demo, "Back")
    press(demo, "Back")
    await_shown(demo, forced, 1)
    press(demo, "Reset")
    await_shown(demo, left_alone, 0)


def test_a_token_is_chosen_by_keyboard(demo, decode, await_shown, words, sheet):
    other = int(decode().top_ids[0][2])
    await_shown(demo, decode(), 0)
    demo.get_by_label("steps a second").focus()
    tab_to(demo, words[other])
    sheet.page.keyboard.press("Enter")
    await_shown(demo, decode(forced=[other]), 1)


def test_a_choice_is_told_beside_what_it_would_have_been(
    demo, decode, await_shown, words, translator
):
    other = int(decode().top_ids[0][1])
    press(demo, words[other])
    await_shown(demo, decode(forced=[other]), 1)
    told = demo.locator("[data-pane=sentence]").inner_text()
    told, said = re.sub(r"\s+", " ", told), translator.target.text
    assert f"left alone it says: {said(decode().tokens)}" in told
    assert f"with your choice: {said(decode(forced=[other]).tokens)}" in told


def test_another_sentence_begins_at_its_beginning(demo, decode, await_shown):
    press(demo, "Step")
    await_shown(demo, decode(), 1)
    write(demo, "sentence", OTHER)
    await_shown(demo, decode(OTHER), 0, OTHER)
    press(demo, "Step")
    await_shown(demo, decode(OTHER), 1, OTHER)


def test_an_empty_sentence_is_told_in_one_line(demo, decode, await_shown):
    write(demo, "sentence", " ")
    line = demo.locator(".u-message.fault")
    line.wait_for()
    assert line.inner_text() == "the sentence is empty: type one"
    write(demo, "sentence", OTHER)
    await_shown(demo, decode(OTHER), 0, OTHER)
    assert line.count() == 0


def test_html_in_a_sentence_is_shown_and_never_run(demo, decode, await_shown, sheet):
    write(demo, "sentence", TRICK)
    await_shown(demo, decode(TRICK), 0, TRICK)
    assert demo.locator("img").count() == 0
    assert sheet.page.title() != "bad"
    sheet.run("from IPython.display import display\ndisplay(w.static())")
    assert sheet.page.locator(".jp-OutputArea img[src=x]").count() == 0
    assert sheet.page.title() != "bad"


def test_sampling_and_beam_search_in_place(demo, decode, await_shown):
    demo.get_by_label("search").select_option("beam")
    beam = decode(search="beam", width=5, length_penalty=0.6)
    await_shown(demo, beam, 0)
    press(demo, "Step")
    await_shown(demo, beam, 1)
    demo.get_by_label("search").select_option("sample")
    write(demo, "temperature", "2.5")
    warm = decode(search="sample", temperature=2.5, top_k=None, top_p=1.0, seed=0)
    assert list(warm.tokens) != list(decode().tokens)
    await_shown(demo, warm, 1)
    write(demo, "seed", "7")
    await_shown(demo, decode(search="sample", temperature=2.5, top_k=None, top_p=1.0, seed=7), 1)


def test_two_demos_of_one_model_do_not_disturb_each_other(demo, decode, await_shown, sheet):
    sheet.run(f"v = widgets.decoding_stepper(model, {OTHER!r})\nv")
    second = sheet.demos().nth(1)
    press(demo, "Step")
    press(second, "Step")
    press(second, "Step")
    await_shown(demo, decode(), 1)
    await_shown(second, decode(OTHER), 2, OTHER)
    press(second, "Back")
    await_shown(second, decode(OTHER), 1, OTHER)
    await_shown(demo, decode(), 1)
    assert sheet.run("print(v.fault)").strip() == "None"


def test_the_demo_keeps_its_height_over_all_steps(demo, decode, await_shown, words):
    trace, heights = decode(), []
    for step in range(len(trace) + 1):
        await_shown(demo, trace, step)
        heights.append(demo.bounding_box()["height"])
        slide(demo, "step", "ArrowRight")
    press(demo, "Reset")
    await_shown(demo, trace, 0)
    press(demo, words[int(trace.top_ids[0][1])])
    await_shown(demo, decode(forced=[int(trace.top_ids[0][1])]), 1)
    heights.append(demo.bounding_box()["height"])
    write(demo, "sentence", " ")
    demo.locator(".u-message.fault").wait_for()
    heights.append(demo.bounding_box()["height"])
    assert len(heights) == len(trace) + 3
    assert len(set(heights)) == 1


def test_whatever_tab_reaches_has_an_outline(demo, decode, await_shown):
    press(demo, "Step")
    await_shown(demo, decode(), 1)
    found = tabbed(demo)
    assert len(found) == demo.evaluate(REACHABLE)
    assert not [focused["name"] for focused in found if focused["outline"] < 2]
