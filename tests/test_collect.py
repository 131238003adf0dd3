"""Collecting submissions: real zips and folders, hostile ones among them, into a real classroom."""

import json
import os
import resource
import shutil
import signal
import stat
import sys
import time
import unicodedata
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.archive import Limits, opened
from autograder.classroom import Classroom
from autograder.collect import Collected, collect
from autograder.names import folders, safe_name, shown, squashed
from autograder.placing import read_owner, read_records
from autograder.roster import Roster
from course.errors import CourseError

CONFIG = """\
from pathlib import Path
c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = "sqlite:///" + str(Path(__file__).resolve().parent / "gradebook.db")
"""

FORCING, ONE_HOT, PARTS = "03_teacher_forcing", "02_one_hot_encoding", "04_two_parts"
SOURCES = {
    (ONE_HOT, "one_hot_encoding"): ["encode", "decode"],
    (FORCING, "teacher_forcing"): ["shift", "mask"],
    (PARTS, "reading"): ["read"],
    (PARTS, "writing"): ["write"],
}
NOON = (2025, 1, 31, 12, 0, 0)


def notebook(*ids: str, text: str = "") -> bytes:
    """A notebook with these grade ids, in which a learner has written something."""
    marks = [{"nbgrader": {"grade_id": name, "solution": True}} for name in ids]
    cells = [cell(text, mark) for mark in [{}, *marks]]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def cell(text: str, metadata: dict) -> dict:
    return {"cell_type": "markdown", "id": "a", "metadata": metadata, "source": text}


def make_course(root: Path) -> Classroom:
    root.mkdir()
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    for (assignment, name), ids in SOURCES.items():
        folder = root / "solutions" / assignment
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_bytes(notebook(*ids))
    return Classroom.open(root)


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    return make_course(tmp_path / "course")


Files = dict[str, bytes]


def zipped(path: Path, files: Files, when: tuple[int, ...] = NOON) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, when), data, zipfile.ZIP_DEFLATED)
    return path


def laid_out(top: Path, files: Files) -> Path:
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return top


def submitted(classroom: Classroom) -> Files:
    """All notebooks that are to be graded, by their path."""
    return tree(classroom.submitted, "*.ipynb")


def older(classroom: Classroom) -> list[bytes]:
    return sorted(tree(classroom.work / "older", "*.ipynb").values())


def tree(top: Path, pattern: str = "*") -> Files:
    paths = sorted(path for path in top.rglob(pattern) if path.is_file())
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in paths}


def record(classroom: Classroom, student: str, assignment: str = FORCING):
    (known,) = read_records(classroom.submitted / student / assignment).values()
    return known


