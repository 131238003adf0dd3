"""The page of last results, `docs/performance.md`: a section for each benchmark that ran."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
FIRST = """# Performance

The last result of each benchmark, as `python -m benchmarks NAME` wrote it here; `make bench` runs
all of them. What the figures mean, and what they are set beside, is in
[measurements.md](measurements.md). A figure is worth what its machine was worth at that hour: each
table says what rate of float32 matrix products NumPy reached just before it.
"""
LONGEST = 120  # characters of a value; what is longer stays in the JSON file


def put(name: str, about: str, result: dict, path: Path = PAGE) -> None:
    """Write a benchmark's section anew, and leave the others as they are.

    Args:
        name: of the benchmark.
        about: what it measures.
        result: its figures by name, with `machine` and `date`.
        path: of the page.
    """
    old = path.read_text(encoding="utf-8") if path.exists() else FIRST
    sections = dict(re.findall(r"^## (\S+)\n\n(.*?)(?=^## |\Z)", old, re.MULTILINE | re.DOTALL))
    sections[name] = section(about, result)
    parts = [f"## {name}\n\n{sections[name].strip()}\n" for name in sorted(sections)]
    path.write_text("\n".join([FIRST, *parts]), encoding="utf-8")


def section(about: str, result: dict) -> str:
    """Return a benchmark's table, below what it measures and where that was."""
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    rows = [f"| {key} | {_value(value)} |" for key, value in result.items() if _fits(key, value)]
    table = "\n".join(["| | |", "|---|---|", *rows])
    return f"{about[:1].upper()}{about[1:]}. {result['date']}; {machine}.\n\n{table}\n"


def _fits(key: str, value: object) -> bool:
    """Say whether a figure belongs into the table."""
    return key not in ("machine", "date") and len(_value(value)) <= LONGEST


def _value(value: object) -> str:
    """Write a figure."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return "; ".join(f"{key} {_value(one)}" for key, one in value.items())
    shown = f"{value:,}" if isinstance(value, int | float) else str(value)
    return shown.replace("|", "\\|").replace("\n", " ")
