import pytest


@pytest.fixture(autouse=True)
def no_inherited_fast_mode(monkeypatch):
    """A test says itself when it wants the fast mode."""
    monkeypatch.delenv("COURSE_FAST", raising=False)