def roster(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# Canvas


def test_canvas_zip_is_placed_by_roster_with_its_late_marks(tmp_path, classroom):
    people = roster(
        tmp_path / "roster.csv",
        "student_id,first_name,last_name,canvas_id\n"
        'ann,Ann Mary,"van Lee",12345\n'
        "zoe,Zoë,O'Neil,\n",
    )
    zoe = unicodedata.normalize("NFD", "o'neilzoë").replace("'", "")
    canvas = zipped(
        tmp_path / "submissions.zip",
        {
            "vanleeannmary_LATE_12345_678901_teacher_forcing-1.ipynb": b"ann",
            f"{zoe}_23456_678902_teacher_forcing.ipynb": b"zoe",
            f"{zoe}_23456_678903_report.html": b"<p>",
            "nobodyknown_9_678904_teacher_forcing.ipynb": b"who",
            "vanleeannmary_12345_text.html": b"a text entry",
        },
    )
    done = collect(canvas, classroom, roster=people)
    assert submitted(classroom) == {
        f"ann/{FORCING}/teacher_forcing.ipynb": b"ann",
        f"zoe/{FORCING}/teacher_forcing.ipynb": b"zoe",
    }
    assert [one.student for one in done.late] == ["ann"]
    assert record(classroom, "ann").late and not record(classroom, "zoe").late
    assert record(classroom, "ann").canvas_id == "12345"
    (problem,) = done.problems
    assert "nobodyknown_9_678904" in problem and "nobody is called 'nobodyknown'" in problem
    assert done.ignored == 2
    assert "roster.csv (columns: student_id, first_name, last_name, canvas_id)" in problem
    assert done.summary() == (
        "2 placed, 1 late, 1 not placed; 2 other files ignored "
        "(oneilzoë_23456_678903_report.html, vanleeannmary_12345_text.html)"
    )


def test_download_times_of_a_site_are_no_times_of_submission(tmp_path, classroom):
    collect(zipped(tmp_path / "c.zip", {"lee_1_2_teacher_forcing.ipynb": b"a"}), classroom)
    assert not list(classroom.submitted.rglob("timestamp.txt"))


def test_canvas_without_roster_tells_two_of_one_name_apart(tmp_path, classroom):
    files = {
        "leeann_12_100_teacher_forcing.ipynb": b"one",
        "leeann_13_101_teacher_forcing.ipynb": b"two",
        "anon_x7Kq2_102_teacher_forcing.ipynb": b"three",
        "LATE_anon_b8Rt3_103_teacher_forcing.ipynb": b"four",
    }
    done = collect(zipped(tmp_path / "c.zip", files), classroom)
    names = {one.student: one.late for one in done.placed}
    assert names == {
        "leeann_12": False,
        "leeann_13": False,
        "anon_x7Kq2": False,
        "anon_b8Rt3": True,
    }


def test_canvas_files_in_an_unpacked_folder_and_a_zip_that_was_handed_in(tmp_path, classroom):
    inner = zipped(tmp_path / "inner.zip", {"work/teacher_forcing.ipynb": b"packed"})
    folder = laid_out(
        tmp_path / "here",
        {
            "submissions/leeann_12_100_teacher_forcing.ipynb": b"plain",
            "submissions/royjoe_LATE_13_101_my_work.zip": inner.read_bytes(),
        },
    )
    done = collect(folder, classroom)
    assert submitted(classroom) == {
        f"leeann_12/{FORCING}/teacher_forcing.ipynb": b"plain",
        f"royjoe_13/{FORCING}/teacher_forcing.ipynb": b"packed",
    }
    assert [one.student for one in done.late] == ["royjoe_13"]


def test_of_several_attempts_canvas_numbers_decide_and_not_the_names(tmp_path, classroom):
    files = {
        "leeann_12_300_teacher_forcing.ipynb": b"last",
        "leeann_12_100_teacher_forcing-2.ipynb": b"first",
        "leeann_12_200_teacher_forcing-1.ipynb": b"second",
    }
    done = collect(zipped(tmp_path / "c.zip", files), classroom)
    assert submitted(classroom) == {f"leeann_12/{FORCING}/teacher_forcing.ipynb": b"last"}
    assert older(classroom) == [b"first", b"second"]
    assert len(done.of("older")) == 2


# Moodle


@pytest.mark.parametrize("end", ["_assignsubmission_file_/", "_assignsubmission_file/"])
def test_moodle_folders(tmp_path, classroom, end):
    files = {
        f"Ann Mary Lee_1234567{end}teacher_forcing.ipynb": b"ann",
        f"José Ñandú_1234568{end}sub folder/teacher_forcing (1).ipynb": b"jose",
        f"José Ñandú_1234568{end}figure.png": b"png",
        "Ann Mary Lee_1234567_assignsubmission_onlinetext/onlinetext.html": b"text",
    }
    done = collect(zipped(tmp_path / "m.zip", files), classroom)
    assert submitted(classroom) == {
        f"Ann_Mary_Lee/{FORCING}/teacher_forcing.ipynb": b"ann",
        f"José_Ñandú/{FORCING}/teacher_forcing.ipynb": b"jose",
    }
    assert done.ignored == 2 and not done.problems
    assert record(classroom, "Ann_Mary_Lee").moodle_id == "1234567"


def test_moodle_without_folders(tmp_path, classroom):
    files = {
        "Ann Lee_11_assignsubmission_file_teacher_forcing.ipynb": b"ann",
        "Ann Lee_11_assignsubmission_onlinetext_onlinetext.html": b"text",
        "Ann Lee_11_assignsubmission_comments_teacher_forcing.ipynb": b"not handed in",
        "Joe Roy_12_assignsubmission_onlinetext_onlinetext.html": b"text",
    }
    done = collect(zipped(tmp_path / "m.zip", files), classroom)
    assert submitted(classroom) == {f"Ann_Lee/{FORCING}/teacher_forcing.ipynb": b"ann"}
    assert done.problems == ["Joe Roy: no notebook, only onlinetext.html"]


def test_moodle_participants_of_one_name_keep_their_numbers(tmp_path, classroom):
    files = {
        "Ann Lee_11_assignsubmission_file/teacher_forcing.ipynb": b"one",
        "Ann Lee_12_assignsubmission_file/teacher_forcing.ipynb": b"two",
        "Participant_13_assignsubmission_file/teacher_forcing.ipynb": b"hidden",
    }
    collect(zipped(tmp_path / "m.zip", files), classroom)
    students = {path.split("/")[0] for path in submitted(classroom)}
    assert students == {"Ann_Lee_11", "Ann_Lee_12", "Participant_13"}


def test_a_grading_worksheet_of_moodle_is_a_roster(tmp_path, classroom):
    sheet = roster(
        tmp_path / "sheet.csv",
        "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum grade\n"
        "Participant 11,Ann Lee,ann@example.org,,,10.00\n"
        "Participant 12,Ann Lee,lee@example.org,,,10.00\n",
    )
    files = {
        "Ann Lee_11_assignsubmission_file/teacher_forcing.ipynb": b"one",
        "Ann Lee_12_assignsubmission_file/teacher_forcing.ipynb": b"two",
        "Ann Lee_99_assignsubmission_file/teacher_forcing.ipynb": b"who",
    }
    done = collect(zipped(tmp_path / "m.zip", files), classroom, roster=sheet)
    assert submitted(classroom) == {
        f"ann@example.org/{FORCING}/teacher_forcing.ipynb": b"one",
        f"lee@example.org/{FORCING}/teacher_forcing.ipynb": b"two",
    }
    (problem,) = done.problems
    assert "ann@example.org and lee@example.org are called 'Ann Lee'" in problem


def test_a_gradebook_of_canvas_is_a_roster(tmp_path):
    book = roster(
        tmp_path / "book.csv",
        "Student,ID,SIS User ID,SIS Login ID,Section,Hot (7)\n"
        "    Points Possible,,,,,10\n"
        '"Lee, Ann",12,u1,ann@example.org,A,\n'
        '"Student, Test",13,,abc,A,\n',
    )
    (student,) = Roster.read(book).students
    assert (student.id, student.canvas_id, student.sis_id) == ("ann@example.org", "12", "u1")
    assert Roster.read(book).find("leeann", canvas_id="") == student
    with pytest.raises(CourseError, match="nobody is called"):
        Roster.read(book).find("leeann", canvas_id="99")  # the number is another person's


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name\nAnn\n", "no column student_id"),
        ("", "no column student_id"),
        ("student_id,name\n,Ann\n", "line 2: no student id"),
        ("student_id\nann\nann\n", "line 3: id ann is in line 2 too"),
    ],
)
def test_a_roster_that_cannot_be_used(tmp_path, text, reason):
    with pytest.raises(CourseError, match=reason):
        Roster.read(roster(tmp_path / "roster.csv", text))


