"""The tree of a beam search shows what the search left: each candidate, its sum and its fate."""

import asyncio
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import traitlets

from course import decoding, widgets
from course.errors import CourseError
from course.text import Codec, Vocabulary
from course.trace import DROPPED, ENDED, KEPT
from course.wording import number

SENTENCE = "My sister is very tired."


@pytest.fixture(scope="module")
def reverser(codecs):
    """A model that ends its sentences, and hesitates."""
    from course.models.reverser import Reverser

    return Reverser(len(codecs[0].vocabulary), codecs[0], sharpness=0.4)


@pytest.fixture(scope="module")
def small(codecs):
    """A model with four tokens to say, END among them: sentences end at every step."""
    from course.models.seq2seq import Config, Seq2Seq

    two = [Codec(codec.tokenizer, Vocabulary(["a", "b"])) for codec in codecs]
    return Seq2Seq(Config(6, 6, units=3), *two)


@pytest.fixture
def demo(reverser):
    return widgets.beam_tree(reverser, SENTENCE)


def searched(demo, **options):
    """Search once more, with what the demo says it has searched with."""
    known = {"width": demo.width, "length_penalty": demo.length_penalty, "n_best": demo.width}
    return decoding.beam(demo.model, [demo.ids], **{**known, **options})[0]


def drawn(demo):
    """Return the SVG elements of the tree."""
    drawing = demo.view(still=True)["tree"]
    return ElementTree.fromstring(f"<svg>{drawing.body}</svg>")


def nodes(demo):
    return [node for node in drawn(demo).iter("svg") if node.find("title") is not None]


def columns(table):
    return [list(column) for column in zip(*table.rows, strict=True)]


def test_the_table_of_each_step_is_what_the_model_says_of_each_beginning(demo, reverser):
    trace = searched(demo)
    assert demo.last == len(trace.candidates) > 5
    for step, here in enumerate(trace.candidates, start=1):
        demo.step = step
        tokens, sums, scores, _, said = columns(demo.view()["candidates"])
        begun = [demo.paths.ids(step - 1, slot) for slot in range(len(here.ids))]
        options = {"prefix": begun, "max_tokens": step}
        again = decoding.greedy(reverser, [demo.ids] * len(begun), **options)
        assert tokens == [demo.target.vocabulary.tokens[id] for id in here.ids]
        assert said == [demo.target.text(ids) for ids in begun]
        np.testing.assert_allclose([float(s) for s in sums], [t.log_prob for t in again], atol=2e-3)
        divisor = ((5 + step) / 6) ** 0.6
        np.testing.assert_allclose([float(s) * divisor for s in scores], here.log_probs, atol=5e-3)


def test_the_table_says_what_becomes_of_each(demo):
    words = {KEPT: "goes on", ENDED: "is a whole sentence", DROPPED: "dropped: others are likelier"}
    for step, here in enumerate(demo.trace.candidates, start=1):
        demo.step = step
        *_, said, _ = columns(demo.view()["candidates"])
        for fate, line in zip(here.fates, said, strict=True):
            over = fate == KEPT and step == demo.last
            told = "is not followed up" if over else words[int(fate)]
            assert line.removeprefix("★ ").startswith(told)
    assert any("is not followed up" in line for line in said)
    ends = [found.tokens for found in demo.trace.hypotheses]
    for place, tokens in enumerate(ends, start=1):
        demo.step = len(tokens)
        assert any(row[3].endswith(f", place {place}") for row in demo.view()["candidates"].rows)


def test_the_picture_has_a_box_for_each_candidate_with_the_border_of_its_fate(demo):
    for step in range(1, demo.last + 1):
        demo.step = step
        shown = demo.trace.candidates[max(0, step - 6) : step]
        fates = np.concatenate([here.fates for here in shown])
        boxes = nodes(demo)
        assert len(boxes) == len(fates)
        dashed = ["stroke-dasharray" in box.find("rect").attrib for box in boxes]
        assert dashed == list(fates == DROPPED)
        double = [len(box.findall("rect")) == 2 for box in boxes]
        assert double == list(fates == ENDED)
        starred = [box for box in boxes if box.find("svg/text").text.startswith("★")]
        assert len(starred) == len(range(max(0, step - 6), min(step, len(demo.trace))))
        assert all("stroke-width: 3" in box.find("rect").get("style") for box in starred)


