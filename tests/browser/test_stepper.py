"""The decoding stepper in JupyterLab: what the page shows is what decoding left."""

import re

import numpy as np
import pytest
from lab import wait_for

from course.decoding.replay import replay
from course.wording import number

SENTENCE = "When my brother is tired, he sings."
SHOWN = """demo => {
    const pane = name => demo.querySelector(`[data-pane=${name}]`);
    const cells = row => [...row.cells].map(cell => cell.textContent);
    return {
        said: [...pane('sentence').querySelectorAll('p')[1].querySelectorAll('.u-chip:not(.next)')]
            .map(chip => chip.textContent),
        rows: [...pane('table').querySelectorAll('tbody tr')].map(cells),
        labels: [...pane('alternatives').querySelectorAll('g > text')]
            .map(label => label.textContent),
        step: Number(demo.querySelector('.widget-readout').textContent),
    };
}"""


@pytest.fixture(scope="module")
def sheet(browser, lab, translator):
    _, folder = translator
    name = lab.notebook(
        "stepper.ipynb",
        "from course import widgets\n"
        "from course.models.seq2seq import Seq2Seq\n"
        f"model = Seq2Seq.load({str(folder)!r})",
    )
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
def decode(translator):
    """Decode the sentence in this process."""
    model, _ = translator

    def run(**options):
        return replay(model, model.source.ids(SENTENCE), alternatives=8, **options)

    return run


@pytest.fixture(scope="module")
def words(translator):
    return translator[0].target.vocabulary.tokens


def button(demo, name):
    """A button by its text; its role's name has the icon's glyph in it as well."""
    return demo.locator("button").filter(has_text=re.compile(f"^{re.escape(name)}$"))


def press(demo, name):
    button(demo, name).click()


def shown(demo):
    return demo.evaluate(SHOWN)


def expected(trace, step, words):
    """What the page should show of a trace before its token number `step` is said."""
    said = [words[id] for id in trace.tokens[:step]]
    if step == len(trace):
        return {"said": said, "rows": [], "labels": [], "step": step}
    taken, rows, labels = int(trace.tokens[step]), [], []
    for id, log_prob in zip(trace.top_ids[step], trace.top_log_probs[step], strict=True):
        probability = number(float(np.exp(log_prob)))
        rows.append(
            [words[id], probability, number(float(log_prob)), "taken" if id == taken else ""]
        )
        labels.append(f"◀ {probability}" if id == taken else probability)
    return {"said": said, "rows": rows, "labels": labels, "step": step}


def await_shown(demo, trace, step, words):
    """Wait until the page shows a step; say what it showed instead if it never does."""
    wanted = expected(trace, step, words)
    try:
        wait_for(lambda: shown(demo) == wanted, f"step {step}", 20)
    except AssertionError:
        assert shown(demo) == wanted
        raise


def test_step_and_back_show_the_trace(demo, decode, words):
    trace = decode()
    await_shown(demo, trace, 0, words)
    for _ in range(3):
        press(demo, "Step")
    await_shown(demo, trace, 3, words)
    press(demo, "Back")
    await_shown(demo, trace, 2, words)
    press(demo, "Reset")
    await_shown(demo, trace, 0, words)


def test_play_runs_to_the_end_and_stops(demo, decode, words):
    trace = decode()
    demo.get_by_label("speed").select_option("very fast")
    press(demo, "Play")
    button(demo, "Pause").wait_for()
    await_shown(demo, trace, len(trace), words)
    button(demo, "Play").wait_for()
    assert button(demo, "Step").is_disabled()
    assert "The sentence is whole" in demo.locator("[data-pane=alternatives]").inner_text()


def test_pause_holds_still(demo, decode, words, sheet):
    trace = decode()
    demo.get_by_label("speed").select_option("fast")
    press(demo, "Play")
    wait_for(lambda: shown(demo)["step"] >= 2, "the second step")
    press(demo, "Pause")
    button(demo, "Play").wait_for()
    step = shown(demo)["step"]
    sheet.page.wait_for_timeout(700)  # three steps, were it still playing
    assert step < len(trace)
    await_shown(demo, trace, step, words)


def test_a_step_while_a_cell_runs_is_taken_at_the_latest_when_it_ends(demo, decode, words, sheet):
    sheet.start("import time\ntime.sleep(3)")
    wait_for(sheet.busy, "the cell")
    press(demo, "Step")
    press(demo, "Step")
    await_shown(demo, decode(), 2, words)


def test_forcing_a_token_shows_what_would_follow(demo, decode, words):
    left_alone = decode()
    press(demo, "Step")
    await_shown(demo, left_alone, 1, words)
    other = int(left_alone.top_ids[1][3])
    press(demo, words[other])
    forced = decode(forced=[int(left_alone.tokens[0]), other])
    await_shown(demo, forced, 2, words)
    chips = demo.locator("[data-pane=sentence] .u-chip.forced")
    assert chips.all_inner_texts() == [words[other]]
    press(demo, "Step")
    await_shown(demo, forced, 3, words)
    press(demo, "Back")
    press(demo, "Back")
    await_shown(demo, forced, 1, words)
    press(demo, "Reset")
    await_shown(demo, left_alone, 0, words)


def test_a_choice_is_told_beside_what_it_would_have_been(demo, decode, words, translator):
    model, _ = translator
    other = int(decode().top_ids[0][1])
    press(demo, words[other])
    await_shown(demo, decode(forced=[other]), 1, words)
    told = demo.locator("[data-pane=sentence]").inner_text()
    told = re.sub(r"\s+", " ", told)
    assert f"left alone it says: {model.target.text(decode().tokens)}" in told
    assert f"with your choice: {model.target.text(decode(forced=[other]).tokens)}" in told


def test_the_demo_keeps_its_height_over_all_steps(demo, decode, words, sheet):
    trace = decode()
    heights = set()
    for step in (0, 1, len(trace) // 2, len(trace)):
        sheet.run(f"w.step = {step}")
        await_shown(demo, trace, step, words)
        heights.add(demo.bounding_box()["height"])
    assert len(heights) == 1
