"""`python -m course`, where the command `course` is not installed."""

import sys

from course.cli import main

if __name__ == "__main__":
    sys.exit(main())
