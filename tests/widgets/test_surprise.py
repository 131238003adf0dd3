"""The perplexity meter: bits of each token, and one perplexity over all of them."""

import numpy as np
import pytest

from course import metrics, runtime, widgets
from course.errors import CourseError
from course.text import END, START, UNK

tf = runtime.tensorflow()

SOURCE, TEXT = "My sister is tired.", "Mi hermana está triste."


@pytest.fixture
def demo(model):
    return widgets.perplexity_meter(model, TEXT, source_sentence=SOURCE)


def forced(model, source, text):
    """Teacher forcing by the model's own fast path: bits (time,), and the metrics' perplexity."""
    ids = model.target.ids(text)
    logits = model.logits(np.array([model.source.ids(source)]), np.array([[START, *ids]]))
    target = np.array([[*ids, END]])
    chosen = tf.nn.log_softmax(logits).numpy()[0, np.arange(len(ids) + 1), target[0]]
    return -chosen / np.log(2), metrics.perplexity(*metrics.masked_nll(logits, target))


def columns(demo):
    return [list(column) for column in zip(*demo.view()["table"].rows, strict=True)]


def test_bits_and_perplexity_are_those_of_teacher_forcing(demo, model):
    bits, perplexity = forced(model, SOURCE, TEXT)
    places, tokens, shown, probs, running = columns(demo)
    assert tokens == [*model.target.tokenizer.tokens(TEXT), "<end>"]
    assert places == list(range(1, len(tokens) + 1))
    np.testing.assert_allclose(shown, bits, atol=1e-4)
    np.testing.assert_allclose(probs, 2.0**-bits, rtol=1e-3)
    so_far = [2 ** bits[: place + 1].mean() for place in range(len(bits))]
    np.testing.assert_allclose(running, so_far, rtol=1e-3)
    assert running[-1] == pytest.approx(perplexity, rel=1e-4)
    assert f"perplexity {running[-1]:.3g}<" in demo.panes["words"].value.replace(",", "")


def test_the_bars_say_the_same_as_the_table(demo):
    view = demo.view()
    for _, token, bits, _, _ in view["table"].rows:
        assert f"<title>{token.replace('<', '&lt;').replace('>', '&gt;')}: {bits:.3g} bits" in (
            view["bars"].body
        )
        assert f"{token} {bits:.3g}" in view["bars"].alt
    _, tokens, bits, *_ = columns(demo)
    most = int(np.argmax(bits))
    assert f"most at token {most + 1}" in view["words"] and tokens[most] in view["words"]


def test_another_text_and_another_source(demo, model):
    first = demo.bits.copy()
    fields = [box.children[0] for box in demo.children[2:4]]
    assert [field.description for field in fields] == ["source", "translation"]
    fields[0].value = "Is it cold?"
    np.testing.assert_allclose(demo.bits, forced(model, "Is it cold?", TEXT)[0], atol=1e-4)
    assert not np.allclose(demo.bits, first)
    fields[1].value = "Mi hermana."
    assert demo.text == "Mi hermana." and len(demo.bits) == 4
    demo.text, demo.source_sentence = TEXT, SOURCE
    assert fields[0].value == SOURCE
    np.testing.assert_allclose(demo.bits, first, atol=1e-6)


def test_unknown_words_are_read_as_unk_and_said_so(demo, model):
    demo.text = "Mi blorp está blorp 🙂"
    ids = model.target.ids(demo.text)
    assert ids.count(UNK) == 3
    np.testing.assert_allclose(demo.bits, forced(model, SOURCE, demo.text)[0], atol=1e-4)
    assert columns(demo)[1] == ["mi", "blorp ?", "está", "blorp ?", "🙂 ?", "<end>"]
    words = demo.panes["words"].value
    assert "text: not in the vocabulary" in words and words.count("unknown") == 2
    assert "source: not in" not in words
    demo.source_sentence = "Blorp blorp"
    assert "source: not in the vocabulary" in demo.panes["words"].value


@pytest.mark.parametrize(
    ("trait", "value", "says"),
    [
        ("text", "", "the text is empty"),
        ("source_sentence", " ", "the source is empty"),
        ("text", "mi " * 201, "the text has 201 tokens"),
        ("source_sentence", "my " * 201, "the source has 201 tokens"),
    ],
)
def test_what_cannot_be_read_is_one_line(demo, trait, value, says):
    before = {name: pane.value for name, pane in demo.panes.items()}
    good = getattr(demo, trait)
    demo.set_trait(trait, value)
    assert says in demo.message
    assert {name: pane.value for name, pane in demo.panes.items()} == before
    demo.set_trait(trait, good)
    assert demo.message == ""


def test_a_translator_without_a_source_asks_for_one(model):
    demo = widgets.perplexity_meter(model, TEXT)
    assert "the source is empty" in demo.message and demo.bits is None
    assert "the source is empty" in demo.static().html
    demo.source_sentence = SOURCE
    assert demo.message == "" and len(demo.bits) == 6


