"""All demos on one page, and lesson 00: what a control changes is what the page then shows."""

import json

import pytest

from browser.hands import REACHABLE, button, press, slide, tabbed, write
from browser.lab import ROOT, TALL, wait_for
from course import decoding

# The demos of the gallery in their order: a control to move, the pane that must change by it, and
# what Python must say then.
MOVES = {
    "one_hot": (lambda demo: slide(demo, "vocabulary", "End"), "memory", ("vocabulary", 100_000)),
    "unrolled_network": (
        lambda demo: demo.get_by_label("back in time").check(),
        "network",
        ("step", 2),
    ),
    "teacher_forcing": (
        lambda demo: demo.get_by_label("planted slip").check(),
        "taught",
        ("planted", True),
    ),
    "inside_a_cell": (lambda demo: write(demo, "unit", "3"), "gates", ("unit", 3)),
    "inside_a_cell, LSTM": (lambda demo: slide(demo, "step", "Home"), "words", ("step", 0)),
    "training_dashboard": (lambda demo: None, "", ("stopped", "finished")),
    "padding_trap": (lambda demo: slide(demo, "row", "End"), "tokens", ("step", 11)),
    "bleu_score": (lambda demo: slide(demo, "n-grams of", "End"), "ngrams", ("order", 4)),
    "decoding_stepper": (
        lambda demo: slide(demo, "step", "Home"),
        "alternatives",
        ("step", 0),
    ),
    "temperature_playground": (lambda demo: slide(demo, "top-p", "Home"), "bars", ("top_p", 0.01)),
    "beam_tree": (lambda demo: slide(demo, "beam width", "Home"), "ranking", ("width", 1)),
    "perplexity_meter": (
        lambda demo: write(demo, "translation", "¿Dónde? <b>"),
        "words",
        ("text", "¿Dónde? <b>"),
    ),
    "attention_map": (lambda demo: slide(demo, "step", "Home"), "map", ("step", 0)),
}
ALL = """
import json
from course.widgets.frame import Demo
demos = [found for found in Out.values() if isinstance(found, Demo)]
demos.insert(5, dashboard)"""
STATE = """w = demos[{place}]
inline = lambda part: part if isinstance(part, str) else part.inline()
parts = {{name: inline(part) for name, part in w.view().items()}}
print(json.dumps([parts, getattr(w, {trait!r}), str(w.fault)]))"""
PANES = """demo => Object.fromEntries([...demo.querySelectorAll('[data-pane]')]
    .map(pane => [pane.dataset.pane, pane.innerHTML]))"""
AS_PARSED = """parts => Object.fromEntries(Object.entries(parts).map(([name, html]) => {
    const apart = document.createElement('template');
    apart.innerHTML = html;
    return [name, apart.innerHTML];
}))"""
STICKS_OUT = """demo => {
    const edge = demo.getBoundingClientRect().right + 1;
    return [...demo.querySelectorAll('button, input, select, .widget-readout, .u-pane')]
        .filter(part => part.getBoundingClientRect().right > edge)
        .map(part => part.getAttribute('aria-label') || part.textContent || part.className);
}"""
CUT = """demo => [...demo.querySelectorAll('button, .widget-label')]
    .filter(part => part.scrollWidth > part.clientWidth && part.clientWidth > 0)
    .map(part => part.textContent)"""
ROWS = """table => [...table.tBodies[0].rows]
    .map(row => [...row.cells].map(cell => cell.textContent))"""
LOOKS = [(1300, "light"), (1300, "dark"), (420, "light"), (420, "dark")]


@pytest.fixture(scope="module")
def page(gallery):
    """The gallery, and in its kernel a list of its demos."""
    gallery.run(ALL)
    cells = gallery.cells()
    yield gallery
    gallery.keep(cells)


@pytest.fixture(scope="module")
def lesson(browser, lab):
    with lab.opened(browser, lab.lesson(ROOT / "lessons/00_start_here.py")) as sheet:
        sheet.run_all()
        yield sheet
        assert not sheet.complaints and not sheet.strangers


def test_all_demos_are_there(page):
    assert page.demos().count() == len(MOVES)
    titles = page.demos().locator(".u-title").all_text_contents()
    assert titles == page.run("print(*(w.title for w in demos), sep='\\n')").splitlines()


