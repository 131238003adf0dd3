"""The language model, held against Keras' own layers and against NumPy; training carries its state.

All tests together build few models: most of their time is TensorFlow's.
"""

import json
import shutil

import numpy as np
import pytest

from course import decoding, metrics, runtime
from course.batches import pad
from course.errors import CourseError
from course.models import numpy_cells
from course.streams import StreamBatches, running_ids
from course.text import END, PAD, START, UNK, Codec, tokenizer

tf = runtime.tensorflow()

import keras  # noqa: E402

from course import training  # noqa: E402
from course.models.language import Config, LanguageModel  # noqa: E402
from course.models.seq2seq import Config as PairConfig  # noqa: E402
from course.models.seq2seq import Seq2Seq  # noqa: E402

SIZE = 11
IDS = pad([[4, 5, 6, 7, 8], [2, 4, 10], []])
TARGETS = pad([[5, 6, 7, 8, 2], [4, 10, 3], []])
REAL = IDS != PAD
CELLS = {"rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}

WIRINGS = {
    "tied": {"units": (7,), "embedding": 7},
    "mixed": {"units": (7,), "embedding": 5},
    "two layers mixed": {"units": (6, 7), "embedding": 5},
    "two layers tied": {"units": (6, 5), "embedding": 5},
    "untied": {"units": (7,), "embedding": 5, "tied": False},
    "two layers untied": {"units": (6, 7), "embedding": 5, "tied": False},
}


def loud(model: LanguageModel) -> LanguageModel:
    """Give a model loud weights, biases included, so that no part of it can be left out unseen."""
    rng, weights = np.random.default_rng(3), model.get_weights()
    drawn = {name: rng.normal(size=w.shape).astype(np.float32) / 2 for name, w in weights.items()}
    model.set_weights(drawn)
    return model


def build(**options) -> LanguageModel:
    return loud(LanguageModel(Config(SIZE, **{"units": (7,), "embedding": 5} | options)))


@pytest.fixture(params=[(c, w) for c in CELLS for w in WIRINGS], ids=" ".join)
def model(request) -> LanguageModel:
    cell, wiring = request.param
    return build(cell=cell, **WIRINGS[wiring])


def some_state(model, rows=3):
    """States as if something had been read before."""
    rng = np.random.default_rng(5)
    zeros = model.zero_state(rows)
    return {name: tf.constant(rng.normal(size=s.shape), tf.float32) for name, s in zeros.items()}


def keras_logits(model, ids, state):
    """The same model by Keras' own layers: logits, states, and the variables in the same order."""
    config, weights = model.config, model.get_weights()
    variables = {name: tf.Variable(weight) for name, weight in weights.items()}

    def part(layer, *names):
        return [weights[f"{layer}/{name}"] for name in names]

    layers = []
    for number, units in enumerate(config.units, 1):
        layer = CELLS[config.cell](units, return_sequences=True, return_state=True)
        layer.build((None, None, config.embedding if number == 1 else config.units[number - 2]))
        layer.set_weights(part(f"recurrent_{number}", "kernel", "recurrent_kernel", "bias"))
        own = zip(("kernel", "recurrent_kernel", "bias"), layer.trainable_variables, strict=True)
        variables |= {f"recurrent_{number}/{name}": variable for name, variable in own}
        layers.append(layer)

    def forward():
        mask, states = tf.constant(ids != PAD), {}
        outputs = tf.gather(variables["embedding/embeddings"], ids)
        for number, layer in enumerate(layers, 1):
            names = [name for name in model.state_names if name.endswith(f"_{number}")]
            outputs, *after = layer(outputs, mask=mask, initial_state=[state[n] for n in names])
            states |= dict(zip(names, after, strict=True))
        if "mixing/kernel" in variables:
            outputs = outputs @ variables["mixing/kernel"] + variables["mixing/bias"]
        if config.tied:
            kernel = tf.transpose(variables["embedding/embeddings"])
        else:
            kernel = variables["output/kernel"]
        never = np.where(np.isin(np.arange(SIZE), [PAD, START]), -1e9, 0).astype(np.float32)
        return outputs @ kernel + variables["output/bias"] + never, states

    return forward, [variables[name] for name in weights]


def loss_of(logits):
    nll, _, tokens = training.token_sums(logits, tf.constant(TARGETS))
    return nll / tokens


def test_it_equals_keras_own_layers_and_so_do_its_gradients(model):
    state = some_state(model)
    forward, variables = keras_logits(model, IDS, state)
    with tf.GradientTape() as tape:
        expected, expected_states = forward()
        loss = loss_of(expected)
    expected_gradients = tape.gradient(loss, variables)
    with tf.GradientTape() as tape:
        logits, states = model.logits(tf.constant(IDS), state, training=True)
        loss = loss_of(logits)
    gradients = tape.gradient(loss, model.trainable_variables)

    assert logits.shape == (3, 5, SIZE)
    np.testing.assert_allclose(logits.numpy()[REAL], expected.numpy()[REAL], atol=1e-5)
    assert list(states) == model.state_names
    for name, after in states.items():
        np.testing.assert_allclose(after, expected_states[name], atol=1e-5)
    for name, own, other in zip(model.get_weights(), gradients, expected_gradients, strict=True):
        own, other = (tf.convert_to_tensor(gradient).numpy() for gradient in (own, other))
        assert np.abs(other).max() > 0, name
        np.testing.assert_allclose(own, other, atol=1e-5, err_msg=name)


def test_each_weight_is_moved_once(model):
    variables = model.trainable_variables
    assert len({id(variable) for variable in variables}) == len(variables)
    config, cell = model.config, {"rnn": 1, "gru": 3, "lstm": 4}[model.config.cell]
    biases = 2 if config.cell == "gru" else 1
    widths = [config.embedding, *config.units]
    expected = SIZE * config.embedding + SIZE + (0 if config.tied else SIZE * widths[-1])
    for below, units in zip(widths, config.units, strict=False):
        expected += cell * units * (below + units + biases)
    if config.tied and widths[-1] != config.embedding:
        expected += (widths[-1] + 1) * config.embedding
    assert sum(weight.size for weight in model.get_weights().values()) == expected


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_in_numpy_gives_the_same(cell):
    model = build(cell=cell)
    weights = model.get_weights()
    own = [weights[f"recurrent_1/{name}"] for name in ("kernel", "recurrent_kernel", "bias")]
    states = [np.zeros((1, 7)) for _ in model.state_names]
    tokens = [END, 4, 9, 5, 5]
    for token in tokens:
        row = weights["embedding/embeddings"][[token]]
        if cell == "rnn":
            states = [numpy_cells.rnn_step(row, *states, *own)]
        else:
            *states, _ = getattr(numpy_cells, f"{cell}_step")(row, *states, *own)
    mixed = states[0] @ weights["mixing/kernel"] + weights["mixing/bias"]
    expected = mixed @ weights["embedding/embeddings"].T + weights["output/bias"]
    found = model.start(np.array([tokens[1:]]))
    for name, state in zip(model.state_names, states, strict=True):
        np.testing.assert_allclose(found[name], state, atol=1e-5)
    logits, _ = model.step(tf.constant([START]), found)
    np.testing.assert_allclose(logits[0, 2:], expected[0, 2:], atol=1e-5)


TWO_LAYERS = {"units": (6, 7), "embedding": 5}


@pytest.fixture(scope="module", params=CELLS)
def deep(request) -> LanguageModel:
    return build(cell=request.param, **TWO_LAYERS)


@pytest.mark.parametrize("cut", [1, 2, 5, 12])
def test_a_long_text_may_be_read_in_pieces(deep, cut):
    ids = np.random.default_rng(0).integers(2, SIZE, (3, 13)).astype(np.int32)
    whole, last = deep.logits(ids, deep.zero_state(3))
    state, pieces = deep.zero_state(3), []
    for begin in range(0, 13, cut):
        logits, state = deep.logits(ids[:, begin : begin + cut], state)
        pieces.append(logits)
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=1e-5)
    for name in deep.state_names:
        np.testing.assert_allclose(state[name], last[name], atol=1e-5)