def test_folders_from_before_the_roster_are_named_and_not_doubled_in_silence(tmp_path, classroom):
    files = {
        "arendtanna_1001_100_teacher_forcing.ipynb": b"anna",
        "group_7_1002_101_teacher_forcing.ipynb": b"others",
    }
    canvas = zipped(tmp_path / "c.zip", files)
    collect(canvas, classroom)
    moodle = {"Eva Ek_77_assignsubmission_file/teacher_forcing.ipynb": b"eva"}
    collect(zipped(tmp_path / "m.zip", moodle), classroom)
    people = roster(
        tmp_path / "roster.csv", "student_id,name\nanna,Anna Arendt\neva,Eva Ek\nida,Ida Om\n"
    )
    done = collect(canvas, classroom, roster=people)
    (note,) = done.notes
    assert "in the class twice: Eva_Ek is eva, arendtanna_1001 is anna; collect those" in note
    assert "nbgrader db student remove NAME --force" in note
    shutil.rmtree(classroom.submitted / "arendtanna_1001")
    shutil.rmtree(classroom.submitted / "Eva_Ek")
    assert collect(canvas, classroom, roster=people).notes == []


def test_what_was_found_where_nothing_was_placed(tmp_path, classroom):
    files = {"ann/report.pdf": b"p", "ann/a.txt": b"t", "joe/b.txt": b"t", "joe/c.txt": b"t"}
    done = collect(laid_out(tmp_path / "here", files), classroom, assignment=None)
    assert done.summary().endswith("; 4 other files ignored (a.txt, report.pdf, b.txt and 1 more)")
    done.problems.clear()
    assert done.nothing() == (
        "nothing was placed: no notebook (.ipynb) there, only a.txt, report.pdf, b.txt and 1 more"
    )


# Plain folders, and nbgrader's


def test_plain_folders_zips_and_a_wrapping_folder(tmp_path, classroom):
    files = {
        "ann/teacher_forcing.ipynb": b"a",
        f"joe/{FORCING}/teacher_forcing.ipynb": b"j",
        "eve/notes/teacher_forcing.ipynb": b"e",
    }
    expected = {
        f"{name}/{FORCING}/teacher_forcing.ipynb": data
        for name, data in (("ann", b"a"), ("joe", b"j"), ("eve", b"e"))
    }
    collect(laid_out(tmp_path / "plain", files), classroom)
    assert submitted(classroom) == expected
    other = make_course(tmp_path / "other")
    collect(
        zipped(tmp_path / "z.zip", {f"all/{k}": v for k, v in files.items() if "joe" not in k}),
        other,
    )
    assert {path.split("/")[0] for path in submitted(other)} == {"ann", "eve"}


def test_the_tree_of_nbgrader_keeps_its_timestamps(tmp_path, classroom):
    files = {
        f"ann/{FORCING}/teacher_forcing.ipynb": b"a",
        f"ann/{FORCING}/timestamp.txt": b"2015-02-02 15:58:23.948203 UTC\n",
        f"joe/{FORCING}/teacher_forcing.ipynb": b"j",
        f"joe/{FORCING}/timestamp.txt": b"yesterday, I think\n",
        f"joe/{ONE_HOT}/one_hot_encoding.ipynb": b"o",
    }
    done = collect(laid_out(tmp_path / "submitted", files), classroom)
    assert tree(classroom.submitted, "timestamp.txt") == {
        f"ann/{FORCING}/timestamp.txt": b"2015-02-02 15:58:23.948203 UTC\n"
    }
    assert len(submitted(classroom)) == 3
    assert any("joe" in note and "not a time" in note for note in done.notes)
    from nbgrader.coursedir import CourseDirectory

    read = CourseDirectory(config=classroom.config).get_existing_timestamp(
        str(classroom.submitted / "ann" / FORCING)
    )
    assert read.isoformat() == "2015-02-02T15:58:23.948203"


