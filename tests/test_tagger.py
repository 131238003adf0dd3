from dataclasses import replace

import numpy as np
import pytest

from course import runtime
from course.batches import pad
from course.corpora import bits
from course.errors import CourseError
from course.text import PAD

tf = runtime.tensorflow()

from course import training  # noqa: E402
from course.models.seq2seq import Config as Translator  # noqa: E402
from course.models.seq2seq import Seq2Seq  # noqa: E402
from course.models.tagger import Config, Tagger  # noqa: E402

IDS = pad([[1, 2, 4, 3, 3], [4, 1, 2], [2]])  # of inputs 0 to 4
LABELS = pad([[1, 2, 5, 4, 1], [3, 1, 2], [4]])
SHAPES = [("rnn", "tanh"), ("rnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]


def build(cell="rnn", activation="tanh", **options) -> Tagger:
    shape = {"units": 7, "cell": cell, "activation": activation, "seed": 3}
    return Tagger(Config(5, 6, **shape | options))


@pytest.fixture(params=SHAPES, ids="-".join)
def model(request) -> Tagger:
    model = build(*request.param)
    rng = np.random.default_rng(5)
    # Biases begin at zero: that would hide a bias in the wrong place.
    weights = model.get_weights()
    model.set_weights({k: w + rng.normal(0, 0.3, w.shape) for k, w in weights.items()})
    return model


@pytest.fixture
def many_to_one(model) -> Tagger:
    """The same model, asked after the last token only."""
    last = Tagger(replace(model.config, every_step=False))
    last.set_weights(model.get_weights())
    return last


def test_keras_and_the_fast_path_agree(model):
    fast, real = model.logits(IDS).numpy(), IDS != PAD
    assert fast.shape == (3, 5, 6)
    np.testing.assert_allclose(fast[real], model.keras_model(IDS).numpy()[real], atol=1e-5)


def test_their_gradients_agree(model):
    def gradients(forward):
        with tf.GradientTape() as tape:
            nll, _, _ = training.token_sums(forward(tf.constant(IDS)), tf.constant(LABELS))
        return tape.gradient(nll, model.trainable_variables)

    found, expected = gradients(model.logits), gradients(model.keras_model)
    assert len(found) == 5
    for fast, keras_gradient in zip(found, expected, strict=True):
        fast, keras_gradient = tf.convert_to_tensor(fast), tf.convert_to_tensor(keras_gradient)
        assert np.abs(keras_gradient).max() > 0
        np.testing.assert_allclose(fast, keras_gradient, atol=1e-5)


def test_the_logits_are_those_of_the_hidden_states(model):
    hiddens = model.hiddens(IDS).numpy()
    assert hiddens.shape == (3, 5, 7)
    kernel, bias = (model.get_weights()[f"output/{name}"] for name in ("kernel", "bias"))
    logits = model.logits(IDS).numpy()
    np.testing.assert_allclose(logits[..., 1:], (hiddens @ kernel + bias)[..., 1:], atol=1e-5)


def test_label_0_gets_no_share_of_the_softmax(model):
    probs = tf.nn.softmax(model.logits(IDS)).numpy()
    assert not probs[..., 0].any()
    np.testing.assert_allclose(probs.sum(-1), 1, atol=1e-6)


def test_padding_changes_nothing(model):
    wide = np.pad(IDS, ((0, 0), (0, 4)))
    np.testing.assert_allclose(model.logits(wide)[:, :5], model.logits(IDS), atol=1e-6)
    alone = model.logits(IDS[1:2, :3])
    np.testing.assert_allclose(model.logits(IDS)[1:2, :3], alone, atol=1e-6)


def test_many_to_one_answers_where_each_row_ends(model, many_to_one):
    expected = model.logits(IDS).numpy()[range(3), [4, 2, 0]][:, None]
    assert many_to_one.logits(IDS).shape == (3, 1, 6)
    np.testing.assert_allclose(many_to_one.logits(IDS), expected, atol=1e-5)
    np.testing.assert_allclose(many_to_one.keras_model(IDS), expected, atol=1e-5)
    answers = many_to_one.predict(np.pad(IDS, ((0, 1), (0, 0))))
    assert answers.tolist() == [*expected.argmax(-1).tolist(), [0]]


def test_asking_at_the_end_gives_the_same_gradients_either_way(model, many_to_one):
    ids = tf.constant(IDS[:, :3])
    target, gradients = tf.constant([[0, 0, 5], [0, 0, 2], [3, 0, 0]]), []
    for tagger, labels in ((model, target), (many_to_one, tf.reduce_max(target, 1)[:, None])):
        with tf.GradientTape() as tape:
            nll, _, tokens = training.token_sums(tagger.logits(ids), labels)
        assert tokens == 3
        found = tape.gradient(nll, tagger.trainable_variables)
        gradients.append([tf.convert_to_tensor(gradient) for gradient in found])
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_predict_gives_the_likeliest_labels_and_0_over_padding(model, batch):
    expected = np.where(IDS != PAD, model.keras_model(IDS).numpy().argmax(-1), 0)
    np.testing.assert_array_equal(model.predict(IDS, batch), expected)
    assert (model.predict(IDS) == 0).sum() == (IDS == PAD).sum()
    assert model.predict(IDS[:0]).shape == (0, 5)


def test_one_step_is_predicted_as_in_a_longer_string(model):
    np.testing.assert_array_equal(model.predict(IDS[:, :1]), model.predict(IDS)[:, :1])


def test_saved_and_loaded_models_are_equal(model, tmp_path):
    model.about = {"task": "running"}
    model.save(tmp_path)
    again = Tagger.load(tmp_path)
    assert (again.config, again.about) == (model.config, model.about)
    np.testing.assert_array_equal(again.logits(IDS), model.logits(IDS))


def test_folders_of_other_models_are_refused_in_one_line(tmp_path):
    Seq2Seq(Translator(5, 6, units=3)).save(tmp_path / "translator")
    build().save(tmp_path / "tagger")
    for load, folder in ((Tagger.load, "translator"), (Seq2Seq.load, "tagger")):
        with pytest.raises(CourseError, match=f"{folder} holds a '.*' model, not a ") as error:
            load(tmp_path / folder)
        assert "\n" not in str(error.value)


def test_the_seed_draws_the_weights():
    one, same, other = (build(seed=seed).get_weights() for seed in (1, 1, 2))
    for name in ("recurrent/kernel", "recurrent/recurrent_kernel", "output/kernel"):
        np.testing.assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])