def test_padding_changes_nothing(deep):
    state = some_state(deep)
    narrow, after = deep.logits(IDS, state)
    wide, after_wide = deep.logits(np.pad(IDS, ((0, 0), (0, 4))), state)
    np.testing.assert_allclose(wide.numpy()[:, :5][REAL], narrow.numpy()[REAL], atol=1e-5)
    alone, _ = deep.logits(IDS[1:2, :3], {name: s[1:2] for name, s in state.items()})
    np.testing.assert_allclose(narrow[1, :3], alone[0], atol=1e-5)
    for name in deep.state_names:
        np.testing.assert_allclose(after_wide[name], after[name], atol=1e-5)
        np.testing.assert_array_equal(after[name][2], state[name][2])  # a row of padding only


def test_pad_and_start_get_no_share(deep):
    state = some_state(deep)
    for logits in (deep.logits(IDS, state)[0], deep.step(tf.constant([4, START, PAD]), state)[0]):
        shares = tf.nn.softmax(logits).numpy()
        assert np.all(shares[..., [PAD, START]] == 0)
        assert np.all(shares[..., 2:] > 0)


def test_start_and_step_equal_logits(deep):
    prompts = [[4, 5, 6], [7], []]
    text = np.array([[END, 4, 5, 6, 9, 8], [END, 7, 9, 8, 0, 0], [END, 9, 8, 0, 0, 0]], np.int32)
    expected, _ = deep.logits(text, deep.zero_state(3))
    state, token = deep.start(pad(prompts)), START
    for said, following in enumerate((9, 8, None)):
        logits, state = deep.step(tf.fill([3], token), state)
        for row, prompt in enumerate(prompts):
            np.testing.assert_allclose(logits[row], expected[row, len(prompt) + said], atol=1e-5)
        token = following


