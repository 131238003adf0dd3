"""Step, Back, Play, Reset, speed and a slider: the controls of every demo that has steps.

Play is a task on the kernel's own event loop: it needs no JavaScript. While a long cell runs it may
wait, or go on in the thread that JupyterLab keeps for widgets. Whatever a learner moves by hand
pauses it.
"""

import asyncio

import ipywidgets
import traitlets

from course.widgets.frame import Demo, controls, guarded


class Stepped(Demo):
    """A demo with steps.

    Attributes:
        step: where it stands, from 0 to `last`; a value outside is moved to the nearest end.
        last: the last step.
        speed: steps a second while it plays.
        playing: whether it plays.
    """

    step = traitlets.Int(0)
    last = traitlets.Int(0)
    speed = traitlets.Float(2.0, min=0.1, max=50.0)

    def __init__(self) -> None:
        """Make the controls; a demo puts `self.player` where it wants it."""
        super().__init__()
        self._task: asyncio.Task | None = None
        self._first = 0
        self.back = _button("Back", "arrow-left", "One step back", self._go_back)
        self.forth = _button("Step", "arrow-right", "One step on", self._go_on)
        self.play = _button("Play", "play", "Play or pause", self._toggle)
        self.reset = _button("Reset", "undo", "Back to the beginning", self._start_again)
        self.slider = ipywidgets.IntSlider(0, 0, 0, description="step", layout={"width": "250px"})
        self.pace = ipywidgets.BoundedFloatText(
            min=0.1, max=50, description="steps a second", layout={"width": "160px"}
        )
        self.pace.style.description_width = "initial"
        self.slider.style.description_width = "34px"
        self.player = controls(self.back, self.forth, self.play, self.reset, self.slider, self.pace)
        self.slider.observe(self._slide, "value")
        traitlets.link((self, "speed"), (self.pace, "value"))
        self.observe(self._moved, ["step", "last"])

    def begin_with(self, settings: dict[str, object]) -> None:
        """Set traits by name; the step is taken when it is known how many there are."""
        self._first = settings.get("step", 0)
        super().begin_with({name: value for name, value in settings.items() if name != "step"})

    def assemble(self, *rows: ipywidgets.Widget) -> None:
        """Put the rows together and show the first step, or the one that was asked for."""
        super().assemble(*rows)
        super().begin_with({"step": self._first})

    @traitlets.validate("step")
    def _within(self, proposal: dict) -> int:
        """Keep the step between 0 and the last one."""
        return min(max(0, proposal["value"]), self.last)

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._task is not None and not self._task.done()

    def pause(self) -> None:
        """Stop playing; harmless if it does not play."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            # The task may belong to another thread's loop, and only that thread may cancel it.
            task.get_loop().call_soon_threadsafe(task.cancel)
        self._name_play()

    def rewind(self) -> None:
        """Go back to the first step; a demo may forget more."""
        self.step = 0

    def close(self) -> None:
        """Stop playing and close."""
        self.pause()
        super().close()

    @guarded
    def _go_back(self, _: object = None) -> None:
        self.pause()
        self.step -= 1

    @guarded
    def _go_on(self, _: object = None) -> None:
        self.pause()
        self.step += 1

    @guarded
    def _start_again(self, _: object = None) -> None:
        self.pause()
        self.rewind()

    @guarded
    def _toggle(self, _: object = None) -> None:
        """Play, from the beginning if it stands at the end; or pause."""
        if self.playing:
            self.pause()
            return
        if self.step == self.last:
            self.step = 0
        try:
            self._task = asyncio.get_running_loop().create_task(self._run())
        except RuntimeError:  # a plain Python program: nothing would wait for the steps
            self.message = "Play needs a notebook; Step works everywhere"
        self._name_play()

    async def _run(self) -> None:
        """Take a step at a time until the last one."""
        me = self._task
        try:
            while self._task is me and self.step < self.last:
                await asyncio.sleep(1 / self.speed)
                self._take_step(me)
        finally:
            if self._task is me:
                self._task = None
                self._name_play()

    @guarded
    def _take_step(self, task: asyncio.Task) -> None:
        """Go a step on for a task, unless it was paused while it slept."""
        if self._task is task:
            self.step += 1

    @guarded
    def _slide(self, change: dict) -> None:
        """Follow the slider; a learner's hand on it pauses Play."""
        if change["new"] != self.step:
            self.pause()
            self.step = change["new"]

    @guarded
    def _moved(self, change: dict) -> None:
        """Let the controls and the picture follow the step."""
        if change["name"] == "last":
            self.slider.max = self.last
            self.step = min(self.step, self.last)
        self.slider.value = self.step
        self.back.disabled, self.forth.disabled = self.step == 0, self.step == self.last
        if change["name"] == "step":
            self.draw()

    def _name_play(self) -> None:
        """Say on the button what it would do."""
        self.play.description = "Pause" if self.playing else "Play"
        self.play.icon = "pause" if self.playing else "play"


def _button(name: str, icon: str, tooltip: str, callback: object) -> ipywidgets.Button:
    """Return a button with a name, an icon and a tooltip."""
    button = ipywidgets.Button(
        description=name, icon=icon, tooltip=tooltip, layout={"width": "auto", "min_width": "64px"}
    )
    button.on_click(callback)
    return button