def test_a_line_leads_from_each_box_to_its_parent(small):
    demo = widgets.beam_tree(small, "a b", step=4)
    kept_of = [np.flatnonzero(here.fates == KEPT) for here in demo.trace.candidates[:4]]
    assert any(list(kept) != list(range(len(kept))) for kept in kept_of[:3])  # END came before some
    boxes = iter(nodes(demo))
    corners = [
        [
            (float(box.get("x")), float(box.get("y")))
            for _, box in zip(here.ids, boxes, strict=False)
        ]
        for here in demo.trace.candidates[:4]
    ]
    paths = "".join(path.get("d") for path in drawn(demo).findall("path"))
    lines = re.findall(r"M([\d.]+) ([\d.]+)C[\d. ]+ ([\d.]+) ([\d.]+)(?=M|$)", paths)
    lines = {tuple(map(float, line)) for line in lines}
    assert len(lines) == sum(map(len, corners))
    for step in range(1, 4):
        for (x, y), parent in zip(corners[step], demo.trace.candidates[step].parents, strict=True):
            from_x, from_y = corners[step - 1][kept_of[step - 1][parent]]
            assert (from_x + 114, from_y + 11, x, y + 11) in lines


def told(value):
    return number(value, 5)


def test_hovering_tells_the_whole_of_a_candidate(demo):
    demo.step = 3
    tips = [box.find("title").text for box in nodes(demo)][-10:]
    rows = demo.view()["candidates"].rows
    for tip, (_, log_prob, score, fate, said) in zip(tips, rows, strict=True):
        assert (
            tip == f"“{said}”: log-probability {told(log_prob)}, with penalty {told(score)}; {fate}"
        )


def test_the_tree_shows_the_last_steps_and_says_how_many_came_before(reverser, codecs):
    words = codecs[0].vocabulary.tokens[4:44]
    demo = widgets.beam_tree(reverser, " ".join(words))
    assert len(demo.ids) == 40 and demo.last > 40
    demo.step = 40
    assert "34 earlier steps" in demo.view()["sentence"]
    heads = [text.text for text in drawn(demo).findall("text")]
    assert heads == ["… 34 earlier steps", *(f"step {step}" for step in range(35, 41))]
    assert all(len(pane.value) < 50_000 for pane in demo.panes.values())
    demo.step = 6
    assert "earlier" not in demo.view()["sentence"]
    demo.back.click()
    assert demo.step == 5 and len(nodes(demo)) == 50


def test_very_long_beginnings_are_told_by_their_last_tokens(model):
    demo = widgets.beam_tree(model, "so " * 200, width=1, step=200)
    row = demo.view()["candidates"].rows[0]
    assert row[-1] == "… " + demo.target.text(demo.paths.ids(199, 0)[-60:])


def test_the_ranking_is_the_searchs_own_with_both_scores_and_both_places(demo):
    demo.length_penalty = 1.5
    trace = searched(demo)
    *rows, greedy = demo.view()["ranking"].rows
    order = sorted(range(len(trace.hypotheses)), key=lambda at: -trace.hypotheses[at].log_prob)
    for at, (found, row) in enumerate(zip(trace.hypotheses, rows, strict=True)):
        place, score, log_prob, plain, length, said = row
        assert place == at + 1 and plain == order.index(at) + 1
        assert float(log_prob) == pytest.approx(found.log_prob, abs=2e-3)
        assert float(score) == pytest.approx(found.score, abs=2e-3)
        assert length == len(found.tokens) and said == demo.target.text(found.tokens)
    alone = decoding.greedy(demo.model, [demo.ids])[0]
    assert greedy[0] == "greedy" and greedy[-1] == demo.target.text(alone.tokens)
    assert float(greedy[2]) == pytest.approx(alone.log_prob, abs=2e-3)
    same = [
        at for at, found in enumerate(trace.hypotheses) if list(found.tokens) == list(alone.tokens)
    ]
    assert greedy[3] == (f"the same as {same[0] + 1}" if same else "not among them")


def test_the_sliders_search_anew(demo):
    tied = {knob.description: knob for knob in _knobs(demo)}
    tied["length penalty"].value = 2.0
    assert demo.length_penalty == 2.0
    want = searched(demo)
    assert [f.score for f in demo.trace.hypotheses] == [f.score for f in want.hypotheses]
    assert "length penalty 2" in demo.view()["ranking"].caption
    tied["beam width"].value = 3
    assert demo.width == 3 and len(demo.trace.hypotheses) == 3
    demo.step = 3
    assert len(demo.view()["candidates"].rows) == len(searched(demo).candidates[2].ids) == 6
    demo.width = 5
    assert tied["beam width"].value == 5


