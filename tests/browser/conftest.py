"""A browser and a JupyterLab for the tests in this folder; they end when the folder is done.

They live as long as the folder and not as the session: while Playwright runs, its thread has a
running event loop, and nothing else in that thread could call `asyncio.run`.
"""

import os
from pathlib import Path

import lab as labs
import numpy as np
import pytest
from browsing import chromium


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
def translator(tmp_path_factory):
    """A small untrained translator, and the folder from which a notebook loads the same one."""
    from course import corpora, text
    from course.models.seq2seq import Config, Seq2Seq

    pairs = list(corpora.load_pairs("grammar"))[:300]
    words = text.tokenizer("word", lower=True)
    codecs = [text.Codec.fit(side, words) for side in zip(*pairs, strict=True)]
    sizes = [len(codec.vocabulary) for codec in codecs]
    model = Seq2Seq(Config(*sizes, units=31, embedding=5), *codecs)
    rng = np.random.default_rng(0)
    weights = {  # logits far enough apart to differ in three digits
        name: (3 * weight + 0.5 * rng.normal(size=weight.shape)).astype(weight.dtype)
        for name, weight in model.get_weights().items()
    }
    model.set_weights(weights)
    folder = tmp_path_factory.mktemp("translator")
    model.save(folder)
    return model, folder
