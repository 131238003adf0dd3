"""What all demos have in common: panes of fixed height, a line for messages, a static twin.

A demo is one ipywidget. What it shows is computed by `view()`, a function of its state to named
parts (HTML, drawings, tables); `draw()` puts them into panes, and `static()` into a page that needs
neither a kernel nor JavaScript.
"""

import functools
import html
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets
import traitlets

from course.errors import CourseError
from course.widgets import style
from course.widgets.drawing import Drawing, Table, escape

Part = str | Drawing | Table


def guarded(callback: Callable) -> Callable:
    """Show a callback's failure in its demo: bad input as one line; a fault is raised too.

    JupyterLab may run a demo's callbacks in two threads, that of the cells and one beside it: one
    callback waits for another.
    """

    @functools.wraps(callback)
    def run(self: "Demo", *arguments: object) -> None:
        try:
            with self.lock:
                callback(self, *arguments)
        except CourseError as error:
            self.message = str(error)
        except Exception as error:
            self.fault = error
            self.message = f"this demo failed: {type(error).__name__}: {error}"
            raise

    return run


@dataclass(frozen=True)
class Static:
    """A demo as it stands, for pages without a kernel: notebooks show it as HTML.

    Attributes:
        html: the title, the pictures as images, and the tables that say the same.
        text: the same in plain text.
    """

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what Jupyter shows."""
        return {"text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str:
        """Show the text alternative."""
        return self.text


class Demo(ipywidgets.VBox):
    """The frame of a demo; each demo says in `view` what it shows, and in `heights` how high.

    Attributes:
        title: one line.
        message: what a learner should know now, as that a sentence is empty; "" for nothing. One
            that ends in … is no fault: it says that something takes a while.
        fault: the exception of a callback that failed; None as long as none did.
        panes: where the parts are shown, by name.
        lock: held by the callback that is at work.
    """

    title = "Demo"
    heights: dict[str, int] = {}  # noqa: RUF012  (each demo has its own; pixels)
    message = traitlets.Unicode("")
    fault: Exception | None = None

    def __init__(self) -> None:
        """Make the panes."""
        super().__init__()
        self.lock = threading.RLock()
        self.panes = {name: pane() for name in self.heights}
        self._line = pane()
        self.add_class("unrolled")
        self.observe(lambda _: self._say(), "message")

    def begin_with(self, settings: dict[str, object]) -> None:
        """Set traits by name.

        Raises:
            CourseError: there is no such setting, or it cannot have this value.
        """
        ours = [name for name, trait in self.traits().items() if issubclass(trait.this_class, Demo)]
        for name, value in settings.items():
            if name not in ours:
                known = ", ".join(sorted(ours))
                raise CourseError(f"{self.title}: no setting {name!r}; there are {known}")
            try:
                self.set_trait(name, value)
            except traitlets.TraitError as error:
                raise CourseError(f"{self.title}: {name}={value!r} will not do: {error}") from None

    @guarded
    def attempt(self, work: Callable[[], None]) -> None:
        """Do what may refuse a learner's text: the refusal is shown, and the panes stay empty."""
        work()

    def tie(
        self, knobs: dict[str, ipywidgets.Widget], **both_ways: tuple[Callable, Callable]
    ) -> dict[str, ipywidgets.Widget]:
        """Tie each control to the trait of its name, so that either follows the other.

        Args:
            knobs: controls with a `value`, by the name of a trait.
            both_ways: for a control that counts otherwise, from trait to value and back.

        Returns:
            The controls.
        """
        for name, knob in knobs.items():
            knob.value = getattr(self, name)
            traitlets.link((self, name), (knob, "value"), both_ways.get(name))
        return knobs

    def view(self, still: bool = False) -> dict[str, Part]:
        """Return what each pane shows now; it must not change anything.

        Args:
            still: for a page on which nothing can be pressed.
        """
        raise NotImplementedError

    def assemble(self, *rows: ipywidgets.Widget) -> None:
        """Put the rows of the demo below its title and show the first picture."""
        sheet = ipywidgets.HTML(f"<style>{style.PAGE}</style>", layout={"display": "none"})
        title = ipywidgets.HTML(f'<p class="u-title">{escape(self.title)}</p>')
        self.children = (sheet, title, *rows, self._line)
        self._say()
        self.draw()

    @guarded
    def draw(self) -> None:
        """Show the present state in the panes."""
        for name, part in self.view().items():
            inner = part if isinstance(part, str) else part.inline()
            label = f"{self.title}: {name}"
            self.panes[name].value = framed(inner, name, self.heights[name], label)

    def static(self) -> Static:
        """Return the demo as it stands, without a kernel."""
        parts = self.view(still=True).values()
        body = "".join(f"<div>{_without_kernel(part)}</div>" for part in parts)
        title = f'<p class="u-title">{escape(self.title)}</p>'
        note = f"<p>{escape(self.message)}</p>" if self.message else ""
        sheet = f"<style>{style.PAGE}</style>"
        words = [self.title, *([self.message] if self.message else []), *map(_in_words, parts)]
        page = f'{sheet}<div class="unrolled">{title}{note}{body}</div>'
        return Static(page, "\n\n".join(filter(None, words)))

    def close(self) -> None:
        """Close the demo and all its controls and panes, so that the kernel can forget them."""
        for widget in _family(self):
            widget.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        """Add the static twin: it is what a page without widgets shows."""
        still = self.static()
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/html": still.html, "text/plain": still.text}

    def _say(self) -> None:
        """Show the message; its line is there even when it is empty, so that nothing jumps."""
        kind = " fault" if self.message and not self.message.endswith("…") else ""
        self._line.value = (
            f'<div class="u-message{kind}" role="status">{escape(self.message)}</div>'
        )


