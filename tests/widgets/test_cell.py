"""Inside a cell: what the demo says of a unit is what Keras' own layer does."""

import asyncio
import re

import numpy as np
import pytest
from handling import knob

from course import widgets
from course.errors import CourseError
from course.text import Codec
from course.widgets.drawing import Drawing

SENTENCE = "My sister is tired."  # five tokens


@pytest.fixture(scope="module")
def models(make_model):
    return {cell: make_model(cell=cell, layers=2) for cell in ("lstm", "gru")}


@pytest.fixture
def demo(models, cell):
    return widgets.inside_a_cell(models[cell], SENTENCE)


def in_keras(model, sentence, layer):
    """Gates and states by Keras' own cell, step by step: float arrays (time, units) by name."""
    from keras import ops

    ids = np.array([model.source.ids(sentence)])
    inputs = model.layer("encoder_input")(ids)
    for number in range(1, layer):
        inputs = model.layer(f"encoder_{number}")(inputs)[0]
    keras_layer = model.layer(f"encoder_{layer}")
    whole = keras_layer(inputs)[0]
    states = [ops.zeros((1, model.config.units))] * {"lstm": 2, "gru": 1}[model.config.cell]
    found = []
    for step in range(ids.shape[1]):
        row = keras_gates(keras_layer.cell, inputs[:, step], states[0])
        hidden, states = keras_layer.cell(inputs[:, step], states)
        np.testing.assert_allclose(hidden, whole[:, step], atol=1e-5)
        found.append({**row, **dict(zip(("hidden", "cell"), states, strict=False))})
    return {name: np.concatenate([row[name] for row in found]) for name in found[0]}


def keras_gates(keras_cell, inputs, hidden):
    from keras import ops

    from_inputs, from_state = (
        ops.matmul(inputs, keras_cell.kernel),
        ops.matmul(hidden, keras_cell.recurrent_kernel),
    )
    if type(keras_cell).__name__ == "LSTMCell":
        parts = ops.split(from_inputs + from_state + keras_cell.bias, 4, axis=-1)
        squash = (ops.sigmoid, ops.sigmoid, ops.tanh, ops.sigmoid)
        names = ("input", "forget", "candidate", "output")
        return {n: f(part) for n, f, part in zip(names, squash, parts, strict=True)}
    ours, theirs = (
        ops.split(part + keras_cell.bias[place], 3, axis=-1)
        for place, part in enumerate((from_inputs, from_state))
    )
    update, reset = ops.sigmoid(ours[0] + theirs[0]), ops.sigmoid(ours[1] + theirs[1])
    return {"update": update, "reset": reset, "candidate": ops.tanh(ours[2] + reset * theirs[2])}


@pytest.mark.parametrize("layer", [1, 2])
def test_every_number_equals_keras_own(models, cell, layer):
    demo = widgets.inside_a_cell(models[cell], SENTENCE, layer=layer)
    theirs = in_keras(models[cell], SENTENCE, layer)
    assert demo.last == 4 and set(demo.rows) == set(theirs)
    for unit in range(7):
        demo.unit = unit
        for step in range(5):
            demo.step = step
            for name, now, _, _ in demo.view()["table"].rows:
                assert now == pytest.approx(float(theirs[name][step, unit]), abs=1e-5)


def test_where_a_gate_is_most_open_and_most_shut(demo, models, cell):
    theirs = in_keras(models[cell], SENTENCE, 1)
    for name, _, most, least in demo.view()["table"].rows:
        values = theirs[name][:, demo.unit]
        for said, place in ((most, values.argmax()), (least, values.argmin())):
            assert said == f"{demo.tokens[place]} ({place}): {values[place]:.2f}"


def test_the_rows_are_in_the_order_of_use(models):
    demos = {cell: widgets.inside_a_cell(model, SENTENCE) for cell, model in models.items()}
    assert list(demos["lstm"].rows) == "input forget candidate output cell hidden".split()
    assert list(demos["gru"].rows) == "update reset candidate hidden".split()


WORDS = {
    "lstm": (r"forget \S+ keeps (.+?) of its", "forget"),
    "gru": (r"update \S+ keeps (.+?) of its", "update"),
}


def test_the_words_say_what_the_numbers_say(demo, cell):
    pattern, gate = WORDS[cell]
    said = {}
    for unit in range(7):
        demo.unit = unit
        for step in range(5):
            demo.step = step
            words = re.search(pattern, demo.view()["words"])[1]
            said.setdefault(words, []).append(float(demo.rows[gate][step]))
    ranges = {
        "almost nothing": (0, 0.1),
        "a little": (0.1, 0.35),
        "about half": (0.35, 0.65),
        "most": (0.65, 0.9),
        "nearly all": (0.9, 1),
    }
    assert len(said) > 2
    for words, values in said.items():
        low, high = ranges[words]
        assert low <= min(values) and max(values) <= high


