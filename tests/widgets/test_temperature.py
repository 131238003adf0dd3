"""The temperature playground says of a distribution what the searches do with it."""

import numpy as np
import pytest
from handling import knob

from course import runtime, widgets
from course.decoding import sampling
from course.errors import CourseError
from course.text import Vocabulary
from course.widgets.drawing import Table

tf = runtime.tensorflow()

WORDS = [f"w{number}" for number in range(23)]


@pytest.fixture(scope="module")
def logits():
    return np.random.default_rng(3).permutation(np.linspace(-2, 2, 23))


@pytest.fixture
def demo(logits):
    return widgets.temperature_playground(logits, WORDS)


def said(demo):
    """Return the table's rows by token: own probability, now, drawn, fate."""
    return {row[0]: row[1:] for row in demo.view()["table"].rows}


def can_be_drawn(logits, temperature, top_k, top_p):
    """The tokens that the searches' own draw gives over many numbers, with their shares."""
    noise = (np.arange(20_000, dtype=np.float32) + 0.5) / 20_000
    rows = tf.repeat(tf.constant(logits[None], tf.float32) / temperature, len(noise), axis=0)
    drawn = sampling.draw(rows, tf.constant(noise), top_k or sampling.ALL, top_p).numpy()
    return np.bincount(drawn, minlength=len(logits)) / len(noise)


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [(1.0, 0, 1.0), (0.5, 0, 1.0), (3.0, 5, 1.0), (1.5, 0, 0.6), (0.8, 7, 0.5), (5.0, 1, 0.3)],
)
def test_the_table_says_what_the_searches_draw(demo, logits, temperature, top_k, top_p):
    demo.temperature, demo.top_k, demo.top_p = temperature, top_k, top_p
    shares = can_be_drawn(logits, temperature, top_k, top_p)
    own = np.exp(logits) / np.exp(logits).sum()
    rows = said(demo)
    ten = np.argsort(-logits)[:10]
    assert list(rows) == [WORDS[id] for id in ten] + ["13 others"]
    for id in ten:
        before, now, _, fate = rows[WORDS[id]]
        assert before == pytest.approx(own[id]) and now == pytest.approx(shares[id], abs=2e-4)
        assert bool(fate) == (shares[id] == 0)
    others = np.argsort(-logits)[10:]
    assert rows["13 others"][1] == pytest.approx(shares[others].sum(), abs=2e-4)
    assert rows["13 others"][3] == f"{(shares[others] > 0).sum()} left"
    assert f"after top-p {(shares > 0).sum()}." in demo.panes["words"].value


def test_what_each_knob_cuts_is_told_apart(demo, logits):
    demo.top_k, demo.top_p = 6, 0.5
    fates = [row[3] for row in said(demo).values()][:10]
    kept = fates.count("")
    assert fates == [""] * kept + ["cut by top-p"] * (6 - kept) + ["cut by top-k"] * 4
    assert 0 < kept < 6
    words = demo.panes["words"].value
    assert f"23 of 23, after top-k 6, after top-p {kept}." in words


def test_what_has_no_probability_was_not_cut(logits):
    demo = widgets.temperature_playground([-1e9, 2.0, 1.0, -1e9, 0.0], list("abcde"), top_k=2)
    fates = {token: row[3] for token, row in said(demo).items()}
    assert fates == {"b": "", "c": "", "e": "cut by top-k"} | dict.fromkeys("ad", "cannot be said")
    assert demo.panes["bars"].value.count(">cannot be said<") == 2


def test_entropy_falls_with_the_temperature(demo):
    told = []
    for temperature in (4.0, 1.0, 0.1):
        demo.temperature = temperature
        words = demo.panes["words"].value
        told.append(float(words.split("entropy ")[1].split(" bits")[0]))
    assert told[0] > told[1] > told[2] >= 0
    assert f"own: {told[1]:g} bits" in words


def test_the_samples_are_counted_and_redrawn(demo):
    counts = [row[2] for row in said(demo).values()]
    assert sum(counts) == 100 == len(demo.samples)
    first = demo.samples.copy()
    knob(demo, "Draw again").click()
    assert demo.seed == 1 == knob(demo, "seed").value
    assert not np.array_equal(demo.samples, first)
    demo.seed = 0
    np.testing.assert_array_equal(demo.samples, first)
    demo.seed = 10_000
    knob(demo, "Draw again").click()
    assert demo.seed == 0


def test_the_samples_obey_the_knobs(demo):
    demo.top_k = 3
    for _ in range(5):
        knob(demo, "Draw again").click()
        assert set(demo.samples) <= set(demo.left) and len(demo.left) == 3
    demo.top_k = 1
    assert len(set(demo.samples)) == 1 and said(demo)[WORDS[demo.order[0]]][2] == 100


