"""The teacher forcing demo shows the course's own arrays, and the model's own probabilities."""

import html
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import batches, decoding, metrics, text, widgets
from course.errors import CourseError
from course.text import END, PAD, START
from course.widgets.forcing import TABLE_ROWS
from course.widgets.rows import STILL, Box, TokenRows, around, box

SOURCE, TARGET = "The teacher is in a big hurry.", "La profesora tiene mucha prisa."


@pytest.fixture
def demo(model):
    return widgets.teacher_forcing(TARGET, model=model, source_sentence=SOURCE)


@pytest.fixture
def bare(codecs):
    return widgets.teacher_forcing(TARGET, codecs[1])


def columns(demo, still=True):
    """Return the table as lists of its columns."""
    return [list(column) for column in zip(*demo.view(still)["table"].rows, strict=True)]


def control(demo, description):
    """Return the control with a description."""
    found = [child for row in demo.children for child in getattr(row, "children", ())]
    return next(child for child in found if description in getattr(child, "description", ""))


def arrays(codec, sentence=TARGET):
    """Return the ids that are read and said, by the course's own function."""
    row = batches.pad([[START, *codec.ids(sentence), END]])
    return [array[0] for array in batches.teacher_forcing(row)]


def names(codec, ids):
    return [codec.vocabulary.tokens[id] for id in ids]


def test_the_rows_are_the_two_arrays_of_teacher_forcing(bare, codecs):
    steps, reads, says = columns(bare)
    target_in, target_out = arrays(codecs[1])
    assert steps == list(range(len(target_out))) and bare.last == len(target_out) - 1
    assert reads == names(codecs[1], target_in) and says == names(codecs[1], target_out)
    assert reads[0] == "<start>" and says[-1] == "<end>" and reads[1:] == says[:-1]


def test_the_slip_makes_reading_and_saying_the_same(bare):
    control(bare, "not shifted").value = True
    assert bare.planted
    _, reads, says = columns(bare)
    assert says == ["", *reads[1:]]
    assert "Not shifted" in bare.panes["taught"].value and "loss falls" in bare.view()["taught"]
    bare.planted = False
    assert control(bare, "not shifted").value is False
    assert "Not shifted" not in bare.panes["taught"].value


def test_only_the_right_rows_are_joined_by_the_teacher(bare):
    joined = bare.view()["taught"].count("stroke-dasharray")
    assert joined == bare.last  # from each answer to the next question
    bare.planted = True
    assert "stroke-dasharray" not in bare.view()["taught"]


def test_the_taught_probabilities_are_the_models_own(demo, model):
    target_in, target_out = arrays(model.target)
    logits = model.logits(np.array([model.source.ids(SOURCE)]), target_in[None]).numpy()[0]
    probs = np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    shown = columns(demo)[3][: len(target_out)]
    np.testing.assert_allclose(shown, probs[np.arange(len(target_out)), target_out], rtol=1e-4)
    demo.planted = True
    shown = columns(demo)[3][: len(target_out)]
    copied = probs[np.arange(1, len(target_in)), target_in[1:]]
    assert shown[0] == ""
    np.testing.assert_allclose(shown[1:], copied, rtol=1e-4)


def test_the_loss_is_that_of_the_metrics(demo, model):
    target_in, target_out = arrays(model.target)
    logits = model.logits(np.array([model.source.ids(SOURCE)]), target_in[None]).numpy()
    for planted in (False, True):
        demo.planted = planted
        target = np.where(target_in == START, PAD, target_in) if planted else target_out
        nll, tokens = metrics.masked_nll(logits, target[None])
        said = re.search(
            r"Loss of this model on the taught row: (\S+) nats", demo.view()["probability"]
        )[1]
        assert float(said) == pytest.approx(nll / tokens, rel=5e-3)
        told = "one taught with the slip would find it easy" in demo.panes["probability"].value
        assert told == planted  # the model shown was not taught so


