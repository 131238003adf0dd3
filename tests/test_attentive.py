import itertools

import numpy as np
import pytest

from course import runtime
from course.batches import PairBatches, Ragged, pad
from course.errors import CourseError
from course.models import numpy_attention
from course.models.numpy_cells import gru_step
from course.text import END, PAD, START, UNK, Codec, tokenizer

tf = runtime.tensorflow()

from course import decoding, objectives, training  # noqa: E402
from course.backend import keras  # noqa: E402
from course.models import attention, language, translators  # noqa: E402
from course.models.attention import Memory  # noqa: E402
from course.models.attentive import Attentive, Config  # noqa: E402
from course.models.seq2seq import Config as PlainConfig  # noqa: E402
from course.models.seq2seq import Seq2Seq  # noqa: E402

SOURCE = pad([[4, 5, 6, 7, 8], [9, 4, 10], [], [6]])
TARGET_IN = pad([[START, 5, 6], [START, 7, 8, 9, 4, 5], [START], [START, 4]])
REAL = TARGET_IN != PAD
KINDS = ("multiplicative", "additive", None)
WAYS = [{}, {"input_feeding": True}, {"attention": "additive"}, {"direct": True}]
SHAPES = [
    {"attention": kind, "cell": cell, "layers": layers, "bidirectional": two_ways}
    for kind, (cell, layers, two_ways) in itertools.product(
        KINDS, [("gru", 1, True), ("lstm", 2, True), ("gru", 2, False)]
    )
]
SHAPES += [{"direct": True, "layers": 2}, {"direct": True, "attention": "additive"}]


