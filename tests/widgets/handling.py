"""How tests take hold of a demo's controls."""


def knob(demo, description):
    """Return the control with this description."""
    todo = [demo]
    while todo:
        widget = todo.pop()
        if getattr(widget, "description", None) == description:
            return widget
        todo += getattr(widget, "children", ())
    raise AssertionError(f"no control {description}")
