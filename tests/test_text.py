import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import text
from course.errors import CourseError
from course.text import END, PAD, START, UNK, Codec, Vocabulary

WORDS = text.WordTokenizer()
patient = settings(deadline=None)  # other work on the machine must not fail a test
words = st.lists(
    st.sampled_from("¿ Cómo don't estás , Ana ? ¡ sí ! . 3 50 ( ) \" … casa -".split())
)


@pytest.mark.parametrize(
    "sentence",
    [
        "¿Cómo estás, María?",
        '"Hola", dijo él.',
        "Son las 10:30; cuesta 3.50 €.",
        "¡Qué va!",
        "I don't know.",
        "A well-known (and old) song…",
        "¿Quién dijo «no»?",
    ],
)
def test_words_are_joined_as_they_were_written(sentence):
    assert WORDS.join(WORDS.tokens(sentence)) == sentence


@patient
@given(words)
def test_joining_words_loses_no_token(tokens):
    assert WORDS.tokens(WORDS.join(tokens)) == tokens


@patient
@given(st.text())
def test_characters_come_back_as_unified_text(sentence):
    tokenizer = text.CharacterTokenizer()
    assert tokenizer.join(tokenizer.tokens(sentence)) == text.unify(sentence)


@patient
@given(st.text())
def test_unify_changes_nothing_twice(sentence):
    once = text.unify(sentence)
    assert text.unify(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_unify_cleans_the_dirt_of_real_corpora():
    assert text.unify("a\u00a0b\u200bc\td") == "a bc d"
    assert text.unify("\u0441asa") == "casa"  # a Cyrillic с in a Latin word
    assert text.unify("привет сосна") == "привет сосна"
    assert text.unify("e\u0301l") == "él"
    assert text.unify("I don’t say ‘no’") == "I don't say ‘no’"
    assert text.unify("cafe\u200b\u0301") == "café"
    assert text.unify("est\u0430\u0301") == "está"  # a Cyrillic а with an accent of its own


def test_cleaning_options_do_what_they_say():
    assert text.clean("¿Qué TAL, Ana_B?", drop_punctuation=True) == "Qué TAL Ana B"
    assert text.clean("¿Qué TAL?", lower=True) == "¿qué tal?"
    assert text.clean("a\u00a0b", unicode=False) == "a\u00a0b"


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("¿Cómo te llamas?", "como te llamas?"),
        ("¡El pingüino pequeño!", "el pinguino pequeno!"),
        ("¿ Quién ?", "quien ?"),
        ("cafe\u0301, İzmir, 한국어", "cafe, izmir, 한국어"),
    ],
)
def test_accents_are_dropped(sentence, plain):
    assert text.clean(sentence, lower=True, drop_accents=True) == plain
    for level in ("word", "character"):
        tokenizer = text.tokenizer(level, lower=True, drop_accents=True)
        assert tokenizer.tokens(sentence) == text.tokenizer(level).tokens(plain)


@patient
@given(st.text(), st.booleans(), st.booleans())
def test_what_dropped_accents_leave_has_none(sentence, lower, unicode):
    options = {"lower": lower, "unicode": unicode, "drop_accents": True}
    once = text.clean(sentence, **options)
    assert not any(map(unicodedata.combining, unicodedata.normalize("NFD", once)))
    assert not set("¿¡") & set(once)
    assert text.clean(once, **options) == once


@patient
@given(st.text(st.characters(codec="ascii")), st.booleans())
def test_text_without_accents_keeps_all_it_has(sentence, drop_punctuation):
    plain = text.clean(sentence, drop_punctuation=drop_punctuation)
    assert plain == text.clean(sentence, drop_punctuation=drop_punctuation, drop_accents=True)


@pytest.mark.parametrize("level", ["word", "character"])
def test_a_codec_saved_before_there_was_an_option_keeps_its_accents(level):
    saved = Codec.fit(["¿Qué?"], text.tokenizer(level)).to_dict()
    del saved["options"]["drop_accents"]
    assert "¿" in Codec.from_dict(saved).tokenizer.tokens("¿Qué?")


def test_special_tokens_in_a_text_are_ordinary_text():
    codec = Codec.fit(["<start> a"], WORDS)
    assert START not in codec.ids("<start> a") and UNK not in codec.ids("<start> a")


def test_vocabulary_ranks_by_frequency_and_leaves_rare_tokens_out():
    vocabulary = Vocabulary.build([["b", "a", "b"], ["a", "b", "c"]], min_count=2)
    assert vocabulary.tokens == (*text.SPECIAL_TOKENS, "b", "a")
    assert vocabulary.ids(["a", "c", "b"]) == [5, UNK, 4]
    assert vocabulary.words([START, 4, 5, END, 4]) == ["b", "a"]
    assert vocabulary.words([4, PAD, PAD]) == ["b"]
    assert vocabulary.reverse_features[4] == "b" and vocabulary.features["b"] == 4
    assert len(Vocabulary.build([["b", "a", "b"]], max_size=5)) == 5


def test_a_corpus_own_unk_is_ours():
    vocabulary = Vocabulary.build([["the", "<unk>", "<end>"]])
    assert len(vocabulary) == 5
    assert vocabulary.ids(["<unk>", "<end>"]) == [UNK, END]


def test_a_doubled_token_is_refused():
    with pytest.raises(CourseError, match="'a' occurs twice"):
        Vocabulary(["a", "b", "a"])


@patient
@given(
    st.lists(st.text(max_size=20), min_size=1, max_size=5),
    st.sampled_from(["word", "character"]),
    st.booleans(),
)
def test_a_codec_is_read_back_as_it_was_written(sentences, level, drop_accents):
    codec = Codec.fit(sentences, text.tokenizer(level, lower=True, drop_accents=drop_accents))
    again = Codec.from_dict(codec.to_dict())
    assert again == codec
    for sentence in sentences:
        assert again.ids(sentence) == codec.ids(sentence)
        assert UNK not in codec.ids(sentence)


def test_unknown_tokens_are_named():
    codec = Codec.fit(["I see a dog."], WORDS)
    assert codec.unknown("I see a unicorn.") == ["unicorn"]


def test_unknown_level_is_one_line():
    with pytest.raises(CourseError, match="choose word, character, space"):
        text.tokenizer("sentence")


def test_one_hot_times_a_matrix_is_a_row_of_it():
    ids = np.array([[3, 1, 4], [2, 0, 0]])
    weights = np.random.default_rng(0).normal(size=(5, 7))
    rows = text.one_hot(ids, 5)
    assert rows.shape == (2, 3, 5) and rows.dtype == np.float32
    np.testing.assert_allclose((rows @ weights)[ids != PAD], weights[ids[ids != PAD]])
    assert rows.sum() == 4  # padding is no token


@pytest.mark.parametrize("ids", [[5], [-1]])
def test_one_hot_refuses_ids_that_have_no_column(ids):
    with pytest.raises(CourseError, match="depth is 5"):
        text.one_hot(ids, 5)


@given(st.text(alphabet=st.sampled_from("aé ñ\t\n’'с\u0301оZ\u200b\x1cн1")) | st.text())
def test_the_short_cuts_of_unify_change_nothing(raw):
    zero_width = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
    whole = unicodedata.normalize("NFC", raw.translate(zero_width))
    whole = re.sub(r"\w+", text._latin, whole)
    whole = re.sub(r"(?<=\w)’(?=\w)", "'", whole)
    assert text.unify(raw) == unicodedata.normalize("NFC", " ".join(whole.split()))