def test_an_empty_prompt_stands_behind_the_end_of_a_chapter(deep):
    _, behind_end = deep.logits(np.array([[END]], np.int32), deep.zero_state(1))
    for prompt in (np.zeros((1, 0), np.int32), np.zeros((1, 3), np.int32)):
        for name, state in deep.start(prompt).items():
            np.testing.assert_allclose(state, behind_end[name], atol=1e-6)


def test_neither_start_nor_pad_moves_a_state(deep):
    before = some_state(deep)
    _, after = deep.step(tf.constant([START, PAD, 4]), before)
    for name, state in before.items():
        np.testing.assert_array_equal(after[name][:2], state[:2])
        assert np.all(after[name][2] != state[2])


def test_the_seed_draws_the_weights():
    shape = {"units": (6, 7), "embedding": 5}
    first, again, other = (LanguageModel(Config(SIZE, seed=s, **shape)) for s in (1, 1, 2))
    for name, weight in first.get_weights().items():
        np.testing.assert_array_equal(weight, again.get_weights()[name])
        if "bias" not in name:
            assert not np.array_equal(weight, other.get_weights()[name]), name


@pytest.mark.parametrize("kind", ["dropout", "weight_dropout"])
def test_dropout_drops_in_training_only(kind):
    dropping, calm = build(units=(6, 7), **{kind: 0.5}), build(units=(6, 7))
    state = some_state(calm)
    expected = calm.logits(IDS, state)[0].numpy()
    noisy = [dropping.logits(IDS, state, training=True)[0].numpy() for _ in range(2)]
    assert not np.allclose(noisy[0][REAL], noisy[1][REAL])
    np.testing.assert_array_equal(dropping.logits(IDS, state)[0], expected)
    np.testing.assert_array_equal(calm.logits(IDS, state, training=True)[0], expected)
    for one, other in zip(dropping.start(IDS).values(), calm.start(IDS).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_dropped_weights_are_dropped_for_the_whole_batch_and_made_up_for():
    model = build(cell="rnn", weight_dropout=0.75)
    layer = model.layer("recurrent_1")
    whole = layer.cell.recurrent_kernel.numpy()
    thinned = np.array([model._thinned(layer, 1, training=True) for _ in range(80)])
    kept = thinned != 0
    assert 0.2 < kept.mean() < 0.3
    np.testing.assert_allclose(thinned[kept], np.broadcast_to(4 * whole, kept.shape)[kept])


# Folders

CODEC = Codec.fit(["the cat sat . the dog ran"], tokenizer())


def writer(**options):
    shape = {"units": (6, 7), "embedding": 5, "dropout": 0.3} | options
    return LanguageModel(Config(len(CODEC.vocabulary), **shape), CODEC)


@pytest.mark.parametrize("cell", CELLS)
def test_a_saved_model_writes_the_same_chapter(cell, tmp_path):
    model = writer(cell=cell, tied=cell != "gru")
    model.about = {"capitals": {"cat": "Cat"}}
    model.save(tmp_path)
    again = LanguageModel.load(tmp_path)
    assert (again.config, again.codec, again.about) == (model.config, model.codec, model.about)
    chapters = [decoding.sample(m, [[4, 5]], max_tokens=40, seed=3)[0] for m in (model, again)]
    assert len(chapters[0]) > 1
    np.testing.assert_array_equal(chapters[0].tokens, chapters[1].tokens)
    np.testing.assert_array_equal(chapters[0].log_probs, chapters[1].log_probs)


def cut_weights(folder):
    weights = next(folder.glob("*.npz"))
    weights.write_bytes(weights.read_bytes()[:-200])


def change(**values):
    def apply(folder):
        path = folder / "model.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return apply


def save_translator(folder):
    shutil.rmtree(folder)
    Seq2Seq(PairConfig(9, 9, units=4)).save(folder)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (shutil.rmtree, "no model folder"),
        (lambda folder: (folder / "model.json").unlink(), "no model.json"),
        (lambda folder: next(folder.glob("*.npz")).unlink(), "half-written"),
        (cut_weights, "half-written"),
        (change(format=99), "format 99"),
        (save_translator, "'seq2seq' model, not a language model"),
        (change(config={"size": 9}), "does not fit"),
        (change(config={"size": 9, "units": [6], "cell": "cnn"}), "does not fit"),
        (change(config={"colour": "blue"}), "does not fit"),
        (change(config=None), "does not fit"),
        (change(codec="words"), "does not fit"),
    ],
)
def test_a_folder_that_is_no_language_model_is_refused_in_one_line(damage, says, tmp_path):
    folder = tmp_path / "model"
    writer().save(folder)
    damage(folder)
    with pytest.raises(CourseError, match=says) as error:
        LanguageModel.load(folder)
    assert "\n" not in str(error.value)


