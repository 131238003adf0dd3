import numpy as np
import pytest

from course import batches, metrics, runtime, text
from course.batches import PairBatches, Ragged
from course.errors import CourseError
from course.text import END, START

tf = runtime.tensorflow()

from course import training  # noqa: E402
from course.models.seq2seq import Config, Seq2Seq  # noqa: E402


def copying(count, seed=0):
    """Sentences to be said backwards: small, and learnable only with the right pairs."""
    rng = np.random.default_rng(seed)
    rows = [list(rng.integers(4, 10, rng.integers(1, 4))) for _ in range(count)]
    targets = [[START, *row[::-1], END] for row in rows]
    return PairBatches(Ragged(rows), Ragged(targets), batch=16, buckets=1)


def build(**options) -> Seq2Seq:
    return Seq2Seq(Config(10, 10, units=24, **options))


TRAIN, VALID = copying(160), copying(50, seed=1)
FIT = {"learning_rate": 2e-2, "show": False}


def test_a_model_learns_and_keeps_its_best_weights():
    model = build()
    history = training.fit(model, TRAIN, VALID, epochs=12, **FIT)
    assert len(history.epochs) == 12 and history.stopped == "finished"
    assert history.best.valid_accuracy > 0.9
    assert training.evaluate(model, VALID)["loss"] == pytest.approx(
        history.best.valid_loss, rel=1e-5
    )


def test_one_batch_can_be_learnt_by_heart():
    data = copying(16)
    history = training.fit(build(), data, epochs=80, schedule="constant", **FIT)
    assert history.best.accuracy == 1.0


def test_evaluate_is_the_metrics_own_arithmetic():
    model = build()
    nll, tokens, right = 0.0, 0, 0
    for batch in VALID:
        logits = model.logits(batch.source, batch.target_in).numpy()
        loss, count = metrics.masked_nll(logits, batch.target_out)
        nll, tokens = nll + loss, tokens + count
        right += metrics.masked_accuracy(logits.argmax(-1), batch.target_out) * count
    found = training.evaluate(model, VALID)
    assert found["loss"] == pytest.approx(nll / tokens, rel=1e-5)
    assert found["perplexity"] == pytest.approx(metrics.perplexity(nll, tokens), rel=1e-5)
    assert found["accuracy"] == pytest.approx(right / tokens, rel=1e-5)


