import json
import os
import shutil

import numpy as np
import pytest

from course import runtime
from course.batches import pad
from course.errors import CourseError
from course.models.numpy_cells import gru_step, lstm_step
from course.text import PAD, START, Codec, tokenizer

tf = runtime.tensorflow()

from course.models.seq2seq import Config, Seq2Seq  # noqa: E402

SOURCE = pad([[4, 5, 6, 7, 8], [9, 4, 10], [], [6]])
TARGET_IN = pad([[START, 5, 6], [START, 7, 8, 9, 4, 5], [START], [START, 4]])
SHAPES = [
    {"cell": cell, "layers": layers, "embedding": embedding}
    for cell in ("lstm", "gru")
    for layers, embedding in ((1, None), (2, 6))
]


def build(**options) -> Seq2Seq:
    return Seq2Seq(Config(11, 13, units=7, **{"seed": 3} | options))


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def model(request) -> Seq2Seq:
    return build(**request.param)


def real(target_in=TARGET_IN):
    return target_in != PAD


def test_the_published_parameter_count():
    assert Seq2Seq(Config(18, 27)).training_model.count_params() == 281_600 + 290_816 + 6_939


def test_keras_and_the_fast_path_agree(model):
    keras_logits = model.training_model([SOURCE, TARGET_IN]).numpy()
    fast_logits = model.logits(SOURCE, TARGET_IN).numpy()
    assert fast_logits.shape == (4, 6, 13)
    np.testing.assert_allclose(fast_logits[real()], keras_logits[real()], atol=1e-5)


def test_their_gradients_agree(model):
    pull = np.random.default_rng(1).normal(size=(4, 6, 13)) * real()[..., None]
    gradients = []
    for forward in (
        lambda: model.training_model([SOURCE, TARGET_IN]),
        lambda: model.logits(tf.constant(SOURCE), tf.constant(TARGET_IN)),
    ):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.nn.softmax(forward()) * tf.cast(pull, tf.float32))
        found = tape.gradient(loss, model.trainable_variables)
        gradients.append([tf.convert_to_tensor(gradient).numpy() for gradient in found])
    for keras_gradient, fast_gradient in zip(*gradients, strict=True):
        assert np.abs(keras_gradient).max() > 0
        np.testing.assert_allclose(fast_gradient, keras_gradient, atol=1e-5)


def test_the_inference_pair_and_start_step_agree(model):
    state, keras_state = model.start(SOURCE), model.encoder_model(SOURCE)
    for token in ([1, 1, 1, 1], [5, 6, 4, 12]):
        assert set(state) == set(keras_state) == set(model.state_names)
        for name in state:
            np.testing.assert_allclose(state[name], keras_state[name], atol=1e-5)
        logits, state = model.step(tf.constant(token), state)
        tokens = tf.constant(token)[:, None]
        results = model.decoder_model({"token": tokens, **keras_state})
        np.testing.assert_allclose(logits, results["logits"][:, 0], atol=1e-5)
        keras_state = {name: results[name] for name in model.state_names}


def test_stepping_through_a_sentence_gives_the_training_logits(model):
    expected = model.logits(SOURCE, TARGET_IN).numpy()
    state = model.start(SOURCE)
    for time in range(TARGET_IN.shape[1]):
        logits, state = model.step(tf.constant(TARGET_IN[:, time]), state)
        rows = real()[:, time]
        np.testing.assert_allclose(logits.numpy()[rows], expected[rows, time], atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_numpy_and_the_fast_path_agree(cell):
    model = build(cell=cell)
    weights = [
        model.get_weights()[f"encoder_1/{name}"] for name in ("kernel", "recurrent_kernel", "bias")
    ]
    states = [np.zeros((1, 7))] * (2 if cell == "lstm" else 1)
    for id in SOURCE[0]:
        row = np.eye(11)[[id]]
        step = lstm_step if cell == "lstm" else gru_step
        *states, _ = step(row, *states, *weights)
    found = model.start(SOURCE[:1])
    for name, expected in zip(model.state_names, states, strict=True):
        np.testing.assert_allclose(found[name], expected, atol=1e-5)


def test_padding_changes_nothing(model):
    alone = model.start(SOURCE[1:2, :3])
    wide = model.start(np.pad(SOURCE, ((0, 0), (0, 4))))
    for name in model.state_names:
        np.testing.assert_allclose(wide[name][1], alone[name][0], atol=1e-5)
    few = model.logits(SOURCE[3:, :1], TARGET_IN[3:, :2]).numpy()
    many = model.logits(SOURCE, np.pad(TARGET_IN, ((0, 0), (0, 3)))).numpy()
    np.testing.assert_allclose(many[3, :2], few[0], atol=1e-5)


def test_pad_and_start_get_no_share_of_the_softmax(model):
    for logits in (model.logits(SOURCE, TARGET_IN), model.training_model([SOURCE, TARGET_IN])):
        shares = tf.nn.softmax(logits).numpy()[real()]
        assert np.all(shares[:, [PAD, START]] == 0)
        np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-5)


