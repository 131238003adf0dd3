"""axe-core finds no serious fault in the demos, live and in a page that was exported."""

import re

import pytest

from tools.execution import export

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core here")

GRAVE = ("serious", "critical")
# ipywidgets draws the handles of its sliders in JavaScript and gives them no name; nothing on
# Python's side reaches them. A label beside each says what it is, and its readout is a field.
HANDLES = ("aria-input-field-name", re.compile('^<div class="noUi-handle [^>]*role="slider"'))


def faults(page, context):
    """Return the rule, the element and the explanation of each grave fault."""
    found = axe.Axe().run(page, context=context).response["violations"]
    return [
        (fault["id"], node["html"], node["failureSummary"])
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def excused(rule, element):
    return rule == HANDLES[0] and HANDLES[1].match(element)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_live_demos(gallery, theme):
    gallery.dress(1300, theme)
    try:
        found = faults(gallery.page, ".unrolled")
    finally:
        gallery.dress(1300, "light")
    assert [fault for fault in found if not excused(*fault[:2])] == []
    assert found  # the day that the handles have names, the exception goes


def test_an_exported_page(browser, gallery, tmp_path):
    export(gallery.saved(), tmp_path / "gallery.html")
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.route(re.compile("^https?:"), lambda route: route.abort())  # the page's own MathJax
    try:
        page.goto((tmp_path / "gallery.html").as_uri(), wait_until="domcontentloaded")
        assert page.locator(".unrolled").count() == gallery.demos().count()
        assert faults(page, ".unrolled") == []
    finally:
        page.close()