def test_alone_it_says_what_greedy_decoding_says(demo, model):
    trace = decoding.greedy(model, [model.source.ids(SOURCE)])[0]
    _, target_out = arrays(model.target)
    count = min(len(trace), len(target_out) + 10)
    said = names(model.target, trace.tokens[:count])
    table = columns(demo)
    assert table[4][:count] == ["<start>", *said[:-1]] and table[5][:count] == said
    for step, note in enumerate(table[8][:count]):
        right = target_out[step] if step < len(target_out) else None
        assert ("says" in note) == (trace.tokens[step] != right)
        before = target_out[step - 1] if 0 < step <= len(target_out) - 1 else None
        reads_right = step == 0 or trace.tokens[step - 1] == before
        assert ("reads" in note) == (not reads_right)


def test_the_probabilities_alone_follow_its_own_tokens(demo, model):
    trace = decoding.greedy(model, [model.source.ids(SOURCE)])[0]
    _, target_out = arrays(model.target)
    state, token = model.start(np.array([model.source.ids(SOURCE)])), START
    for step, shown in enumerate(columns(demo)[7][: min(len(trace), len(target_out))]):
        logits, state = model.step(np.array([token]), state)
        logits = logits.numpy()[0].astype(float)
        right = np.exp(logits[target_out[step]]) / np.exp(logits).sum()
        assert shown == pytest.approx(right, rel=1e-4)
        token = int(trace.tokens[step])


def test_differences_are_marked_without_colour(demo):
    notes = columns(demo)[8]
    marked = sum("reads" in note for note in notes) + sum("says" in note for note in notes)
    assert marked > 0
    assert demo.view()["alone"].count(">≠ ") == marked


def test_a_model_that_was_taught_to_say_it_differs_nowhere(model):
    trace = decoding.greedy(model, [model.source.ids(SOURCE)], max_tokens=5)[0]
    said = model.target.vocabulary.words(trace.tokens)
    demo = widgets.teacher_forcing(" ".join(said), model=model, source_sentence=SOURCE)
    assert demo.right.says[:5].tolist() == trace.tokens[:5].tolist()
    assert columns(demo)[8][:5] == [""] * 5
    taught, alone = columns(demo)[3], columns(demo)[7]
    np.testing.assert_allclose(taught[:5], alone[:5], rtol=1e-5)


def test_each_step_frames_its_column_and_names_its_probability(demo):
    table = columns(demo)
    for step in range(demo.last + 1):
        demo.step = step
        assert demo.view()["table"].rows[demo.view()["table"].chosen][0] == step
        if table[2][step]:
            assert f"<bdi>{html.escape(table[2][step])}</bdi>" in demo.panes["probability"].value
    demo.forth.click()
    assert demo.step == demo.last
    demo.reset.click()
    assert demo.step == 0


def test_a_model_with_nothing_but_start_and_step(model, demo):
    class Bare:
        start, step = model.start, model.step

    other = widgets.teacher_forcing(
        TARGET, model.target, model=Bare(), source=model.source, source_sentence=SOURCE
    )
    assert columns(other) == columns(demo)