def test_traits_and_controls_are_one(demo):
    knob(demo, "temperature").value = 0.5
    assert demo.temperature == pytest.approx(0.5)
    demo.temperature = 2.0
    assert knob(demo, "temperature").value == pytest.approx(2.0)
    knob(demo, "top-k").value, knob(demo, "top-p").value = 4, 0.9
    assert (demo.top_k, demo.top_p) == (4, 0.9)
    demo.temperature, demo.top_k, demo.top_p, demo.seed = 99.0, 999, 7.0, -4
    assert (demo.temperature, demo.top_k, demo.top_p, demo.seed) == (5.0, 23, 1.0, 0)
    demo.temperature = 0.0
    assert demo.temperature == 0.05


def test_the_bars_and_the_table_say_the_same(demo):
    demo.temperature, demo.top_p = 1.7, 0.9
    view = demo.view()
    for token, own, now, count, _ in view["table"].rows:
        assert f"{token}: own probability {own:.3g}, now {now:.3g}, drawn {count}" in (
            view["bars"].body
        )
        assert f"{token} {now:.3g}, drawn {count}" in view["bars"].alt


def test_settings_to_begin_with(logits):
    demo = widgets.temperature_playground(logits, WORDS, temperature=0.5, top_k=2, seed=7)
    assert len(demo.left) == 2 and knob(demo, "seed").value == 7


def test_a_vocabulary_and_a_trace_will_do(model):
    from course import decoding

    ids = model.source.ids("My sister is tired.")
    words = model.target.vocabulary
    trace = decoding.greedy(model, [ids], alternatives=8)[0]
    tokens = [words.tokens[id] for id in trace.top_ids[2]]
    demo = widgets.temperature_playground(trace.top_log_probs[2], tokens)
    ratio = np.exp(trace.top_log_probs[2][1] - trace.top_log_probs[2][0])
    assert demo.own[1] / demo.own[0] == pytest.approx(ratio)
    assert "others" not in "".join(said(demo))
    state = model.start(tf.constant([ids]))
    logits, _ = model.step(tf.constant([1]), state)
    whole = widgets.temperature_playground(logits[0], words)
    assert whole.own[:2].tolist() == [0, 0]  # PAD and START cannot be said
    assert f"{len(words) - 2} of {len(words)}" in whole.panes["words"].value.replace(",", "")


def test_odd_tokens_are_shown_and_not_run(page):
    tokens = ["<script>x</script>", " ", "x\ny", "🙂", "שלום", "a" * 60, "<end>"]
    demo = widgets.temperature_playground(np.zeros(7), tokens)
    everything = "".join(pane.value for pane in demo.panes.values()) + page(demo)
    assert "<script>x" not in everything and "&lt;script&gt;x" in everything
    for token in ("␣", "↵", "🙂", "שלום"):
        assert token in everything
    assert "a" * 30 not in demo.panes["table"].value


def test_one_token_has_no_doubt():
    demo = widgets.temperature_playground([0.3], Vocabulary([]).tokens[:1])
    assert "entropy 0 bits" in demo.panes["words"].value
    demo.temperature = 5.0
    assert demo.samples.tolist() == [0] * 100


def test_two_demos_of_one_distribution_do_not_disturb_each_other(logits):
    one, two = (widgets.temperature_playground(logits, WORDS) for _ in range(2))
    shown = {name: pane.value for name, pane in two.panes.items()}
    one.temperature, one.top_k, one.seed = 0.3, 2, 9
    assert {name: pane.value for name, pane in two.panes.items()} == shown


def test_the_static_twin_shows_on_an_exported_page(demo, page):
    demo.temperature, demo.top_k = 0.5, 3
    exported = page(demo)
    view = demo.view(still=True)
    assert view["bars"].alt in exported and "cut by top-k" in exported
    settings = "temperature 0.5, top-k 3, top-p 1"
    assert settings in exported and settings in demo.static().text
    assert isinstance(view["table"], Table) and view["table"].text() in demo.static().text


@pytest.mark.parametrize(
    ("logits", "tokens", "says"),
    [
        (np.zeros(3), ["a", "b"], "3 logits, but 2 tokens"),
        (np.zeros((2, 3)), ["a", "b", "c"], "shape"),
        (np.array([1.0, np.nan]), ["a", "b"], "numbers"),
        ([], [], "shape"),
        (["x"], ["a"], "must be numbers"),
        (np.zeros(3), 3, "tokens must be a list or a Vocabulary, not int"),
    ],
)
def test_what_is_no_distribution_is_one_line(logits, tokens, says):
    with pytest.raises(CourseError, match=says):
        widgets.temperature_playground(logits, tokens)
