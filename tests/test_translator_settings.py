"""What a translator is trained with and on: settings, sizes, data, and estimates of memory."""

import itertools

import hypothesis
import numpy as np
import pytest
import test_attention_cli
from hypothesis import strategies as st
from test_attention_cli import ENGLISH, SPANISH, written

from course import corpora, text
from course.batches import PairBatches, Ragged
from course.cli import options, translator, translator_data, translator_size
from course.cli import translator_settings as settings_of
from course.cli.translator_sizes import FAST_PAIRS, MOST_HELD_OUT, SIZES

pairs, files = test_attention_cli.pairs, test_attention_cli.files


def prepared(**given):
    return translator_data.prepare(settings_of.chosen(given))


# Settings


def test_nothing_said_is_the_model_without_attention():
    settings = settings_of.chosen({})
    assert (settings.attention, settings.cell, settings.embedding) == ("none", "lstm", 128)
    assert (settings.learning_rate, settings.warmup, settings.schedule) == (4e-3, 0, "cosine")
    assert (settings.samples, settings.label_smoothing, settings.steps) == (0, 0, 0)
    looking = settings_of.chosen({"attention": options.Attention.additive, "level": "character"})
    assert (looking.cell, looking.embedding, looking.learning_rate) == ("gru", 256, 2e-3)


def test_sizes_are_those_of_the_options():
    assert set(options.TranslatorSize) == set(SIZES)
    assert set(options.SourceText) == set(translator_data.CLEANING)
    tutorial, best = (settings_of.chosen({"size": name}) for name in ("tutorial", "best"))
    assert (tutorial.level, tutorial.limit, tutorial.embedding) == ("character", 10_000, 0)
    assert (tutorial.optimizer, tutorial.learning_rate) == ("rmsprop", None)
    assert (best.attention, best.units, best.max_length) == ("multiplicative", 320, 15)


def test_options_beside_a_size_win():
    def beside(**given):
        return settings_of.chosen(given)

    assert beside(size="tutorial", sample=70).limit is None
    assert beside(size="tutorial", limit=70).limit == 70
    assert beside(size="tutorial", attention="additive").embedding == 256
    assert beside(size="tutorial", embeddings="vectors.txt").embedding is None
    assert beside(size="book", label_smoothing=0.1).samples == 0
    assert beside(size="book", attention="none").samples == 0
    assert beside(size="book", epochs=3).with_epochs(10).epochs == 3
    assert beside(size="best", optimizer="sgd").learning_rate is None
    assert beside(size="best", units=7).units == 7