def _family(box: ipywidgets.Box) -> list[ipywidgets.Widget]:
    """Return all widgets in a box, the innermost first."""
    found = []
    for child in box.children:
        found += [*_family(child), child] if isinstance(child, ipywidgets.Box) else [child]
    return found


def pane() -> ipywidgets.HTML:
    """Return an empty pane as wide as there is room."""
    return ipywidgets.HTML(layout={"width": "auto", "flex": "1 1 auto", "min_width": "0"})


def framed(inner: str, name: str, height: int, label: str) -> str:
    """Give a part its fixed height; what is higher scrolls, by keyboard too."""
    return (
        f'<div class="u-pane" style="height: {height}px" tabindex="0" role="region" '
        f'aria-label="{escape(label)}" data-pane="{escape(name)}">{inner}</div>'
    )


def beside(*columns: ipywidgets.Widget, widths: tuple[int, ...]) -> ipywidgets.Box:
    """Put widgets side by side, or below each other on a narrow page.

    Args:
        columns: the widgets.
        widths: pixels that each would like to have; they share what is left in proportion.
    """
    for column, width in zip(columns, widths, strict=True):
        column.layout.flex = f"{width} 1 {width}px"
        column.layout.min_width = f"min({width}px, calc(100% - 4px))"
    return ipywidgets.Box(columns, layout={"flex_flow": "row wrap", "width": "100%"})


def controls(*widgets: ipywidgets.Widget) -> ipywidgets.Box:
    """Put controls in a row that wraps on a narrow page."""
    return ipywidgets.Box(widgets, layout={"flex_flow": "row wrap", "width": "100%"})


def _without_kernel(part: Part) -> str:
    """Return a part for a page of its own."""
    if isinstance(part, Drawing):
        return part.image()
    return part if isinstance(part, str) else part.inline()


def _in_words(part: Part) -> str:
    """Return a part in plain text: its lines, its table, or what its picture shows."""
    if isinstance(part, Table):
        return part.text()
    if isinstance(part, Drawing):
        return part.alt
    pictures = re.sub(r'<(?:img|svg)[^>]* (?:alt|aria-label)="([^"]*)"[^>]*>', r"\1", part)
    lines = re.sub(r"</p>|<br>", "\n", pictures)
    return html.unescape(re.sub(r"<[^>]+>", "", lines)).strip()