def test_the_net_of_the_book_has_its_size():
    counts = {
        name: weight.size
        for name, weight in Tagger(Config(3, 52, 24, "rnn", "relu")).get_weights().items()
    }
    assert counts == {
        "recurrent/kernel": 3 * 24,
        "recurrent/recurrent_kernel": 24 * 24,
        "recurrent/bias": 24,
        "output/kernel": 24 * 52,
        "output/bias": 52,
    }


def test_the_parity_of_short_strings_is_learnt_and_holds_for_long_ones():
    train, judged = bits.split(2_000, 200, 12)
    data = [bits.Labelled(bits.ids(b), bits.running_labels(b), 50) for b in (train, judged)]
    model = Tagger(Config(3, 3, units=16, cell="gru"))
    history = training.fit(model, *data, epochs=4, learning_rate=2e-2, show=False)
    assert history.best.valid_accuracy == 1.0
    longer = bits.draw(300, 120, seed=1)
    assert np.mean(bits.parity(model.predict(bits.ids(longer))) == longer.sum(1) % 2) == 1.0


def test_a_label_at_the_end_alone_is_learnt_from():
    train = bits.draw(2_000, 4)
    data = bits.Labelled(bits.ids(train), bits.count_labels(train)[:, -1:], 50)
    labels = bits.label_count("count", 4)
    model = Tagger(Config(3, labels, activation="relu", every_step=False))
    history = training.fit(model, data, epochs=4, learning_rate=1e-2, show=False)
    assert history.best.accuracy > 0.99
    ends = bits.ids(np.array([[0] * 4, [1] * 4]))
    assert (model.predict(ends)[:, -1] - 1).tolist() == [0, 4]
