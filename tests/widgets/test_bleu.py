"""BLEU taken apart: every number is sacreBLEU's, every mark is one n-gram's."""

import re
from collections import Counter

import pytest
import sacrebleu
from handling import knob
from hypothesis import given, settings
from hypothesis import strategies as st

from course import clipping, metrics, widgets
from course.errors import CourseError
from course.widgets.spans import LABELS, STILL

SAID = [
    "the the the the the the the",
    "There is a dog in the garden of my house.",
    "It is raining",
]
KNOWN = [
    ["The cat is on the mat.", "There is a cat on the mat."],
    ["There is a dog in the yard of my house.", "A dog is in my garden.", "There's a dog there."],
    ["It's raining."],
]
WORDS = st.lists(st.sampled_from(["the", "The", "cat", "sat", ".", "it's"]), min_size=1, max_size=9)
TEXTS = WORDS.map(" ".join)


@pytest.fixture
def demo():
    return widgets.bleu_score(SAID, KNOWN, sentence=2)


def values(demo):
    """Return what the table of the scores says, a tuple for the sentence and one for the corpus.

    Each is found, of and value for the four orders, tokens, closest and brevity, and the score.
    """
    rows = demo.view()["scores"].rows
    return tuple(
        [cell for row in rows[:5] for cell in row[at : at + 3]] + [rows[5][at + 2]] for at in (1, 4)
    )


def expected(score):
    """Return the same of one of sacreBLEU's scores."""
    orders = zip(score.counts, score.totals, score.precisions, strict=True)
    return [*sum(orders, ()), score.sys_len, score.ref_len, score.bp, score.score]


def judged(said, known, smooth="exp"):
    """Score a sentence by sacreBLEU."""
    return sacrebleu.sentence_bleu(said, known, smooth_method=smooth)


@pytest.mark.parametrize(("smooth", "method"), [(True, "exp"), (False, "none")])
@pytest.mark.parametrize("sentence", [1, 2, 3])
def test_every_number_is_sacrebleus(demo, sentence, smooth, method):
    demo.sentence, demo.smooth = sentence, smooth
    ours, corpus = values(demo)
    said, known = SAID[sentence - 1], KNOWN[sentence - 1]
    assert ours == pytest.approx(expected(judged(said, known, method)), abs=1e-9)
    columns = [[group[n] if n < len(group) else None for group in KNOWN] for n in range(3)]
    whole = sacrebleu.corpus_bleu(SAID, columns, smooth_method=method)
    assert corpus == pytest.approx(expected(whole), abs=1e-9)


def test_the_scores_are_those_of_the_metrics(demo):
    ours, corpus = values(demo)
    assert ours[-1] == pytest.approx(metrics.sentence_bleu(SAID[1], KNOWN[1]), abs=1e-9)
    assert corpus[-1] == pytest.approx(metrics.bleu(SAID, KNOWN), abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(clipping.ORDERS))
def test_counts_and_marks_add_up_to_sacrebleus(said, known, order):
    score, tokens = judged(said, known), clipping.tokens(said)
    references = [clipping.tokens(text) for text in known]
    matches = clipping.matches(tokens, references, order)
    fates = Counter(clipping.fates(tokens, references, order))
    assert sum(match.counted for match in matches) == score.counts[order - 1] == fates["found"]
    assert sum(match.said for match in matches) == score.totals[order - 1] == fates.total()
    clipped = sum(match.said - match.counted for match in matches if match.most)
    assert clipped == fates["clipped"]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=4),
    st.booleans(),
)
def test_any_corpus_is_scored_as_by_sacrebleu(pairs, smooth):
    demo = widgets.bleu_score(*zip(*pairs, strict=True), smooth=smooth)
    method = "exp" if smooth else "none"
    singles = [judged(*pair, method).score for pair in pairs]
    *rows, whole, mean = demo.view()["corpus"].rows
    assert [row[1] for row in rows] == pytest.approx(singles, abs=1e-9)
    assert mean[1] == pytest.approx(sum(singles) / len(singles), abs=1e-9)
    if smooth:
        assert whole[1] == pytest.approx(metrics.bleu(*zip(*pairs, strict=True)), abs=1e-9)


def test_papinenis_example_is_clipped_to_two(demo):
    demo.sentence = 1
    (row,) = demo.view()["ngrams"].rows
    assert row == ("the", 7, "1 · 1", 1, "6 clipped")
    fates = clipping.fates(demo.said, demo.known, 1)
    assert fates == ["found"] + 6 * ["clipped"]
    lower = ["the cat is on the mat.", "there is a cat on the mat."]
    (row,) = widgets.bleu_score(SAID[0], lower).view()["ngrams"].rows
    assert row == ("the", 7, "2 · 1", 2, "5 clipped")


