import re
from itertools import zip_longest

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from course import metrics
from course.errors import CourseError
from course.models.numpy_cells import softmax
from course.text import PAD

patient = settings(deadline=None, max_examples=50)  # other work must not fail a test


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


@patient
@given(predictions(), st.integers(1, 7))
def test_padding_that_is_predicted_right_lifts_the_padded_accuracy_alone(both, columns):
    wider = [np.pad(array, ((0, 0), (0, columns))) for array in both]
    for honest in (metrics.masked_accuracy, metrics.sentence_accuracy):
        assert honest(*wider) == honest(*both)
    assert metrics.padded_accuracy(*wider) > metrics.padded_accuracy(*both)


@patient
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


# Few words, so that n-grams match and repeat; marks, entities and blanks that tokenizers treat
# each in their way; empty sentences.
WORDS = st.sampled_from(
    ["el", "perro", "El", "rojo", "frío,", "¿qué?", "3.5", "a-b", "&quot;", "."]
)
SENTENCES = st.lists(WORDS, max_size=9).map(" ".join)
GROUPS = st.lists(SENTENCES, min_size=1, max_size=3)
CORPORA = st.lists(st.tuples(SENTENCES, GROUPS), min_size=1, max_size=7)


def in_columns(references):
    """References as sacreBLEU takes them, None where a sentence has fewer than another."""
    return list(zip_longest(*references))


@patient
@given(CORPORA, st.sampled_from(metrics.TOKENIZERS))
def test_bleu_is_that_of_sacrebleu(corpus, tokenize):
    translations, references = map(list, zip(*corpus, strict=True))
    expected = sacrebleu.corpus_bleu(translations, in_columns(references), tokenize=tokenize)
    assert metrics.bleu(translations, references, tokenize) == expected.score
    assert metrics.bleu_score(translations, references, tokenize=tokenize).bp == expected.bp


@patient
@given(CORPORA)
def test_bleu_from_summed_sentences_is_that_of_the_corpus(corpus):
    translations, references = map(list, zip(*corpus, strict=True))
    expected = sacrebleu.corpus_bleu(translations, in_columns(references)).score
    (whole,) = metrics.bleu_by_length(translations, references, [1] * len(corpus), [])
    assert whole[:3] == (1, None, len(corpus))
    assert whole.bleu == pytest.approx(expected, abs=1e-9)


@patient
@given(st.tuples(SENTENCES, GROUPS), st.integers(1, 5))
def test_the_interval_of_equal_sentences_is_their_bleu(pair, count):
    translation, group = pair
    expected = sacrebleu.corpus_bleu([translation] * count, in_columns([group] * count)).score
    interval = metrics.bleu_interval([translation] * count, [group] * count, resamples=3)
    assert interval == pytest.approx((expected, expected), abs=1e-9)


def test_the_interval_is_that_of_resampled_corpora():
    translations = ["el perro rojo", "Veo el gato.", "", "el perro el perro", "Hace frío", "no sé"]
    references = [["el perro rojo ."], ["Veo el gato."], ["Sí."], ["el perro y el perro"]]
    references += [["Hace mucho frío.", "Hace frío"], ["no lo sé", "no sé", "yo no sé"]]
    rng, scores = np.random.default_rng(3), []
    for _ in range(40):
        drawn = rng.integers(6, size=6)
        columns = in_columns([references[row] for row in drawn])
        scores.append(sacrebleu.corpus_bleu([translations[row] for row in drawn], columns).score)
    found = metrics.bleu_interval(translations, references, resamples=40, seed=3, level=0.9)
    assert found == pytest.approx(tuple(np.quantile(scores, [0.05, 0.95])), abs=1e-9)
    assert found[0] < metrics.bleu(translations, references) < found[1]
    again = metrics.bleu_interval(translations, references, resamples=40, seed=3, level=0.9)
    assert again == found
    wider = metrics.bleu_interval(translations, references, resamples=40, seed=3, level=0.99)
    assert wider[0] < found[0] and wider[1] > found[1]


