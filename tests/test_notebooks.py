"""The tool that makes, checks and executes notebooks."""

import json
from pathlib import Path

import nbformat
import pytest

from tools import notebooks

SOURCE = """\
# %% [markdown]
# # Padding
# It never counts: 3 × 5.

# %% tags=["hide-input"]
time = 5

# %%
time

# %%
time
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one lesson and its notebook."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "solutions" / "06_masks").mkdir(parents=True)
    lesson(tmp_path).write_text(SOURCE, encoding="utf-8")
    assert notebooks.main(["write"], tmp_path) == 0
    return tmp_path


def lesson(root: Path, suffix: str = ".py") -> Path:
    return root / "lessons" / f"06_masks{suffix}"


def cells(root: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(lesson(root, ".ipynb"), as_version=4).cells


def ids(root: Path) -> list[str]:
    return [cell.id for cell in cells(root)]


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def save(root: Path, notebook: nbformat.NotebookNode) -> None:
    lesson(root, ".ipynb").write_text(notebooks.as_json(notebook), encoding="utf-8")


def complaints(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `check` says, one line each, without its closing advice."""
    capsys.readouterr()
    assert notebooks.main(["check"], root) == 1
    *lines, advice = capsys.readouterr().err.splitlines()
    assert "make notebooks" in advice
    return lines


def test_a_notebook_says_what_its_source_says(project):
    first, second, *_ = cells(project)
    assert (first.cell_type, first.source) == ("markdown", "# Padding\nIt never counts: 3 × 5.")
    assert (second.cell_type, second.source) == ("code", "time = 5")
    assert second.metadata == {"tags": ["hide-input"]}


def test_a_notebook_is_valid_without_outputs_and_ends_in_a_newline(project):
    text = lesson(project, ".ipynb").read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
    assert all(cell.execution_count is None for cell in notebook.cells if "outputs" in cell)
    assert text.endswith("}\n") and "\r" not in text


def test_ids_are_unique_even_for_equal_cells(project):
    assert len(set(ids(project))) == len(ids(project)) == 4


def test_writing_again_changes_nothing(project, capsys):
    before = lesson(project, ".ipynb").read_bytes()
    stamp = lesson(project, ".ipynb").stat().st_mtime_ns
    capsys.readouterr()
    assert notebooks.main(["write"], project) == 0
    assert capsys.readouterr().out == "0 of 1 notebooks written\n"
    assert lesson(project, ".ipynb").read_bytes() == before
    assert lesson(project, ".ipynb").stat().st_mtime_ns == stamp


def test_editing_one_cell_keeps_the_other_ids(project):
    before = ids(project)
    change(lesson(project), "time = 5", "time = 7")
    notebooks.main(["write"], project)
    after = ids(project)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, True]


def test_inserting_a_cell_keeps_the_other_ids(project):
    before = ids(project)
    change(lesson(project), "# %% tags", "# %%\nunits = 7\n\n# %% tags")
    notebooks.main(["write"], project)
    after = ids(project)
    assert after[:1] + after[2:] == before


def test_windows_line_ends_give_the_same_notebook(project):
    before = lesson(project, ".ipynb").read_bytes()
    lesson(project).write_bytes(SOURCE.replace("\n", "\r\n").encode())
    notebooks.main(["write"], project)
    assert lesson(project, ".ipynb").read_bytes() == before


def test_a_source_in_solutions_is_a_notebook_too_and_a_module_is_not(project):
    folder = project / "solutions" / "06_masks"
    (folder / "masks.py").write_text(SOURCE, encoding="utf-8")
    (folder / "wrong_answers.py").write_text("ANSWERS = []\n", encoding="utf-8")
    assert notebooks.main(["write"], project) == 0
    assert sorted(path.name for path in folder.glob("*.ipynb")) == ["masks.ipynb"]
    assert notebooks.main(["check"], project) == 0


def test_check_is_content_with_what_write_made(project, capsys):
    assert notebooks.main(["check"], project) == 0
    assert "1 notebooks match" in capsys.readouterr().out


def test_check_works_before_the_first_lesson(tmp_path):
    assert notebooks.main(["check"], tmp_path) == 0


def test_check_finds_a_stale_notebook(project, capsys):
    change(lesson(project), "time = 5", "time = 7")
    assert complaints(project, capsys) == [
        f"{Path('lessons/06_masks.ipynb')}: differs from 06_masks.py first in cell 2"
    ]


