"""A chatbot, and conversations with it."""

import gc
import tracemalloc

import numpy as np
import pytest

from course import exchanges, runtime
from course.corpora.turns import alternating
from course.errors import CourseError
from course.text import PAD, UNK, Codec, WordTokenizer

tf = runtime.tensorflow()

from course import chat, training  # noqa: E402
from course.chat import GREEDY, Chat, Manner  # noqa: E402
from course.models.attentive import Attentive, Config  # noqa: E402
from course.models.chatbot import Chatbot  # noqa: E402

TALKS = [
    "Hello there.|Good morning!|Is Anna in?|No, Anna is out.",
    "Is it going to rain?|Take an umbrella.|And tomorrow?|Tomorrow it will be dry.",
    "Is the bread ready?|The bread is still hot.|And tomorrow?|Tomorrow we have cake.",
    "Goodbye.|See you soon!",
]
SHAPE = {"units": 24, "embedding": 16, "dropout": 0.0, "seed": 1}
ABOUT = {"options": {"context": 3}, "capitals": {"anna": "Anna"}}


@pytest.fixture(scope="module")
def found():
    talks = [alternating(text.split("|")) for text in TALKS]
    return exchanges.exchanges(talks, context=3, speaker="B")


@pytest.fixture(scope="module")
def codec(found):
    texts = [text for one in found for text in (one.source, one.reply)]
    return Codec.fit(texts, WordTokenizer(lower=True))


@pytest.fixture(scope="module")
def bot(found, codec):
    """A chatbot that knows the conversations by heart."""
    model = Chatbot.of(codec, **SHAPE)
    model.about = ABOUT
    batches = exchanges.encode(found, codec, 40, 30).batches(batch=8, buckets=1)
    history = training.fit(model, batches, epochs=200, learning_rate=2e-2, xla=False, show=False)
    assert history.epochs[-1].loss < 0.05
    return model


@pytest.fixture
def talk(bot):
    return Chat(bot, GREEDY)


def test_it_answers_what_it_learnt(talk):
    assert talk.reply("Hello there.").text == "Good morning!"
    assert talk.reply("Is Anna in?").text == "No, Anna is out."


def test_the_same_question_is_answered_by_what_stood_before_it(talk):
    talk.reply("Is it going to rain?")
    assert talk.reply("And tomorrow?").text == "Tomorrow it will be dry."
    talk.reset()
    talk.reply("Is the bread ready?")
    assert talk.reply("And tomorrow?").text == "Tomorrow we have cake."


def test_the_history_is_both_sides_in_turn(talk):
    talk.reply("Hello there.")
    talk.reply("Is Anna in?")
    assert talk.history == ["Hello there.", "Good morning!", "Is Anna in?", "No, Anna is out."]
    talk.reset()
    assert talk.history == [] and talk.last is None


def test_a_seed_repeats_a_conversation_and_another_one_changes_it(bot):
    def conversation(seed):
        talk = Chat(bot, Manner(temperature=5.0, top_p=1.0), seed)
        return [talk.reply("Hello there.").text for _ in range(4)]

    assert conversation(3) == conversation(3) != conversation(4)
    assert len(set(conversation(3))) > 1


def test_what_is_unknown_is_never_said(bot, codec):
    wild = Manner(temperature=50.0, top_p=1.0, words=30)
    traces = chat.replies(bot, ["xyzzy plugh"] * 40, wild)
    between = codec.vocabulary.features["__eou__"]
    assert not {UNK, between} & {int(id) for trace in traces for id in trace.tokens}


def test_alternatives_are_whole_replies_the_likeliest_first(talk):
    talk.reply("Is it going to rain?")
    found = talk.alternatives(4)
    shares = [share for share, _ in found]
    assert found[0][1] == "Take an umbrella." and shares[0] > 0.8
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1 + 1e-6
    assert len({text for _, text in found}) == 4


def test_the_traced_reply_has_the_alternatives_of_each_word(talk):
    reply = talk.reply("Is it going to rain?")
    rows = talk.choices(talk.traced(3))
    assert [token for token, _ in rows] == ["take", "an", "umbrella", ".", "<end>"]
    assert rows[0][1][0][0] == "take" and rows[0][1][0][1] > 0.8
    assert reply.share == pytest.approx(talk.alternatives(1)[0][0], rel=1e-3)


@pytest.mark.parametrize("ask", ["alternatives", "traced"])
def test_before_the_first_reply_there_is_nothing_to_explain(talk, ask):
    with pytest.raises(CourseError, match="no reply yet"):
        getattr(talk, ask)()


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "\u202e"])
def test_a_message_without_a_word_is_refused_and_not_remembered(talk, text):
    with pytest.raises(CourseError, match="no word"):
        talk.reply(text)
    assert talk.history == []


def test_a_very_long_message_is_read_at_its_end(talk, bot):
    assert len(chat.source_ids(bot, "hello " * 10_000)) == chat.LONGEST_SOURCE
    assert talk.reply("word " * 10_000 + "Hello there.").text


def test_no_reply_moves_a_terminal(bot, codec):
    talk = Chat(bot, GREEDY)
    talk.reply("\x1b[31mHello there.\x1b[0m")
    assert talk.history[0] == "Hello there."
    odd = Codec.fit(["\x1b hello"], WordTokenizer())
    model = Chatbot.of(odd, **SHAPE)
    assert Chat(model).text_of(odd.ids("\x1b hello")) == "Hello"


