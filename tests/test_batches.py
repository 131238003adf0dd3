import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import batches, corpora, text
from course.batches import PairBatches, Ragged
from course.errors import CourseError
from course.text import END, PAD, START

rows = st.lists(st.lists(st.integers(4, 20), max_size=9), min_size=1, max_size=30)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(rows)
def test_padding_hides_nothing(some):
    padded = batches.pad(some)
    assert padded.dtype == np.int32
    assert [list(row[keep]) for row, keep in zip(padded, batches.mask(padded), strict=True)] == some
    np.testing.assert_array_equal(
        Ragged(some).padded(np.arange(len(some)), 9), batches.pad(some, 9)
    )


def test_a_row_longer_than_the_length_is_refused():
    with pytest.raises(CourseError, match="a row has 3 ids"):
        batches.pad([[4, 5, 6]], 2)


@settings(max_examples=50, deadline=None)
@given(
    rows,
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(1, 3),
    st.none() | st.integers(1, 40),
)
def test_every_pair_is_in_one_batch_of_an_epoch(sources, batch, buckets, source_buckets, most):
    targets = [[START, *row[::-1], END] for row in sources]
    options = {"buckets": buckets, "source_buckets": source_buckets, "most_steps": most}
    data = PairBatches(Ragged(sources), Ragged(targets), batch=batch, **options)
    for epoch in (list(data), list(data.shuffled(seed=3, epoch=1))):
        assert len(epoch) == len(data)
        shapes = {item.source.shape + item.target_in.shape for item in epoch}
        assert len(shapes) <= buckets * source_buckets
        assert sum(item.tokens for item in epoch) == data.tokens
        seen = Counter()
        for item in epoch:
            steps = item.target_in.shape[1]
            assert len(item.source) == min(batch, max(1, (most or 10**9) // steps))
            for source, said in zip(item.source, item.target_out, strict=True):
                if said.any():
                    source, said = source[source != PAD], said[said != PAD]
                    # Source and target of a pair stay together: FAULTS 10.
                    assert list(said) == [*source[::-1], END]
                    seen[tuple(source)] += 1
        assert seen == Counter(map(tuple, sources))


def test_teacher_forcing_shifts_by_one_and_never_reads_end():
    target = batches.pad([[START, 7, 8, END], [START, 9, END]])
    target_in, target_out = batches.teacher_forcing(target)
    assert target_in.tolist() == [[START, 7, 8], [START, 9, PAD]]
    assert target_out.tolist() == [[7, 8, END], [9, END, PAD]]


def test_shuffling_depends_on_seed_and_epoch_only():
    some = [[4 + n % 7] * (n % 5 + 1) for n in range(40)]
    data = PairBatches(Ragged(some), Ragged([[START, *r, END] for r in some]), batch=8)

    def order(seed, epoch):
        return [item.source.tobytes() for item in data.shuffled(seed, epoch)]

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2) != order(2, 2)


def test_buckets_hold_less_padding_than_one_shape():
    lengths = [3] * 60 + [30] * 4
    some = [[5] * n for n in lengths]

    def steps(buckets):
        data = PairBatches(
            Ragged(some), Ragged([[START, *r, END] for r in some]), batch=4, buckets=buckets
        )
        return sum(item.target_in.size for item in data)

    assert steps(2) == 60 * 4 + 4 * 31 < steps(1) == 64 * 31


def test_a_split_keeps_sources_apart():
    pairs = [(f"s{n % 50}", f"t{n}") for n in range(300)]
    train, held_out = batches.split_by_source(pairs, 0.1, seed=5)
    assert sorted(train + held_out) == sorted(pairs)
    assert not {s for s, _ in train} & {s for s, _ in held_out}
    assert len({s for s, _ in held_out}) == 5
    assert batches.split_by_source(pairs[::-1], 0.1, seed=5)[1] == held_out[::-1]
    assert batches.split_by_source(pairs, 0.1, seed=6)[1] != held_out


def test_a_split_holds_out_no_more_than_it_may():
    pairs = [(f"s{n % 50}", f"t{n}") for n in range(300)]
    for most, count in ((3, 3), (5, 5), (70, 5)):
        train, held_out = batches.split_by_source(pairs, 0.1, seed=5, most=most)
        assert len({source for source, _ in held_out}) == count
        assert sorted(train + held_out) == sorted(pairs)
    with pytest.raises(CourseError, match="at least 1 source sentence, not 0"):
        batches.split_by_source(pairs, most=0)


def test_a_split_can_treat_spellings_as_one_source():
    pairs = [("Go.", "Ve."), ("go.", "Vete."), ("Run.", "Corre.")]
    train, held_out = batches.split_by_source(pairs, 0.5, seed=0, key=str.lower)
    assert {len(train), len(held_out)} == {1, 2}


def test_what_cannot_be_split_or_batched_is_one_line():
    with pytest.raises(CourseError, match="two different source"):
        batches.split_by_source([("a", "b"), ("a", "c")])
    with pytest.raises(CourseError, match="no sentence pairs"):
        PairBatches(Ragged([]), Ragged([]))


@pytest.mark.skipif(
    not os.environ.get("COURSE_DATA"), reason="COURSE_DATA names no folder of corpora"
)
def test_the_whole_corpus_takes_memory_in_proportion_to_its_tokens():
    pairs = corpora.read_pairs(Path(os.environ["COURSE_DATA"]) / "spa-eng" / "spa.txt")
    codecs = [
        text.Codec.fit([pair[side] for pair in pairs], text.tokenizer("character"))
        for side in (0, 1)
    ]
    data = PairBatches.encode(pairs.pairs, *codecs)
    assert len(pairs) == 118_964
    assert data.nbytes < 300e6
    characters = sum(len(text.unify(side)) for pair in pairs for side in pair)
    assert data.nbytes == 4 * (characters + 2 * len(pairs)) + 16 * (len(pairs) + 1)


def test_sides_of_different_length_are_refused():
    with pytest.raises(CourseError, match="3 source sentences, but 1 target"):
        PairBatches(Ragged([[4], [5], [6]]), Ragged([[START, END]]))


@pytest.mark.parametrize("options", [{"batch": 0}, {"buckets": 0}])
def test_counts_below_one_are_refused(options):
    with pytest.raises(CourseError, match="at least 1"):
        PairBatches(Ragged([[4]]), Ragged([[START, END]]), **options)
