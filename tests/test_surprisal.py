import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import metrics, runtime
from course.decoding.surprisal import running_perplexity, surprisals
from course.errors import CourseError
from course.text import END, START

tf = runtime.tensorflow()

from course.models.seq2seq import Config, Seq2Seq  # noqa: E402


@pytest.fixture(scope="module", params=["lstm", "gru"])
def model(request):
    model = Seq2Seq(Config(11, 13, units=7, cell=request.param))
    rng = np.random.default_rng(2)
    model.set_weights(
        {name: rng.normal(size=w.shape).astype(w.dtype) for name, w in model.get_weights().items()}
    )
    return model


@pytest.mark.parametrize("ids", [[4, 9, 12, 3, 4], [5], []])
def test_they_are_what_teacher_forcing_gives(model, ids):
    source = [4, 5, 10]
    bits = surprisals(model, ids, source)
    logits = model.logits(np.array([source]), np.array([[START, *ids]]))
    target = np.array([[*ids, END]])
    log_probs = tf.nn.log_softmax(logits).numpy()[0, np.arange(len(ids) + 1), target[0]]
    np.testing.assert_allclose(bits, -log_probs / np.log(2), atol=1e-4)
    nll, tokens = metrics.masked_nll(logits, target)
    assert running_perplexity(bits)[-1] == pytest.approx(metrics.perplexity(nll, tokens), rel=1e-4)


def test_the_source_matters_and_may_be_missing(model):
    with_source, without = surprisals(model, [4, 9], [4, 5, 10]), surprisals(model, [4, 9])
    assert with_source.shape == without.shape == (3,)
    assert np.abs(with_source - without).max() > 1e-3


class Certain:
    """Always says 4, then END: a model without any doubt, and without a source."""

    def start(self, source_ids):
        return {"place": tf.zeros([tf.shape(source_ids)[0]])}

    def step(self, token_ids, state):
        wanted = tf.where(state["place"] < 1, 4, END)
        return tf.one_hot(tf.cast(wanted, tf.int32), 7, 1e3), {"place": state["place"] + 1}


def test_what_is_certain_is_no_surprise():
    bits = surprisals(Certain(), [4])
    assert bits.tolist() == [0.0, 0.0] and not np.signbit(bits).any()
    assert running_perplexity(bits).tolist() == [1.0, 1.0]


def test_what_cannot_be_is_infinitely_perplexing():
    assert running_perplexity(surprisals(Certain(), [5])).max() > 1e200
    assert np.isinf(running_perplexity(np.array([1e9]))).all()


def test_a_model_that_says_nan_is_refused_in_one_line(model):
    good = model.get_weights()
    model.set_weights({name: np.full_like(weight, np.nan) for name, weight in good.items()})
    with pytest.raises(CourseError, match="no numbers: its training has diverged"):
        surprisals(model, [4, 9], [5])
    model.set_weights(good)
    assert np.isfinite(surprisals(model, [4, 9], [5])).all()


@given(st.lists(st.floats(0, 40), min_size=1, max_size=30))
def test_perplexity_is_the_power_of_the_mean_at_every_token(bits):
    found = running_perplexity(np.array(bits))
    for place, perplexity in enumerate(found):
        so_far = np.array(bits[: place + 1])
        expected = metrics.perplexity(so_far.sum() * np.log(2), place + 1)
        assert perplexity == pytest.approx(expected)


def test_it_is_no_mean_of_powers():
    found = running_perplexity(np.array([1.0, 1.0, 1.0, 21.0]))[-1]
    assert found == pytest.approx(2**6) and np.mean(2 ** np.array([1, 1, 1, 21])) > 500_000


@pytest.mark.parametrize("ids", [[4, END, 5], [START, 4], [0]])
def test_special_ids_within_a_text_are_refused(model, ids):
    with pytest.raises(CourseError):
        surprisals(model, ids, [4])