def test_a_reply_of_no_words_is_three_dots(talk):
    assert talk.text_of([]) == chat.NOTHING


def test_a_manner_with_a_beam_draws_nothing(bot):
    texts = {Chat(bot, Manner(beam=3), seed).reply("Hello there.").text for seed in range(3)}
    assert texts == {"Good morning!"}


def test_replies_are_no_longer_than_asked_for(bot):
    for trace in chat.replies(bot, ["Is Anna in?"] * 5, Manner(words=3, temperature=9.0)):
        assert len(trace) <= 3


def test_five_hundred_turns_leave_nothing_behind_but_the_history(bot):
    talk = Chat(bot)
    for _ in range(20):
        talk.reply("And tomorrow?")
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for _ in range(480):
        talk.reply("And tomorrow?")
    gc.collect()
    grown = sum(
        line.size_diff for line in tracemalloc.take_snapshot().compare_to(before, "filename")
    )
    tracemalloc.stop()
    assert grown < 500_000


class TestModel:
    """The chatbot itself."""

    def test_both_sides_have_one_table(self, codec):
        size, wide = len(codec.vocabulary), SHAPE["embedding"]
        apart = Attentive(Config(size, size, **SHAPE))
        bot = Chatbot.of(codec, **SHAPE)
        count = lambda model: sum(int(np.prod(w.shape)) for w in model.trainable_variables)  # noqa: E731
        assert count(apart) - count(bot) == size * wide
        assert "decoder_input/embeddings" not in bot.get_weights()

    def test_keras_and_the_fast_path_agree(self, bot, found, codec):
        encoded = exchanges.encode(found, codec, 40, 30)
        [batch] = encoded.batches(batch=8, buckets=1)
        logits = bot.logits(batch.source, batch.target_in).numpy()
        keras = bot.training_model([batch.source, batch.target_in]).numpy()
        real = batch.target_out != PAD
        np.testing.assert_allclose(logits[real], keras[real], atol=1e-4)

    def test_a_shared_table_gets_the_gradients_of_both_sides(self, codec, found):
        bot = Chatbot.of(codec, **SHAPE)
        [batch] = exchanges.encode(found, codec, 40, 30).batches(batch=8, buckets=1)
        table = bot.layer("encoder_input").embeddings
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(bot.outputs(batch.source, batch.target_in) ** 2)
        rows = np.abs(tf.convert_to_tensor(tape.gradient(loss, table)).numpy()).sum(axis=1)
        read = set(batch.source.ravel()) | set(batch.target_in.ravel())
        assert set(np.flatnonzero(rows)) <= read
        asked = set(batch.source.ravel()) - set(batch.target_in.ravel()) - {PAD}
        assert asked and asked <= set(np.flatnonzero(rows))

    def test_saved_and_loaded_it_says_the_same(self, bot, tmp_path):
        bot.save(tmp_path)
        again = Chatbot.load(tmp_path)
        assert again.about == ABOUT
        asked = ["Is Anna in?", "And tomorrow?"]
        said = [[t.tokens.tolist() for t in chat.replies(m, asked)] for m in (bot, again)]
        assert said[0] == said[1]

    def test_another_kind_of_model_is_refused(self, codec, tmp_path):
        size = len(codec.vocabulary)
        Attentive(Config(size, size, **SHAPE), codec, codec).save(tmp_path)
        with pytest.raises(CourseError, match="'attentive' model, not a chatbot"):
            Chatbot.load(tmp_path)

    def test_two_vocabularies_cannot_share_a_table(self):
        with pytest.raises(CourseError, match="one vocabulary, not 11 and 13 tokens"):
            Config(11, 13, shared=True)

    @pytest.mark.parametrize("layers", [1, 2, 3])
    @pytest.mark.parametrize("attention", [None, "additive", "multiplicative"])
    def test_every_shape_can_talk(self, codec, layers, attention):
        bot = Chatbot.of(codec, layers=layers, attention=attention, cell="lstm", **SHAPE)
        assert len(Chat(bot).reply("Hello there.").trace) > 0


def test_tensorboard_gets_each_epoch(tmp_path, found, codec):
    batches = exchanges.encode(found, codec, 40, 30).batches(batch=8, buckets=1)
    history = training.fit(
        Chatbot.of(codec, **SHAPE), batches, epochs=3, xla=False, show=False, tensorboard=tmp_path
    )
    [file] = tmp_path.iterdir()
    records = (tf.compat.v1.Event.FromString(r.numpy()) for r in tf.data.TFRecordDataset(str(file)))
    losses = {
        event.step: tf.make_ndarray(value.tensor).item()
        for event in records
        for value in event.summary.value
        if value.tag == "loss" and value.metadata.plugin_data.plugin_name == "scalars"
    }
    assert list(losses) == [1, 2, 3]
    np.testing.assert_allclose(list(losses.values()), history.column("loss"), rtol=1e-6)


def test_a_file_in_tensorboards_place_is_one_line(tmp_path, found, codec):
    (tmp_path / "file").write_text("x")
    batches = exchanges.encode(found, codec, 40, 30).batches(batch=8, buckets=1)
    with pytest.raises(CourseError, match="cannot write to"):
        training.fit(Chatbot.of(codec, **SHAPE), batches, epochs=1, tensorboard=tmp_path / "file")