def test_zips_of_students_in_a_folder_are_opened_once_and_not_twice(tmp_path, classroom):
    inner = zipped(tmp_path / "inner.zip", {"teacher_forcing.ipynb": b"deep"})
    one = {"teacher_forcing.ipynb": b"a", "more.zip": inner.read_bytes()}
    ann = zipped(tmp_path / "ann.zip", one)
    joe = zipped(tmp_path / "joe.zip", {"more.zip": inner.read_bytes()})
    files = {"ann.zip": ann.read_bytes(), "joe.zip": joe.read_bytes()}
    done = collect(laid_out(tmp_path / "here", files), classroom)
    assert submitted(classroom) == {f"ann/{FORCING}/teacher_forcing.ipynb": b"a"}
    assert done.problems == ["joe: no notebook, only more.zip"]


def test_what_lies_in_no_students_folder_is_said(tmp_path, classroom):
    files = {"teacher_forcing.ipynb": b"whose", "ann/teacher_forcing.ipynb": b"a"}
    done = collect(laid_out(tmp_path / "here", files), classroom)
    assert len(submitted(classroom)) == 1
    assert done.problems == [
        "teacher_forcing.ipynb: in no student's folder, and no student in its name"
    ]


# Which assignment


@pytest.mark.parametrize(
    "name",
    [
        "teacher_forcing.ipynb",
        "Teacher Forcing.IPYNB",
        "teacher_forcing (1).ipynb",
        "teacher_forcing-2.ipynb",
        "teacher_forcing-Copy1.ipynb",
        "teacher_forcing - Copy (3).ipynb",
        "Copy of teacher_forcing.ipynb",
        "Copy_of_Copy_of_teacher_forcing (2).ipynb",
        "teacher_forcing.ipynb.txt",
        "ann_teacher-forcing_final.ipynb",
    ],
)
def test_the_assignment_is_known_by_the_notebooks_name(tmp_path, classroom, name):
    done = collect(laid_out(tmp_path / "here", {f"ann/{name}": b"not even JSON"}), classroom)
    assert submitted(classroom) == {f"ann/{FORCING}/teacher_forcing.ipynb": b"not even JSON"}
    assert not done.problems


def test_the_assignment_is_known_by_grade_ids(tmp_path, classroom):
    files = {"ann/mine.ipynb": notebook("shift", "encode", "mask"), "joe/mine.ipynb": notebook()}
    done = collect(laid_out(tmp_path / "here", files), classroom)
    assert set(submitted(classroom)) == {f"ann/{FORCING}/teacher_forcing.ipynb"}
    assert done.notes == [
        f"ann/mine.ipynb: taken for {FORCING}/teacher_forcing by the ids of its cells"
    ]
    assert done.problems == [
        "joe/mine.ipynb: unclear which assignment it is; collect it with --assignment"
    ]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"\xff\xfe{", b'{"cells": 3}', b'{"cells": [{"metadata": []}]}']
)
def test_what_is_no_notebook_is_placed_all_the_same(tmp_path, classroom, data):
    done = collect(laid_out(tmp_path / "here", {"ann/my work.ipynb": data}), classroom, FORCING)
    assert submitted(classroom) == {f"ann/{FORCING}/teacher_forcing.ipynb": data}
    assert done.notes == ["ann/my work.ipynb: taken for teacher_forcing.ipynb: it is the only one"]


def test_the_notebook_of_another_assignment_is_not_placed(tmp_path, classroom):
    files = {"ann/one_hot_encoding.ipynb": b"o", f"joe/{ONE_HOT}/teacher_forcing.ipynb": b"j"}
    done = collect(laid_out(tmp_path / "here", files), classroom, FORCING)
    assert not submitted(classroom)
    assert [problem.split(": ", 1)[1] for problem in done.problems] == [
        f"by its name the notebook of {ONE_HOT}, not of {FORCING}",
        f"in the folder of {ONE_HOT}, not of {FORCING}",
    ]


def test_two_notebooks_are_both_placed_and_said(tmp_path, classroom):
    files = {
        "ann/teacher_forcing.ipynb": b"right",
        "ann/Scratch pad.ipynb": b"more",
        "joe/first.ipynb": b"one",
        "joe/second.ipynb": b"two",
    }
    done = collect(laid_out(tmp_path / "here", files), classroom, FORCING)
    assert submitted(classroom) == {
        f"ann/{FORCING}/teacher_forcing.ipynb": b"right",
        f"ann/{FORCING}/scratch_pad.ipynb": b"more",
        f"joe/{FORCING}/first.ipynb": b"one",
        f"joe/{FORCING}/second.ipynb": b"two",
    }
    assert done.notes == [
        "ann/Scratch pad.ipynb: placed as scratch_pad.ipynb: not asked for",
        "joe/first.ipynb: placed as first.ipynb: unclear whether it is teacher_forcing",
        "joe/second.ipynb: placed as second.ipynb: unclear whether it is teacher_forcing",
    ]


