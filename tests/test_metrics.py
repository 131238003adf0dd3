import numpy as np
import pytest

from course import metrics
from course.errors import CourseError
from course.models.numpy_cells import softmax
from course.text import PAD


def test_accuracy_counts_real_tokens_only():
    target = np.array([[5, 6, PAD, PAD], [7, PAD, PAD, PAD]])
    predicted = np.array([[5, 9, PAD, PAD], [7, PAD, PAD, PAD]])
    assert metrics.masked_accuracy(predicted, target) == pytest.approx(2 / 3)
    assert (predicted == target).mean() == 7 / 8  # what counting padding would say: FAULTS 1


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
        lambda: metrics.perplexity(1.0, 0),
        lambda: metrics.bleu(["a"], []),
        lambda: metrics.bleu(["a"], [[]]),
    ],
)
def test_nothing_to_measure_is_one_line(call):
    with pytest.raises(CourseError) as error:
        call()
    assert "\n" not in str(error.value)