def build(**options) -> Attentive:
    return Attentive(Config(11, 13, **{"units": 7, "embedding": 5, "seed": 3} | options))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Compiling by XLA would take longer than the small trainings here."""
    monkeypatch.setenv("COURSE_FAST", "1")


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def model(request) -> Attentive:
    return build(**request.param)


def test_keras_and_the_fast_path_agree(model):
    keras_logits = model.training_model([SOURCE, TARGET_IN]).numpy()
    fast_logits = model.logits(SOURCE, TARGET_IN).numpy()
    assert fast_logits.shape == (4, 6, 13)
    # Keras spreads attention over a row of nothing but padding; here it looks nowhere.
    rows = [0, 1, 3] if model.config.attention else [0, 1, 2, 3]
    fast, slow = (logits[rows][REAL[rows]] for logits in (fast_logits, keras_logits))
    np.testing.assert_allclose(fast, slow, atol=1e-5)


def test_their_gradients_agree(model):
    rows = [0, 1, 3]
    source, target_in = SOURCE[rows], TARGET_IN[rows]
    pull = np.random.default_rng(1).normal(size=(3, 6, 13)) * REAL[rows][..., None]
    gradients = []
    for forward in (
        lambda: model.training_model([source, target_in]),
        lambda: model.logits(tf.constant(source), tf.constant(target_in)),
    ):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.nn.softmax(forward()) * tf.cast(pull, tf.float32))
        found = tape.gradient(loss, model.trainable_variables)
        gradients.append([tf.convert_to_tensor(gradient).numpy() for gradient in found])
    for keras_gradient, fast_gradient in zip(*gradients, strict=True):
        assert np.abs(keras_gradient).max() > 0
        np.testing.assert_allclose(fast_gradient, keras_gradient, atol=1e-5)


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_stepping_through_a_sentence_gives_the_training_logits(feeding, tied):
    for kind in KINDS:
        model = build(attention=kind, input_feeding=feeding, tied=tied, layers=2)
        state, stepped = model.start(SOURCE), []
        for token in TARGET_IN.T:
            logits, state = model.step(tf.constant(token), state)
            stepped.append(logits.numpy())
        whole = model.logits(SOURCE, TARGET_IN).numpy()
        np.testing.assert_allclose(np.stack(stepped, 1)[REAL], whole[REAL], atol=1e-5)


def test_direct_attention_finds_the_word_itself():
    """A model whose encoder says nothing can still say the word that it looks at."""
    model = build(direct=True, bidirectional=False)
    blind = {
        name: np.zeros_like(weight) if name.startswith("encoder_forward") else weight
        for name, weight in model.get_weights().items()
    }
    model.set_weights(blind)
    memory = model.start(np.array([[4, 5, 4]]))["memory"].numpy()[0]
    table = model.layer("encoder_input").embeddings.numpy()
    assert memory.shape == (3, 7 + 5)
    np.testing.assert_allclose(memory[:, 7:], table[[4, 5, 4]])
    assert np.abs(memory[:, :7]).max() == 0


def test_words_are_dropped_in_training_only_and_never_padding():
    model = build(word_dropout=0.5)
    layer, ids = model.layer("encoder_words"), np.array([[4, 5, 6, PAD]] * 500)
    assert np.array_equal(layer(ids), ids)
    read = np.array(layer(ids, training=True))
    assert set(read[:, 3]) == {PAD} and {UNK} < set(read[:, :3].ravel()) <= {UNK, 4, 5, 6}
    assert 0.4 < (read[:, :3] == UNK).mean() < 0.6
    assert not np.array_equal(read, np.array(layer(ids, training=True)))


def test_input_feeding_feeds():
    fed, unfed = (build(input_feeding=feeding) for feeding in (True, False))
    assert fed.get_weights()["decoder_1/kernel"].shape == (10, 21)
    assert unfed.get_weights()["decoder_1/kernel"].shape == (5, 21)
    state = fed.start(SOURCE)
    tokens = tf.constant(TARGET_IN[:, 0])
    first = fed.step(tokens, state)[0].numpy()
    moved = fed.step(tokens, state | {"fed": tf.ones_like(state["fed"])})[0].numpy()
    assert np.abs(first - moved)[:, END:].max() > 1e-3


def test_a_numpy_step_agrees():
    for kind in ("multiplicative", "additive"):
        model = build(attention=kind)
        state = {name: value.numpy() for name, value in model.start(SOURCE).items()}
        logits, after = model.step(tf.constant([START] * 4), model.start(SOURCE))
        weights = model.get_weights()
        row = weights["decoder_input/embeddings"][[START] * 4]
        gru = [weights[f"decoder_1/{name}"] for name in ("kernel", "recurrent_kernel", "bias")]
        hidden, _ = gru_step(row, state["hidden_1"], *gru)
        looked = (hidden, state["memory"], SOURCE != PAD)
        if kind == "multiplicative":
            kernel = weights["attention_keys/kernel"].T * weights["attention/scale"]
            context, shares = numpy_attention.multiplicative(*looked, kernel)
        else:
            parts = ("attention_query/kernel", "attention_keys/kernel", "attention/scale")
            context, shares = numpy_attention.additive(*looked, *(weights[name] for name in parts))
        mixed = np.concatenate([hidden, context], axis=1) @ weights["mixing/kernel"]
        said = np.tanh(mixed + weights["mixing/bias"]) @ weights["decoder_input/embeddings"].T
        np.testing.assert_allclose(after["attention"], shares, atol=1e-5)
        np.testing.assert_allclose(
            logits[:, END:], (said + weights["output/bias"])[:, END:], atol=1e-5
        )


QUERY = np.random.default_rng(2).normal(size=(3, 7)).astype(np.float32)
MEMORY = np.random.default_rng(3).normal(size=(3, 5, 4)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], bool)


def test_multiplicative_attention_is_keras_own():
    kernel = np.random.default_rng(4).normal(size=(7, 4)).astype(np.float32)
    context, weights = numpy_attention.multiplicative(QUERY, MEMORY, MASK, kernel)
    layer = keras.layers.Attention()
    found, shares = layer(
        [(QUERY @ kernel)[:, None], MEMORY], mask=[None, MASK], return_attention_scores=True
    )
    np.testing.assert_allclose(context, found[:, 0], atol=1e-5)
    np.testing.assert_allclose(weights, shares[:, 0], atol=1e-5)


def test_additive_attention_is_keras_own():
    rng = np.random.default_rng(5)
    query_kernel, memory_kernel, scale = (
        rng.normal(size=shape).astype(np.float32) for shape in ((7, 6), (4, 6), (6,))
    )
    arrays = (query_kernel, memory_kernel, scale)
    context, weights = numpy_attention.additive(QUERY, MEMORY, MASK, *arrays)
    layer = keras.layers.AdditiveAttention()
    inputs = [(QUERY @ query_kernel)[:, None], MEMORY, MEMORY @ memory_kernel]
    layer.build([array.shape for array in inputs])
    layer.scale.assign(scale)
    found, shares = layer(inputs, mask=[None, MASK], return_attention_scores=True)
    np.testing.assert_allclose(context, found[:, 0], atol=1e-5)
    np.testing.assert_allclose(weights, shares[:, 0], atol=1e-5)


def test_padding_gets_exactly_nothing_however_high_its_score():
    scores = np.array([[1.0, 2.0, 500.0], [3.0, 900.0, 900.0], [800.0, 800.0, 800.0]])
    mask = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]], bool)
    weights = numpy_attention.masked_softmax(scores, mask)
    assert (weights[~mask] == 0).all() and weights[2].sum() == 0
    np.testing.assert_allclose(weights[:2].sum(axis=1), 1)
    np.testing.assert_allclose(weights[0, 1] / weights[0, 0], np.e)


@pytest.mark.parametrize("kind", ["multiplicative", "additive"])
def test_the_fast_path_looks_at_no_padding(kind):
    model = build(attention=kind)
    model.set_weights({k: 20 * w for k, w in model.get_weights().items()})  # extreme scores
    state = model.start(SOURCE)
    assert (state["attention"].numpy() == 0).all()
    _, state = model.step(tf.constant([START] * 4), state)
    weights = state["attention"].numpy()
    assert (weights[SOURCE == PAD] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), [1, 1, 0, 1], atol=1e-6)


def test_many_queries_at_once_are_each_query_alone():
    for kind in ("multiplicative", "additive"):
        layers = attention.attention_layers(kind, units=7, width=4, seed=1)
        keys = layers["attention_keys"](MEMORY)
        memory = Memory(tf.constant(MEMORY), keys, tf.constant(MASK, tf.float32))
        queries = tf.constant(np.random.default_rng(6).normal(size=(3, 9, 7)), tf.float32)
        contexts, weights = attention.attend(layers, queries, memory)
        assert contexts.shape == (3, 9, 4) and weights.shape == (3, 9, 5)
        for time in (0, 4, 8):
            one = attention.attend(layers, queries[:, time : time + 1], memory)
            np.testing.assert_allclose(contexts[:, time], one[0][:, 0], atol=1e-6)
            np.testing.assert_allclose(weights[:, time], one[1][:, 0], atol=1e-6)


@pytest.mark.parametrize("kind", ["multiplicative", "additive"])
def test_padding_gets_exactly_nothing_from_many_queries(kind):
    layers = attention.attention_layers(kind, units=7, width=4, seed=1)
    extreme = np.float32(1_000) * layers["attention"].scale
    layers["attention"].scale.assign(extreme)
    mask = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], bool)
    keys = layers["attention_keys"](MEMORY)
    memory = Memory(tf.constant(MEMORY), keys, tf.constant(mask, tf.float32))
    queries = tf.constant(np.random.default_rng(7).normal(size=(3, 9, 7)), tf.float32)
    contexts, weights = (x.numpy() for x in attention.attend(layers, queries, memory))
    # Unmasked, some of the queries would look at padding and at nothing else.
    free = Memory(memory.values, keys, tf.ones_like(memory.real))
    unmasked = attention.attend(layers, queries, free)[1].numpy()
    padding = np.broadcast_to(~mask[:, None], weights.shape)
    assert unmasked[padding].max() > 0.99
    assert (weights[padding] == 0).all() and (contexts[2] == 0).all()
    np.testing.assert_allclose(weights[:2].sum(axis=-1), 1, atol=1e-6)


def test_padding_changes_nothing(model):
    wide = np.pad(SOURCE, ((0, 0), (0, 3)))
    short, long = (model.logits(source, TARGET_IN).numpy() for source in (SOURCE, wide))
    np.testing.assert_allclose(short[REAL], long[REAL], atol=1e-6)


@pytest.mark.parametrize("options", WAYS)
def test_a_sentence_is_decoded_alike_alone_and_in_company(options):
    model = build(units=16, embedding=12, **options)
    # Firm opinions: no two tokens are so close that a last bit could decide.
    model.set_weights({k: 3 * w for k, w in model.get_weights().items()})
    rows = [[4, 5, 6, 7, 8], [9, 4], [10], [5, 5, 5, 9]]
    for search in (decoding.greedy, decoding.beam, decoding.sample):
        together = search(model, rows, max_tokens=9)
        alone = [search(model, [row], max_tokens=9)[0] for row in rows]
        wide = search(model, np.pad(pad(rows), ((0, 0), (0, 4))), max_tokens=9)
        for row in range(4):
            if search is not decoding.sample:  # whose draws depend on the place
                np.testing.assert_array_equal(together[row].tokens, alone[row].tokens)
            np.testing.assert_array_equal(together[row].tokens, wide[row].tokens)


def test_a_trace_has_the_attention_of_its_own_source():
    traces = decoding.greedy(build(), [[4, 5, 6], [7]], max_tokens=4)
    for trace, length in zip(traces, (3, 1), strict=True):
        assert trace.attention.shape == (len(trace.tokens), length)
        np.testing.assert_allclose(trace.attention.sum(axis=1), 1, atol=1e-5)
    assert decoding.greedy(build(attention=None), [[4]], max_tokens=4)[0].attention is None


def reversing(count, seed=0):
    """Sentences of four to six tokens, to be said backwards."""
    rng = np.random.default_rng(seed)
    rows = [list(rng.integers(4, 10, rng.integers(4, 7))) for _ in range(count)]
    targets = [[START, *row[::-1], END] for row in rows]
    return PairBatches(Ragged(rows), Ragged(targets), batch=32, buckets=1)


@pytest.mark.parametrize("options", WAYS)
def test_it_learns_where_to_look(options):
    model = Attentive(Config(10, 10, units=24, embedding=16, dropout=0.05, **options))
    history = training.fit(
        model, reversing(640), reversing(60, 1), epochs=7, learning_rate=2e-2, show=False
    )
    assert history.best.valid_accuracy > 0.9
    source = [4, 9, 5, 8]
    (trace,) = decoding.greedy(model, [source])
    assert list(trace.tokens) == [8, 5, 9, 4, END]


@pytest.mark.parametrize(
    ("objective", "epochs"), [(objectives.smoothed(0.1), 6), (objectives.sampled(4), 12)]
)
def test_other_objectives_learn_as_well(objective, epochs):
    model = Attentive(Config(10, 10, units=24, embedding=16))
    history = training.fit(
        model, reversing(640), reversing(60, 1), epochs=epochs, learning_rate=2e-2, warmup=10,
        objective=objective, show=False,
    )  # fmt: skip
    assert history.best.valid_accuracy > 0.9


def test_saved_and_loaded_it_says_the_same(tmp_path):
    codecs = [
        Codec.fit([text], tokenizer(level))
        for text, level in (("a b c d e f g", "word"), ("abcdefghi", "character"))
    ]
    sizes = [len(codec.vocabulary) for codec in codecs]
    for shape in ({}, {"attention": "additive", "layers": 2, "tied": False}, {"attention": None}):
        config = Config(*sizes, units=7, embedding=5, **shape)
        model = Attentive(config, *codecs)
        model.about = {"a": 1}
        model.save(tmp_path / "model")
        loaded = translators.load(tmp_path / "model")
        assert isinstance(loaded, Attentive) and loaded.config == config
        assert loaded.about == {"a": 1}
        said = [
            decoding.translate(which, ["a b c", "g"], max_tokens=5) for which in (model, loaded)
        ]
        assert said[0] == said[1] and any(said[0])


def test_translators_are_told_apart(tmp_path):
    Seq2Seq(PlainConfig(11, 13, units=7)).save(tmp_path / "plain")
    assert isinstance(translators.load(tmp_path / "plain"), Seq2Seq)
    language.LanguageModel(language.Config(11, units=(7,))).save(tmp_path / "other")
    with pytest.raises(CourseError, match="holds a 'language' model, not a translator"):
        translators.load(tmp_path / "other")
    with pytest.raises(CourseError, match="no model folder"):
        translators.load(tmp_path / "nowhere")


def test_shapes_that_no_model_has():
    for options, message in (
        ({"attention": "hard"}, "no attention 'hard': choose multiplicative, additive, or None"),
        ({"cell": "rnn"}, "no cell 'rnn'"),
        ({"dropout": 1.0}, "dropout must be"),
    ):
        with pytest.raises(CourseError, match=message):
            Config(11, 13, **options)
    with pytest.raises(CourseError, match="Keras has no layer"):
        build(input_feeding=True).training_model  # noqa: B018