def test_fast_mode_makes_every_size_small(monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    for size in SIZES:
        settings = settings_of.chosen({"size": size})
        assert (settings.units, settings.limit, settings.epochs) == (16, FAST_PAIRS, 2)
        assert settings.embedding <= 16 and settings.updates == 0
    assert settings_of.chosen({"size": "tutorial", "sample": 9}).limit is None


@hypothesis.settings(deadline=None)
@hypothesis.given(st.integers(1, 5_000))
def test_the_book_trains_for_a_thousand_steps(batches):
    settings = settings_of.chosen({"size": "book"}).with_epochs(batches)
    assert settings.steps <= batches or settings.epochs == settings_of.FEWEST_EPOCHS
    assert 1_000 <= settings.epochs * settings.steps < 1_000 + settings.epochs
    # A run goes on in the same steps, and may have more epochs.
    assert settings.with_epochs(batches) == settings


def test_an_epoch_may_be_a_part_of_the_batches():
    rows = Ragged([[4, 5], [6], [7, 8, 9], [4], [5]])
    whole = PairBatches(rows, Ragged([[1, 4, 2]] * 5), batch=2)
    part = translator._Portions(whole, 2)
    for epoch in (1, 2):
        found, expected = part.shuffled(3, epoch), itertools.islice(whole.shuffled(3, epoch), 2)
        for batch, other in zip(found, expected, strict=True):
            assert np.array_equal(batch.source, other.source)
    assert len(part) == 2 and len(translator._Portions(whole, 99)) == len(whole) == 3


# Data


def test_reversal_comes_before_the_split(pairs):
    data = prepared(pairs=pairs, reverse=True)
    assert {source for source, _ in data.train + data.held_out} == set(SPANISH)
    assert not {source for source, _ in data.train} & {source for source, _ in data.held_out}
    assert "columns swapped" in data.provenance
    assert data.fingerprint != prepared(pairs=pairs).fingerprint


def test_two_files_are_read_as_pairs_are(pairs, files):
    given = {"source_file": files[1], "target_file": files[3]}
    one, two = prepared(pairs=pairs, limit=20), prepared(**given, limit=20)
    assert (one.train, one.fingerprint) == (two.train, two.fingerprint)
    assert prepared(**given, sample=9).fingerprint == prepared(pairs=pairs, sample=9).fingerprint


@pytest.mark.parametrize(
    ("name", "token"), [("as-is", "¿"), ("lower", "veo"), ("plain", "camiones")]
)
def test_the_source_text_is_cleaned_and_the_target_is_not(pairs, name, token):
    data = prepared(pairs=pairs, reverse=True, source_text=name)
    assert token in data.source.vocabulary and "I" in data.target.vocabulary
    assert ("Veo" in data.source.vocabulary) == (name == "as-is")
    assert ("¿" in data.source.vocabulary) == (name != "plain")


def test_sources_that_the_model_reads_alike_stay_together(tmp_path):
    typed = [(f"{form} {n}", "x") for n in range(9) for form in ("Él", "el", "EL")]
    pairs = written(tmp_path / "pairs.txt", map("\t".join, typed))
    data = prepared(pairs=pairs, source_text="plain")
    assert len(data.held_out) == 3 and len({source[-1] for source, _ in data.held_out}) == 1
    assert len(prepared(pairs=pairs).held_out) == 3  # each form for itself


def test_sources_that_differ_in_spaces_only_stay_together(tmp_path):
    typed = [(form.format(n), "x") for n in range(9) for form in ("Ça va {} ?", "Ça va {}?")]
    data = prepared(pairs=written(tmp_path / "pairs.txt", map("\t".join, typed)))
    held_out = {source.replace(" ", "") for source, _ in data.held_out}
    assert held_out and not {source.replace(" ", "") for source, _ in data.train} & held_out


@pytest.mark.parametrize("cleaned", ["as-is", "plain"])
def test_no_side_is_longer_than_asked_for(pairs, cleaned):
    data = prepared(pairs=pairs, max_length=5, source_text=cleaned)
    assert 0 < len(data.train) + len(data.held_out) < len(ENGLISH)
    assert max(data.batches.source.lengths.max(), data.batches.target.lengths.max() - 2) == 5


def test_at_most_two_thousand_sources_are_held_out():
    given = {"most_held_out": MOST_HELD_OUT}
    assert given.items() <= settings_of.chosen({}).__dict__.items()
    several = [(f"{n}", f"{n}") for n in range(21_000)]
    held_out = translator_data.split(several, settings_of.chosen({}))[1]
    assert len(held_out) == MOST_HELD_OUT


def test_the_arrays_of_a_large_corpus_stay_small():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, 118_964)
    rows = Ragged(np.full(length, 4, np.int32) for length in lengths)
    data = PairBatches(rows, rows, batch=128, buckets=4)
    assert data.nbytes + sum(bucket.rows.nbytes for bucket in data.buckets) < 300e6


def test_data_stay_small():
    corpus = corpora.load_pairs("shipped", say=None)
    data = prepared()
    tokens = sum(len(data.target.tokenizer.tokens(side)) for pair in corpus for side in pair)
    assert data.batches.nbytes + data.judged.nbytes < 4 * (tokens + 2 * 2 * 3 * len(corpus))


# The size, found out before the model is there

SHAPES = [
    {"attention": "multiplicative", "cell": "gru", "layers": 1},
    {"attention": "additive", "cell": "lstm", "layers": 2},
    {"attention": "last", "cell": "gru", "layers": 2},
    {"attention": "additive", "cell": "gru", "layers": 3, "one_way": True},
    {"attention": "multiplicative", "cell": "lstm", "layers": 2, "input_feeding": True},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_parameters_are_counted_right(shape):
    settings = settings_of.chosen(shape | {"units": 7, "embedding": 5})
    letters, digits = text.Vocabulary("abcdefg"), text.Vocabulary("123456789")
    codecs = [text.Codec(text.tokenizer(), vocabulary) for vocabulary in (letters, digits)]
    data = type("Data", (), {"source": codecs[0], "target": codecs[1]})
    model = translator.build(settings, data, None)
    count = sum(weight.size for weight in model.get_weights().values())
    assert translator_size.parameters(settings, len(letters), len(digits)) == count


def test_the_memory_of_attention_grows_with_its_depth(pairs):
    def needed(**given):
        settings = settings_of.chosen({"pairs": pairs, "units": 64, **given})
        data = translator_data.prepare(settings)
        tokens = len(data.target.vocabulary)
        return translator_size.step_bytes(settings, data.batches.buckets, tokens)

    additive, multiplicative = (
        needed(attention=kind, embedding=128) for kind in ("additive", "multiplicative")
    )
    assert additive > multiplicative > needed(cell="gru")
    assert needed(attention="additive", one_way=True) < additive
