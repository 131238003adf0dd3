"""The one-hot demo shows the matrix and the bytes that NumPy would give."""

import re

import numpy as np
import pytest
from handling import knob
from hypothesis import given, settings
from hypothesis import strategies as st

from course import text, widgets
from course.errors import CourseError
from course.text import UNK
from course.widgets.encoding import ALL_COLUMNS, ROWS, SMALL_GAP, columns_of, size

SENTENCE = "My sister is tired."


@pytest.fixture
def codec(codecs):
    return codecs[0]


@pytest.fixture
def small():
    return text.Codec.fit(["the cat sleeps", "the dog eats"], text.tokenizer())


@pytest.fixture
def demo(codec):
    return widgets.one_hot(SENTENCE, codec)


def signs(demo):
    """Return what the picture of the matrix shows, row by row, as it is read from left to right."""
    rows = {}
    for xs, y, inner in re.findall(
        r'<text x="([\d. ]*)" y="(\d+)"[^>]*text-anchor="middle"[^>]*>([01…]*)</text>',
        demo.view()["matrix"],
    ):
        for x, sign in zip(xs.split(), inner, strict=True):
            rows.setdefault(int(y), []).append((float(x), sign))
    return ["".join(sign for _, sign in sorted(rows[y])) for y in sorted(rows)]


def test_the_table_is_the_one_hot_matrix(demo, codec):
    matrix = np.eye(len(codec.vocabulary))[codec.ids(SENTENCE)]
    rows = demo.view(still=True)["table"].rows
    assert len(rows) == len(matrix) == demo.last + 1 == 5
    for step, (shown, row) in enumerate(zip(rows, matrix, strict=True)):
        assert shown[0] == step and shown[1] == ["my", "sister", "is", "tired", "."][step]
        assert shown[3] == shown[4] == int(np.flatnonzero(row)[0])
        assert shown[5] == int((row == 0).sum())


def test_a_small_vocabulary_is_drawn_whole(small):
    demo = widgets.one_hot("the dog sleeps", small)
    matrix = text.one_hot(small.ids("the dog sleeps"), len(small.vocabulary))
    assert signs(demo) == ["".join(str(int(value)) for value in row) for row in matrix]
    for token in small.vocabulary.tokens:
        assert text_of(token) in demo.view()["matrix"]


def text_of(token):
    return token.replace("<", "&lt;").replace(">", "&gt;")


def test_of_a_large_vocabulary_gaps_are_left_out_and_counted(demo, codec):
    ids = codec.ids(SENTENCE)
    columns = columns_of(ids, len(codec.vocabulary))
    wide = [len(column) for column in columns if len(column) > 1]
    for shown, id in zip(signs(demo), ids, strict=True):
        assert shown == "".join(
            "…" if len(column) > 1 else str(int(column[0] == id)) for column in columns
        )
    assert len(wide) > 1
    for count in wide:
        assert f"… {count:,} columns" in demo.view()["matrix"]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=12), st.integers(301, 900))
def test_columns_and_gaps_are_all_columns(ids, depth):
    columns = columns_of(ids, depth)
    assert [id for column in columns for id in column] == list(range(depth))
    gaps = [column for column in columns if len(column) > 1]
    assert all(len(gap) > SMALL_GAP and not set(gap) & set(ids) for gap in gaps)


@settings(deadline=None, max_examples=50)
@given(st.integers(5, ALL_COLUMNS))
def test_few_columns_have_no_gaps(depth):
    assert [len(column) for column in columns_of([4], depth)] == [1] * depth


def test_scrubbing_frames_one_row_after_the_other(demo):
    frames = set()
    for step in range(demo.last + 1):
        demo.slider.value = step
        table = demo.view()["table"]
        assert table.rows[table.chosen][0] == step
        assert f"▶ {step} " in demo.panes["matrix"].value
        live = demo.panes["matrix"].value
        top = int(re.search(r'class="cursor" x="1" y="(\d+)"', live)[1])
        one = re.search(rf'<text x="([\d.]+)" y="{top + 17}" class="strong"[^>]*>1<', live)[1]
        assert f"50% - {one}px" in live  # the page slides to the 1
        frames.add(top)
    assert len(frames) == demo.last + 1