def test_a_translator_does_not_open_a_language_model(tmp_path):
    writer().save(tmp_path)
    with pytest.raises(CourseError, match="'language' model, not a translator"):
        Seq2Seq.load(tmp_path)


# Training

SENTENCES = [
    "tom had a red boat . it was old .",
    "ann had a blue kite ; it flew over the red roof , and tom ran after it .",
]
TEXT_CODEC = Codec.fit(SENTENCES, tokenizer())
TEXT = running_ids(SENTENCES, TEXT_CODEC)


def reader(**options):
    shape = {"units": (9,), "embedding": 6} | options
    return LanguageModel(Config(len(TEXT_CODEC.vocabulary), **shape), TEXT_CODEC)


def perplexity_in_one_pass(model, ids):
    logits, _ = model.logits(ids[None, :-1], model.zero_state(1))
    nll, tokens = metrics.masked_nll(logits.numpy(), ids[None, 1:])
    assert tokens == len(ids) - 1
    return metrics.perplexity(nll, tokens)


@pytest.fixture
def without_xla(monkeypatch):
    """Spares the tests the compiler's time, as the fast mode does."""
    monkeypatch.setenv("COURSE_FAST", "1")


@pytest.mark.parametrize("cell", CELLS)
def test_the_state_is_carried_from_batch_to_batch(cell, monkeypatch):
    if cell != "gru":
        monkeypatch.setenv("COURSE_FAST", "1")  # one of them by XLA
    model, streams = loud(reader(cell=cell)), StreamBatches(TEXT, batch=1, steps=4)
    assert len(streams) > 5
    expected = perplexity_in_one_pass(model, TEXT)
    # Steps so small that they change nothing: training itself has the loss of one pass.
    history = training.fit(model, streams, streams, epochs=2, learning_rate=1e-9, show=False)
    for epoch in history.epochs:
        assert np.exp(epoch.loss) == pytest.approx(expected, rel=1e-5)
        assert np.exp(epoch.valid_loss) == pytest.approx(expected, rel=1e-5)
    found = training.evaluate(model, streams)
    assert found["perplexity"] == pytest.approx(expected, rel=1e-5)
    # Not so without what stood before each batch.
    forgetful = sum(
        metrics.masked_nll(model.logits(i, model.zero_state(1))[0].numpy(), t)[0]
        for i, t in streams
    )
    assert abs(np.exp(forgetful / streams.tokens) / expected - 1) > 1e-2


