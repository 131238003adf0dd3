"""From a click to the new picture, in a real browser, and what many steps leave in memory.

JupyterLab and Chromium as in `tests/browser`, the word translator that ships, a source sentence of
40 tokens, beam width 5. A click's time ends with the frame that follows the last change of a pane.
"""

import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from course import corpora
from course.errors import CourseError
from course.text import tokenizer

TOKENS, WIDTH = 40, 5
BACK, STEP, RESET, ALTERNATIVES = 0, 1, 3, 4  # places of a stepper's buttons
QUIET = 250  # milliseconds without a change: the picture is whole
SOURCE = """from course import pretrained, widgets
model = pretrained.load("words")
sentence = {sentence!r}
"""
DEMOS = {
    "stepper": "widgets.decoding_stepper(model, sentence, search='beam', width={width})",
    "tree": "widgets.beam_tree(model, sentence, width={width})",
}
CLICK = """(demo, [place, quiet]) => new Promise((resolve, reject) => {
    const button = demo.querySelectorAll('button')[place], asked = performance.now();
    let began = 0, drawn = 0;
    const drew = () => requestAnimationFrame(() => { drawn = performance.now(); });
    const observer = new MutationObserver(drew);
    demo.querySelectorAll('.widget-html:has([data-pane])').forEach(pane =>
        observer.observe(pane, {childList: true, subtree: true, characterData: true}));
    button.addEventListener('click', () => { began = performance.now(); },
        {once: true, capture: true});
    button.click();
    const watch = setInterval(() => {
        const now = performance.now();
        if (!drawn && now - asked < 60000 || drawn && now - drawn < quiet) return;
        clearInterval(watch);
        observer.disconnect();
        if (drawn) resolve(drawn - began);
        else reject(new Error(`no picture after button ${place}`));
    }, 10);
})"""
CLOSED = "(demo, place) => demo.querySelectorAll('button')[place].disabled"


def run(clicks: int = 100, choices: int = 20, steps: int = 500) -> dict:
    """Measure clicks and memory.

    Args:
        clicks: of Step and Back, in each demo.
        choices: alternatives that are forced in the stepper.
        steps: after which the memory should be what it was.

    Returns:
        Milliseconds, and megabytes after so many steps.

    Raises:
        CourseError: there is no browser.
    """
    from tests.browser import lab as labs
    from tests.browsing import chromium

    try:
        with (
            chromium() as browser,
            tempfile.TemporaryDirectory() as folder,
            labs.running(Path(folder)) as lab,
        ):
            return measured(browser, lab, clicks, choices, steps)
    except pytest.skip.Exception as reason:
        raise CourseError(f"the demos need a browser: {reason}") from None


def measured(browser: Any, lab: Any, clicks: int, choices: int, steps: int) -> dict:
    """Open each demo in a notebook of its own and measure it."""
    result: dict = {"source tokens": TOKENS, "beam width": WIDTH}
    for name, demo in DEMOS.items():
        source = SOURCE.format(sentence=sentence(TOKENS)) + demo.format(width=WIDTH)
        with lab.opened(browser, lab.notebook(f"{name}.ipynb", source)) as sheet:
            sheet.run_all()
            shown = sheet.demos().first
            bounce(shown, 5)  # the first pictures wait for what is compiled and cached
            result[f"{name}: Step and Back, ms"] = told(bounce(shown, clicks))
            if name == "stepper":
                result[f"{name}: forced alternative, ms"] = told(force(shown, choices))
            result |= {f"{name}: {key}": value for key, value in memory(sheet, steps).items()}
    print_table(result)
    return result


def sentence(tokens: int) -> str:
    """Return a text of so many tokens that the word translator knows, from the shipped corpus."""
    cut = tokenizer("word", lower=True).tokens
    words = (token for english, _ in corpora.load_pairs("grammar") for token in cut(english))
    return " ".join(islice(words, tokens))


def bounce(demo: Any, clicks: int, quiet: int = QUIET) -> list[float]:
    """Click Step to the last step, Back to the first, and so on; return milliseconds."""
    place, spent = STEP, []
    for _ in range(clicks):
        if demo.evaluate(CLOSED, place):
            place = BACK + STEP - place
        spent.append(demo.evaluate(CLICK, [place, quiet]))
    return spent


def force(demo: Any, choices: int) -> list[float]:
    """Press alternatives of lower and lower rank, from the beginning on; return milliseconds."""
    spent: list[float] = []
    demo.evaluate(CLICK, [RESET, QUIET])
    while len(spent) < choices:
        place = ALTERNATIVES + 1 + len(spent) % 4
        if demo.evaluate(CLOSED, place):  # the sentence is whole
            demo.evaluate(CLICK, [RESET, QUIET])
        else:
            spent.append(demo.evaluate(CLICK, [place, QUIET]))
    return spent


def memory(sheet: Any, steps: int) -> dict[str, dict[str, float]]:
    """Click many times; return MB of the kernel and of the page's objects by steps taken."""
    marks = sorted({0, steps // 5, steps * 3 // 5, steps})
    kernel, page = {}, {}
    for before, mark in zip([0, *marks], marks, strict=False):
        bounce(sheet.demos().first, mark - before, quiet=40)
        kernel[str(mark)] = kernel_memory()
        page[str(mark)] = page_memory(sheet)
    return {"kernel after steps, MB": kernel, "page after steps, MB": page}


def kernel_memory() -> float:
    """Return the kernel's resident memory, in MB, as the system sees it: a cell would add to it."""
    family = psutil.Process().children(recursive=True)
    kernel = next(member for member in family if "ipykernel_launcher" in member.cmdline())
    return round(kernel.memory_info().rss / 1e6, 1)


def page_memory(sheet: Any) -> float:
    """Return what the page's JavaScript holds after its rubbish is collected, in MB."""
    browser = sheet.page.context.new_cdp_session(sheet.page)
    browser.send("Performance.enable")
    browser.send("HeapProfiler.collectGarbage")
    metrics = browser.send("Performance.getMetrics")["metrics"]
    browser.detach()
    used = next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
    return round(used / 1e6, 2)


def told(milliseconds: list[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the greatest of some times."""
    middle, late = np.percentile(milliseconds, [50, 95])
    return {
        "median": round(float(middle), 1),
        "95th percentile": round(float(late), 1),
        "greatest": round(max(milliseconds), 1),
        "clicks": len(milliseconds),
    }


def print_table(result: dict) -> None:
    """Print what was measured, a line for each thing."""
    for name, values in result.items():
        if isinstance(values, dict):
            print(f"{name:36}" + "".join(f"  {key} {value}" for key, value in values.items()))