def test_an_interval_narrows_with_more_sentences():
    translations, references = ["el perro rojo ."], [["el gato rojo ."], ["el perro rojo ."]]
    widths = []
    for times in (5, 500):
        low, high = metrics.bleu_interval(
            translations * 2 * times, references * times, resamples=200
        )
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_bleu_by_length_scores_each_group_alone():
    translations = ["Veo el gato.", "Sí", "no", "Veo al perro rojo.", "Hace mucho frío hoy"]
    references = [["Veo el gato."], ["Sí."], ["No.", "no"], ["Veo el perro rojo.", "Lo veo."]]
    references += [["Hace mucho frío hoy."]]
    groups = metrics.bleu_by_length(translations, references, [5, 1, 6, 13, 4], [5, 9, 12])
    assert [group[:3] for group in groups] == [(1, 5, 3), (6, 9, 1), (13, None, 1)]
    for group, rows in zip(groups, ([0, 1, 4], [2], [3]), strict=True):
        columns = in_columns([references[row] for row in rows])
        expected = sacrebleu.corpus_bleu([translations[row] for row in rows], columns).score
        assert group.bleu == pytest.approx(expected, abs=1e-9)


def test_a_signature_says_what_was_scored_and_how():
    line = r"nrefs:{}\|case:mixed\|eff:no\|tok:{}\|smooth:exp\|version:\d+\.\d+\.\d+"
    one, uneven = [["Sí."], ["No."]], [["Sí."], ["No.", "no"]]
    assert re.fullmatch(line.format(1, "13a"), metrics.bleu_signature(one))
    assert re.fullmatch(line.format(2, "char"), metrics.bleu_signature(uneven[1:], "char"))
    assert re.fullmatch(line.format("var", "13a"), metrics.bleu_signature(uneven))


@patient
@given(CORPORA)
def test_chrf_and_sentence_bleu_are_those_of_sacrebleu(corpus):
    translations, references = map(list, zip(*corpus, strict=True))
    expected = sacrebleu.corpus_chrf(translations, in_columns(references)).score
    assert metrics.chrf(translations, references) == expected
    for translation, group in corpus:
        expected = sacrebleu.sentence_bleu(translation, group).score
        assert metrics.sentence_bleu(translation, group) == expected


def test_a_short_sentence_can_score_100_alone_but_not_as_a_corpus():
    assert metrics.sentence_bleu("Sí.", ["Sí."]) == pytest.approx(100)
    assert metrics.bleu(["Sí."], [["Sí."]]) == 0  # it has no 3-gram


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
        lambda: metrics.bleu([], []),
        lambda: metrics.bleu(["a"], [[]]),
        lambda: metrics.bleu(["a"], ["a"]),
        lambda: metrics.bleu(["a"], [["a"]], tokenize="14a"),
        lambda: metrics.bleu(["a"], [["a"]], tokenize="flores200"),
        lambda: metrics.bleu_signature([]),
        lambda: metrics.bleu_signature([["a"]], "word"),
        lambda: metrics.chrf(["a"], []),
        lambda: metrics.sentence_bleu("a", []),
        lambda: metrics.sentence_bleu("a", "a"),
        lambda: metrics.bleu_interval(["a", "b"], [["a"]]),
        lambda: metrics.bleu_interval(["a"], [["a"]], resamples=0),
        lambda: metrics.bleu_interval(["a"], [["a"]], level=1),
        lambda: metrics.bleu_interval(["a"], [["a"]], level=float("nan")),
        lambda: metrics.bleu_by_length([], [], [], [5]),
        lambda: metrics.bleu_by_length(["a"], [["a"]], [1, 2], [5]),
        lambda: metrics.bleu_by_length(["a"], [["a"]], [1], [5, 5]),
        lambda: metrics.bleu_by_length(["a"], [["a"]], [1], [0, 5]),
    ],
)
def test_nothing_to_measure_is_one_line(call):
    with pytest.raises(CourseError) as error:
        call()
    assert "\n" not in str(error.value)