def _knobs(widget):
    """Return all controls inside a widget."""
    for child in getattr(widget, "children", ()):
        yield from _knobs(child)
        if hasattr(child, "value"):
            yield child


def test_a_width_of_one_is_greedy_search(demo):
    demo.width = 1
    first, greedy = demo.view()["ranking"].rows
    assert greedy[3] == "the same as 1" and first[1:3] == greedy[1:3]


def test_a_width_beyond_the_vocabulary(small):
    demo = widgets.beam_tree(small, "a b", width=10, step=1)
    tokens, *_ = columns(demo.view()["candidates"])
    assert set(tokens) == {"a", "b", "<end>", "<unk>"}
    for step in range(demo.last + 1):
        demo.step = step
        shown = demo.trace.candidates[max(0, step - 6) : step]
        assert len(nodes(demo)) == sum(len(here.ids) for here in shown)


def test_a_sentence_that_was_cut_off_is_said_to_be(model):
    demo = widgets.beam_tree(model, "My sister is tired.")
    assert not any(found.ended for found in demo.trace.hypotheses)
    demo.step = demo.last
    fates = [row[3].removeprefix("★ ") for row in demo.view()["candidates"].rows]
    assert all(fate.startswith("is cut off") for fate in fates)
    assert fates[0].endswith("place 1") and fates[-1].endswith("not among the best")
    assert all(row[-1].endswith("(cut off)") for row in demo.view()["ranking"].rows)


def test_a_sentence_of_ones_own(demo):
    demo.step = 3
    demo.sentence = "My blorp is cold."
    assert demo.step == 0
    page = demo.view()["sentence"]
    assert page.count("unknown") == 1 and "reads (1 not in the vocabulary):" in page
    ids = demo.source.ids("My blorp is cold.")
    best, greedy = (
        decoding.beam(demo.model, [ids], n_best=5)[0],
        decoding.greedy(demo.model, [ids])[0],
    )
    rows = demo.view()["ranking"].rows
    assert [rows[0][-1], rows[-1][-1]] == [demo.target.text(t.tokens) for t in (best, greedy)]


@pytest.mark.parametrize(
    ("sentence", "says"), [("", "empty"), ("   ", "empty"), ("so " * 201, "at most 200")]
)
def test_a_sentence_that_cannot_be_read_is_said_in_one_line(demo, sentence, says):
    demo.step = 3
    before = demo.view()
    demo.sentence = sentence
    assert says in demo.message and "\n" not in demo.message
    assert says in demo._line.value
    demo.length_penalty = 1.9  # of no search yet: the scores shown stay those of the tree shown
    assert demo.view() == before
    demo.sentence = SENTENCE
    assert demo.message == "" and demo.step == 0
    assert "length penalty 1.9" in demo.view()["ranking"].caption


def test_it_may_begin_with_nothing(reverser):
    demo = widgets.beam_tree(reverser, "")
    assert "empty" in demo.message and demo.last == 0
    demo.width = 3
    demo.forth.click()
    assert "the sentence is empty" in demo.static().html
    demo.sentence = SENTENCE
    assert demo.message == "" and demo.last > 0


@pytest.mark.parametrize(
    "sentence", ["blorp blarp", "🙂🙃 👩‍👩‍👧", "שלום עולם", '<b>my</b> & "so"', "so " * 200]
)
def test_any_text_is_read(demo, sentence):
    demo.sentence = sentence
    assert demo.message == "" and demo.last > 0
    assert ("unknown" in demo.view()["sentence"]) == (len(demo.source.unknown(sentence)) > 0)
    demo.step = demo.last
    assert nodes(demo) and demo.view()["ranking"].inline() in demo.static().html


class Spaces:
    """Cuts at spaces only, so that a token can hold a whole tag."""

    def tokens(self, text):
        return text.split()

    def join(self, tokens):
        return " ".join(tokens)


def test_html_is_shown_and_never_run(page):
    from course.models.reverser import Reverser

    evil, read = "<img/src=x onerror=alert(1)>", ["<script>", "src", "a", "b"]
    source, target = (
        Codec(Spaces(), Vocabulary(words)) for words in (read, [evil, "</svg>", "<b>", '"'])
    )
    model = Reverser(8, source, target, sharpness=0.3)
    demo = widgets.beam_tree(model, "<script> src", width=3)
    demo.step = demo.last
    live = "".join(pane.value for pane in demo.panes.values())
    for shown in (live, demo.static().html, page(demo)):
        assert "<img/src" not in shown and "<script></bdi>" not in shown and "<b>" not in shown
        assert "&lt;img/src=x" in shown and "&lt;script&gt;</bdi>" in shown
    assert live.count("</svg>") == 2 * len(nodes(demo)) + 1