def test_the_words_begin_with_an_empty_state(demo):
    assert "goes from 0 to" in demo.view()["words"]
    demo.step = 1
    assert "goes from 0 to" not in demo.view()["words"]


def test_it_opens_at_the_unit_whose_gates_swing_most_and_goes_on_to_the_next(demo):
    gates = [values for name, values in demo.run.gates.items() if name != "candidate"]
    swing = np.max([values.max(axis=0) - values.min(axis=0) for values in gates], axis=0)
    visited = [demo.unit]
    for _ in range(7):
        demo.next_unit.click()
        visited.append(demo.unit)
    assert sorted(visited[:7]) == list(range(7)) and visited[7] == visited[0]
    assert (np.diff(swing[visited[:7]]) <= 0).all() and np.ptp(swing) > 0


def test_traits_and_controls_are_one(demo):
    knob(demo, "unit").value = 3
    assert demo.unit == 3 and "unit 3 of" in demo.panes["sentence"].value
    demo.unit = 5
    assert knob(demo, "unit").value == 5
    demo.unit = 99
    assert demo.unit == 6
    first = {name: values.copy() for name, values in demo.rows.items()}
    knob(demo, "layer").value = 2
    assert demo.layer == 2 and not np.allclose(demo.rows["hidden"], first["hidden"])
    demo.layer = 7
    assert demo.layer == 2
    demo.slider.value = 3
    assert demo.step == 3 and "step 3 of 0 to 4" in demo.panes["sentence"].value


def test_settings_to_begin_with(models, cell):
    demo = widgets.inside_a_cell(models[cell], SENTENCE, layer=2, unit=4, step=3)
    assert (demo.layer, demo.unit, demo.step) == (2, 4, 3)


def test_a_sentence_of_ones_own(demo):
    demo.step = 3
    knob(demo, "sentence").value = "My blorp 🙂 شكرا is tired."
    assert demo.step == 0 and demo.last == 6 and demo.message == ""
    page = demo.panes["sentence"].value
    assert "3 not in the vocabulary" in page and page.count('title="not in') == 3


@pytest.mark.parametrize(
    ("sentence", "says"), [("  ", "the sentence is empty"), ("a " * 201, "201 tokens")]
)
def test_a_sentence_that_cannot_be_read_is_one_line(demo, sentence, says):
    before = demo.panes["gates"].value
    demo.sentence = sentence
    assert says in demo.message and demo.panes["gates"].value == before
    demo.sentence = SENTENCE
    assert demo.message == ""


def test_an_empty_sentence_to_begin_with(models):
    demo = widgets.inside_a_cell(models["lstm"], "")
    assert "empty" in demo.message and "empty" in demo.static().html
    demo.next_unit.click()
    demo.sentence = SENTENCE
    assert demo.message == "" and demo.view()["table"].rows


def test_one_token_and_two_hundred(demo):
    demo.sentence = "a"
    assert demo.last == 0 and demo.back.disabled and demo.forth.disabled
    assert "<title>a: " in demo.view()["gates"].body
    demo.sentence = "my zebra " * 100
    demo.step = 150
    drawing = demo.view()["gates"]
    assert demo.last == 199 and len(drawing.inline()) < 40_000
    # Of two hundred labels there is room for some, the present one's among them.
    labels = re.findall(r'rotate\(-45\)"><text [^>]*class="([^"]*)"', drawing.body)
    assert 10 < len(labels) < 20 and labels.count("small strong") == 1
    assert demo.panes["sentence"].value.count("u-chip") == 11


def test_the_bars_are_as_high_as_the_values(demo):
    body = demo.view()["gates"].body
    rows = re.findall(r'<path class="bar" d="([^"]*)"/><path class="chosen" d="([^"]*)"', body)
    assert len(rows) == len(demo.rows)
    for (others, now), (name, values) in zip(rows, demo.rows.items(), strict=True):
        heights = [-float(v) for v in re.findall(r"v(-?[\d.]+)h", now + others)]
        most = max(1, np.ceil(np.abs(values).max()))
        full = 42 / (2 * most if name in ("candidate", "cell", "hidden") else most)
        expected = np.roll(values, -demo.step)
        np.testing.assert_allclose(heights, expected * full, atol=0.06)


def test_a_slider_moved_by_hand_stops_play(demo):
    async def watch():
        demo.speed = 50.0
        demo.play.click()
        while demo.step < 2:
            await asyncio.sleep(0.01)
        demo.slider.value = 1
        await asyncio.sleep(0.1)

    asyncio.run(watch())
    assert not demo.playing and demo.step == 1
    assert "step 1 of 0 to 4" in demo.panes["sentence"].value


class Spaces:
    """Cuts at spaces only, so that a token can hold a whole tag."""

    def tokens(self, text):
        return text.split()


