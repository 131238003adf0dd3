"""Perplexity of running text, held against NumPy; and the classic way of training, in its parts."""

from itertools import pairwise

import numpy as np
import pytest

from course import runtime
from course.errors import CourseError
from course.models import numpy_cells
from course.streams import StreamBatches
from course.text import PAD, START

tf = runtime.tensorflow()

from course import objectives, optimizers, training  # noqa: E402
from course.models.language import Config, LanguageModel  # noqa: E402

SIZE = 23
IDS = np.random.default_rng(1).integers(2, SIZE, 212).astype(np.int32)


def loud(**options) -> LanguageModel:
    """A model with two LSTM layers whose weights are loud, so that no part is left out unseen."""
    shape = {"units": (6, 7), "cell": "lstm", "embedding": 5, "tied": False} | options
    model = LanguageModel(Config(SIZE, **shape))
    rng = np.random.default_rng(3)
    drawn = {name: rng.normal(size=w.shape) / 2 for name, w in model.get_weights().items()}
    model.set_weights({name: w.astype(np.float32) for name, w in drawn.items()})
    return model


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return loud()


def reckoned(model: LanguageModel, streams: list[np.ndarray]) -> float:
    """The perplexity in float64 NumPy, a token at a time; each stream begins with zeros."""
    weights = {name: w.astype(np.float64) for name, w in model.get_weights().items()}
    total = count = 0
    for ids in streams:
        states = [np.zeros((1, units)) for units in model.config.units for _ in range(2)]
        for token, target in pairwise(ids):
            row = weights["embedding/embeddings"][[token]]
            for n in (0, 1):
                names = ("kernel", "recurrent_kernel", "bias")
                own = [weights[f"recurrent_{n + 1}/{name}"] for name in names]
                *states[2 * n : 2 * n + 2], _ = numpy_cells.lstm_step(
                    row, *states[2 * n : 2 * n + 2], *own
                )
                row = states[2 * n]
            logits = (row @ weights["output/kernel"] + weights["output/bias"])[0]
            logits[[PAD, START]] = -np.inf
            total += np.logaddexp.reduce(logits) - logits[target]
            count += 1
    return float(np.exp(total / count))


@pytest.mark.parametrize("steps", [1, 7, 35, 211, 500])
def test_it_is_that_of_numpy_for_any_number_of_steps(model, steps):
    assert model.perplexity(IDS, steps) == pytest.approx(reckoned(model, [IDS]), rel=1e-6)


@pytest.mark.parametrize(("batch", "steps"), [(1, 35), (3, 5), (7, 20), (10, 50), (211, 1)])
def test_training_judges_by_the_same_for_any_batch(model, batch, steps):
    found = training.evaluate(model, StreamBatches(IDS, batch=batch, steps=steps))["perplexity"]
    longest = -(-(len(IDS) - 1) // batch)
    starts = range(0, len(IDS) - 1, longest)
    streams = [IDS[start : start + longest + 1] for start in starts]
    assert found == pytest.approx(reckoned(model, streams), rel=1e-6)


def test_each_token_has_its_own_log_prob(model):
    log_probs = model.log_probs(IDS, steps=50)
    assert log_probs.shape == (len(IDS) - 1,)
    logits, _ = model.logits(IDS[None, :-1], model.zero_state(1))
    expected = tf.nn.log_softmax(logits)[0].numpy()[np.arange(len(IDS) - 1), IDS[1:]]
    np.testing.assert_allclose(log_probs, expected, atol=1e-5)


def test_nothing_to_predict_is_refused(model):
    with pytest.raises(CourseError, match="nothing to predict"):
        model.perplexity(IDS[:1])


def test_spread_draws_all_weights_evenly_and_no_bias():
    weights = LanguageModel(Config(SIZE, units=(40, 30), cell="lstm", tied=False, spread=0.1))
    again = LanguageModel(Config(SIZE, units=(40, 30), cell="lstm", tied=False, spread=0.1))
    for name, weight in weights.get_weights().items():
        np.testing.assert_array_equal(weight, again.get_weights()[name])
        if name.endswith("bias"):
            assert not weight.any(), name  # the forget gate's too
        else:
            assert np.abs(weight).max() <= 0.1 < 1.05 * np.abs(weight).max(), name
            assert weight.std() == pytest.approx(0.1 / 3**0.5, rel=0.1), name
    with pytest.raises(CourseError, match="must not be negative"):
        Config(SIZE, spread=-1.0)


def gradients(model, objective):
    inputs, targets = next(iter(StreamBatches(IDS, batch=4, steps=9)))
    with tf.GradientTape() as tape:
        loss, sums, _ = objective(model, [inputs], targets, model.zero_state(4), tf.constant(0))
    grads = tape.gradient(loss, model.trainable_variables)
    return loss, sums, [tf.convert_to_tensor(grad).numpy() for grad in grads]


def test_the_loss_of_a_stream_is_the_mean_times_the_steps(model):
    mean, sums, small = gradients(model, objectives.cross_entropy)
    summed, same, large = gradients(model, objectives.summed_over_steps)
    assert float(summed) == pytest.approx(9 * float(mean), rel=1e-6)
    assert [float(x) for x in sums] == [float(x) for x in same]
    for one, other in zip(small, large, strict=True):
        np.testing.assert_allclose(9 * one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"tied": True}, {"tied": True, "embedding": 7}], ids=str)
def test_a_sample_of_all_is_the_full_softmax(options):
    model = loud(**options)
    exact, full, expected = gradients(model, objectives.cross_entropy)
    loss, sums, found = gradients(model, objectives.sampled(SIZE))
    assert float(loss) == pytest.approx(float(exact), rel=1e-5)
    summed, *_ = gradients(model, objectives.sampled(SIZE, summed=True))
    assert float(summed) == pytest.approx(9 * float(exact), rel=1e-5)
    np.testing.assert_allclose(sums, full, rtol=1e-5)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)


def test_a_rate_stays_and_is_then_halved():
    schedule = optimizers.decaying(1.0, flat=2, epochs=5, batches=3)
    rates = [float(schedule(step)) for step in range(15)]
    assert rates == [1.0] * 6 + [0.5] * 3 + [0.25] * 3 + [0.125] * 3
    assert float(optimizers.decaying(2.0, flat=5, epochs=3, batches=3)(8)) == 2.0
    seventh = optimizers.decaying(1.0, flat=6, epochs=39, batches=3, factor=1.2)
    assert [float(seventh(3 * epoch)) for epoch in (5, 6, 7)] == pytest.approx(
        [1, 1 / 1.2, 1.2**-2]
    )


def test_fit_takes_a_schedule():
    model = LanguageModel(Config(SIZE, units=(7,), embedding=5, spread=0.1))
    train = StreamBatches(IDS, batch=5, steps=7)
    schedule = optimizers.decaying(1.0, flat=2, epochs=4, batches=len(train))
    options = {"objective": objectives.summed_over_steps, "show": False, "xla": False}
    history = training.fit(
        model, train, epochs=4, optimizer="sgd", schedule=schedule, clip=5.0, **options
    )
    assert history.column("loss")[-1] < history.column("loss")[0] < np.log(SIZE)