def test_rows_do_not_mix(without_xla):
    streams = StreamBatches(TEXT, batch=3, steps=4)
    model = loud(reader())
    rows = [np.concatenate(part, axis=1) for part in zip(*streams, strict=True)]
    total = 0.0
    for read, asked in zip(*rows, strict=True):
        length = int((asked != PAD).sum())
        logits, _ = model.logits(read[None, :length], model.zero_state(1))
        total += metrics.masked_nll(logits.numpy(), asked[None, :length])[0]
    found = training.evaluate(model, streams)["loss"]
    assert found == pytest.approx(total / streams.tokens, rel=1e-5)


def test_a_resumed_run_equals_an_undisturbed_one_bit_for_bit(without_xla, tmp_path):
    train = StreamBatches(TEXT, batch=2, steps=5)
    valid = StreamBatches(TEXT[:20], batch=1, steps=5)
    shape = {"dropout": 0.3, "weight_dropout": 0.2}
    options = {"epochs": 4, "learning_rate": 0.02, "show": False}
    whole = reader(**shape)
    expected = training.fit(whole, train, valid, **options)

    def interrupt(epoch):
        if epoch.epoch == 2:
            raise KeyboardInterrupt

    training.fit(reader(**shape), train, valid, folder=tmp_path, on_epoch=interrupt, **options)
    model = reader(**shape, seed=9)
    history = training.fit(model, train, valid, folder=tmp_path, resume=True, **options)
    for column in ("loss", "valid_loss"):
        np.testing.assert_array_equal(history.column(column), expected.column(column))
    for name, weight in whole.get_weights().items():
        np.testing.assert_array_equal(model.get_weights()[name], weight)


def test_a_small_text_is_learnt_by_heart_and_recited(without_xla):
    model = reader(units=(32,), embedding=16)
    streams = StreamBatches(TEXT, batch=1, steps=10)
    training.fit(model, streams, epochs=120, learning_rate=0.02, schedule="constant", show=False)
    assert perplexity_in_one_pass(model, TEXT) < 1.05
    first, second = map(TEXT_CODEC.ids, SENTENCES)
    said = decoding.greedy(model, [[], first[:3], [*first, END]], max_tokens=40)
    assert [list(trace.tokens) for trace in said] == [
        [*first, END],
        [*first[3:], END],
        [*second, END],
    ]


def test_unknown_words_are_learnt_but_can_be_forbidden():
    model = reader()
    logits, _ = model.step(tf.constant([START]), model.start(np.array([[UNK]])))
    assert np.isfinite(logits[0, UNK])
    traces = decoding.sample(model, [[UNK]] * 50, max_tokens=20, forbid=[UNK])
    assert all(UNK not in trace.tokens for trace in traces)
    assert any(UNK in t.tokens for t in decoding.sample(model, [[UNK]] * 50, max_tokens=20))