def test_an_assignment_of_two_notebooks(tmp_path, classroom):
    files = {"ann/reading.ipynb": b"r", "ann/mine.ipynb": b"w"}
    collect(laid_out(tmp_path / "here", files), classroom, PARTS)
    assert submitted(classroom) == {
        f"ann/{PARTS}/reading.ipynb": b"r",
        f"ann/{PARTS}/writing.ipynb": b"w",
    }


def test_an_unknown_assignment_is_refused(tmp_path, classroom):
    with pytest.raises(CourseError, match="no assignment '99_none'"):
        collect(laid_out(tmp_path / "here", {"a/b.ipynb": b""}), classroom, "99_none")


def test_junk_of_systems_is_nobodys_file(tmp_path, classroom):
    files = {
        "ann/teacher_forcing.ipynb": b"a",
        "__MACOSX/ann/._teacher_forcing.ipynb": b"junk",
        "ann/.ipynb_checkpoints/teacher_forcing-checkpoint.ipynb": b"junk",
        "ann/.DS_Store": b"junk",
        "ann/solution.py": b"file",
    }
    done = collect(zipped(tmp_path / "z.zip", files), classroom)
    assert list(submitted(classroom).values()) == [b"a"]
    assert done.ignored == 1 and not done.problems


# Newer and older


def canvas(path: Path, number: int, data: bytes, mark: str = "") -> Path:
    return zipped(path, {f"leeann_{mark}12_{number}_teacher_forcing.ipynb": data})


def test_newest_wins_older_is_kept_and_twice_changes_nothing(tmp_path, classroom):
    first = canvas(tmp_path / "1.zip", 100, b"first")
    second = canvas(tmp_path / "2.zip", 200, b"second", "LATE_")
    assert len(collect(first, classroom).placed) == 1
    assert len(collect(second, classroom).replaced) == 1
    place = f"leeann_12/{FORCING}/teacher_forcing.ipynb"
    for again in (second, first, second):
        before = tree(classroom.work)
        done = collect(again, classroom)
        assert [one.status for one in done.placements] == ["unchanged"]
        assert tree(classroom.work) == before
    assert submitted(classroom) == {place: b"second"}
    assert older(classroom) == [b"first"]


def test_an_older_zip_that_comes_later_replaces_nothing(tmp_path, classroom):
    collect(canvas(tmp_path / "2.zip", 200, b"second"), classroom)
    done = collect(canvas(tmp_path / "1.zip", 100, b"first"), classroom)
    assert [one.status for one in done.placements] == ["older"]
    assert list(submitted(classroom).values()) == [b"second"]
    assert older(classroom) == [b"first"]


def test_going_back_to_the_first_version(tmp_path, classroom):
    for number, data in ((1, b"first"), (2, b"second"), (3, b"first")):
        collect(canvas(tmp_path / "c.zip", number, data), classroom)
    assert list(submitted(classroom).values()) == [b"first"]
    assert older(classroom) == [b"first", b"second"]
    assert record(classroom, "leeann_12").number == 3


def test_the_same_file_handed_in_again_late_is_late(tmp_path, classroom):
    collect(canvas(tmp_path / "1.zip", 1, b"same"), classroom)
    collect(canvas(tmp_path / "2.zip", 2, b"same", "LATE_"), classroom)
    assert record(classroom, "leeann_12").late
    assert not older(classroom)


def test_a_later_download_of_moodle_is_newer(tmp_path, classroom):
    name = "Ann Lee_11_assignsubmission_file/teacher_forcing.ipynb"
    later = zipped(tmp_path / "2.zip", {name: b"later"}, (2025, 2, 1, 12, 0, 0))
    earlier = zipped(tmp_path / "1.zip", {name: b"earlier"})
    collect(later, classroom)
    collect(earlier, classroom)
    assert list(submitted(classroom).values()) == [b"later"]
    assert older(classroom) == [b"earlier"]


def test_a_time_of_submission_beats_the_time_of_the_file(tmp_path, classroom):
    def tree_of(name: str, data: bytes, when: bytes, changed: int) -> Path:
        place = f"ann/{FORCING}"
        files = {f"{place}/teacher_forcing.ipynb": data, f"{place}/timestamp.txt": when}
        top = laid_out(tmp_path / name, files)
        os.utime(top / place / "teacher_forcing.ipynb", (changed, changed))
        return top

    collect(tree_of("one", b"later", b"2025-01-02 00:00:00 UTC", 1_000_000_000), classroom)
    collect(tree_of("two", b"earlier", b"2025-01-01 00:00:00 UTC", 1_700_000_000), classroom)
    assert list(submitted(classroom).values()) == [b"later"]
    (kept,) = (classroom.work / "older" / "ann" / FORCING).iterdir()
    assert kept.name == "2025-01-01T00-00-00Z"
    assert (kept / "timestamp.txt").read_text() == "2025-01-01 00:00:00 UTC\n"