def test_without_a_model_there_is_a_line_and_no_tensorflow(bare):
    assert "no model was given" in bare.panes["alone"].value
    assert "probability" not in bare.view()
    code = (
        "import sys; from course import text, widgets;"
        "codec = text.Codec.fit(['a b'], text.tokenizer());"
        "widgets.teacher_forcing('a b', codec).static();"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_a_source_sentence_it_asks_for_one(model):
    demo = widgets.teacher_forcing(TARGET, model=model)
    assert "type a source sentence" in demo.panes["alone"].value and len(columns(demo)) == 3
    control(demo, "source").value = SOURCE
    assert len(columns(demo)) == 9 and demo.message == ""
    demo.source_sentence = "  "
    assert len(columns(demo)) == 3


def test_a_sentence_of_ones_own(demo):
    demo.step = 3
    control(demo, "target").value = "La blorp tiene prisa."
    assert demo.step == 0 and demo.message == ""
    assert columns(demo)[2][1] == "blorp (<unk>)" and columns(demo)[1][2] == "blorp (<unk>)"
    assert "blorp ?" in demo.panes["taught"].value
    assert "not in the vocabulary" in demo.panes["taught"].value


def test_unknown_words_of_the_source_are_told_in_words(demo):
    assert "Source:" not in demo.panes["alone"].value
    demo.source_sentence = "The blorp is in a blarp."
    told = "2 of 7 tokens not in the vocabulary, read as &lt;unk&gt;: blorp, blarp."
    assert f"Source: {told}" in demo.panes["alone"].value
    assert html.unescape(told[:-1]) in demo.static().text
    demo.source_sentence = "blip blap blop blup is"
    assert demo.lost.startswith("4 of 5 ") and demo.lost.endswith(": blip, blap, blop, …")
    demo.source_sentence = SOURCE
    assert "Source:" not in demo.panes["alone"].value


def test_the_static_twin_says_the_settings(demo, bare):
    said = demo.static().text
    assert f"source: {SOURCE}" in said and "planted slip" not in said
    demo.planted = bare.planted = True
    assert "planted slip" in demo.static().text and "planted slip" in bare.static().text
    assert "source:" not in bare.static().text


@pytest.mark.parametrize(
    ("side", "sentence", "says"),
    [
        ("target_sentence", "", "empty"),
        ("target_sentence", " \n ", "empty"),
        ("target_sentence", "so " * 201, "at most 200"),
        ("source_sentence", "so " * 201, "at most 200"),
    ],
)
def test_a_sentence_that_cannot_be_read_is_said_in_one_line(demo, side, sentence, says):
    before = columns(demo)
    setattr(demo, side, sentence)
    assert says in demo.message and "\n" not in demo.message
    assert columns(demo) == before
    setattr(demo, side, SOURCE)
    assert demo.message == ""


def test_it_may_begin_with_nothing(codecs):
    demo = widgets.teacher_forcing("", codecs[1])
    assert "empty" in demo.message and demo.view()["table"] == ""
    demo.planted = True
    demo.forth.click()
    demo.target_sentence = TARGET
    assert demo.message == "" and demo.last == 6


@pytest.mark.parametrize(
    "sentence", ["blorp blarp", "🙂🙃 👩‍👩‍👧", "שלום עולם", "a" * 200, "so " * 200]
)
def test_any_text_is_read(demo, sentence):
    demo.target_sentence = demo.source_sentence = sentence
    assert demo.message == "" and demo.last >= 2
    demo.step = demo.last
    assert len(columns(demo, still=False)[0]) <= TABLE_ROWS
    first = demo.codec.tokenizer.tokens(sentence)[0]
    assert f"<td><bdi>{html.escape(first)}" in demo.static().html


class Whole(text.WordTokenizer):
    """Leaves tags in one piece, as words between spaces."""

    def tokens(self, text):
        return text.split()


def test_html_is_shown_and_never_run(model, page):
    known = text.Codec(Whole(), model.target.vocabulary)
    demo = widgets.teacher_forcing(
        "<img/src=x/onerror=alert(1)> <script>alert(2)</script>",
        known,
        model=model,
        source_sentence="<b>x</b>",
        source=text.Codec(Whole(), model.source.vocabulary),
    )
    for shown in (*(pane.value for pane in demo.panes.values()), demo.static().html, page(demo)):
        assert "<img/src" not in shown and "<script>alert(2)" not in shown
        assert "<b>x" not in shown
    assert "&lt;script&gt;alert(2)" in demo.panes["taught"].value
    assert "&lt;img/src=x" in demo.panes["table"].value
    assert "&lt;b&gt;x" in demo.panes["alone"].value and "&lt;b&gt;x" in demo.static().html


def test_what_is_missing_is_said(codecs, model):
    with pytest.raises(CourseError, match="no start and step"):
        widgets.teacher_forcing(TARGET, codecs[1], model=object())
    with pytest.raises(CourseError, match="needs a codec"):
        widgets.teacher_forcing(TARGET)
    for none in (codecs[1].vocabulary, "word"):
        with pytest.raises(CourseError, match="is no codec") as caught:
            widgets.teacher_forcing(TARGET, none)
        assert "\n" not in str(caught.value)

    class Bare:
        start, step = model.start, model.step

    with pytest.raises(CourseError, match="pass source= and target="):
        widgets.teacher_forcing(TARGET, codecs[1], model=Bare())


def test_two_demos_of_one_model_do_not_disturb_each_other(model):
    one, other = (
        widgets.teacher_forcing(TARGET, model=model, source_sentence=SOURCE) for _ in range(2)
    )
    before = columns(other)
    one.planted, one.step, one.source_sentence = True, 2, "Where is it?"
    assert columns(other) == before and other.step == 0


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.step = 2
    exported = page(demo)
    for row in demo.view(still=True)["table"].rows:
        assert f"<bdi>{html.escape(row[1])}</bdi>" in exported
    assert exported.count('class="u-image"') == 3
    assert exported.count('alt="With the teacher: reads') == 1
    assert "widget-view" not in exported


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 300), st.integers(1, 30), st.data())
def test_a_window_holds_the_step_and_as_much_as_it_can(count, size, data):
    now = data.draw(st.integers(0, count - 1))
    shown = around(now, count, size)
    assert now in shown and len(shown) == min(size, count)
    assert shown[0] >= 0 and shown[-1] < count


