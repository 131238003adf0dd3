import pytest

# Files whose tests share no fixture and take long: each test, or each assignment, goes its own way.
APART = {"test_lessons.py", "test_assignments.py"}


def pytest_collection_modifyitems(items):
    """Keep each file's tests on one worker, as they share models; see `--dist loadgroup`."""
    for item in items:
        group = item.path.name
        if group in APART:
            parameters = getattr(getattr(item, "callspec", None), "params", {})
            group += str(parameters.get("source", parameters.get("name", "")))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def no_inherited_fast_mode(monkeypatch):
    """A test says itself when it wants the fast mode."""
    monkeypatch.delenv("COURSE_FAST", raising=False)
