"""Every lesson runs in fast mode, in a real kernel, and says what its pictures show."""

import re

import nbformat
import pytest

from tools import execution, notebooks

LESSONS = notebooks.sources(notebooks.ROOT, [notebooks.LESSONS])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.mark.parametrize("source", LESSONS, ids=lambda source: source.stem)
def test_a_lesson_runs(source, monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    monkeypatch.setenv("PYTHONPATH", str(notebooks.ROOT))
    notebook = notebooks.build(source)
    peak, error = execution.execute(notebook, source.parent, timeout=300)
    assert not error
    assert 0 < peak < 1.5e9
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    pages = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert pages.count("<img") == len(re.findall(r'<img[^>]* alt="[^"]{20,}"', pages))


@pytest.mark.parametrize("source", LESSONS, ids=lambda source: source.stem)
def test_its_links_lead_somewhere(source):
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for link in LINK.findall(cell.source):
                assert (source.parent / link).exists(), link