@pytest.mark.parametrize("order", clipping.ORDERS)
def test_the_picture_has_a_mark_for_each_ngram(demo, order):
    knob(demo, "n-grams of").value = order
    picture, table = demo.panes["tokens"].value, demo.view()["ngrams"]
    marks = Counter(re.findall(r"<title>[^<]*: (found|clipped|absent)</title>", picture))
    in_references = sum(int(count) for row in table.rows for count in row[2].split(" · "))
    fates = Counter(clipping.fates(demo.said, demo.known, order))
    assert marks["absent"] == fates["absent"] and marks["clipped"] == fates["clipped"]
    assert marks["found"] == fates["found"] + in_references
    told = ", ".join(f"{fates[kind]} {kind}" for kind in ("found", "clipped", "absent"))
    assert f"{order}-grams marked: {told}." in picture
    assert f"{fates['found']} of {fates.total()} count" in table.caption
    chosen = demo.view()["scores"].rows[demo.view()["scores"].chosen]
    assert chosen[0].startswith(f"{order}-grams")


def test_the_bars_say_the_same_as_the_table(demo):
    ours, _ = values(demo)
    alt = demo.view()["bars"].alt
    for order in clipping.ORDERS:
        assert f"{order}-grams {ours[3 * order - 1]:.3g} %" in alt
    assert f"brevity {ours[-2]:.3g}; BLEU {ours[-1]:.3g}." in alt


def test_the_brevity_penalty_takes_the_closest_reference(demo):
    demo.translation = "A dog is in the garden"
    lengths = [len(clipping.tokens(text)) for text in KNOWN[1]]
    assert lengths == [11, 7, 5]  # of two that are as close, the shorter
    assert "6 tokens; the reference closest in length (3) has 5: no penalty" in (
        demo.panes["words"].value
    )
    demo.references = KNOWN[1][0]
    assert "(1) has 11: e to the power 1 − 11/6 = 0.435" in demo.panes["words"].value


def test_smoothing_is_told_and_can_be_switched_off(demo):
    demo.translation = "A cat is in the yard today"
    assert judged(demo.translation, KNOWN[1]).counts[2:] == [1, 0]
    words = demo.panes["words"].value
    assert "No 4-gram stands in a reference; smoothing counts 1/2 of one instead" in words
    assert "smoothed" in demo.view()["bars"].alt and demo.score.score > 0
    knob(demo, "smoothing").value = False
    assert "that precision is 0, and so is the mean" in demo.panes["words"].value
    assert demo.score.score == 0 and "smoothed" not in demo.view()["bars"].alt


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("nothing alike", "BLEU is 0, and smoothing does not change that"),
        ("dog", "× 100 % (too short for 2-grams)"),
        ("A dog", "× the geometric mean of 100, 100 % (too short for 3-grams)"),
    ],
)
def test_short_and_hopeless_translations(demo, said, says):
    demo.translation = said
    assert demo.message == "" and says in demo.panes["words"].value
    assert demo.score.score == pytest.approx(judged(said, KNOWN[1]).score, abs=1e-9)


def test_a_picked_sentence_comes_with_its_texts(demo):
    slider = knob(demo, "sentence")
    slider.value = 3
    assert knob(demo, "translation").value == demo.translation == SAID[2]
    assert knob(demo, "references").value == demo.references == "\n".join(KNOWN[2])
    assert demo.pairs == list(zip(SAID, KNOWN, strict=True))
    table = demo.view()["corpus"]
    assert table.rows[table.chosen][4] == SAID[2]


def test_what_is_typed_stays_with_its_sentence_and_changes_the_corpus(demo):
    before = demo.corpus.score
    knob(demo, "translation").value = KNOWN[1][0]
    knob(demo, "references").value = f"{KNOWN[1][0]}\n\n  \nOne more."
    assert demo.score.score == pytest.approx(100) and demo.corpus.score > before
    assert "Sentence 2 of 3" in demo.panes["words"].value
    assert len(demo.known) == 2  # a line of nothing is no reference
    demo.sentence = 1
    demo.sentence = 2
    assert demo.translation == KNOWN[1][0] and demo.score.score == pytest.approx(100)