def test_a_long_sentence_is_shown_a_window_at_a_time(codec):
    demo = widgets.one_hot("my sister is very tired and " * 25, codec)
    assert demo.last == 149
    for step in (0, 70, 149):
        demo.step = step
        table = demo.view()["table"]
        assert len(table.rows) == ROWS and table.rows[table.chosen][0] == step
        assert len(signs(demo)) == ROWS
        assert all(row.count("1") == 1 for row in signs(demo))
    assert len(demo.view(still=True)["table"].rows) == 150


def test_the_bytes_are_those_of_real_arrays(demo):
    demo.vocabulary, demo.sentences, demo.time = 50, 100, 7
    ids = np.ones((100, 7), np.int32)
    sizes = [row[3] for row in demo.view()["memory"].rows]
    assert sizes == [text.one_hot(ids, 50).nbytes, ids.nbytes, ids.astype(np.uint8).nbytes]
    for row in demo.view()["memory"].rows:
        assert f"{row[0]}: {row[1]}, {row[2]}" in demo.panes["bars"].value
    assert "50 times the ids in int32, 200 times" in demo.view()["bars"]


@pytest.mark.parametrize(
    ("vocabulary", "kind"),
    [(256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "uint32")],
)
def test_the_smallest_type_just_holds_the_largest_id(demo, vocabulary, kind):
    demo.vocabulary = vocabulary
    name, *_, count = demo.view()["memory"].rows[2]
    assert kind in name and count == demo.sentences * demo.time * np.dtype(kind).itemsize
    assert np.iinfo(kind).max >= vocabulary - 1


def test_sliders_and_traits_are_tied_in_both_directions(demo):
    knob(demo, "vocabulary").value = 12_345.4
    knob(demo, "sentences").value = 1e6
    knob(demo, "time steps").value = 60
    assert (demo.vocabulary, demo.sentences, demo.time) == (12_345, 1_000_000, 60)
    assert demo.view()["memory"].rows[0][3] == 12_345 * 1_000_000 * 60 * 4
    assert "1,000,000 sentences × 60 time steps × 12,345 columns" in demo.panes["bars"].value
    demo.vocabulary, demo.sentences, demo.time = 500, 2_000, 9
    assert knob(demo, "vocabulary").value == 500
    assert knob(demo, "sentences").value == 2_000 and knob(demo, "time steps").value == 9
    demo.vocabulary, demo.sentences, demo.time = 1, 10**9, 0
    assert (demo.vocabulary, demo.sentences, demo.time) == (10, 10_000_000, 1)


def test_what_fits_into_a_free_binder(demo):
    demo.vocabulary, demo.time, demo.sentences = 500, 100, 10_000
    assert [row[2] for row in demo.view()["memory"].rows] == ["fits"] * 3  # 2 GB sharp
    demo.sentences = 10_001
    assert [row[2] for row in demo.view()["memory"].rows] == ["does not fit", "fits", "fits"]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (100, "100 bytes"),
        (999, "999 bytes"),
        (1_000, "1 KB"),
        (2_400_000, "2.4 MB"),
        (24 * 10**9, "24 GB"),
        (8 * 10**14, "800 TB"),
    ],
)
def test_bytes_are_written_for_a_reader(count, words):
    assert size(count) == words


def test_a_sentence_of_ones_own(demo):
    demo.step = 3
    knob(demo, "sentence").value = "My blorp is tired."
    assert demo.step == 0
    rows = demo.view()["table"].rows
    assert rows[1][1:4] == ("blorp", "<unk>", UNK) and rows[0][2] == ""
    assert "blorp ?" in demo.panes["ids"].value
    assert "5 tokens; 1 of them not in the vocabulary" in demo.panes["ids"].value


