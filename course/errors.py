"""The one kind of error that a user can mend."""


class CourseError(ValueError):
    """Bad input. Its message is one line: what is wrong, where, and what to do about it.

    The command line prints the message and exits with code 2; a notebook shows it as it is.
    """