@pytest.mark.parametrize(
    ("trait", "value", "says"),
    [
        ("translation", "", "the translation is empty"),
        ("translation", " ", "the translation is empty"),
        ("translation", "so " * 201, "a translation has 201 tokens"),
        ("references", "\n", "there is no reference"),
        ("references", "so " * 201, "a reference has 201 tokens"),
        ("references", "a\n" * 9, "9 references"),
    ],
)
def test_what_cannot_be_judged_is_one_line(demo, trait, value, says):
    before = {name: pane.value for name, pane in demo.panes.items()}
    good = getattr(demo, trait)
    demo.set_trait(trait, value)
    assert says in demo.message and "\n" not in demo.message
    assert {name: pane.value for name, pane in demo.panes.items()} == before
    demo.sentence = 1
    assert demo.message == ""
    demo.sentence = 2
    assert getattr(demo, trait) == good and demo.message == ""
    demo.set_trait(trait, value)
    assert says in demo.static().text and "BLEU" in demo.static().text


def test_knobs_are_moved_to_the_nearest_end(demo):
    demo.sentence, demo.order = 99, 0
    assert (
        (demo.sentence, demo.order)
        == (3, 1)
        == (
            knob(demo, "sentence").value,
            knob(demo, "n-grams of").value,
        )
    )
    demo.sentence, demo.order = -4, 7
    assert (demo.sentence, demo.order) == (1, 4)


def test_one_sentence_may_be_given_as_text():
    one = widgets.bleu_score(SAID[1], KNOWN[1], order=3)
    assert one.pairs == [(SAID[1], KNOWN[1])] and one.order == 3
    assert values(one)[0] == pytest.approx(expected(judged(SAID[1], KNOWN[1])), abs=1e-9)
    with pytest.raises(AssertionError):
        knob(one, "sentence")  # a slider with one place is none


def test_a_long_text_is_drawn_in_part_and_counted_whole():
    said = "one two three four " * 50
    demo = widgets.bleu_score(said, [said.replace("two", "five")], order=2)
    still = demo.view(still=True)["tokens"]
    assert "Only the first tokens are drawn" in still and demo.score.totals == [200, 199, 198, 197]
    assert int(re.search(r'<img[^>]* width="(\d+)"', still)[1]) <= LABELS + STILL
    assert len(demo.panes["tokens"].value) < 60_000
    assert "Only the first" not in widgets.bleu_score("one two", ["one"]).panes["tokens"].value


@pytest.mark.parametrize(
    ("translations", "references", "says"),
    [
        (["a"], [["b"], ["c"]], "1 translations, but references for 2"),
        ([], [], "at least one reference"),
        (["a"] * 51, [["b"]] * 51, "51 sentences: a demo shows at most 50"),
        (["a", "b"], ["a", "b"], "are a list"),
        ("a", "b", "are a list"),
        (["a"], [[]], "at least one reference"),
        (["a", ""], [["b"], ["c"]], "the translation is empty"),
    ],
)
def test_what_is_no_corpus_is_one_line(translations, references, says):
    with pytest.raises(CourseError, match=says) as caught:
        widgets.bleu_score(translations, references)
    assert "\n" not in str(caught.value)


def test_a_setting_that_makes_no_sense_is_one_line():
    with pytest.raises(CourseError, match="will not do"):
        widgets.bleu_score(SAID, KNOWN, order="two")


def test_html_is_shown_and_never_run(demo, page):
    demo.translation = '<img/src=x/onerror=alert(1)> &lt;b&gt; "quoted" שלום 🙂'
    demo.references = "<i>y</i>\n" + demo.translation
    for shown in (*(pane.value for pane in demo.panes.values()), demo.static().html, page(demo)):
        assert not any(tag in shown for tag in ("<img/src", "<i>y", "<b>"))
    assert "שלום" in demo.panes["tokens"].value and "🙂" in demo.panes["ngrams"].value
    assert demo.score.score == pytest.approx(100)


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.order, demo.smooth = 2, False
    exported, still = page(demo), demo.view(still=True)
    assert "Sentence 2 of 3, smoothing off." in exported and "2-grams marked:" in exported
    for name in ("scores", "ngrams", "corpus"):
        assert still[name].inline() in exported and still[name].text() in demo.static().text
    assert exported.count('class="u-image"') == 2


def test_two_demos_do_not_disturb_each_other():
    one, two = widgets.bleu_score(SAID, KNOWN), widgets.bleu_score(SAID, KNOWN)
    shown = {name: pane.value for name, pane in two.panes.items()}
    one.translation, one.order = "Something else.", 3
    assert {name: pane.value for name, pane in two.panes.items()} == shown
    assert two.pairs == list(zip(SAID, KNOWN, strict=True))
