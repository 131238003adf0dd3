"""nbgrader's gradebook as a database: opened, changed in transactions, its errors in one line.

nbgrader commits after each small step. Here its own methods run inside one outer transaction, so
that what belongs together is kept together or not at all. SQLite's own lock sees to it that one
process writes at a time, and nothing is left behind by a process that was killed.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker
from tornado.log import app_log

from autograder.classroom import Classroom, own_programs
from course.errors import CourseError

# Seconds to wait for another process that writes; nbgrader's formgrader takes a few milliseconds.
PATIENCE = 10.0

NOTHING = "nothing is graded yet: run `autograder grade`"

# What was recorded last, to tell a person's change from our own. nbgrader knows nothing of it.
_OURS = MetaData()
SEEN = Table(
    "autograder_seen",
    _OURS,
    Column("notebook", String(32), primary_key=True),  # nbgrader's id of the submitted notebook
    Column("submission", String(64)),  # the SHA-256 of what was handed in
    Column("late_penalty", Float()),
)

# What a database says, and what to tell the instructor. The first that fits is taken.
_REASONS = {
    "locked": "another process is writing to it; wait for that, or end it, and try again",
    "readonly": "it is read-only, or its folder is; nothing was changed",
    "disk is full": "the disk is full; make room and try again, what was recorded is kept",
    "disk i/o error": "the disk cannot be written; what was recorded is kept",
    "unable to open": "it cannot be opened; does its folder exist, and is it yours?",
    "not a database": "this is no gradebook; restore a copy, or move it away and grade again",
    "malformed": "the file is damaged; restore a copy, or move it away and grade again",
    "no such column": "it is of another nbgrader; `nbgrader db upgrade` mends that",
    "no such table": "it is of another nbgrader; `nbgrader db upgrade` mends that",
}


class Database:
    """A classroom's gradebook, open for reading; `transaction` opens it for writing."""

    def __init__(self, classroom: Classroom) -> None:
        self.classroom = classroom
        self.course_id = CourseDirectory(config=classroom.config).course_id
        self.engine = _engine(classroom.gradebook)
        self.book = Gradebook(classroom.gradebook, self.course_id)

    @contextmanager
    def transaction(self) -> Iterator[Gradebook]:
        """Give nbgrader's gradebook, all of whose changes are kept when the block ends, or none."""
        with _nbgrader_silent(), self.engine.begin() as connection:
            _OURS.create_all(connection)
            reading = self.book.db
            self.book.db = scoped_session(
                sessionmaker(
                    bind=connection, autoflush=False, join_transaction_mode="create_savepoint"
                )
            )
            try:
                yield self.book
                self.book.db.commit()
            finally:
                self.book.db.remove()
                self.book.db = reading

    def close(self) -> None:
        """Let go of the file."""
        self.book.close()
        self.engine.dispose()


@contextmanager
def opened(classroom: Classroom, *, make: bool = False) -> Iterator[Database]:
    """Open a classroom's gradebook.

    Args:
        classroom: whose.
        make: make it if there is none.

    Raises:
        CourseError: there is none, another process holds it, the disk is full, and so on.
    """
    with clear_errors(classroom):
        if not exists(classroom):
            if not make:
                raise CourseError(NOTHING)
            _make(classroom)
        database = Database(classroom)
        try:
            yield database
        finally:
            database.close()


def exists(classroom: Classroom) -> bool:
    """Say whether a classroom has a gradebook; one on a server is taken to be there."""
    file = _file(classroom.gradebook)
    return file is None or file.exists()


def remembered(book: Gradebook, notebook: str) -> tuple[str, float | None] | None:
    """Return the submission and late penalty that were recorded last; None if nothing was."""
    row = book.db.execute(select(SEEN).where(SEEN.c.notebook == notebook)).one_or_none()
    return row and (row.submission, row.late_penalty)


def remember(book: Gradebook, notebook: str, submission: str, late_penalty: float | None) -> None:
    """Keep what is recorded now."""
    book.db.execute(SEEN.delete().where(SEEN.c.notebook == notebook))
    row = {"notebook": notebook, "submission": submission, "late_penalty": late_penalty}
    book.db.execute(insert(SEEN).values(row))


@contextmanager
def clear_errors(classroom: Classroom) -> Iterator[None]:
    """Turn a database's errors into one line that says what to do."""
    try:
        yield
    except CourseError:
        raise
    except MissingEntry as error:
        raise CourseError(f"{classroom.gradebook}: {_one_line(error)}") from error
    except (SQLAlchemyError, InvalidEntry) as error:
        said = _one_line(getattr(error, "orig", None) or error)
        found = (advice for sign, advice in _REASONS.items() if sign in said.lower())
        raise CourseError(f"{classroom.gradebook}: {next(found, said)}") from error
    except OSError as error:
        place = error.filename or classroom.gradebook
        raise CourseError(f"{place}: {error.strerror or error}") from error


@contextmanager
def _nbgrader_silent() -> Iterator[None]:
    """Keep nbgrader from printing the traceback of an error that we say in one line."""
    before, app_log.disabled = app_log.disabled, True
    try:
        yield
    finally:
        app_log.disabled = before


def _one_line(error: BaseException) -> str:
    """Write an error in a line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database)


def _engine(url: str) -> Engine:
    """Return an engine whose transactions take SQLite's write lock at once, and only begin once."""
    if _file(url) is None:
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": PATIENCE})
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _take_the_lock)
    return engine


def _leave_transactions_to_us(connection, _record) -> None:
    """Stop Python's driver from opening transactions of its own, which break savepoints."""
    connection.isolation_level = None


def _take_the_lock(connection: Connection) -> None:
    """Begin as the only writer: who reads first and locks later can deadlock."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make(classroom: Classroom) -> None:
    """Make an empty gradebook, in one step: half of one would be taken for an old one."""
    file = _file(classroom.gradebook)
    aside = file.with_name(f".{uuid.uuid4().hex[:12]}.db")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with own_programs():
            Gradebook(f"sqlite:///{aside.as_posix()}", "").close()
        _name(aside, file)
    finally:
        aside.unlink(missing_ok=True)


def _name(aside: Path, file: Path) -> None:
    """Give a new file its name, unless another process has made one called so in the meantime."""
    try:
        os.link(aside, file)
    except FileExistsError:
        pass
    except OSError:  # a disk without hard links
        os.replace(aside, file)
