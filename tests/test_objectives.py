import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import runtime
from course.batches import pad
from course.errors import CourseError
from course.text import END, PAD, START

tf = runtime.tensorflow()

from course import objectives, training  # noqa: E402
from course.models.attentive import Attentive, Config  # noqa: E402
from course.models.seq2seq import Config as PlainConfig  # noqa: E402
from course.models.seq2seq import Seq2Seq  # noqa: E402

SOURCE = tf.constant(pad([[4, 5, 6], [7]]))
TARGET_IN = tf.constant(pad([[START, 5, 6, 9], [START, 4]]))
TARGET = tf.constant(pad([[5, 6, 9, END], [4, END]]))
MODEL = Attentive(Config(11, 13, units=7, embedding=5))
STEP = tf.constant(0)


def run(objective, step=STEP):
    return objective(MODEL, [SOURCE, TARGET_IN], TARGET, None, step)


def log_probs():
    logits = MODEL.logits(SOURCE, TARGET_IN)
    return tf.nn.log_softmax(logits).numpy().astype(np.float64), TARGET.numpy()


def test_smoothing_spreads_a_share_over_all_that_can_be_said():
    found, target = log_probs()
    losses = []
    for probs, wanted in zip(found.reshape(-1, 13), target.reshape(-1), strict=True):
        if wanted != PAD:
            goal = np.full(13, 0.1 / 11)
            goal[[PAD, START]] = 0
            goal[wanted] += 0.9
            losses.append(-(goal[goal > 0] * probs[goal > 0]).sum())
    loss, sums, state = run(objectives.smoothed(0.1))
    assert float(loss) == pytest.approx(np.mean(losses), rel=1e-5) and state is None
    plain = run(objectives.cross_entropy)
    assert [float(x) for x in sums] == [float(x) for x in plain[1]]
    assert float(run(objectives.smoothed(0.0))[0]) == pytest.approx(float(plain[0]), rel=1e-6)


def test_a_sample_of_all_is_the_full_softmax():
    for count in (11, 50):
        loss, sums, _ = run(objectives.sampled(count))
        exact, full, _ = run(objectives.cross_entropy)
        assert float(loss) == pytest.approx(float(exact), rel=1e-5)
        np.testing.assert_allclose(sums, full, rtol=1e-5)


def test_samples_estimate_the_gradients_of_the_full_softmax():
    variables = MODEL.trainable_variables

    def gradient(objective):
        with tf.GradientTape() as tape:
            loss, *_ = run(objective)
        grads = tape.gradient(loss, variables)
        return tf.concat([tf.reshape(grad, [-1]) for grad in grads], axis=0)

    exact = gradient(objectives.cross_entropy).numpy()
    estimate = tf.function(lambda seed: gradient(objectives.sampled(5, seed)))
    estimates = [estimate(tf.constant(seed)).numpy() for seed in range(60)]
    assert np.linalg.norm(np.mean(estimates, axis=0) - exact) < 0.15 * np.linalg.norm(exact)
    assert np.linalg.norm(estimates[0] - exact) > 0.15 * np.linalg.norm(exact)  # one alone does not


def test_draws_move_with_the_step_and_repeat_with_the_seed():
    objective = objectives.sampled(5, seed=4)
    first, again = float(run(objective)[0]), float(run(objectives.sampled(5, seed=4))[0])
    assert first == again != float(run(objective, tf.constant(1))[0])


@given(st.integers(2, 400), st.integers(3, 300), st.integers(0, 1_000))
def test_a_sample_has_the_frequent_ones_and_stands_for_all(count, size, seed):
    ids, weights = (x.numpy() for x in objectives.draw(tf.constant([seed, 1]), count, size))
    assert len(ids) == len(weights) == min(count, size - 2)
    always = size - 2 if count >= size - 2 else count // 2
    np.testing.assert_array_equal(ids[:always], np.arange(END, END + always))
    assert (weights[:always] == 0).all()
    assert ids.min() >= END and ids.max() < size and len(set(ids[:always]) & set(ids[always:])) == 0
    assert np.exp(weights).sum() == pytest.approx(size - 2, rel=1e-4)


def test_every_token_of_the_rest_is_drawn_alike():
    drawn = [objectives.draw(tf.constant([0, n]), 6, 13)[0].numpy()[3:] for n in range(800)]
    seen = np.bincount(np.concatenate(drawn), minlength=13)[5:]
    np.testing.assert_allclose(seen / 800, 3 / 8, atol=0.06)


def test_padding_counts_nowhere():
    for objective in (objectives.smoothed(0.1), objectives.sampled(7), objectives.cross_entropy):
        wide = [tf.pad(x, [[0, 1], [0, 2]]) for x in (SOURCE, TARGET_IN, TARGET)]
        loss, sums, _ = objective(MODEL, wide[:2], wide[2], None, STEP)
        assert float(loss) == pytest.approx(float(run(objective)[0]), rel=1e-5)
        assert float(sums[2]) == 6


def test_a_model_whose_output_cannot_be_sampled_is_refused():
    plain = Seq2Seq(PlainConfig(11, 13, units=7))
    with pytest.raises(CourseError, match="needs a model with attention"):
        objectives.sampled(5)(plain, [SOURCE, TARGET_IN], TARGET, None, STEP)


def test_bad_settings():
    with pytest.raises(CourseError, match=r"must be from 0 to below 1, not 1\.5"):
        objectives.smoothed(1.5)
    with pytest.raises(CourseError, match="at least 2 tokens, not 0"):
        objectives.sampled(0)


def test_the_rate_warms_up_and_falls_to_nothing():
    variable = tf.Variable(1.0)
    optimizer = training.make_optimizer("adam", 0.1, "cosine", 1.0, steps=50, warmup=10)
    rates = []
    for _ in range(51):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([tf.constant(1.0)], [variable])
    assert rates[0] == 0 and rates[10] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0, abs=1e-9)
    assert all(np.diff(rates[:11]) > 0) and all(np.diff(rates[10:]) < 0)