def test_the_loss_does_not_depend_on_the_batches():
    model, rows = build(), [[4, 5, 6], [7], [8, 9], [5, 5, 5], [6]]
    targets = [[START, *row, END] for row in rows]
    losses = [
        training.evaluate(
            model, PairBatches(Ragged(rows), Ragged(targets), batch=size, buckets=count)
        )
        for size, count in ((1, 3), (2, 2), (8, 1))
    ]
    for found in losses[1:]:
        assert found["loss"] == pytest.approx(losses[0]["loss"], abs=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
def test_keras_fit_gives_the_same_model(optimizer):
    ours, keras_model = build(), build()
    training.fit(ours, TRAIN, epochs=2, optimizer=optimizer, learning_rate=1e-2, seed=7, show=False)
    optimize = training.make_optimizer(optimizer, 1e-2, "cosine", 1.0, 2 * len(TRAIN))

    def masked(target, logits):
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
        real = tf.cast(target != 0, tf.float32)
        return tf.reduce_sum(nll * real) / tf.reduce_sum(real)

    # Our loss does its own masking; Keras would apply the model's mask once more.
    keras_model.training_model.compile(optimize, loss=None, run_eagerly=False)
    for epoch in (1, 2):
        for batch in TRAIN.shuffled(7, epoch):
            with tf.GradientTape() as tape:
                loss = masked(batch.target_out, keras_model.training_model(list(batch[:2])))
            weights = keras_model.trainable_variables
            optimize.apply(tape.gradient(loss, weights), weights)
    for name, weight in ours.get_weights().items():
        np.testing.assert_allclose(keras_model.get_weights()[name], weight, atol=1e-4)


def test_keras_own_fit_learns_from_the_dataset():
    model = build()
    import keras

    model.training_model.compile(
        training.make_optimizer("adam", 2e-2, "cosine", 1.0, 12 * len(TRAIN)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0),
    )
    model.training_model.fit(TRAIN.dataset(seed=0), epochs=12, verbose=0)
    assert training.evaluate(model, VALID)["accuracy"] > 0.9


def test_the_same_seed_gives_the_same_result_twice():
    results = []
    for seed in (3, 3, 4):
        model = build(dropout=0.2)
        training.fit(model, TRAIN, VALID, epochs=2, seed=seed, **FIT)
        results.append(model.get_weights())
    for name, weight in results[0].items():
        np.testing.assert_array_equal(weight, results[1][name])
    assert any(not np.array_equal(weight, results[2][name]) for name, weight in results[0].items())


def test_progress_is_told_within_an_epoch_and_at_its_end():
    data, told = copying(16 * 29), []  # 29 batches: two dozens, and five more
    history = training.fit(build(), data, epochs=2, on_progress=told.append, **FIT)
    assert [(now.epoch, now.done) for now in told] == [
        (epoch, done) for epoch in (1, 2) for done in (12, 24, 29)
    ]
    assert {(now.epochs, now.total) for now in told} == {(2, 29)}
    for now, row in zip(told[2::3], history.epochs, strict=True):
        assert now.nll / now.tokens == pytest.approx(row.loss)
        assert now.right / now.tokens == pytest.approx(row.accuracy)
    assert told[0].tokens < told[1].tokens < told[2].tokens == told[5].tokens


def test_early_stopping_counts_epochs_without_progress_and_says_so(capsys):
    told = FIT | {"show": True}
    history = training.fit(
        build(), copying(16), VALID, epochs=200, schedule="constant", patience=3, **told
    )
    assert history.stopped == "no longer improving"
    assert len(history.epochs) - history.best.epoch == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("no longer improving")


def test_an_interrupted_run_leaves_a_usable_model_and_goes_on(tmp_path):
    whole = build(dropout=0.2)
    expected = training.fit(whole, TRAIN, VALID, epochs=4, **FIT)

    def interrupt(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    model = build(dropout=0.2)
    history = training.fit(
        model, TRAIN, VALID, epochs=4, folder=tmp_path, on_epoch=interrupt, **FIT
    )
    assert history.stopped == "interrupted" and len(history.epochs) == 2
    usable = training.evaluate(Seq2Seq.load(tmp_path), VALID)
    assert usable["loss"] == pytest.approx(history.best.valid_loss, rel=1e-5)

    model = build(dropout=0.2)
    history = training.fit(model, TRAIN, VALID, epochs=4, folder=tmp_path, resume=True, **FIT)
    np.testing.assert_array_equal(history.column("valid_loss"), expected.column("valid_loss"))
    for name, weight in whole.get_weights().items():
        np.testing.assert_array_equal(model.get_weights()[name], weight)


def folder_bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_interrupt_in_the_first_epoch_leaves_the_saved_model_alone(tmp_path, monkeypatch):
    build().save(tmp_path)
    before = folder_bytes(tmp_path)

    def interrupt(seed, epoch):
        raise KeyboardInterrupt

    monkeypatch.setattr(TRAIN, "shuffled", interrupt)
    history = training.fit(build(seed=1), TRAIN, VALID, folder=tmp_path, **FIT)
    assert history.stopped == "interrupted" and not history.epochs
    assert folder_bytes(tmp_path) == before


def test_a_run_that_diverges_stops_and_leaves_the_saved_model_alone(tmp_path):
    build().save(tmp_path)
    before = folder_bytes(tmp_path)
    model = build(seed=1)
    broken = model.get_weights()
    broken["output/bias"][:] = np.nan
    model.set_weights(broken)
    history = training.fit(model, TRAIN, VALID, epochs=9, folder=tmp_path, **FIT)
    assert history.stopped == "diverged" and len(history.epochs) == 1
    assert folder_bytes(tmp_path) == before


def test_a_resume_with_another_optimizer_is_refused(tmp_path):
    training.fit(build(), TRAIN, epochs=1, folder=tmp_path, **FIT)
    with pytest.raises(CourseError, match="another optimizer"):
        training.fit(build(), TRAIN, epochs=2, optimizer="sgd", folder=tmp_path, resume=True, **FIT)


def test_the_checkpoint_is_the_best_epoch_not_the_last(tmp_path):
    model = build()
    history = training.fit(
        model, copying(16), VALID, epochs=60, schedule="constant", folder=tmp_path, **FIT
    )
    assert history.best.epoch < 60
    saved = training.evaluate(Seq2Seq.load(tmp_path), VALID)
    assert saved["loss"] == pytest.approx(history.best.valid_loss, rel=1e-5)


def test_shuffled_targets_lower_the_loss_but_not_to_understanding():
    rows = [TRAIN.source[n] for n in range(160)]
    wrong = [TRAIN.target[n] for n in np.random.default_rng(0).permutation(160)]
    unrelated = PairBatches(Ragged(rows), Ragged(wrong), batch=16, buckets=1)
    history = training.fit(build(), unrelated, VALID, epochs=8, **FIT)
    assert history.epochs[-1].loss < history.epochs[0].loss
    assert history.best.valid_accuracy < 0.6


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"optimizer": "adm"}, "no optimizer 'adm'"),
        ({"schedule": "linear"}, "no schedule"),
        ({"resume": True}, "needs the folder"),
        ({"resume": True, "folder": "nowhere"}, "no model folder nowhere"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(options, says):
    with pytest.raises(CourseError, match=says):
        training.fit(build(), TRAIN, **{"show": False} | options)


def test_text_goes_in_and_comes_out():
    pairs = [("a b", "uno dos"), ("b", "dos"), ("a", "uno")]
    codecs = [text.Codec.fit(side, text.tokenizer("word")) for side in zip(*pairs, strict=True)]
    data = batches.PairBatches.encode(pairs, *codecs, batch=4, buckets=1)
    model = Seq2Seq(Config(*(len(codec.vocabulary) for codec in codecs), units=16), *codecs)
    training.fit(model, data, epochs=60, schedule="constant", **FIT)
    from course import decoding

    assert decoding.translate(model, ["b", "", "a b"]) == ["dos", "", "uno dos"]
