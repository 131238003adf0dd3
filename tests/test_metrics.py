import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import metrics
from course.errors import CourseError
from course.models.numpy_cells import softmax
from course.text import PAD


def test_accuracy_counts_real_tokens_only():
    target = np.array([[5, 6, PAD, PAD], [7, PAD, PAD, PAD]])
    predicted = np.array([[5, 9, PAD, PAD], [7, PAD, PAD, PAD]])
    assert metrics.masked_accuracy(predicted, target) == pytest.approx(2 / 3)
    assert (predicted == target).mean() == 7 / 8  # what counting padding would say: FAULTS 1


def test_three_accuracies_of_one_set_of_predictions():
    target = np.array([[5, 6, 7, 2], [8, 2, PAD, PAD], [9, 4, 2, PAD], [PAD] * 4])
    predicted = np.array([[5, 6, 9, 2], [8, 2, PAD, PAD], [9, 4, 2, 3], [PAD] * 4])
    assert metrics.masked_accuracy(predicted, target) == pytest.approx(8 / 9)
    assert metrics.padded_accuracy(predicted, target) == pytest.approx(14 / 16)
    assert metrics.sentence_accuracy(predicted, target) == pytest.approx(2 / 3)


@st.composite
def predictions(draw):
    """Right-padded targets, and predictions of which some are right; at least one is wrong."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    target = np.array([[4] * length + [PAD] * (5 - length) for length in lengths])
    tokens = st.lists(st.integers(4, 5), min_size=5, max_size=5)
    predicted = np.array(draw(st.lists(tokens, min_size=len(lengths), max_size=len(lengths))))
    predicted[0, 0] = 9
    return predicted, target


@given(predictions(), st.integers(1, 7))
def test_padding_that_is_predicted_right_lifts_the_padded_accuracy_alone(both, columns):
    wider = [np.pad(array, ((0, 0), (0, columns))) for array in both]
    for honest in (metrics.masked_accuracy, metrics.sentence_accuracy):
        assert honest(*wider) == honest(*both)
    assert metrics.padded_accuracy(*wider) > metrics.padded_accuracy(*both)


@given(predictions(), st.integers(1, 7))
def test_padding_that_the_model_cannot_say_lowers_it(both, columns):
    predicted, target = both
    predicted[0, 0] = target[0, 0]
    more = ((0, 0), (0, columns))
    wider = np.pad(predicted, more, constant_values=4), np.pad(target, more)
    assert metrics.masked_accuracy(*wider) == metrics.masked_accuracy(predicted, target)
    assert metrics.padded_accuracy(*wider) < metrics.padded_accuracy(predicted, target)


def test_nll_is_that_of_the_softmax_and_ignores_padding():
    logits = np.random.default_rng(0).normal(size=(3, 5, 7)) * 50
    target = np.array([[4, 2, 5, PAD, PAD], [3, PAD, PAD, PAD, PAD], [6, 6, 6, 6, 2]])
    nll, tokens = metrics.masked_nll(logits, target)
    probabilities = softmax(logits)
    expected = -sum(
        np.log(probabilities[i, t, target[i, t]]) for i, t in np.argwhere(target != PAD)
    )
    assert tokens == 9 and nll == pytest.approx(expected, rel=1e-9)
    wider = np.pad(target, ((0, 0), (0, 3)))
    assert metrics.masked_nll(np.pad(logits, ((0, 0), (0, 3), (0, 0))), wider) == (nll, tokens)


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices():
    assert metrics.perplexity(12 * np.log(50), 12) == pytest.approx(50)


def test_bleu_uses_all_references_and_punishes_wrong_answers():
    references = [["Veo el perro.", "Yo veo al perro."], ["Hace mucho frío hoy."]]
    assert metrics.bleu(["Yo veo al perro.", "Hace mucho frío hoy."], references) == pytest.approx(
        100
    )
    assert metrics.bleu(["Veo gato.", "frío"], references) < 20
    assert metrics.bleu(["", ""], references) == 0  # FAULTS 15


def test_references_are_gathered_by_source():
    pairs = [("Go.", "Ve."), ("Run.", "Corre."), ("Go.", "Vete.")]
    assert metrics.references_by_source(pairs) == (["Go.", "Run."], [["Ve.", "Vete."], ["Corre."]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.masked_accuracy([[1]], [[PAD]]),
        lambda: metrics.masked_accuracy([[1]], [[1, 2]]),
        lambda: metrics.padded_accuracy([[1]], [[PAD]]),
        lambda: metrics.padded_accuracy([], []),
        lambda: metrics.sentence_accuracy([[1]], [[PAD]]),
        lambda: metrics.sentence_accuracy([[1, 2]], [[1], [2]]),
        lambda: metrics.perplexity(1.0, 0),
        lambda: metrics.bleu(["a"], []),
        lambda: metrics.bleu(["a"], [[]]),
    ],
)
def test_nothing_to_measure_is_one_line(call):
    with pytest.raises(CourseError) as error:
        call()
    assert "\n" not in str(error.value)