def test_html_in_the_text_is_shown_and_not_run(models, cell, codecs, page):
    codec = Codec(Spaces(), codecs[0].vocabulary)
    sentence = "<img/src=x> </svg><b>x</b> is tired"
    demo = widgets.inside_a_cell(models[cell], sentence, source=codec)
    for demo.step in range(2):
        live = "".join(pane.value for pane in demo.panes.values())
        for shown in (live, demo.static().html, page(demo)):
            assert "<img/src" not in shown and "<b>x" not in shown
            assert "&lt;img/src=x&gt;" in shown and "&lt;b&gt;x" in shown


def test_two_demos_of_one_model_do_not_disturb_each_other(models, cell):
    one, two = (widgets.inside_a_cell(models[cell], SENTENCE, unit=2) for _ in range(2))
    shown = {name: pane.value for name, pane in two.panes.items()}
    one.unit, one.layer, one.step, one.sentence = 5, 2, 3, "Is it cold?"
    assert {name: pane.value for name, pane in two.panes.items()} == shown


def test_the_static_twin_shows_on_an_exported_page(demo, page):
    demo.step = 2
    exported = page(demo)
    for token in demo.tokens:
        assert token in exported
    for part in demo.view(still=True).values():
        if isinstance(part, Drawing):
            assert part.alt in exported and f"step 2, {demo.tokens[2]}" in part.alt
    assert "open or highest" in exported and "u-image" in exported


@pytest.fixture(scope="module")
def language_model(codecs):
    from course.models.language import Config, LanguageModel

    return LanguageModel(Config(len(codecs[0].vocabulary), units=(7, 5), embedding=3), codecs[0])


def test_a_language_model_reads_end_first_and_its_layers_have_their_own_widths(language_model):
    demo = widgets.inside_a_cell(language_model, SENTENCE, unit=6)
    assert demo.tokens == ["<end>", "my", "sister", "is", "tired", "."] and demo.last == 5
    for layer, width in ((1, 7), (2, 5)):
        demo.layer, demo.step = layer, 5
        state = language_model.start(np.array([demo.ids[1:]]))[f"hidden_{layer}"][0]
        for demo.unit in range(width):
            assert demo.rows["hidden"][-1] == pytest.approx(float(state[demo.unit]), abs=1e-5)
        assert f"of 0 to {width - 1} (GRU" in demo.panes["sentence"].value
    demo.unit = 6
    assert demo.unit == 4


def test_a_narrower_layer_moves_the_unit_into_it(language_model):
    demo = widgets.inside_a_cell(language_model, SENTENCE, unit=6)
    knob(demo, "layer").value = 2
    assert demo.unit == 4 and knob(demo, "unit").value == 4 and demo.message == ""
    demo.next_unit.click()
    assert demo.unit in range(5)


def test_a_language_model_without_gates_or_layer_is_one_line(language_model, codecs):
    from course.models.language import Config, LanguageModel

    with pytest.raises(CourseError, match="no layer 3: the model has 1 to 2"):
        widgets.inside_a_cell(language_model, SENTENCE, layer=3)
    plain = LanguageModel(Config(len(codecs[0].vocabulary), units=(3,), cell="rnn"), codecs[0])
    with pytest.raises(CourseError, match="an RNN has no gates"):
        widgets.inside_a_cell(plain, SENTENCE)


class NoLayers:
    def start(self, source_ids):
        return {}

    def step(self, token_ids, state):
        return token_ids, state


def test_models_that_cannot_be_opened_are_one_line(models, codecs):
    with pytest.raises(CourseError, match="NoLayers has no recurrent layers"):
        widgets.inside_a_cell(NoLayers(), SENTENCE)
    for layer, said in ((3, "3"), ("2", "'2'")):
        with pytest.raises(CourseError, match=f"no layer {said}: the encoder has 1 to 2, a whole"):
            widgets.inside_a_cell(models["gru"], SENTENCE, layer=layer)
    with pytest.raises(CourseError, match="a Vocabulary is no codec"):
        widgets.inside_a_cell(models["gru"], SENTENCE, source=codecs[0].vocabulary)
    from course.models.seq2seq import Config, Seq2Seq

    bare = Seq2Seq(Config(len(codecs[0].vocabulary), 5, units=3))
    with pytest.raises(CourseError, match="pass source="):
        widgets.inside_a_cell(bare, SENTENCE)
    assert widgets.inside_a_cell(bare, SENTENCE, source=codecs[0]).last == 4


def test_a_model_whose_training_diverged_is_one_line(make_model, cell):
    model = make_model(cell=cell)
    weights = model.get_weights()
    model.set_weights({name: np.full_like(weight, np.nan) for name, weight in weights.items()})
    demo = widgets.inside_a_cell(model, SENTENCE)
    assert demo.message == "this layer's gates are no numbers: its training has diverged"
    assert "its training has diverged" in demo.static().html and demo.view()["table"] == ""
    model.set_weights(weights)
    demo.sentence = "Is it cold?"
    assert demo.message == "" and demo.view()["table"].rows