@pytest.mark.parametrize("name", MOVES)
def test_what_a_control_changes_is_what_is_shown(page, name):
    move, pane, (trait, value) = MOVES[name]
    place = list(MOVES).index(name)
    demo = page.demos().nth(place)
    before, height = demo.evaluate(PANES), demo.bounding_box()["height"]
    move(demo)
    wait_for(lambda: not pane or demo.evaluate(PANES)[pane] != before[pane], f"a new {pane}", 60)
    parts, now, fault = json.loads(page.run(STATE.format(place=place, trait=trait)))
    assert (now, fault) == (value, "None")
    wanted = page.page.evaluate(AS_PARSED, parts)
    wait_for(lambda: demo.evaluate(PANES) == wanted, "what Python says", 60)
    assert demo.bounding_box()["height"] == height


def test_whatever_tab_reaches_has_an_outline(page):
    bare, reached = {}, {}
    for place, name in enumerate(MOVES):
        demo = page.demos().nth(place)
        found = tabbed(demo)
        bare[name] = [focused["name"] for focused in found if focused["outline"] < 2]
        reached[name] = len(found) - demo.evaluate(REACHABLE)
    assert (bare, reached) == ({name: [] for name in MOVES}, dict.fromkeys(MOVES, 0))


@pytest.mark.parametrize(("key", "width"), [("End", 10), ("Home", 1)])
def test_the_tree_ranks_what_the_search_found(page, translator, key, width):
    demo = page.demos().nth(list(MOVES).index("beam_tree"))
    ids = translator.source.ids(demo.get_by_role("textbox", name="sentence").input_value())
    slide(demo, "beam width", key)
    found = decoding.beam(translator, [ids], width=width, n_best=width)[0].hypotheses
    wanted = [translator.target.text(sentence.tokens) for sentence in found]
    table = demo.locator("[data-pane=ranking] table")
    wait_for(lambda: [row[-1] for row in table.evaluate(ROWS)][:-1] == wanted, "the ranking", 60)


def test_the_dashboard_shows_what_was_measured(page):
    demo = page.demos().nth(list(MOVES).index("training_dashboard"))
    rows = demo.locator("table").evaluate(ROWS)
    told = page.run("print(*(f'{epoch.loss:.3g}' for epoch in history.epochs))").split()
    assert [float(row[2]) for row in rows] == [float(loss) for loss in told]
    assert [row[1] for row in rows] == [str(1 + place) for place in range(len(told))]


def test_lesson_00_moves_by_a_button_and_by_a_cell(lesson, translator, decode, await_shown):
    first, sentence = lesson.demos().nth(0), "Is my wallet in the kitchen?"
    await_shown(first, decode(sentence), 0, sentence)
    press(first, "Step")
    await_shown(first, decode(sentence), 1, sentence)
    second, other = lesson.demos().nth(1), "There is a tomato on the table."
    trace = decode(other)
    await_shown(second, trace, int(trace.log_probs.argmin()), other)
    cells = lesson.cells()
    lesson.run("unsure.step = 1")
    lesson.keep(cells)
    await_shown(second, trace, 1, other)
    assert button(second, "Step").is_enabled()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_nothing_sticks_out_or_is_cut(page, width, theme, artefacts):
    page.dress(width, theme, TALL)
    found = {}
    try:
        for place, name in enumerate(MOVES):
            demo = page.demos().nth(place)
            demo.screenshot(path=artefacts / f"gallery-{width}-{theme}-{place:02} {name}.png")
            found[name] = demo.evaluate(STICKS_OUT) + demo.evaluate(CUT)
    finally:
        page.dress(1300, "light")
    assert found == {name: [] for name in MOVES}


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_lesson_00_fits_its_window(lesson, width, theme, artefacts):
    lesson.dress(width, theme, TALL)
    demo = lesson.demos().first
    demo.screenshot(path=artefacts / f"lesson00-{width}-{theme}-stepper.png")
    lesson.picture(artefacts / f"lesson00-{width}-{theme}.png")
    assert demo.evaluate(STICKS_OUT) + demo.evaluate(CUT) == []
