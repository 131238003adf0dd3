"""What a learner does to a demo, by mouse and by keyboard."""

import re

MOST_TABS = 80
FOCUSED = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    return {
        name: here.getAttribute('aria-label') || here.textContent.trim() || here.className,
        outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    };
}"""
REACHABLE = """demo => demo.querySelectorAll(
    ['button', 'input', 'select', 'textarea'].map(kind => `${kind}:not(:disabled)`).join() +
    ', [tabindex="0"], [contenteditable="true"]'
).length"""


def button(demo, name):
    """A button by its text; its role's name has the icon's glyph in it as well."""
    return demo.locator("button").filter(has_text=re.compile(f"^{re.escape(name)}$"))


def press(demo, name):
    button(demo, name).click()


def write(demo, name, words):
    """Type into a field, as if what stood there were marked, and press Enter."""
    field = demo.locator("input").and_(demo.get_by_label(name, exact=True))
    field.fill(words)
    field.press("Enter")


def slide(demo, name, *keys):
    """Press keys on the handle of a slider."""
    sliders = demo.locator(".widget-slider").filter(has_text=re.compile(f"^{re.escape(name)}"))
    handle = sliders.locator(".noUi-handle")
    handle.focus()
    for key in keys:
        handle.press(key)


def tab_to(demo, name):
    """Press Tab until a button has the focus."""
    for _ in range(MOST_TABS):
        demo.page.keyboard.press("Tab")
        if demo.page.evaluate(FOCUSED)["name"] == name:
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def tabbed(demo):
    """Return what has the focus, one Tab after the other, from a demo's first field to its last."""
    demo.locator("input, button, [tabindex='0']").first.focus()
    found = []
    while demo.evaluate("demo => demo.contains(document.activeElement)"):
        found.append(demo.page.evaluate(FOCUSED))
        assert len(found) < MOST_TABS, "Tab does not leave the demo"
        demo.page.keyboard.press("Tab")
    return found