@pytest.mark.parametrize(
    ("sentence", "says"), [("", "empty"), ("  ", "empty"), ("so " * 201, "at most 200")]
)
def test_a_sentence_that_cannot_be_read_is_said_in_one_line(demo, codec, sentence, says):
    before = demo.view()["table"]
    demo.sentence = sentence
    assert says in demo.message and "\n" not in demo.message and demo.view()["table"] == before
    demo.sentence = SENTENCE
    assert demo.message == ""
    fresh = widgets.one_hot(sentence, codec)
    assert says in fresh.message and fresh.view()["table"] == ""
    assert "<bdi>one-hot rows, float32</bdi>" in fresh.static().html
    fresh.forth.click()
    fresh.sentence = SENTENCE
    assert fresh.message == "" and fresh.last == 4


@pytest.mark.parametrize(
    "sentence", ["blorp blarp", "🙂🙃 👩‍👩‍👧", "שלום עולם", "a" * 200, "so " * 200]
)
def test_any_text_is_read(demo, sentence):
    demo.sentence = sentence
    demo.step = demo.last
    assert demo.message == "" and demo.view()["table"].rows[-1][0] == demo.last
    assert f"<bdi>{demo.tokens[-1]}</bdi>" in demo.static().html


class Whole(text.WordTokenizer):
    """Leaves tags in one piece, as words between spaces."""

    def tokens(self, text):
        return text.split()


def test_html_is_shown_and_never_run(page):
    codec = text.Codec(Whole(), text.Vocabulary(["<b>x</b>"]))
    demo = widgets.one_hot("<img/src=x/onerror=alert(1)> <b>x</b> <i>y</i>", codec)
    for shown in (*(pane.value for pane in demo.panes.values()), demo.static().html, page(demo)):
        assert not any(tag in shown for tag in ("<img/src", "<b>x", "<i>y"))
    assert "&lt;img/src=x" in demo.panes["ids"].value
    assert "&lt;b&gt;x" in demo.panes["matrix"].value
    assert "&lt;i&gt;y" in demo.panes["table"].value


def test_what_is_no_codec_is_refused_in_one_line(codec):
    for none in (codec.vocabulary, None):
        with pytest.raises(CourseError, match="is no codec") as caught:
            widgets.one_hot(SENTENCE, none)
        assert "\n" not in str(caught.value)


def test_the_static_twin_says_the_settings(demo):
    demo.vocabulary, demo.sentences, demo.time = 12_345, 2_000, 9
    said = "2,000 sentences × 9 time steps, vocabulary of 12,345"
    assert said in demo.static().text and said in demo.static().html


def test_the_static_twin_says_which_columns_it_draws(codec):
    demo = widgets.one_hot("so " * 40, codec, step=20)
    assert "Drawn: time steps 15 to 25; the table has all." in demo.static().html
    assert "Drawn:" not in demo.panes["ids"].value


def test_two_demos_do_not_disturb_each_other(codec):
    one, other = widgets.one_hot(SENTENCE, codec), widgets.one_hot(SENTENCE, codec)
    before = other.view()
    one.step, one.vocabulary, one.sentence = 2, 99, "Where is it?"
    assert other.view() == before


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    exported = page(demo)
    for row in demo.view(still=True)["table"].rows:
        assert f"<bdi>{row[1]}</bdi>" in exported
    for row in demo.view()["memory"].rows:
        assert f"<bdi>{row[1]}</bdi>" in exported
    assert exported.count('class="u-image"') == 3 and "widget-view" not in exported


def test_settings_to_begin_with(codec):
    demo = widgets.one_hot(SENTENCE, codec, step=2, sentences=10**6, vocabulary=10**7)
    assert (demo.step, demo.sentences, demo.vocabulary) == (2, 10**6, 10**5)
    with pytest.raises(CourseError, match="will not do"):
        widgets.one_hot(SENTENCE, codec, time="long")
