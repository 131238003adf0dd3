"""Small models and a page maker for the tests of the demos."""

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter

from course import corpora, text


@pytest.fixture(autouse=True)
def no_demo_failed(monkeypatch):
    """Fail a test in which a callback failed, even where ipywidgets would swallow the exception."""
    from course.widgets import frame

    faults = []
    monkeypatch.setattr(
        frame.Demo, "fault", property(_fault, lambda demo, error: _note(demo, error, faults))
    )
    yield faults
    assert not faults


def _fault(demo):
    return demo.__dict__.get("_noted_fault")


def _note(demo, error, faults):
    demo.__dict__["_noted_fault"] = error
    faults.append(error)


@pytest.fixture(scope="session")
def pairs():
    return list(corpora.load_pairs("grammar"))[:300]


@pytest.fixture(scope="session")
def codecs(pairs):
    tokenizer = text.tokenizer("word", lower=True)
    return tuple(text.Codec.fit(side, tokenizer) for side in zip(*pairs, strict=True))


@pytest.fixture(scope="session", params=["lstm", "gru"])
def cell(request):
    return request.param


@pytest.fixture(scope="session")
def make_model(codecs):
    """Return a maker of small untrained translators whose logits are far enough apart to differ."""

    def make(**options):
        from course.models.seq2seq import Config, Seq2Seq

        sizes = [len(codec.vocabulary) for codec in codecs]
        model = Seq2Seq(Config(*sizes, **{"units": 7, "embedding": 5, **options}), *codecs)
        rng = np.random.default_rng(0)
        weights = model.get_weights()
        model.set_weights(
            {
                name: (3 * weight + 0.5 * rng.normal(size=weight.shape)).astype(weight.dtype)
                for name, weight in weights.items()
            }
        )
        return model

    return make


@pytest.fixture(scope="session")
def model(make_model):
    return make_model()


@pytest.fixture(scope="session")
def page():
    """Return what nbconvert makes of an object that a notebook shows."""

    def export(shown):
        bundle = shown._repr_mimebundle_()
        data = {key: value for key, value in bundle.items() if value is not None}
        output = nbformat.v4.new_output("display_data", data=data)
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("demo", outputs=[output])]
        )
        return HTMLExporter().from_notebook_node(notebook)[0]

    return export