def test_check_finds_a_changed_tag(project, capsys):
    change(lesson(project), "hide-input", "hide-output")
    assert complaints(project, capsys) == [
        f"{Path('lessons/06_masks.ipynb')}: differs from 06_masks.py first in cell 2"
    ]


def test_check_finds_a_cell_that_only_the_notebook_has(project, capsys):
    notebook = nbformat.read(lesson(project, ".ipynb"), as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("1"))
    save(project, notebook)
    assert "the number of cells: 5, not 4" in complaints(project, capsys)[0]


def test_check_finds_another_kernel(project, capsys):
    change(lesson(project, ".ipynb"), '"python3"', '"my-own"')
    assert "outside the cells" in complaints(project, capsys)[0]


def test_check_finds_a_missing_notebook(project, capsys):
    lesson(project, ".ipynb").unlink()
    assert complaints(project, capsys) == [f"{Path('lessons/06_masks.ipynb')}: missing"]


def test_check_finds_an_orphan(project, capsys):
    lesson(project).unlink()
    (line,) = complaints(project, capsys)
    assert "06_masks.ipynb: no source 06_masks.py" in line


def test_check_finds_saved_outputs(project, capsys):
    notebook = nbformat.read(lesson(project, ".ipynb"), as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="5")]
    notebook.cells[3].execution_count = 8
    save(project, notebook)
    assert complaints(project, capsys) == [
        f"{Path('lessons/06_masks.ipynb')}: saved outputs in cell 3, 4"
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"nbformat": 4})])
def test_check_finds_what_is_no_notebook(project, capsys, text):
    lesson(project, ".ipynb").write_text(text)
    (line,) = complaints(project, capsys)
    assert "06_masks.ipynb: not a notebook" in line


def test_a_source_that_is_not_utf8_is_one_clear_line(project, capsys):
    lesson(project).write_bytes(b"# %%\nname = 'caf\xe9'\n")
    capsys.readouterr()
    assert notebooks.main(["check"], project) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"notebooks: {lesson(project)}: not UTF-8 at byte 16"
    ]


def test_run_executes_a_lesson_in_its_folder_and_leaves_the_project_alone(project, capsys):
    (project / "lessons" / "time.txt").write_text("5")
    change(lesson(project), "time = 5", 'time = int(open("time.txt").read())')
    notebooks.main(["write"], project)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    pages = project.parent / f"{project.name}-pages"
    assert notebooks.main(["run", "06", "--html", str(pages)], project) == 0
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert "It never counts: 3 × 5." in (pages / "06_masks.html").read_text(encoding="utf-8")
    state, name, seconds, _, memory, unit = capsys.readouterr().out.splitlines()[-2].split()
    assert (state, name, unit) == ("ok", "lessons/06_masks", "MiB")
    assert float(seconds) > 0 and 10 < float(memory) < 1000


def test_run_names_the_cell_that_failed_and_goes_on(project, capsys):
    (project / "lessons" / "05_bad.py").write_text("# %%\nunits = 7\n\n# %%\nunits / 0\n")
    assert notebooks.main(["run"], project) == 1
    seen = capsys.readouterr()
    assert seen.err.splitlines() == [
        "     lessons/05_bad: cell 2 (units / 0): ZeroDivisionError: division by zero"
    ]
    assert [line.split()[0] for line in seen.out.splitlines()[-3:]] == ["FAIL", "ok", "1"]


def test_run_stops_a_cell_that_takes_too_long(project, capsys):
    lesson(project).write_text("# %%\nimport time\ntime.sleep(60)\n")
    assert notebooks.main(["run", "--timeout", "1"], project) == 1
    assert "cell 1 (import time): CellTimeoutError" in capsys.readouterr().err


def test_run_without_lessons_says_so(tmp_path, capsys):
    assert notebooks.main(["run"], tmp_path) == 0
    assert capsys.readouterr().out == "no lessons yet\n"


def test_run_of_an_unknown_lesson_names_the_known_ones(project, capsys):
    assert notebooks.main(["run", "99"], project) == 2
    assert capsys.readouterr().err == "notebooks: no lesson '99'; there are: 06_masks\n"


def test_pages_cannot_go_where_a_file_is(project, capsys):
    assert notebooks.main(["run", "--html", str(lesson(project))], project) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["draw"], ["run", "--timeout", "0"], ["check", "x"]])
def test_misuse_is_one_line(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        notebooks.main(arguments, tmp_path)
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
