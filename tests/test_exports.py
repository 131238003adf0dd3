"""Grades for other systems, read back by readers that know nothing of the writers."""

import csv
import io
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.exports import Export, Grade, export
from autograder.exports.table import Table, guard, number
from autograder.outcome import MANUAL, PASSED, Task
from course.errors import CourseError

HOT, FORCING = "02_one_hot_encoding", "03_teacher_forcing"

# Thirty people: commas, quotes, accents, a right-to-left name, and names that would run.
PEOPLE = [
    ("Ann", "Lee"),
    ('=HYPERLINK("http://evil")', "Cell"),
    ("Eve", "=cmd|' /C calc'!A0"),
    ("+1+1", "Plus"),
    ("Min", "-2+3"),
    ("@SUM(A1)", "At"),
    ("\t=1+1", "Tab"),
    ("Full", "＝1+1"),
    ("Semi;=1+1", "Colon"),
    ("Martin, Jr.", "King"),
    ('Dwayne "The Rock"', "Johnson"),
    ("José", "Ñandú"),
    ("Zoë", "O'Neil"),
    ("Ann-Mary", "van der Berg"),
    ("Łukasz", "Żółć"),
    ("يوسف", "حداد"),
    ("美咲", "佐藤"),
    ("Ludwig", "’t Hooft"),
    ("Line\nbreak", "Newman"),
    ("Return\rkey", "Oldman"),
    *((f"First{n}", f"Last{n}") for n in range(10)),
]
RUNS = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def grades(*assignments: str) -> list[Grade]:
    """A class of thirty: every third has submitted nothing, every fourth is late."""
    return [
        Grade(
            student=f"s{n:02}",
            assignment=assignment,
            first_name=first,
            last_name=last,
            email=f"s{n:02}@example.org",
            login=f"login{n:02}",
            sis_id=f"{n:07}",
            canvas_id=str(1000 + n),
            moodle_id=str(7000 + n),
            score=None if n % 3 == 1 else n / 4,
            max_score=10,
            late_penalty=0.5 if n % 4 == 0 else 0.0,
            status="graded",
        )
        for assignment in assignments
        for n, (first, last) in enumerate(PEOPLE)
    ]


def expected(grade: Grade) -> str:
    """The cell, worked out without the code under test: quarters, less half a point."""
    if grade.score is None:
        return ""
    points = max(0, int(grade.score * 4) - int(grade.late_penalty * 4))
    return f"{points // 4}{['', '.25', '.5', '.75'][points % 4]}"


def rfc4180(text: str, delimiter: str = ",") -> list[list[str]]:
    """Read a table by RFC 4180, a character at a time; fail on anything that it does not allow."""
    rows, row, cell, state = [], [], "", "start"
    for char in [*text, None]:
        if state == "quoted":
            assert char is not None, "a quotation mark is not closed"
            state, cell = ("quote", cell) if char == '"' else ("quoted", cell + char)
        elif char == '"':
            assert state in ("start", "quote"), "a quotation mark inside a plain cell"
            cell, state = cell + ('"' if state == "quote" else ""), "quoted"
        elif char in (delimiter, "\n", None):
            if char is None and state == "start" and not row:
                break
            row, cell, state = (
                [*row, cell.removesuffix("\r") if state != "quote" else cell],
                "",
                "start",
            )
            if char != delimiter:
                rows, row = [*rows, row], []
        elif state == "quote":
            assert char == "\r", "something follows a closing quotation mark"
        else:
            cell, state = cell + char, "plain"
    return rows


def both(data: bytes, delimiter: str = ",") -> list[list[str]]:
    """Read a file with Python's reader and with the one above; they must agree."""
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert rows == rfc4180(text, delimiter)
    return rows


def only(made: Export) -> bytes:
    (data,) = made.files.values()
    return data


def assert_nothing_runs(rows: list[list[str]]) -> None:
    assert not [cell for row in rows for cell in row if RUNS.match(cell)]