def test_models_and_settings_that_make_no_sense_are_one_line(reverser):
    with pytest.raises(CourseError, match="no start and step"):
        widgets.beam_tree(object(), SENTENCE)
    for settings in ({"width": 11}, {"width": 0}, {"length_penalty": 2.5}, {"widht": 3}):
        with pytest.raises(CourseError, match="Beam search, a tree that grows: ") as caught:
            widgets.beam_tree(reverser, SENTENCE, **settings)
        assert "\n" not in str(caught.value)


def test_a_model_without_codecs_is_refused(codecs):
    from course.models.reverser import Reverser

    bare = Reverser(len(codecs[0].vocabulary))
    with pytest.raises(CourseError, match="pass source= and target="):
        widgets.beam_tree(bare, SENTENCE)
    demo = widgets.beam_tree(bare, SENTENCE, source=codecs[0], target=codecs[0], width=3)
    assert demo.last > 0


def test_it_may_begin_at_a_step(reverser):
    demo = widgets.beam_tree(reverser, SENTENCE, step=4)
    assert demo.step == demo.slider.value == 4
    demo.reset.click()
    assert demo.step == 0 and nodes(demo) == [] and demo.view()["candidates"].rows == []
    with pytest.raises(traitlets.TraitError):
        demo.width = 11


def test_a_setting_moved_while_it_plays_pauses_it(demo):
    demo.speed = 20.0

    async def watch():
        demo.play.click()
        while demo.step < 2:
            await asyncio.sleep(0.02)
        demo.length_penalty = 1.0
        assert not demo.playing
        await asyncio.sleep(0.2)

    asyncio.run(watch())
    assert demo.step == 2


def test_greedy_is_that_of_the_model_as_it_is_now(make_model):
    model = make_model()
    demo = widgets.beam_tree(model, SENTENCE, width=2)
    before = demo.view()["ranking"].rows[-1]
    model.set_weights({name: -weight for name, weight in model.get_weights().items()})
    demo.length_penalty = 1.0
    alone = decoding.greedy(model, [demo.ids])[0]
    row = demo.view()["ranking"].rows[-1]
    assert row[-1].startswith(demo.target.text(alone.tokens)) and row[-1] != before[-1]
    assert float(row[2]) == pytest.approx(alone.log_prob, abs=2e-3)


def test_a_model_whose_training_diverged_is_one_line(make_model):
    model = make_model()
    weights = model.get_weights()
    model.set_weights({name: np.full_like(weight, np.nan) for name, weight in weights.items()})
    demo = widgets.beam_tree(model, SENTENCE)
    assert demo.message == "the model's probabilities are no numbers: its training has diverged"
    model.set_weights(weights)
    demo.width = 3
    assert demo.message == "" and demo.last > 0


def test_the_pane_holds_all_candidates_of_a_wide_beam(reverser):
    demo = widgets.beam_tree(reverser, SENTENCE, step=3)
    for demo.width in (1, 5, 10):
        tree = demo.view(still=True)["tree"]
        assert tree.height <= demo.heights["tree"]
        assert f"height: {demo.heights['tree']}px" in demo.panes["tree"].value
    assert len(demo.trace.candidates[2].ids) == 20


def test_it_says_that_it_searches(demo):
    said = []
    demo.observe(lambda change: said.append(change["new"]), "message")
    demo.width = 4
    assert said == ["searching …", ""]


def test_the_static_twin_names_the_settings(demo):
    demo.width, demo.length_penalty = 3, 1.5
    still = demo.static()
    for shown in (still.text, still.html):
        assert "beam width 3, length penalty 1.5" in shown
    demo.step = 3
    assert not demo.static().text.endswith("..")


def test_two_demos_of_one_model_do_not_disturb_each_other(reverser):
    one, other = (widgets.beam_tree(reverser, SENTENCE) for _ in range(2))
    before = other.view()
    one.step, one.length_penalty = 3, 2.0
    assert other.step == 0 and other.view() == before


def test_the_static_twin_is_what_an_exported_page_shows(demo, page):
    demo.step = 5
    html = page(demo)
    for row in (*demo.view()["candidates"].rows, *demo.view()["ranking"].rows):
        assert f"<bdi>{row[-1]}</bdi>" in html
    assert html.count('alt="Tree of a beam search, steps 1 to 5') == 1
    assert "widget-view" not in html