@pytest.mark.parametrize("now", [0, 1, 57, 118, 119])
def test_a_long_row_slides_so_that_the_frame_stays_in_sight(now):
    columns = [(str(step), (Box(f"t{step}"), Box("x"))) for step in range(120)]
    rows = TokenRows(("a", "b"), columns, "rows", now=now, arrows=True, fed=True)
    live, width = rows.html(), rows.width
    frame = int(re.search(r'class="cursor" x="(\d+)" y="1"', live)[1]) - 1
    head = re.search(rf'<text x="{frame + width / 2}" y="14"[^>]*>(\d+)</text>', live)[1]
    assert int(head) == now
    assert f"50% - {frame + width / 2:g}px" in live
    drawn = re.findall(r'y="14"[^>]*>(\d+)<', live)
    assert str(now) in drawn and len(drawn) < 120
    still = rows.html(still=True)
    assert still.count("<img ") == 1 and len(drawn) > STILL
    first = max(0, min(now - STILL // 2, 120 - STILL))
    assert f"Drawn: time steps {first} to {first + STILL - 1}; the table has all." in still
    assert "Drawn:" not in live


def test_a_short_row_leaves_nothing_out():
    columns = [(str(step), (Box("x"),)) for step in range(STILL)]
    assert "Drawn:" not in TokenRows(("a",), columns, "rows", now=5).html(still=True)


def test_wide_letters_get_wide_boxes():
    assert Box("日本語").width > Box("abc").width
    assert box("", PAD).svg(0, 0, 50) == ""


@pytest.mark.parametrize("kind", ["", "unknown", "differs", "padding", "mark"])
def test_a_box_shows_any_token_as_it_is(kind):
    drawn = Box("<b>&</b>", kind, "<i>title</i>").svg(0, 0, 50)
    assert "<b>" not in drawn and "<i>" not in drawn
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in drawn and "&lt;i&gt;" in drawn


def test_settings_to_begin_with(model):
    options = {"model": model, "source_sentence": SOURCE}
    demo = widgets.teacher_forcing(TARGET, **options, planted=True, step=3)
    assert demo.planted and demo.step == demo.slider.value == 3
    with pytest.raises(CourseError, match="no setting 'plant'"):
        widgets.teacher_forcing(TARGET, **options, plant=True)