def unguarded(cell: str) -> str:
    """A name as it was, for comparing: the apostrophes before formulas are gone."""
    inner = re.sub(r"([;,\t|\r\n][\s\"']*)'(?=[=+\-@＝＋－＠])", r"\1", cell)
    return inner[1:] if inner[:1] == "'" and RUNS.match(inner[1:]) else inner


# Canvas


def canvas_template(path: Path, delimiter: str = ",", bom: str = "", newline: str = "\r\n") -> Path:
    """A gradebook as Canvas writes it, in another order and with people whom we do not know."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes"]
    header += ["Teacher forcing (31)", "One-hot encoding (21)", "Other (99)", "Final Score"]
    rows = [header, [""] * 6 + ["Manual Posting", "", "", ""]]
    rows.append(["    Points Possible"] + [""] * 5 + ["10.00", "10", "5", "(read only)"])
    for n, (first, last) in reversed(list(enumerate(PEOPLE))):
        name = f"{last}, {first}"
        name = f'="{name}"' if re.match(r"\s*=", name) else name
        about = [name, str(1000 + n), f"{n:07}", f"login{n:02}", "Group A; =B1"]
        rows.append([*about, "=note", "", "", "4", "88.5"])
    rows.append(["Guest, Gus", "555", "", "guest", "Group A", "", "3", "", "", ""])
    rows.append(["Student, Test", "556", "", "a1b2", "Group A", "", "", "", "", ""])
    return save(path, rows, delimiter, bom, newline)


def save(path: Path, rows: list[list[str]], delimiter=",", bom="", newline="\n") -> Path:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows(rows)
    path.write_bytes((bom + file.getvalue()).encode())
    return path


@pytest.mark.parametrize(
    ("delimiter", "bom", "newline"), [(",", "", "\n"), (";", "\ufeff", "\r\n")]
)
def test_canvas_gradebook_is_filled_and_read_back(tmp_path, delimiter, bom, newline):
    template = canvas_template(tmp_path / "book.csv", delimiter, bom, newline)
    all_grades = grades(HOT, FORCING)
    data = only(export("canvas", all_grades, template))
    rows = both(data, delimiter)
    assert data.startswith(bom.encode()) and (b"\r\n" in data) == (newline == "\r\n")
    assert rows[0] == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section",
        "Teacher forcing (31)", "One-hot encoding (21)",
    ]  # fmt: skip
    assert rows[1] == ["", "", "", "", "", "Manual Posting", ""]
    assert rows[2] == ["    Points Possible", "", "", "", "", "10.00", "10"]
    cells = {row[1]: row for row in rows[3:]}
    assert len(cells) == 32
    for grade in all_grades:
        row = cells[grade.canvas_id]
        assert row[5 if grade.assignment == FORCING else 6] == expected(grade)
        assert row[2:4] == [grade.sis_id, grade.login]
        assert unguarded(row[0]) == f"{grade.last_name}, {grade.first_name}"
    assert cells["555"][5:] == ["3", ""] and cells["556"][5:] == ["", ""]
    assert_nothing_runs(rows)


def test_canvas_is_not_given_back_what_is_not_ours(tmp_path):
    template = canvas_template(tmp_path / "book.csv")
    made = export("canvas", grades(FORCING), template)
    assert "Other (99)" not in both(only(made))[0]
    assert any("not in our gradebook: Guest, Gus" in line for line in made.warnings)
    assert not any("Student, Test" in line for line in made.warnings)


def test_what_canvas_has_settled_stays(tmp_path):
    header = ["Student", "ID", "SIS Login ID", "Section", "Teacher forcing (31)"]
    cells = ["EX", "N/A", "4", ""]
    rows = [[f"Last{n}, First{n}", str(1020 + n), "", "A", cell] for n, cell in enumerate(cells)]
    template = save(tmp_path / "book.csv", [header, *rows])
    some = [grade for grade in grades(FORCING) if 1020 <= int(grade.canvas_id) < 1024]
    missing = [Grade(**{**vars(grade), "score": None}) for grade in some[2:]]
    made = export("canvas", some[:2] + missing, template)
    assert [row[4] for row in both(only(made))[1:]] == cells
    assert sum("in Canvas; that stays" in line for line in made.warnings) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"ID": "1000"},
        {"SIS User ID": "0000000"},
        {"SIS Login ID": "LOGIN00"},
        {"SIS Login ID": "s00@example.org"},
        {"SIS Login ID": "s00"},
        {"SIS User ID": "s00"},
        {"Student": "Lee, Ann"},
        {"Student": "Ann Lee"},
    ],
)
def test_canvas_students_are_matched_by_each_id_or_the_name(tmp_path, row):
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Teacher forcing (31)"]
    other = ["Lee, Anna", "2", "3", "4", "A", ""]
    template = save(tmp_path / "b.csv", [header, other, [row.get(name, "") for name in header]])
    ann = Grade(**{**vars(grades(FORCING)[0]), "score": 7.5, "late_penalty": 0})
    rows = both(only(export("canvas", [ann], template)))
    assert [row[-1] for row in rows[1:]] == ["", "7.5"]


def test_two_students_of_one_name_are_not_guessed(tmp_path):
    header = ["Student", "ID", "SIS Login ID", "Section", "Teacher forcing (31)"]
    names = [["Lee, Ann", "1", "a", "A", ""], ["Lee, Ann", "2", "b", "A", ""]]
    template = save(tmp_path / "b.csv", [header, *names])
    made = export("canvas", [plain("x", name="Ann Lee"), plain("y", name="Nobody")], template)
    assert [row[-1] for row in both(only(made))[1:]] == ["", ""]
    assert "x (Ann Lee): several rows fit; the grade is not written" in made.warnings
    assert "y (Nobody): no row fits; the grade is not written" in made.warnings
    one = save(tmp_path / "c.csv", [header, names[0]])
    made = export("canvas", [plain("x", name="Ann Lee"), plain("y", name="Lee Ann")], one)
    assert "x and y fit the same row (2); neither grade is written" in made.warnings
    assert both(only(made))[1][-1] == ""


def plain(student: str, **more) -> Grade:
    return Grade(**{"student": student, "assignment": FORCING, "score": 5, "max_score": 10, **more})


def test_an_id_that_is_only_somebodys_number_in_canvas_is_not_trusted(tmp_path):
    header = ["Student", "ID", "SIS Login ID", "Section", "Teacher forcing (31)"]
    template = save(tmp_path / "b.csv", [header, ["Roy, Joe", "12345", "joe", "A", ""]])
    made = export("canvas", [plain("12345", name="Ann Lee")], template)
    assert both(only(made))[1][-1] == ""
    assert both(only(export("canvas", [plain("12345", name="Joe Roy")], template)))[1][-1] == "5"


def test_canvas_with_other_points_or_titles_says_so(tmp_path):
    header = ["Student", "ID", "SIS Login ID", "Section", "Exercise 3: Teacher Forcing! (31)"]
    points = ["    Points Possible", "", "", "", "100,0"]
    student = ["Lee, Ann", "1000", "login00", "A", ""]
    template = save(tmp_path / "b.csv", [header, points, student])
    made = export("canvas", grades(FORCING, HOT), template)
    assert any("100,0 points in Canvas, 10 here" in line for line in made.warnings)
    assert f"{HOT}: no column is called like it; it is not written" in made.warnings
    with pytest.raises(CourseError, match="unclear which column"):
        export("canvas", grades(HOT), template)


def test_a_template_that_is_no_gradebook(tmp_path):
    for data, reason in (
        (b"a,b\n1,2\n", "not a gradebook of Canvas"),
        (b"", "not a gradebook of Canvas"),
        (b"Student,ID,SIS Login ID,Section,X (1)\nshort,1\n", "line 2: 5 cells expected"),
        ("Student,ID,Section,é (1)\n".encode("cp1252"), "not in UTF-8"),
    ):
        (tmp_path / "b.csv").write_bytes(data)
        with pytest.raises(CourseError, match=reason):
            export("canvas", grades(FORCING), tmp_path / "b.csv")
    with pytest.raises(CourseError, match="No such file"):
        export("canvas", grades(FORCING), tmp_path / "none.csv")


def test_a_fresh_gradebook_for_canvas():
    all_grades = grades(HOT, FORCING)
    made = export("canvas", all_grades)
    rows = both(only(made))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", HOT, FORCING]
    assert rows[1] == ["    Points Possible", "", "", "", "", "10", "10"]
    cells = {row[1]: row for row in rows[2:]}
    for grade in all_grades:
        assert cells[grade.canvas_id][5 + (grade.assignment == FORCING)] == expected(grade)
    assert "new assignment of each title" in made.warnings[0] and len(made.warnings) == 1
    assert_nothing_runs(rows)
    assert b"\r\n" not in only(made)


def test_who_cannot_be_found_any_more_is_said():
    made = export("canvas", [plain("=id", name="=x")])
    assert any("nothing is left for Canvas to find" in line for line in made.warnings)
    made = export("moodle", [plain("=id", name="x", email="+x@example.org")])
    assert any("nothing is left for Moodle to find" in line for line in made.warnings)
    assert_nothing_runs(both(only(made)))


# Moodle


ENGLISH = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Online text,Last modified (grade),Feedback comments"
).split(",")
GERMAN = (
    "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert "
    "werden,Zuletzt geändert (Abgabe),Texteingabe online,Zuletzt geändert (Bewertung),"
    "Feedback als Kommentar"
).split(",")
KLINGON = [f"x{n}" for n in range(11)]


def worksheet(path: Path, header: list[str], who: str, maximum: str, delimiter=",", bom="") -> Path:
    rows = [header]
    for n, (first, last) in reversed(list(enumerate(PEOPLE))):
        when = "Wednesday, 1 January 2025, 9:00 AM"
        about = [f"{who}{7000 + n}", f"{first} {last}", f"S{n:02}@example.org", "Submitted"]
        rest = ["Yes", when, "=typed by a learner", "-", "<p>Well, done</p>"]
        rows.append([*about, "", maximum, *rest])
    rows.append([f"{who}9999", "Gus Guest", "g@example.org", "-", "3.00", maximum, "Yes", *"----"])
    return save(path, rows, delimiter, bom)


@pytest.mark.parametrize(
    ("header", "who", "maximum", "delimiter", "bom"),
    [
        (ENGLISH, "Participant ", "10.00", ",", ""),
        (GERMAN, "Teilnehmer/in", "10,00", ",", "\ufeff"),
        (KLINGON, "jeSwI' ", "10,00", ";", "\ufeff"),
    ],
)
def test_moodle_worksheet_is_filled_and_read_back(tmp_path, header, who, maximum, delimiter, bom):
    template = worksheet(tmp_path / "sheet.csv", header, who, maximum, delimiter, bom)
    all_grades = grades(FORCING)
    made = export("moodle", all_grades, template)
    data = only(made)
    rows = both(data, delimiter)
    assert rows[0] == header and data.startswith(bom.encode())
    cells = {row[0]: row for row in rows[1:]}
    for grade in all_grades:
        row = cells[f"{who}{grade.moodle_id}"]
        assert row[4:6] == [expected(grade), maximum]
        assert unguarded(row[1]) == f"{grade.first_name} {grade.last_name}"
        assert row[9] == "-" and row[10] == "<p>Well, done</p>"
    assert cells[f"{who}9999"][4] == "3.00"
    assert_nothing_runs([[cell for cell in row if cell != "-"] for row in rows])
    assert not made.warnings


def test_moodle_students_are_matched_without_their_numbers(tmp_path):
    template = worksheet(tmp_path / "sheet.csv", GERMAN, "Teilnehmer/in", "10,00")
    for keep in ("email", "first_name"):
        bare = [
            plain(grade.student, score=grade.score, **names(grade, keep))
            for grade in grades(FORCING)
        ]
        made = export("moodle", bare, template)
        rows = both(only(made))
        points = {row[2].casefold(): row[4] for row in rows[1:]}
        for grade in grades(FORCING):
            wanted = "" if grade.score is None else number(grade.score)
            assert points[grade.email] == wanted
        assert any("by name alone" in line for line in made.warnings) == (keep == "first_name")


def names(grade: Grade, keep: str) -> dict[str, str]:
    if keep == "email":
        return {"email": grade.email.upper()}
    return {"first_name": grade.first_name, "last_name": grade.last_name}


def test_moodle_with_another_maximum_says_so(tmp_path):
    template = worksheet(tmp_path / "sheet.csv", ENGLISH, "Participant ", "100.00")
    made = export("moodle", grades(FORCING), template)
    assert made.warnings == [
        "the maximum is 100 in Moodle, 10 here; scores are written as they are"
    ]


def test_a_worksheet_is_of_one_assignment(tmp_path):
    named = worksheet(
        tmp_path / "Grades-SEQ1-Teacher forcing-123.csv", ENGLISH, "Participant ", "10.00"
    )
    cells = {row[0]: row[4] for row in both(only(export("moodle", grades(HOT, FORCING), named)))}
    assert cells["Participant 7000"] == "0" and cells["Participant 7001"] == ""
    other = worksheet(tmp_path / "sheet.csv", ENGLISH, "Participant ", "10.00")
    with pytest.raises(CourseError, match="unclear which assignment's"):
        export("moodle", grades(HOT, FORCING), other)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [["Identifier", "Grade", "Maximum grade"]],
        [["Identifier", "Grade", "Scale"], ["Participant 1", "", "good, bad"]],
        [["Name", "Grade", "Maximum grade"], ["Ann", "", "10.00"]],
    ],
)
def test_a_template_that_is_no_worksheet(tmp_path, rows):
    with pytest.raises(CourseError, match="not a grading worksheet"):
        export("moodle", grades(FORCING), save(tmp_path / "sheet.csv", rows))


def test_a_worksheet_with_several_maxima_says_which(tmp_path):
    rows = [
        ["Identifier", "Full name", "Grade", "Maximum grade"],
        ["Participant 1", "Ann", "", "10.00"],
        ["Participant 2", "Bob", "", "10.00"],
        ["Participant 3", "Cid", "", "20.00"],
    ]
    with pytest.raises(CourseError, match=r"grade is 10\.00 in line 2 but 20\.00 in line 4;"):
        export("moodle", grades(FORCING), save(tmp_path / "sheet.csv", rows))


def test_a_file_for_moodles_gradebook_import():
    all_grades = grades(HOT, FORCING)
    made = export("moodle", all_grades)
    rows = both(only(made))
    assert rows[0] == ["Full name", "Email address", "ID number", HOT, FORCING]
    cells = {row[1]: row for row in rows[1:]}
    for grade in all_grades:
        assert cells[grade.email][3 + (grade.assignment == FORCING)] == expected(grade)
        assert cells[grade.email][2] == grade.sis_id
    assert_nothing_runs(rows)


# The plain table, and Gradescope


def test_the_plain_table_is_read_back():
    all_grades = grades(HOT, FORCING)
    data = only(export("csv", reversed(all_grades)))
    rows = [dict(zip(both(data)[0], row, strict=True)) for row in both(data)[1:]]
    assert len(rows) == 60
    for grade, row in zip(all_grades, rows, strict=True):
        assert (row["assignment"], row["student"]) == (grade.assignment, grade.student)
        assert row["score"] == expected(grade) and row["max_score"] == "10"
        assert row["status"] == ("missing" if grade.score is None else "graded")
        assert unguarded(row["name"]) == f"{grade.first_name} {grade.last_name}".strip()
    assert_nothing_runs(both(data))
    assert data.count(b"\r\n") >= 61 and not data.startswith(b"\xef\xbb\xbf")


def test_the_result_does_not_depend_on_the_order_of_grades(tmp_path):
    template = canvas_template(tmp_path / "book.csv")
    for kind, path in (("csv", None), ("canvas", template), ("canvas", None), ("moodle", None)):
        forwards = export(kind, grades(HOT, FORCING), path)
        assert export(kind, reversed(grades(HOT, FORCING)), path) == forwards


def test_gradescope_gets_a_file_for_each_submission():
    tasks = [
        Task("shift", 2.5, 3, "partly", 'the "last" token <b>'),
        Task("why", None, 1, MANUAL, ""),
        Task("mask", 2.0, 2, PASSED, ""),
    ]
    ann = plain("ann", score=4.5, late_penalty=1, tasks=tasks)
    made = export("gradescope", [ann, plain("joe", score=None), plain("../eve", score=0)])
    assert list(made.files) == [f"{FORCING}/eve/results.json", f"{FORCING}/ann/results.json"]
    results = json.loads(made.files[f"{FORCING}/ann/results.json"])
    assert results["score"] == 3.5 and "1 points less" in results["output"]
    assert results["tests"] == [
        {
            "name": "shift",
            "score": 2.5,
            "max_score": 3,
            "output": 'the "last" token <b>',
            "visibility": "visible",
        },
        {"name": "why", "max_score": 1, "output": "", "visibility": "visible"},
        {"name": "mask", "score": 2, "max_score": 2, "output": "", "visibility": "visible"},
    ]
    assert json.loads(made.files[f"{FORCING}/eve/results.json"])["score"] == 0
    assert made.warnings == [
        "1 missing submissions have no results.json",
        "1 submissions wait for a person's grade; what they have so far is written",
    ]


# What all share


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize("field", ["score", "max_score", "late_penalty"])
def test_no_number_of_points_is_refused(value, field):
    with pytest.raises(CourseError, match="no number of points"):
        export("csv", [plain("ann", **{field: value})])


def test_what_is_asked_for_must_make_sense(tmp_path):
    with pytest.raises(CourseError, match="there are: csv, canvas, moodle, gradescope"):
        export("excel", [])
    with pytest.raises(CourseError, match="takes no template"):
        export("csv", [], tmp_path / "x.csv")
    with pytest.raises(CourseError, match="two grades of ann"):
        export("csv", [plain("ann"), plain("ann")])


def test_a_penalty_does_not_go_below_zero():
    (row,) = both(only(export("csv", [plain("ann", score=1, late_penalty=2.5)])))[1:]
    assert row[5:] == ["0", "10", "1", "2.5"]


@given(st.floats(min_value=0, max_value=1e15, allow_nan=False))
@example(0.1 + 0.2)
@example(1e-7)
@example(-0.0)
def test_numbers_are_exact_short_and_have_a_dot(value):
    text = number(value)
    assert float(text) == value
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", text)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1)
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_tables_are_read_back_as_written(rows, delimiter, newline, bom):
    rows = [["head", *("x" * (len(rows[0]) - 1))], *rows]
    data = Table(rows, delimiter, newline, bom).to_bytes()
    assert both(data, delimiter) == rows
    again = Table.parse(data, "file")
    assert (again.rows, again.delimiter, again.bom) == (rows, delimiter, bom)


@given(cells)
@example("=1+1")
@example("-")
@example("a;=1")
@example('a; "=1')
@example("\ufeff=1")
def test_guarded_text_does_not_run_with_any_separator(text):
    safe = guard(text)
    assert safe == "-" or not RUNS.match(safe.lstrip("\ufeff\u200b"))
    for piece in re.split(r"[;,\t|\r\n]", safe)[1:]:
        assert not re.match(r"[\s\"]*[=+\-@＝＋－＠]", piece)
    if not re.search(r"[=+\-@＝＋－＠\t\r\n]", text):
        assert safe == text
