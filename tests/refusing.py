"""What the course says to bad input."""

import pytest

from course.errors import CourseError


def refusal(call, *arguments, **options) -> str:
    """Return the message of a refused call, which must be one line."""
    with pytest.raises(CourseError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert message and len(message.splitlines()) == 1
    return message
