"""Messages for exercises and for the cells of a lesson that ask us to try something.

Each check prints one friendly line if a result is right and raises `NotYet`, with one line and a
hint, if it is not. What was left blank is "not attempted", which is not the same as wrong. No
message gives the answer away. NumPy is all that this module needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np


class NotYet(AssertionError):
    """A result that is not right yet; the message is one line. A notebook shows that line alone."""

    def _render_traceback_(self) -> list[str]:
        """Return what Jupyter shows in place of a traceback."""
        return [f"Not yet. {self}"]


class NotAttempted(NotYet):
    """What was left blank."""


@contextmanager
def softly() -> Iterator[None]:
    """Print the message of a check that fails, and go on; lessons do, so that they run to the end.

    `with checks.softly(): checks.equal(...)`; an exercise leaves it out, and stops.
    """
    try:
        yield
    except NotYet as message:
        print(f"Not yet. {message}")


def attempted(name: str, value: object) -> None:
    """Raise `NotAttempted` if a value is still blank: None or an ellipsis.

    Args:
        name: what to call the value in the message.
        value: the learner's.
    """
    if value is None or value is Ellipsis:
        raise NotAttempted(f"{name}: not attempted yet. Replace the ... with your own code.")


def shape(
    name: str, array: object, expected: Sequence[int | None], hint: str | None = None
) -> None:
    """Check an array's shape.

    Args:
        name: what to call the array in the message.
        array: the learner's.
        expected: the length of each axis, None where any will do.
        hint: what to think of, if the shape is wrong.

    Raises:
        NotYet: it is blank, no array, or of another shape.
    """
    found, wanted = _array(name, array).shape, tuple(expected)
    if not _fits(found, wanted):
        words = f"{name}: the shape is {_shape(found)}, and {_shape(wanted)} is needed"
        swapped = len(found) > 1 and None not in wanted and sorted(found) == sorted(wanted)
        raise _wrong(words, hint or ("Have axes changed places?" if swapped else None))
    print(f"{name}: right, the shape is {_shape(found)}.")


def close(
    name: str,
    value: object,
    expected: object,
    hint: str | None = None,
    *,
    tolerance: float = 1e-5,
) -> None:
    """Check a number or an array of numbers.

    Args:
        name: what to call it in the message.
        value: the learner's.
        expected: what it should be.
        hint: what to think of, if it is wrong.
        tolerance: the greatest difference allowed, absolute or relative to `expected`.

    Raises:
        NotYet: it is blank, not numeric, of another shape, or too far off somewhere.
    """
    found, wanted = _array(name, value), np.asarray(expected, float)
    if found.dtype.kind not in "biuf":
        raise _wrong(f"{name}: this holds {_kind(value)}, and numbers are needed", hint)
    if found.shape != wanted.shape:
        words = f"the shape is {_shape(found.shape)}, and {_shape(wanted.shape)} is needed"
        raise _wrong(f"{name}: {words}", hint)
    found = found.astype(float)
    off = np.argwhere(~np.isclose(found, wanted, tolerance, tolerance, equal_nan=True))
    if len(off):
        raise _wrong(f"{name}: {_where_off(found, wanted, off)}", hint)
    print(f"{name}: right.")


def equal(name: str, value: object, expected: object, hint: str | None = None) -> None:
    """Check a value that must be equal: a text, a list, a dictionary, an array of ids.

    Args:
        name: what to call it in the message.
        value: the learner's.
        expected: what it should be.
        hint: what to think of, if it is wrong.

    Raises:
        NotYet: it is blank or not equal.
    """
    attempted(name, value)
    difference = _difference(value, expected)
    if difference:
        raise _wrong(f"{name}: {difference}", hint)
    print(f"{name}: right.")


def holds(name: str, condition: object, hint: str | None = None) -> None:
    """Check that something is so.

    Args:
        name: what must hold, in words.
        condition: whether it does; blank is "not attempted".
        hint: what to think of, if it does not.

    Raises:
        NotYet: it is blank or does not hold.
    """
    attempted(name, condition)
    condition = np.asarray(list(condition) if isinstance(condition, Iterator) else condition)
    if not (condition.size and condition.all()):
        raise _wrong(f"{name}: this does not hold", hint)
    print(f"{name}: right.")


def _wrong(words: str, hint: str | None) -> NotYet:
    """Return the error for a wrong result: one line."""
    text = f"{words}. {f'Hint: {hint}' if hint else ''}"
    return NotYet(" ".join(text.split()))


def _array(name: str, value: object) -> np.ndarray:
    """Return the learner's value as an array; a list whose rows differ in length is none."""
    attempted(name, value)
    try:
        return np.asarray(value)
    except ValueError:
        raise _wrong(f"{name}: the rows differ in length, so this is no array", None) from None


def _fits(found: tuple, wanted: tuple) -> bool:
    """Compare two shapes, None being any length."""
    return len(found) == len(wanted) and all(
        want in (None, have) for have, want in zip(found, wanted, strict=True)
    )


def _shape(shape: tuple) -> str:
    """Write a shape; a single number has none."""
    if not shape:
        return "that of a single number"
    return str(tuple(int(n) if n is not None else "any" for n in shape)).replace("'", "")


def _kind(value: object) -> str:
    """Name a value's type."""
    return f"a value of type {type(value).__name__}"


def _where_off(found: np.ndarray, wanted: np.ndarray, off: np.ndarray) -> str:
    """Say where numbers are off and in which direction, but not what they should be."""
    place = tuple(int(i) for i in off[0])
    have, want = found[place], wanted[place]
    way = "too large" if have > want else "too small" if have < want else "not a number"
    if not place:
        return f"{have:.6g} is {way}"
    at = ", ".join(map(str, place))
    return f"{len(off)} of {found.size} values are off, the first at [{at}]: {have:.6g} is {way}"


def _difference(value: object, expected: object) -> str:
    """Say how two values differ; nothing if they are equal."""
    if isinstance(expected, Mapping) and isinstance(value, Mapping):
        return _mapping_difference(value, expected)
    if _is_row(expected) and _is_row(value):
        return _row_difference(value, expected)
    same = type(value) is type(expected) or not isinstance(expected, str)
    if same and np.array_equal(value, expected):
        return ""
    return f"{_brief(value)} is not what is needed" if same else f"this is {_kind(value)}"


def _is_row(value: object) -> bool:
    """Say whether a value is a list, a tuple or an array with an axis."""
    return isinstance(value, list | tuple) or getattr(value, "shape", ()) != ()


def _mapping_difference(value: Mapping, expected: Mapping) -> str:
    """Say how two dictionaries differ."""
    for key in expected:
        if key not in value:
            return f"there is no key {_brief(key)}"
        if _difference(value[key], expected[key]):
            return f"at the key {_brief(key)}, {_brief(value[key])} is not what is needed"
    extra = [key for key in value if key not in expected]
    return f"the key {_brief(extra[0])} does not belong here" if extra else ""


def _row_difference(value: Sequence, expected: Sequence) -> str:
    """Say how two rows differ, down to the first place."""
    if len(value) != len(expected):
        return f"the length is {len(value)}, and {len(expected)} is needed"
    for place, (have, want) in enumerate(zip(value, expected, strict=True)):
        if _difference(have, want):
            inner = f": {_difference(have, want)}" if _is_row(want) and _is_row(have) else ""
            return f"at position {place}, {_brief(have)} is not what is needed{inner}"
    return ""


def _brief(value: object) -> str:
    """Write a value in one short line."""
    value = value.item() if isinstance(value, np.generic) else value
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:59] + "…"