def test_the_seed_draws_the_weights():
    first, again, other = build(), build(), build(seed=4)
    for name, weight in first.get_weights().items():
        np.testing.assert_array_equal(weight, again.get_weights()[name])
    assert not np.array_equal(
        first.get_weights()["encoder_1/kernel"], other.get_weights()["encoder_1/kernel"]
    )


def test_dropout_drops_in_training_only():
    model = build(dropout=0.5, embedding=6)
    calm = [model.logits(SOURCE, TARGET_IN).numpy() for _ in range(2)]
    noisy = [model.logits(SOURCE, TARGET_IN, training=True).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert not np.allclose(noisy[0][real()], noisy[1][real()])


def codecs():
    return [
        Codec.fit([words], tokenizer("word")) for words in ("a b c d e f g", "a b c d e f g h i")
    ]


def test_saved_and_loaded_models_are_equal(model, tmp_path):
    model.source, model.target = codecs()
    model.save(tmp_path / "model")
    again = Seq2Seq.load(tmp_path / "model")
    assert again.config == model.config
    assert (again.source, again.target) == (model.source, model.target)
    np.testing.assert_array_equal(again.logits(SOURCE, TARGET_IN), model.logits(SOURCE, TARGET_IN))


def test_saving_again_leaves_one_set_of_weights(tmp_path):
    model = build()
    model.save(tmp_path)
    model.save(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]


def damage_manifest(folder):
    (folder / "model.json").write_text('{"format": 1, "wei')


def remove_weights(folder):
    next(folder.glob("*.npz")).unlink()


def cut_weights(folder):
    weights = next(folder.glob("*.npz"))
    weights.write_bytes(weights.read_bytes()[:-200])


def change(**values):
    def apply(folder):
        path = folder / "model.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return apply


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (shutil.rmtree, "no model folder"),
        (lambda folder: (folder / "model.json").unlink(), "no model.json"),
        (damage_manifest, "damaged"),
        (remove_weights, "half-written"),
        (cut_weights, "half-written"),
        (change(format=99), "format 99"),
        (change(kind="chat"), "'chat' model"),
        (change(config={"source_size": 11, "target_size": 13, "units": 8}), "does not fit"),
        (change(config={"colour": "blue"}), "does not fit"),
    ],
)
def test_a_folder_that_is_no_model_is_refused_in_one_line(damage, says, tmp_path):
    folder = tmp_path / "model"
    build().save(folder)
    damage(folder)
    with pytest.raises(CourseError, match=says) as error:
        Seq2Seq.load(folder)
    assert "\n" not in str(error.value)


def test_a_failed_save_keeps_the_old_model(tmp_path, monkeypatch):
    old = build()
    old.save(tmp_path)
    written = np.savez

    def full_disk(file, **arrays):
        written(file, **dict(list(arrays.items())[:1]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(CourseError, match="No space left on device; what was there is kept"):
        build(seed=5).save(tmp_path)
    again = Seq2Seq.load(tmp_path)
    np.testing.assert_array_equal(again.logits(SOURCE, TARGET_IN), old.logits(SOURCE, TARGET_IN))
    assert len(list(tmp_path.iterdir())) == 2


def test_weights_of_another_model_are_refused():
    with pytest.raises(CourseError, match="does not fit"):
        build(layers=2).set_weights(build().get_weights())


def test_an_interrupt_after_the_replacement_keeps_the_new_model(tmp_path, monkeypatch):
    build().save(tmp_path)
    replaced = os.replace

    def interrupt(old, new):
        replaced(old, new)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    new = build(seed=5)
    with pytest.raises(KeyboardInterrupt):
        new.save(tmp_path)
    again = Seq2Seq.load(tmp_path)
    np.testing.assert_array_equal(again.logits(SOURCE, TARGET_IN), new.logits(SOURCE, TARGET_IN))
