"""Pages that a language model writes, from small models: one trained, others with set weights."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import decoding, prose, runtime
from course.decoding import writing
from course.errors import CourseError
from course.streams import StreamBatches, running_ids
from course.text import END, PAD, START, UNK, WORD, Codec, join_words, tokenizer, unify

tf = runtime.tensorflow()

from course import training  # noqa: E402
from course.models.language import Config, LanguageModel  # noqa: E402

CHAPTERS = [
    [
        "Tom had a red boat. The boat was old, but Tom liked it. “Will it float?” asked Ann.",
        "Tom said that it would. He put the boat on the river, and it did not float!",
    ],
    [
        "Ann had a blue kite. The kite flew over the river, and Ann ran after it.",
        "“Come back,” said Tom. The kite did not come back. Ann and Tom walked home.",
    ],
]
TEXTS = [prose.chapter_text(paragraphs) for paragraphs in CHAPTERS]
ENDS = tuple(".!?…")


@pytest.fixture(scope="module", params=["word", "character"])
def author(request) -> LanguageModel:
    """A model that has read two chapters, by words or by characters."""
    level = request.param
    codec = Codec.fit(TEXTS, tokenizer(level, lower=level == "word"))
    ids = running_ids(TEXTS, codec)
    config = Config(len(codec.vocabulary), units=(24,), embedding=16)
    model, streams = LanguageModel(config, codec), StreamBatches(ids, batch=1, steps=40)
    model.about = {"capitals": prose.capitals(TEXTS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_FAST", "1")  # without XLA's time
        training.fit(model, streams, epochs=40, learning_rate=0.02, schedule="constant", show=False)
    return model


def leaning(level="word", **bias):
    """A model that draws each token by itself, with these logits; other tokens hardly ever."""
    names = {"comma": ",", "stop": ".", "open": "“", "space": " "}
    tokens = [names.get(token, token) for token in bias]
    codec = Codec.fit([" ".join([*tokens, "other"])], tokenizer(level))
    model = LanguageModel(Config(len(codec.vocabulary), units=(4,), embedding=3), codec)
    weights = {name: np.zeros_like(weight) for name, weight in model.get_weights().items()}
    weights["output/bias"] -= 30
    ids = codec.vocabulary.ids(tokens)
    weights["output/bias"][ids] = list(bias.values())
    model.set_weights(weights)
    return model


def sentences(text):
    """The words of each sentence of a page."""
    tokens, counts = WORD.findall(unify(text)), [0]
    for place, token in enumerate(tokens):
        counts[-1] += any(map(str.isalnum, token))
        if prose._ends(tokens, place):
            counts.append(0)
    return [count for count in counts if count]


# What is asked for


@pytest.mark.parametrize("words", [1, 50])
@pytest.mark.parametrize("start", ["", "Tom had a"], ids=["no start", "start"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_page_has_the_words_and_ends_with_their_sentence(author, words, start, temperature):
    page = writing.write(author, start, words, temperature=temperature, seed=1)
    asked = words + prose.count_words(start)
    assert prose.count_words(page.text) >= asked
    assert page.text.rstrip("”’").endswith(ENDS)
    assert page.text.startswith(start)
    # Only the sentence of the last word is finished; one without an end is cut.
    assert sum(sentences(page.text)[:-1]) < asked


def test_a_start_is_kept_as_it_was_typed_with_words_that_the_model_lacks(author):
    start = "Professor Zyzzy, of 12.5 Blorb Street, asked: “Why is TOM"
    page = writing.write(author, start, 20, seed=3)
    assert page.text.startswith(start)
    assert prose.count_words(page.text) >= 20 + prose.count_words(start)
    ids = author.codec.ids(start)
    assert UNK in ids and list(page.trace.tokens[: len(ids)]) == ids


def test_a_start_longer_than_the_page_is_not_cut(author):
    start = "Tom had a boat. The boat was old. Tom liked it. Ann had a kite, and Tom"
    page = writing.write(author, start, 1, seed=3)
    assert page.text.startswith(start)
    assert prose.count_words(page.text) > prose.count_words(start)


def test_what_is_written_goes_on_from_the_start(author):
    ids = author.codec.ids("The kite flew over")
    [trace] = decoding.greedy(author, [ids], max_tokens=12, forbid=[PAD, START, END, UNK])
    page = writing.write(author, "The kite flew over", 30, temperature=0)
    np.testing.assert_array_equal(page.trace.tokens[len(ids) : len(ids) + 12], trace.tokens)
    written = page.text.removeprefix("The kite flew over").lower().replace("\n\n", " ¶ ")
    expected = author.codec.text(trace.tokens).strip().lower()
    assert WORD.findall(written)[:3] == WORD.findall(expected)[:3]


@pytest.mark.parametrize("start", ["", "  \n", "\ufeff\u200b"])
def test_an_empty_start_is_the_beginning_of_a_chapter(author, start):
    page = writing.write(author, start, 15, temperature=0)
    assert page.text == writing.write(author, words=15, temperature=0).text
    [trace] = decoding.greedy(author, [[]], max_tokens=10, forbid=[PAD, START, END, UNK])
    np.testing.assert_array_equal(page.trace.tokens[:10], trace.tokens)


def test_space_around_a_start_changes_nothing(author):
    pages = [writing.write(author, start, 15, seed=5) for start in ("Tom had", " Tom  had \n")]
    assert pages[0].text == pages[1].text


def test_temperature_0_is_greedy_whatever_the_seed(author):
    pages = [writing.write(author, "Ann", 40, temperature=0, seed=seed) for seed in (0, 1)]
    assert pages[0].text == pages[1].text
    one = writing.write(author, "Ann", 40, top_k=1, temperature=1.7)
    assert one.text == pages[0].text


def test_the_seed_draws_the_page(author):
    pages = [writing.write(author, "Ann", 40, temperature=1.5, seed=seed) for seed in (4, 4, 5)]
    assert pages[0].text == pages[1].text != pages[2].text


@pytest.mark.parametrize("order", [2, 4])
def test_no_ngram_is_written_twice_those_of_the_start_counted(author, order):
    start = "Tom had a red boat. The boat was old,"
    page = writing.write(author, start, 30, temperature=0.5, no_repeat=order, seed=2)
    tokens, typed = page.trace.tokens, len(author.codec.ids(start))
    grams = [*zip(*(tokens[shift:] for shift in range(order)), strict=False)]
    own = grams[max(0, typed - order + 1) :]  # those that the model completed
    assert len(own) > 30
    left = set(range(UNK + 1, author.config.size))
    for place, gram in enumerate(own, len(grams) - len(own)):
        if gram in grams[:place]:  # allowed only where every other token would repeat too
            assert left <= {past[-1] for past in grams[:place] if past[:-1] == gram[:-1]}


def test_names_get_their_capitals_and_speech_its_marks(author):
    page = writing.write(author, words=200, temperature=0.7, seed=6)
    words = set(WORD.findall(page.text))
    assert {"Tom", "Ann"} & words and not {"tom", "ann"} & words
    assert all(
        paragraph[0].isupper() or paragraph[0] == "“" for paragraph in page.text.split("\n\n")
    )
    assert prose.PARAGRAPH not in page.text
    assert page.title == prose.title(page.text, author.about["capitals"])
    assert page.tokens == WORD.findall(page.text.lower())


def test_a_saved_model_writes_the_same_page(author, tmp_path):
    author.save(tmp_path)
    again = LanguageModel.load(tmp_path)
    pages = [writing.write(model, "Ann", 50, seed=9) for model in (author, again)]
    assert (pages[0].text, pages[0].title) == (pages[1].text, pages[1].title)


# Models that hardly write


def test_a_model_that_says_marks_only_gives_an_empty_page():
    page = writing.write(leaning(comma=5), words=20)
    assert (page.text, page.title, page.tokens) == ("", "", [])


def test_a_model_that_ends_no_sentence_is_cut_at_the_last_word():
    page = writing.write(leaning(the=5, cat=5), words=20)
    assert prose.count_words(page.text) == 20 and page.text.endswith((" the.", " cat."))
    assert page.text.count(".") == 1


def test_a_long_sentence_is_finished():
    # About twenty words a sentence.
    model, beyond = leaning(the=0, stop=-3), []
    for seed in range(3):
        page = writing.write(model, words=5, seed=seed)
        said = model.codec.vocabulary.words(page.trace.tokens)
        while said[0] == ".":
            said.pop(0)
        words = [place - said[:place].count(".") for place, t in enumerate(said) if t == "."]
        beyond.append(next(count for count in words if count >= 5))
        assert prose.count_words(page.text) == beyond[-1]
    assert max(beyond) > 20


def test_many_marks_between_the_words_leave_no_page_short():
    # Four tokens in five are commas: a page of 100 words takes 500 tokens, and more room.
    page = writing.write(leaning(the=0, comma=np.log(4), stop=-2), words=100, seed=1)
    assert prose.count_words(page.text) >= 100


def test_words_are_counted_in_characters_too():
    model = leaning("character", a=0, b=0, space=0, stop=-3)
    page = writing.write(model, "ab ba", words=30, seed=1)
    assert prose.count_words(page.text) >= 32 and page.text.lower().startswith("ab ba")


def test_characters_go_on_within_the_last_word_of_a_start():
    page = writing.write(leaning("character", a=0, b=0, stop=-3), "ab ba", words=1, seed=1)
    assert re.match("Ab ba[ab]", page.text)


def test_a_page_has_no_special_tokens_even_where_they_are_likeliest():
    model = leaning(the=0, cat=0, stop=-1)
    weights = model.get_weights()
    weights["output/bias"][[PAD, START, END, UNK]] = 40
    model.set_weights(weights)
    for temperature in (0, 1):
        page = writing.write(model, "zebra", 30, temperature=temperature)
        assert not {PAD, START, END, UNK} & set(page.trace.tokens[1:])
        assert "<" not in page.text and page.text.startswith("Zebra")


# Settings


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"words": 0}, "words must be at least 1, not 0"),
        ({"words": -3}, "words must be at least 1"),
        ({"temperature": -0.5}, "temperature must be 0 or more"),
        ({"temperature": float("nan")}, "temperature must be 0 or more"),
        ({"temperature": float("inf")}, "temperature must be 0 or more"),
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"top_p": 1.1}, "top_p must be above 0 and at most 1"),
        ({"top_p": 0}, "top_p must be above 0"),
        ({"top_p": float("nan")}, "top_p must be above 0"),
        ({"no_repeat": -1}, "no_repeat must be at least 0"),
    ],
)
def test_knobs_that_make_no_sense_are_one_line(options, says):
    with pytest.raises(CourseError, match=says) as error:
        writing.write(leaning(the=0), **options)
    assert "\n" not in str(error.value)


def test_a_model_without_a_vocabulary_writes_nothing():
    with pytest.raises(CourseError, match="no vocabulary"):
        writing.write(LanguageModel(Config(9, units=(4,))))


# Words, sentences and titles

WORDS = st.sampled_from(["cat", "Tom", "mr", "J", "3", "don't", "¶", "said"])
MARKS = st.sampled_from([".", "!", "?", ",", "“", "”", "’", "-", '"', "…"])
PAGES = st.lists(WORDS | MARKS, max_size=40).map(join_words)


@settings(deadline=None)
@given(PAGES, st.integers(1, 12))
def test_the_first_words_are_the_beginning_of_the_text(text, words):
    tokens, found = WORD.findall(text), WORD.findall(prose.first_words(text, words))
    if found != tokens[: len(found)]:
        # No end behind the last wanted word: the text is cut there.
        assert found.pop() == "." and found == tokens[: len(found)]
    have = prose.count_words(text)
    assert prose.count_words(prose.first_words(text, words)) >= min(words, have)


@settings(deadline=None)
@given(PAGES, st.integers(1, 12))
def test_the_first_words_go_on_to_the_first_end_and_no_further(text, words):
    tokens = WORD.findall(text)
    count, end = 0, None
    for place, token in enumerate(tokens):
        count += any(map(str.isalnum, token))
        if end is None and count >= words and prose._ends(tokens, place):
            end = place
    found = WORD.findall(prose.first_words(text, words))
    if end is not None:
        assert found[: end + 1] == tokens[: end + 1]
        assert set(found[end + 1 :]) <= {"”", "’"}


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("He ran. She ran too. They met.", 3, "He ran. She ran too."),
        ("He ran. She ran too. They met.", 2, "He ran."),
        ("He saw Mr. Bennet and J. Doe. She ran.", 3, "He saw Mr. Bennet and J. Doe."),
        ("“Is it you?” he said.", 1, "“Is it you?”"),
        ("he ran and ran and ran", 4, "he ran and ran."),
        ("he met mr jones and left", 3, "he met mr jones."),
        ("one. two", 5, "one. two"),
        ("", 3, ""),
    ],
)
def test_first_words(text, words, expected):
    assert prose.first_words(text, words) == expected


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("“—”, …", 0), ("It's 3.50, you know-all!", 6), ("a ¶ b", 2)]
)
def test_words_are_counted_without_marks(text, count):
    assert prose.count_words(text) == count


CAPITALS = {"elizabeth": "Elizabeth", "bennet": "Bennet", "mr": "Mr"}


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("The boat did not float.", "In which the boat did not float"),
        ("It sank. Elizabeth was not to be seen.", "In which Elizabeth was not to be seen"),
        ("Elizabeth, who knew, said nothing.", "In which Elizabeth, who knew, said nothing"),
        ("Elizabeth's aunt came at noon.", "In which Elizabeth's aunt came at noon"),
        ("I've never seen that boat.", "In which I've never seen that boat"),
        ("I saw the boat sink.", "In which I saw the boat sink"),
        ("Then they spoke to Mr. Bennet.", "In which then they spoke to Mr. Bennet"),
        ("Mr. Bennet was at home.", "In which Mr. Bennet was at home"),
        ("What was he to do?", "In which what was he to do?"),
        ("“Go away from here now,” he said. The cat did not go.", "In which the cat did not go"),
        ("“Go. I do not like you now. Go.” Nobody went to the door.",
         "In which nobody went to the door"),
        ("She said, “Come to me now.” He did as he was told.", "In which he did as he was told"),
        ("He said:\n\nNobody came to the door.", "In which nobody came to the door"),
        ("— The boat had gone.", ""),
        ("He ran. She ran too.", ""),
        ("One two three four five six seven eight nine ten.", ""),
        ("No end to this one", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_page_is_named_by_a_short_sentence_outside_speech(page, title):
    assert prose.title(page, CAPITALS) == title