def test_two_hundred_tokens(demo):
    demo.text = "mi hermana " * 100
    assert len(demo.bits) == 201 and demo.message == ""
    assert len(demo.view()["bars"].inline()) < 120_000


class Letters:
    """A language model of one codec: the next letter is likely the one after the last."""

    def __init__(self, codec):
        self.codec = codec

    def start(self, source_ids):
        return {"read": tf.reduce_sum(tf.ones_like(source_ids, tf.float32), axis=1)}

    def step(self, token_ids, state):
        following = tf.one_hot((token_ids + 1) % 8, 8)
        return tf.math.log(0.5 * following + 0.5 / 8), state


@pytest.fixture(scope="module")
def letters():
    from course.text import CharacterTokenizer, Codec, Vocabulary

    return Letters(Codec(CharacterTokenizer(), Vocabulary("abcd")))


def test_a_model_without_a_source_reads_nothing_first(letters):
    demo = widgets.perplexity_meter(letters, "abda")
    # 8 tokens in the vocabulary: 1/16 each, and half a chance more for the following one.
    likely, not_likely = -np.log2(9 / 16), 4
    expected = [not_likely, likely, not_likely, not_likely, not_likely]
    np.testing.assert_allclose(demo.bits, expected, rtol=1e-5)
    assert len([child for child in demo.children if hasattr(child, "children")]) == 2
    assert "translation" not in [box.children[0].description for box in demo.children[2:3]]


class Sure(Letters):
    """Gives all probability to the following letter."""

    def step(self, token_ids, state):
        return tf.one_hot((token_ids + 1) % 8, 8, 0.0, -1e9), state


def test_what_cannot_be_is_infinitely_perplexing(letters):
    demo = widgets.perplexity_meter(Sure(letters.codec), "aa")
    assert columns(demo)[4][-1] == "infinite"
    assert "perplexity infinite" in demo.panes["words"].value
    assert "nan" not in demo.panes["bars"].value and "inf%" not in demo.panes["bars"].value


class Certain(Letters):
    """Gives all others no probability at all."""

    def step(self, token_ids, state):
        return tf.math.log(tf.one_hot((token_ids + 1) % 8, 8)), state


class Diverged(Letters):
    def step(self, token_ids, state):
        return tf.fill([tf.shape(token_ids)[0], 8], np.nan), state


def test_bars_of_infinite_surprise_have_a_width(letters):
    demo = widgets.perplexity_meter(Certain(letters.codec), "aba")
    assert np.isinf(demo.bits).any() and np.isfinite(demo.bits).any()
    assert not any(word in demo.panes["bars"].value for word in ("nan%", "inf%"))


def test_a_model_whose_training_diverged_is_one_line(letters):
    demo = widgets.perplexity_meter(Diverged(letters.codec), "abda")
    assert demo.message == "the model's probabilities are no numbers: its training has diverged"
    assert demo.bits is None and "its training has diverged" in demo.static().html


def test_right_to_left_text_and_html_are_shown_and_not_run(demo, page):
    demo.text = "שלום <script>alert(1)</script>"
    everything = "".join(pane.value for pane in demo.panes.values()) + page(demo)
    assert "שלום" in everything and "<script>alert" not in everything


def test_a_token_of_html_is_escaped(letters):
    from course.text import Codec, Vocabulary, WordTokenizer

    class Tags(WordTokenizer):
        def tokens(self, text):
            return text.split()

    codec = Codec(Tags(), Vocabulary(["<b>x</b>"]))
    demo = widgets.perplexity_meter(Letters(codec), "<b>x</b> <i>y</i>")
    everything = "".join(pane.value for pane in demo.panes.values()) + demo.static().html
    assert "<b>x" not in everything and "<i>y" not in everything
    assert "&lt;b&gt;x" in everything and "&lt;i&gt;y" in everything


def test_two_demos_of_one_model_do_not_disturb_each_other(model):
    one, two = (widgets.perplexity_meter(model, TEXT, source_sentence=SOURCE) for _ in range(2))
    shown = {name: pane.value for name, pane in two.panes.items()}
    one.text, one.source_sentence = "Mi hermana.", "Is it cold?"
    assert {name: pane.value for name, pane in two.panes.items()} == shown


def test_the_static_twin_shows_on_an_exported_page(demo, page):
    exported = page(demo)
    assert "hermana" in exported and "perplexity" in exported
    assert demo.view(still=True)["table"].text() in demo.static().text
    assert 'alt="Bars: the surprisal of 6 tokens in bits' in exported


def test_models_that_cannot_be_measured_are_one_line(letters):
    with pytest.raises(CourseError, match="has no start and step"):
        widgets.perplexity_meter(object(), "a")
    with pytest.raises(CourseError, match="pass target="):
        widgets.perplexity_meter(Letters(None), "a")
    with pytest.raises(CourseError, match="a Vocabulary is no codec"):
        widgets.perplexity_meter(letters, "a", target=letters.codec.vocabulary)
    assert (
        len(widgets.perplexity_meter(Letters(letters.codec), "a", target=letters.codec).bits) == 2
    )