def test_a_stale_timestamp_goes_with_the_notebook_that_it_was_about(tmp_path, classroom):
    place = classroom.submitted / "ann" / FORCING
    laid_out(place, {"teacher_forcing.ipynb": b"old", "timestamp.txt": b"2025-01-01 00:00:00 UTC"})
    collect(laid_out(tmp_path / "here", {"ann/teacher_forcing.ipynb": b"new"}), classroom)
    assert (place / "teacher_forcing.ipynb").read_bytes() == b"new"
    assert not (place / "timestamp.txt").exists()
    kept = tree(classroom.work / "older")
    assert b"2025-01-01 00:00:00 UTC\n" in kept.values() and b"old" in kept.values()


# Names


@given(st.text())
def test_a_safe_name_is_one_folder_anywhere(text):
    name = safe_name(text)
    assert name == safe_name(name)
    assert 0 < len(name.encode()) <= 100
    assert not set(name) & set('/\\:*?"<>|\0 []=') and name.isprintable()
    assert name[0] not in ".-=+@" and name[-1] not in ". "
    assert name.split(".")[0].casefold() not in {"con", "nul", "aux", "prn", "com1", "lpt9"}


@given(st.lists(st.text(max_size=12), max_size=8), st.lists(st.text(max_size=12), max_size=4))
def test_different_names_have_different_folders_on_any_disk(names, more):
    def key(name: str) -> str:
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())

    first = folders(names, {})
    owners = {folder: name for name, folder in first.items()}
    both = {**first, **folders(names + more, owners)}
    assert {name: both[name] for name in first} == first  # nobody moves
    people = {unicodedata.normalize("NFC", name) for name in both}
    assert len({key(folder) for folder in both.values()}) == len(people)


def test_names_that_exist_become_folders_on_this_disk(tmp_path):
    names = [
        'Smith, "Bob"',
        "=HYPERLINK(1)",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "a_b",
        "ann",
        "Ann",
        "ANN",
        "NUL",
        ".hidden",
        "-rf",
        "  spaces  ",
        "עברית",
        "\u202eevil",
        "evil",
        "x" * 300,
        "x" * 301,
        "Ö" * 200,
        "𝔘nicode",
        "a\ud800",
        "tab\tline\n",
        "",
    ]
    given_names = folders(names, {})
    for folder in given_names.values():
        (tmp_path / folder).mkdir()
    assert len({folder.casefold() for folder in given_names.values()}) == len(names)
    assert safe_name("e\u200bvil") == "evil"  # nothing is there to be seen


def test_upper_and_lower_case_and_odd_names_keep_their_folders(tmp_path, classroom):
    one = {"Ann/teacher_forcing.ipynb": b"A", '= "x", ,y/teacher_forcing.ipynb': b"q"}
    two = {"ann/teacher_forcing.ipynb": b"a", **one}
    collect(zipped(tmp_path / "1.zip", one), classroom)
    collect(zipped(tmp_path / "2.zip", two), classroom)
    by_owner = {read_owner(path.parent): path for path in classroom.submitted.rglob("*.ipynb")}
    found = {name: path.read_bytes() for name, path in by_owner.items()}
    assert found == {"Ann": b"A", "ann": b"a", '= "x", ,y': b"q"}
    assert by_owner["Ann"].parent.parent.name == "Ann"
    assert len({path.parent.parent.name.casefold() for path in by_owner.values()}) == 3


def test_one_name_in_two_forms_of_accents_is_one_student(tmp_path, classroom):
    for form in ("NFC", "NFD"):
        name = unicodedata.normalize(form, "José/teacher_forcing.ipynb")
        collect(zipped(tmp_path / f"{form}.zip", {name: form.encode()}), classroom)
    assert len(submitted(classroom)) == 1
    assert squashed(unicodedata.normalize("NFD", "Zoë")) == squashed("zoë")


