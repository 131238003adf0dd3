"""Release, collect, grade, give back: what an instructor runs. See docs/grading.md."""

__version__ = "0.1.0"
