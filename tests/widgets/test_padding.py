"""The padding trap: one accuracy rises with the padding, two stay, as counted by hand."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import batches, text, widgets
from course.errors import CourseError
from course.text import END, PAD
from course.widgets.padding import FURTHER, SHOWN


@pytest.fixture
def arrays(codecs, pairs):
    """Return the targets of some sentences, and predictions of which one in four is wrong."""
    target = batches.pad([[*codecs[1].ids(spanish), END] for _, spanish in pairs[:7]])
    rng = np.random.default_rng(0)
    wrong = (rng.random(target.shape) < 0.25) & (target != PAD)
    wrong[0] = False
    return np.where(wrong, target % 50 + 5, target), target


@pytest.fixture
def demo(arrays, codecs, pairs):
    return widgets.padding_trap(*arrays, codecs[1], sources=[english for english, _ in pairs[:7]])


def accuracies(demo):
    return [row[2] for row in demo.view()["accuracies"].rows]


def slider(demo):
    """Return the slider of the padded length."""
    found = [child for row in demo.children for child in getattr(row, "children", ())]
    return next(child for child in found if getattr(child, "description", "") == "columns")


def test_the_three_accuracies_are_those_counted_by_hand(demo, arrays):
    rows = list(zip(*(array.tolist() for array in arrays), strict=True))
    cells = [(a, b) for said, right in rows for a, b in zip(said, right, strict=True)]
    real = [(a, b) for a, b in cells if b != PAD]
    whole = [[(a, b) for a, b in zip(*row, strict=True) if b != PAD] for row in rows]
    by_hand = [
        sum(a == b for a, b in cells) / len(cells),
        sum(a == b for a, b in real) / len(real),
        sum(all(a == b for a, b in row) for row in whole) / len(whole),
    ]
    assert accuracies(demo) == pytest.approx(by_hand)
    assert [row[1] for row in demo.view()["accuracies"].rows] == [len(cells), len(real), len(rows)]
    assert 0 < by_hand[2] < by_hand[1] < by_hand[0] < 1


def test_padding_lifts_the_first_accuracy_and_no_other(demo, arrays):
    said, right = arrays
    hits, found = (said == right).sum(), [accuracies(demo)]
    for length in range(demo.least, demo.most + 1, 17):
        slider(demo).value = length
        assert demo.length == length
        added = (length - right.shape[1]) * len(right)
        assert accuracies(demo)[0] == pytest.approx((hits + added) / (right.size + added))
        assert accuracies(demo)[1:] == found[0][1:]
        found.append(accuracies(demo))
    assert found[-1][0] > 0.95 > found[0][0]
    share = np.mean(demo.padded[1] == PAD)
    assert f"{share:.0%} of the places are padding" in demo.panes["words"].value


def test_the_length_stays_between_its_ends(demo, arrays):
    demo.length = 0
    assert demo.length == demo.least == slider(demo).value == arrays[1].shape[1]
    demo.length = 10_000
    assert demo.length == demo.most == demo.least + FURTHER == slider(demo).value


def test_common_padding_can_be_taken_away(arrays, codecs):
    wide = [np.pad(array, ((0, 0), (0, 400))) for array in arrays]
    demo = widgets.padding_trap(*wide, codecs[1])
    assert demo.length == demo.most == wide[0].shape[1]
    assert demo.least == arrays[0].shape[1]
    before = accuracies(demo)
    demo.length = demo.least
    assert accuracies(demo)[0] < before[0] and accuracies(demo)[1:] == before[1:]


def test_each_row_shows_its_tokens_and_what_is_right(demo, arrays, codecs, pairs):
    tokens = codecs[1].vocabulary.tokens
    for row, (said, right) in enumerate(zip(*arrays, strict=True)):
        demo.step = row
        shown = demo.view()["table"].rows
        count = int((right != PAD).sum())
        assert len(shown) == min(demo.length, count + SHOWN)
        for step, (place, a, b, mark, real) in enumerate(shown):
            assert (place, a, b) == (step, tokens[said[step]], tokens[right[step]])
            assert mark == ("✓ yes" if said[step] == right[step] else "✗ no")
            assert real.startswith("yes") == (step < count)
        page = demo.panes["tokens"].value
        wrong = int((said != right).sum())
        assert page.count(">≠ ") == page.count(">✗</text>") == wrong
        assert page.count(">✓</text>") == count - wrong
        assert page.count(">(✓)</text>") == len(shown) - count
        assert re.sub("'", "&#x27;", pairs[row][0]) in page
    assert demo.last == row and demo.forth.disabled


def test_columns_that_are_not_drawn_are_counted(demo):
    demo.length = demo.least + 40
    more = demo.length - len(demo.view()["table"].rows)
    assert f"… {more} more columns of padding" in demo.panes["tokens"].value
    assert f"without {more} more columns" in demo.view()["table"].caption


def test_words_after_the_end_are_wrong_only_where_padding_counts(codecs):
    target = np.array([[5, 6, END, PAD, PAD]])
    said = np.array([[5, 6, END, 7, PAD]])
    demo = widgets.padding_trap(said, target, codecs[1])
    assert demo.least == 4 and accuracies(demo) == pytest.approx([0.8, 1.0, 1.0])
    assert demo.view()["table"].rows[3][3:] == ("✗ no", "no: padding")
    assert ">(✗)<" in demo.panes["tokens"].value


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 2**32), st.integers(0, 60))
def test_any_arrays(batch, time, seed, more):
    codec = text.Codec(text.tokenizer(), text.Vocabulary("abcdef"))
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, time + 1, batch)
    lengths[0] = max(1, lengths[0])
    target = np.where(np.arange(time) < lengths[:, None], rng.integers(1, 10, (batch, time)), PAD)
    said = rng.integers(0, 10, (batch, time))
    demo = widgets.padding_trap(said, target, codec)
    before = accuracies(demo)
    demo.length += more
    assert accuracies(demo)[0] >= before[0] and accuracies(demo)[1:] == before[1:]
    assert demo.message == ""


def test_a_row_of_nothing_but_padding_and_a_long_one(codecs):
    target = batches.pad([[], [5] * 199 + [END]])
    demo = widgets.padding_trap(target, target, codecs[1])
    assert accuracies(demo) == [1.0, 1.0, 1.0]
    assert [row[4] for row in demo.view()["table"].rows] == ["no: padding"] * SHOWN
    demo.step = 1
    assert len(demo.view()["table"].rows) == 200
    said = demo.static().html
    assert "Drawn: time steps 0 to 10; the table has all." in said and "<bdi>199</bdi>" in said


@pytest.mark.parametrize(
    ("said", "right", "options", "says"),
    [
        ([[5, 6]], [[5]], {}, "differ"),
        ([[5, 6]], [[0, 0]], {}, "no real token"),
        ([], [], {}, "no real token"),
        ([5, 6], [5, 6], {}, "int array"),
        ([[5.0]], [[5.0]], {}, "int array"),
        ([[5]], [[10**6]], {}, "target holds ids"),
        ([[-1]], [[5]], {}, "predicted holds ids"),
        ([[5]], [[5]], {"sources": ["a", "b"]}, "2 sources for 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_one_line(codecs, said, right, options, says):
    with pytest.raises(CourseError, match=says) as caught:
        widgets.padding_trap(np.array(said), np.array(right), codecs[1], **options)
    assert "\n" not in str(caught.value)


def test_what_is_no_codec_or_no_array_is_refused_in_one_line(arrays, codecs):
    with pytest.raises(CourseError, match="a Vocabulary is no codec"):
        widgets.padding_trap(*arrays, codecs[1].vocabulary)
    with pytest.raises(CourseError, match=r"target must be an int array .*: pad its rows"):
        widgets.padding_trap([[5, 6], [5, 0]], [[5, 6], [5]], codecs[1])


def test_the_static_twin_says_the_settings(demo):
    demo.step, demo.length = 1, 40
    assert "row 1; 40 columns, without" in demo.static().text


def test_html_is_shown_and_never_run(page):
    token, source = "<script>alert(2)</script>", "<img src=x onerror=alert(1)>"
    codec = text.Codec(text.tokenizer(), text.Vocabulary([token, "שלום", "🙂"]))
    ids = np.array([[4, 5, 6]])
    demo = widgets.padding_trap(ids, ids, codec, sources=[source])
    for shown in (*(pane.value for pane in demo.panes.values()), demo.static().html, page(demo)):
        assert "<img src=x" not in shown and token not in shown
    assert "&lt;img src=x" in demo.panes["tokens"].value
    assert "שלום" in demo.panes["tokens"].value


def test_two_demos_do_not_disturb_each_other(arrays, codecs):
    one, other = (widgets.padding_trap(*arrays, codecs[1]) for _ in range(2))
    before = other.view()
    one.step, one.length = 3, 50
    assert other.view() == before
    one.reset.click()
    assert one.step == 0 and one.length == 50


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.step, demo.length = 1, 40
    exported = page(demo)
    for _, said, *_ in demo.view()["table"].rows[:3]:
        assert f"<bdi>{said}</bdi>" in exported
    assert exported.count('class="u-image"') == 2 and "widget-view" not in exported
    assert "planted to say &lt;pad&gt;" in exported


def test_settings_to_begin_with(arrays, codecs):
    demo = widgets.padding_trap(*arrays, codecs[1], length=44, step=3)
    assert (demo.length, demo.step) == (slider(demo).value, demo.slider.value) == (44, 3)
    with pytest.raises(CourseError, match="no setting 'lenght'"):
        widgets.padding_trap(*arrays, codecs[1], lenght=44)
