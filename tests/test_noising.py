"""Noise in batches: what is changed, how often, and what never is."""

import numpy as np
import pytest

from course import noising, text, training
from course.batches import PairBatches
from course.corpora import load_pairs
from course.models.seq2seq import Config, Seq2Seq
from course.text import UNK
from tests.refusing import refusal


@pytest.fixture(scope="module")
def codecs_and_batches():
    pairs = list(load_pairs(limit=600, say=None))
    codecs = [text.Codec.fit(side, text.tokenizer("word")) for side in zip(*pairs, strict=True)]
    return codecs, PairBatches.encode(pairs, *codecs, batch=32, buckets=2)


@pytest.fixture(scope="module")
def batches(codecs_and_batches):
    return codecs_and_batches[1]


@pytest.mark.parametrize("way", noising.WAYS)
def test_only_ordinary_tokens_of_what_is_read_are_changed(batches, way):
    changed = ordinary = 0
    noisy = noising.Noised(batches, 0.3, way)
    assert len(noisy) == len(batches)
    for before, after in zip(batches.shuffled(1, 2), noisy.shuffled(1, 2), strict=True):
        np.testing.assert_array_equal(before.target_out, after.target_out)
        for plain, heard in zip(before[:2], after[:2], strict=True):
            own = plain >= noising.FIRST
            np.testing.assert_array_equal(plain[~own], heard[~own])
            assert heard.dtype == plain.dtype
            other = plain != heard
            assert (heard[other] == UNK).all() if way == "blank" else (heard[own] != UNK).all()
            changed, ordinary = changed + other.sum(), ordinary + own.sum()
    # Replacing draws the same token again now and then.
    low = 0.27 if way == "blank" else 0.2
    assert low < changed / ordinary < 0.33


def test_each_epoch_has_its_own_noise_and_the_same_seed_the_same(batches):
    noisy = noising.Noised(batches, 0.5)
    first, again = (next(iter(noisy.shuffled(0, 1))) for _ in range(2))
    np.testing.assert_array_equal(first.source, again.source)
    plain = next(iter(batches.shuffled(0, 1)))
    assert (first.source != plain.source).any()
    ids = [np.concatenate([b.source.ravel() for b in noisy.shuffled(0, e)]) for e in (1, 2)]
    assert (np.sort(ids[0]) != np.sort(ids[1])).any()


def test_replacements_come_as_often_as_the_tokens_do(batches):
    heard = [
        b.source for epoch in range(1, 30) for b in noising.Noised(batches, 0.9).shuffled(0, epoch)
    ]
    counts = np.bincount(np.concatenate([ids.ravel() for ids in heard]))[noising.FIRST :]
    wanted = np.bincount(batches.source.flat)[noising.FIRST :]
    shares = counts / counts.sum(), wanted / wanted.sum()
    often = shares[1] > 0.01
    np.testing.assert_allclose(shares[0][often], shares[1][often], rtol=0.15)


def test_no_noise_changes_nothing(batches):
    quiet = noising.Noised(batches, 0.0)
    for before, after in zip(batches.shuffled(3, 1), quiet.shuffled(3, 1), strict=True):
        for plain, heard in zip(before, after, strict=True):
            np.testing.assert_array_equal(plain, heard)


def test_a_model_learns_from_them(codecs_and_batches):
    codecs, batches = codecs_and_batches
    sizes = [len(codec.vocabulary) for codec in codecs]
    model = Seq2Seq(Config(*sizes, units=16, embedding=8), *codecs)
    noisy = noising.Noised(batches, 0.2)
    history = training.fit(model, noisy, batches, epochs=2, xla=False, show=False)
    assert history.epochs[1].valid_loss < history.epochs[0].valid_loss


def test_nonsense_is_refused(batches):
    assert "from 0 to below 1" in refusal(noising.Noised, batches, 1.0)
    assert "blank or replace" in refusal(noising.Noised, batches, 0.1, "shuffle")
