"""How pictures and tables write a number and a token."""

import numpy as np


def number(value: float, digits: int = 3) -> str:
    """Write a number for a reader: few digits, thousands set apart."""
    if not np.isfinite(value):
        return "no value"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{float(f'{value:.{digits}g}'):.{digits + 3}g}"


def visible(token: object) -> str:
    """Write a token so that it can be seen: a space as ␣, a line end as ↵."""
    text = str(token).replace("\n", "↵")
    return text if text.strip() else text.replace(" ", "␣")


def shorten(text: str, most: int = 70) -> str:
    """Cut a long text."""
    return text if len(text) <= most else text[: most - 1] + "…"
