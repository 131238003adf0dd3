"""The page that `course tune` writes: what was tried, what it gave, which settings did it."""

from html import escape
from pathlib import Path
from typing import Any

from course.errors import CourseError

MARK = '<meta name="generator" content="course tune">'
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid #8886; }
th:first-child, td:first-child { text-align: left; }
tr.best { font-weight: bold; }
.wide { overflow-x: auto; }
img { background: white; }
pre { background: #8882; padding: .7rem; white-space: pre-wrap; }
"""


def check(path: Path) -> None:
    """Find out before a long search whether its page can be written.

    Raises:
        CourseError: the folder is missing, or the file is something else.
    """
    if not path.absolute().parent.is_dir():
        raise CourseError(f"--report {path}: there is no folder {path.parent}")
    if path.is_dir() or (path.exists() and MARK not in _beginning(path)):
        raise CourseError(f"--report {path}: that is something else; choose another name")


def write(path: Path, study: Any, command: str) -> None:
    """Write the page.

    Args:
        path: of the file.
        study: with a trial that ran to its end.
        command: what trains with the best settings.
    """
    path.write_text(page(study, command), encoding="utf-8")


def page(study: Any, command: str) -> str:
    """Return the page as HTML; arguments as for `write`."""
    from course.tuning import best, counted

    first = best(study)
    pictures = [lowest(study), *(against(study, name) for name in first.params)]
    shown_pictures = "\n".join(picture._repr_mimebundle_()["text/html"] for picture in pictures)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">{MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trials of a translator</title><style>{STYLE}</style></head><body>
<h1>Trials of a translator</h1>
<p>{len(counted(study))} trials. The lowest validation loss is {first.value:.3f} nats a token, in
trial {first.number + 1}. To train with its settings and keep the model:</p>
<pre>{escape(command)}</pre>
<h2>What was found</h2>
{shown_pictures}
<h2>All trials</h2>
<div class="wide" tabindex="0" role="region" aria-label="All trials">{_table(study)}</div>
</body></html>
"""


def lowest(study: Any):
    """Draw the lowest loss after each trial."""
    from course import plots
    from course.tuning import best_so_far

    losses = [(place, loss) for place, loss in enumerate(best_so_far(study), 1) if loss < 1e300]
    x, y = zip(*losses, strict=True)
    title = "The lowest loss so far"
    return plots.lines({"lowest": (x, y)}, "trials", "validation loss (nats a token)", title)


def against(study: Any, name: str):
    """Draw the losses of the trials that ran to their end against one setting."""
    from course import plots
    from course.tuning import counted

    whole = [trial for trial in counted(study) if trial.state.name == "COMPLETE"]
    kind, said = whole[0].distributions[name], name.replace("_", " ")
    values = [trial.params[name] for trial in whole]
    choices = getattr(kind, "choices", None)
    points = list(
        zip(map(str, values) if choices else values, (t.value for t in whole), strict=True)
    )
    return plots.dots(
        points,
        said,
        "validation loss (nats a token)",
        f"By {said}",
        log_x=getattr(kind, "log", False),
        words=choices and [str(choice) for choice in choices],
    )


def shown(value: Any) -> str:
    """Write a setting's value shortly."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _table(study: Any) -> str:
    """List the trials, the best one set apart."""
    from course.tuning import best, counted

    first = best(study)
    names = list(first.params)
    titles = ["trial", "valid loss", "epochs seen", "seconds", *names]
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in titles)
    rows = []
    for trial in counted(study):
        values = [str(trial.number + 1), _end(trial), str(len(trial.intermediate_values))]
        values += [f"{trial.duration.total_seconds():.0f}"]
        values += [shown(trial.params[name]) for name in names]
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        rows.append(f"<tr{' class=best' if trial.number == first.number else ''}>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _end(trial: Any) -> str:
    """Say what a trial came to."""
    return f"{trial.value:.3f}" if trial.state.name == "COMPLETE" else "given up"


def _beginning(path: Path) -> str:
    """Return the beginning of a file that may be anything."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(2_000)
