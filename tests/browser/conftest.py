"""A browser and a JupyterLab for the tests in this folder; they end when the folder is done.

They live as long as the folder and not as the session: while Playwright runs, its thread has a
running event loop, and nothing else in that thread could call `asyncio.run`.
"""

import os
from pathlib import Path

import pytest
from browsing import chromium

from browser import lab as labs
from browser.stepped import SENTENCE, expected, shown


@pytest.fixture(scope="package")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def lab(browser, tmp_path_factory):
    with labs.running(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="package")
def artefacts(tmp_path_factory):
    """Where pictures are kept: the folder in TEST_ARTEFACTS, or a temporary one."""
    kept = os.environ.get("TEST_ARTEFACTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


@pytest.fixture(scope="package")
def gallery(browser, lab):
    """The gallery, all its cells run: a page on which several tests work."""
    with lab.opened(browser, lab.lesson(labs.ROOT / "lessons/gallery.py")) as sheet:
        sheet.run_all()
        yield sheet
        assert not sheet.complaints and not sheet.strangers


@pytest.fixture(scope="package")
def translator():
    """The word translator that ships; a notebook has the same by `pretrained.load`."""
    from course import pretrained

    return pretrained.load("words")


@pytest.fixture(scope="package")
def decode(translator):
    """Decode a sentence in this process."""
    from course.decoding.replay import replay

    def run(sentence=SENTENCE, **options):
        return replay(translator, translator.source.ids(sentence), alternatives=8, **options)

    return run


@pytest.fixture(scope="package")
def await_shown(translator):
    """Wait until a stepper shows a step; say what it showed instead if it never does."""

    def wait(demo, trace, step, sentence=SENTENCE):
        wanted = expected(trace, step, translator.target.vocabulary.tokens)
        wanted["read"] = translator.source.tokenizer.tokens(sentence)
        try:
            labs.wait_for(lambda: shown(demo) == wanted, f"step {step}", 60)
        except AssertionError:
            assert shown(demo) == wanted
            raise

    return wait