def test_names_in_utf8_that_the_zip_does_not_declare(tmp_path, classroom):
    path = zipped(tmp_path / "z.zip", {"José/teacher_forcing.ipynb": b"a"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(signature) + offset
        data[at : at + 2] = b"\0\0"  # the flag that says UTF-8
    path.write_bytes(data)
    collect(path, classroom)
    assert list(submitted(classroom)) == [f"José/{FORCING}/teacher_forcing.ipynb"]


def test_reports_hold_no_terminal_escapes(tmp_path, classroom):
    files = {"\x1b[2Jann/what.ipynb": b"", "\u202ejoe/only.html": b""}
    done = collect(zipped(tmp_path / "z.zip", files), classroom)
    assert len(done.problems) == 2
    assert all(line.isprintable() for line in done.problems)
    assert shown("x" * 500).endswith("…") and len(shown("x" * 500)) == 120


# Hostile archives


def named(name: str) -> Callable[[Path], Path]:
    return lambda path: zipped(path, {"ann/teacher_forcing.ipynb": b"ok", name: b"out"})


def with_mode(mode: int) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            info = zipfile.ZipInfo("ann/teacher_forcing.ipynb")
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
        return path

    return make


def doubled(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in ("one", "two"):
            archive.writestr("ann/teacher_forcing.ipynb", text)
    return path


def encrypted(path: Path) -> Path:
    data = bytearray(zipped(path, {"ann/teacher_forcing.ipynb": b"secret"}).read_bytes())
    data[data.index(b"PK\3\4") + 6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    return path


def overlapping(path: Path) -> Path:
    """Two entries of which the second points at the first one's bytes."""
    data = bytearray(zipped(path, {"a/x.ipynb": b"0" * 9, "b/x.ipynb": b"1" * 9}).read_bytes())
    second = data.rindex(b"PK\1\2") + 42
    data[second : second + 4] = b"\0\0\0\0"
    path.write_bytes(data)
    return path


def of_zeros(path: Path) -> Path:
    return zipped(path, {"ann/teacher_forcing.ipynb": bytes(70 * 2**20)})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (named("../evil.ipynb"), "leads out"),
        (named("ann/../../evil.ipynb"), "leads out"),
        (named("/etc/evil.ipynb"), "leads out"),
        (named("C:/evil.ipynb"), "leads out"),
        (named("C:evil.ipynb"), "leads out"),
        (named("ann\\..\\evil.ipynb"), "leads out"),
        (named("\\\\server\\evil.ipynb"), "leads out"),
        (with_mode(stat.S_IFLNK | 0o777), "a link"),
        (with_mode(stat.S_IFIFO | 0o666), "neither a file nor a folder"),
        (with_mode(stat.S_IFCHR | 0o666), "neither a file nor a folder"),
        (doubled, "twice"),
        (encrypted, "encrypted"),
        (overlapping, "overlap"),
        (of_zeros, "a bomb"),
        (lambda path: path.write_bytes(b"PK\3\4 but no more") and path, "not a zip"),
        (lambda path: path.write_bytes(b"") or path, "not a zip"),
        (lambda path: path, "no such folder or zip"),
    ],
)
def test_a_hostile_zip_is_refused_whole(tmp_path, classroom, make, reason):
    path = make(tmp_path / "evil.zip")
    before = tree(tmp_path)
    with pytest.raises(CourseError, match=reason) as refused:
        collect(path, classroom)
    assert "\n" not in str(refused.value) and "evil.zip" in str(refused.value)
    assert tree(tmp_path) == before  # nothing was written anywhere


def test_many_small_bombs_are_one_bomb(tmp_path, classroom):
    files = {f"s{n}/teacher_forcing.ipynb": bytes(900) for n in range(18)}
    small = Limits(unsuspicious=1000, ratio=1)
    with pytest.raises(CourseError, match="a bomb"):
        collect(zipped(tmp_path / "z.zip", files), classroom, limits=small)
    assert len(collect(tmp_path / "z.zip", classroom).placed) == 18


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(entries=5), "6 entries; at most 5"),
        (Limits(entries=1), "more than 1 entries"),
        (Limits(total=50), "a bomb"),
    ],
)
def test_limits_of_an_archive(tmp_path, classroom, limits, reason):
    files = {f"s{n}/teacher_forcing.ipynb": b"0123456789" for n in range(6)}
    with pytest.raises(CourseError, match=reason):
        collect(zipped(tmp_path / "z.zip", files), classroom, limits=limits)


def test_one_students_bomb_costs_nobody_else_anything(tmp_path, classroom):
    small = Limits(file=1000, unsuspicious=500, ratio=10)
    inner = {
        "bomb": zipped(tmp_path / "b.zip", {"teacher_forcing.ipynb": bytes(999)}),
        "climber": zipped(tmp_path / "c.zip", {"../../teacher_forcing.ipynb": b"out"}),
        "secret": encrypted(tmp_path / "d.zip"),
        "link": with_mode(stat.S_IFLNK)(tmp_path / "e.zip"),
    }
    files = {f"{name}_1_2_work.zip": path.read_bytes() for name, path in inner.items()}
    files |= {
        "good_5_100_teacher_forcing.ipynb": b"good",
        "large_6_101_teacher_forcing.ipynb": os.urandom(1001),
        "zeros_7_102_teacher_forcing.ipynb": bytes(900),
        "broken_8_103_work.zip": b"no zip at all",
        "film_9_104_holiday.mp4": bytes(2000),
    }
    done = collect(zipped(tmp_path / "all.zip", files), classroom, limits=small)
    assert submitted(classroom) == {f"good_5/{FORCING}/teacher_forcing.ipynb": b"good"}
    reasons = {line.split("_")[0]: line for line in done.problems}
    assert set(reasons) == {
        *inner,
        "large",
        "zeros",
        "broken",
        "film: no notebook, only holiday.mp4",
    }
    assert "bomb" in reasons["bomb"] and "bomb?" in reasons["zeros"]
    assert "leads out" in reasons["climber"] and "encrypted" in reasons["secret"]
    assert "1001 bytes; at most 1000" in reasons["large"]


