"""Release, collect, grade, give back: what an instructor runs. See docs/grading.md."""
