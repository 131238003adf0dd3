"""What all pictures share: matplotlib's figure with its text alternative, and the colours.

Colours are Okabe and Ito's, which colour-blind readers can tell apart; lines differ in their
markers as well.
"""

import base64
import html
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
PINK, SKY, RUST = "#CC79A7", "#56B4E9", "#D55E00"
COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RUST, "black")
MARKERS = "osD^vPX"
GREY, PALE = "#595959", "#E8E8E8"
WIDTH, DPI = 7.0, 200  # inches; shown 700 pixels wide, twice as sharp


class Picture:
    """A figure with its text alternative; a notebook shows it as an image with an `alt` text.

    Attributes:
        figure: matplotlib's figure.
        alt: what the picture shows, in words.
    """

    def __init__(self, figure: "Figure", alt: str) -> None:
        """Keep both."""
        self.figure, self.alt = figure, alt

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
        return file.getvalue()

    def save(self, path: str | os.PathLike) -> Path:
        """Write the picture to a file whose name ends in .png, .svg or .pdf; return its path."""
        path = Path(path)
        if path.suffix.lower() == ".png":
            path.write_bytes(self.png())
        else:
            self.figure.savefig(path)
        return path

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return what Jupyter shows."""
        data = base64.b64encode(self.png()).decode("ascii")
        width = round(self.figure.get_figwidth() * 100)
        image = (
            f'<img src="data:image/png;base64,{data}" width="{width}" '
            f'style="max-width: 100%; height: auto" alt="{html.escape(self.alt)}">'
        )
        return {"text/html": image, "text/plain": self.alt}

    def __repr__(self) -> str:
        """Show the text alternative."""
        return self.alt


def new_figure(height: float, columns: int = 1) -> tuple["Figure", np.ndarray]:
    """Make a figure of its own, that pyplot does not know, and its axes in a row."""
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, height), layout="constrained")
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def finish(figure: "Figure", title: str, alt: str) -> Picture:
    """Set the title and make the picture."""
    if title:
        figure.suptitle(escape(title), fontsize=12)
    stop = "" if title.endswith((".", "?", "!")) else "."
    return Picture(figure, f"{title}{stop} {alt}" if title else alt)


def label_axes(axis: "Axes", x_label: str, y_label: str, grid: bool = True) -> None:
    """Name the axes, and keep only what helps to read."""
    axis.set_xlabel(escape(x_label))
    axis.set_ylabel(escape(y_label))
    axis.spines[["top", "right"]].set_visible(False)
    if grid:
        axis.grid(color=PALE, linewidth=0.8)
        axis.set_axisbelow(True)


def escape(text: str) -> str:
    r"""Keep matplotlib from reading $…$ as a formula."""
    return text.replace("$", r"\$")