def test_a_table_of_contents_that_lies_about_a_size(tmp_path, classroom):
    path = zipped(tmp_path / "z.zip", {"ann/teacher_forcing.ipynb": b"0" * 100_000})
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\3\4") + 22, data.index(b"PK\1\2") + 24):
        data[at : at + 4] = (7).to_bytes(4, "little")
    path.write_bytes(data)
    done = collect(path, classroom)
    assert not submitted(classroom)
    assert len(done.problems) == 1 and "ann/teacher_forcing.ipynb" in done.problems[0]


def test_links_and_special_files_in_a_folder_are_refused(tmp_path, classroom):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(b"secret")
    for number, make in enumerate(
        (
            lambda top: (top / "ann" / "teacher_forcing.ipynb").symlink_to(secret),
            lambda top: (top / "joe").symlink_to(tmp_path, target_is_directory=True),
            lambda top: os.mkfifo(top / "ann" / "pipe.ipynb"),
        )
    ):
        top = laid_out(tmp_path / str(number), {"ann/notes.txt": b""})
        make(top)
        with pytest.raises(CourseError, match=r"a link|neither a file nor a folder"):
            collect(top, classroom)
    assert not classroom.submitted.exists()


def test_a_link_in_the_classroom_is_not_written_through(tmp_path, classroom):
    outside = laid_out(tmp_path / "outside", {"teacher_forcing.ipynb": b"mine"})
    (classroom.submitted / "ann").mkdir(parents=True)
    (classroom.submitted / "ann" / FORCING).symlink_to(outside, target_is_directory=True)
    files = {"ann/teacher_forcing.ipynb": b"evil", "joe/teacher_forcing.ipynb": b"fine"}
    done = collect(zipped(tmp_path / "z.zip", files), classroom)
    assert tree(outside) == {"teacher_forcing.ipynb": b"mine"}
    assert len(done.problems) == 1 and "a link" in done.problems[0]
    assert (classroom.submitted / "joe" / FORCING / "teacher_forcing.ipynb").read_bytes() == b"fine"


def test_entries_say_where_they_lie_and_give_their_bytes(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"b.ipynb": b"b"})
    path = zipped(tmp_path / "z.zip", {"ann/a.ipynb": b"a", "ann/w.zip": inner.read_bytes()})
    with opened(path) as entries:
        found = {entry.place: entry.read() for entry in entries}
        times = {entry.time for entry in entries}
    assert found == {"ann/a.ipynb": b"a", "ann/w.zip/b.ipynb": b"b"}
    assert times == {time.mktime((*NOON, 0, 0, -1))}


# Full disks and kills


def in_a_child(step: Callable[[], object]) -> int:
    """Run a step in a process of its own; return its exit status."""
    child = os.fork()
    if not child:
        try:
            step()
            os._exit(0)
        except OSError:
            os._exit(7)
        except BaseException:
            os._exit(8)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_full_disk_leaves_the_old_submission(tmp_path, classroom):
    collect(canvas(tmp_path / "1.zip", 1, b"old"), classroom)
    before = tree(classroom.submitted)
    new = canvas(tmp_path / "2.zip", 2, b"new" * 5000)

    def with_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        collect(new, classroom)

    assert in_a_child(with_little_room) == 7
    assert tree(classroom.submitted) == before
    assert len(collect(new, classroom).replaced) == 1
    assert list(submitted(classroom).values()) == [b"new" * 5000]


CHANGES = ("open", "os.rename", "os.remove", "os.mkdir")


def killed_at(number: int, step: Callable[[], object]) -> Callable[[], None]:
    """Run a step that is killed just before its nth change of a file or folder."""

    def run() -> None:
        left = [number]

        def hook(event: str, args: tuple) -> None:
            if event in CHANGES and (event != "open" or args[2] & (os.O_WRONLY | os.O_RDWR)):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        step()

    return run


def test_killed_at_any_moment_nothing_is_lost_and_again_ends_the_same(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    place = f"leeann_12/{FORCING}"
    first, second = canvas(tmp_path / "1.zip", 1, b"old"), canvas(tmp_path / "2.zip", 2, b"new")
    collect(first, make_course(before))
    shutil.copytree(before, after)
    collect(second, Classroom.open(after))
    wanted = tree(Classroom.open(after).work)
    status, number = -signal.SIGKILL, 0
    while status:
        course = tmp_path / str(number)
        shutil.copytree(before, course)
        classroom = Classroom.open(course)
        status = in_a_child(killed_at(number, lambda room=classroom: collect(second, room)))
        assert status in (0, -signal.SIGKILL)
        current = (classroom.submitted / place / "teacher_forcing.ipynb").read_bytes()
        assert current == b"old" or (current == b"new" and older(classroom) == [b"old"])
        collect(second, classroom)
        assert tree(classroom.work) == wanted
        number += 1
    assert number > 5  # it was killed on the way, and more than once


def test_collected_is_plain_to_read(tmp_path, classroom):
    done = collect(canvas(tmp_path / "1.zip", 1, b"old", "LATE_"), classroom)
    assert isinstance(done, Collected)
    assert str(done.placed[0]) == (
        f"placed: leeann_12/{FORCING}/teacher_forcing.ipynb, late "
        "(from leeann_LATE_12_1_teacher_forcing.ipynb)"
    )
