from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import refusal

from course import corpora
from course.corpora import SentencePairs, load_pairs, read_aligned, read_pairs
from course.text import CharacterTokenizer, WordTokenizer

BOM = b"\xef\xbb\xbf"
SENTENCES = st.text(
    st.characters(codec="utf-8", exclude_characters="\t\n\r\ufeff"), min_size=1, max_size=30
).filter(str.strip)
PAIRS = st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=20)


@pytest.fixture
def write(tmp_path):
    def write(*contents: str | bytes) -> list[Path]:
        files = [tmp_path / f"talk.{language}" for language in ("en", "es")]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return files

    return write


@settings(deadline=None)  # other work on the machine must not fail a test
@given(
    pairs=PAIRS,
    newlines=st.tuples(*[st.sampled_from(["\n", "\r\n"])] * 2),
    boms=st.tuples(st.booleans(), st.booleans()),
    ends=st.tuples(st.booleans(), st.booleans()),
)
def test_what_is_written_is_read(tmp_path_factory, pairs, newlines, boms, ends):
    files = [tmp_path_factory.getbasetemp() / name for name in ("written.en", "written.es")]
    for side, file in enumerate(files):
        text = newlines[side].join(pair[side] for pair in pairs) + newlines[side] * ends[side]
        file.write_bytes(BOM * boms[side] + text.encode())
    assert read_aligned(*files).pairs == pairs


def test_a_tab_is_a_space_so_that_pairs_can_be_written_as_columns(write, tmp_path):
    pairs = read_aligned(*write("Go\tnow.\n- Yes.\n", "Ve\tya.\n- Sí.\t\n"))
    assert pairs[0] == ("Go now.", "Ve ya.")
    columns = tmp_path / "columns.tsv"
    columns.write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    assert read_pairs(columns).pairs == pairs.pairs


def test_source_names_both_files(write):
    files = write("Go.\nHi.\n", "Ve.\nHola.\n")
    pairs = read_aligned(*map(str, files))
    assert pairs.source == (
        f"the files {files[0]} and {files[1]}: 2 pairs; licence not known to the course"
    )


@pytest.mark.parametrize(("blank", "whole"), [(0, 1), (1, 0)])
def test_a_blank_line_on_one_side_is_named_or_skipped(write, blank, whole):
    contents = ["A.\n \nC.\n\n", "A.\nB.\nC.\n\n"]
    files = write(contents[blank], contents[whole])
    message = refusal(read_aligned, *files)
    assert message == (
        f"{files[blank]}, line 2: blank, but {files[whole]} has a sentence there "
        "(skip_bad leaves such lines out)"
    )
    pairs = read_aligned(*files, skip_bad=True)
    assert pairs.pairs == [("A.", "A."), ("C.", "C.")]
    assert "2 pairs (1 bad lines skipped)" in pairs.source


@pytest.mark.parametrize("options", [{}, {"skip_bad": True}, {"limit": 1}])
def test_different_lengths_are_refused_before_anything_else(write, options):
    files = write("A.\n\nC.\n", "A.")
    assert refusal(read_aligned, *files, **options) == (
        f"{files[0]} has 3 lines, but {files[1]} has 1 line: each line should translate the same "
        "line of the other file; take both files from the same download, unchanged"
    )


def test_a_limit_counts_pairs_and_not_lines(write):
    files = write("\nA.\nB.\n\xff\n".encode("latin-1"), "x\nA.\nB.\nC.\n")
    assert read_aligned(*files, skip_bad=True, limit=2).pairs == [("A.", "A."), ("B.", "B.")]
    assert "limit must lie between 1" in refusal(read_aligned, *files, limit=0)


def test_files_that_are_no_such_files(write, tmp_path):
    source, target = write("A.\nB.\n", b"A.\r\nCaf\xe9.\r\n")
    assert refusal(read_aligned, source, tmp_path / "talk.esp").endswith(
        f" in {tmp_path.resolve()}; did you mean talk.es?"
    )
    assert refusal(read_aligned, tmp_path, target) == (
        f"{tmp_path} is a folder: name a file with a sentence a line in it"
    )
    assert refusal(read_aligned, source, target) == (
        f"{target}, line 2: byte 0xe9 is not UTF-8; save the text as UTF-8 and try again"
    )


@pytest.mark.parametrize("content", ["", "\n \n", BOM + b"\r\n"])
def test_files_without_a_pair(write, content):
    files = write(content, content)
    assert refusal(read_aligned, *files).startswith(f"{files[0]} and {files[1]} hold no sentence")


class TestChoosing:
    def test_columns_swapped(self):
        pairs = load_pairs("everyday").limit(3)
        swapped = pairs.reversed()
        assert swapped.pairs == [(target, source) for source, target in pairs]
        assert "columns swapped: the first 3 of" in swapped.source
        assert "columns" not in pairs.source
        assert swapped.reversed() == pairs

    @settings(deadline=None)
    @given(PAIRS, st.integers(1, 6), st.sampled_from([WordTokenizer(), CharacterTokenizer()]))
    def test_short_pairs_are_short_on_both_sides(self, pairs, most, tokenizer):
        lengths = [max(len(tokenizer.tokens(side)) for side in pair) for pair in pairs]
        corpus = SentencePairs(pairs, "a test")
        if min(lengths) > most:
            assert f"the shortest needs {min(lengths)}" in refusal(corpus.up_to, most, tokenizer)
            return
        short = corpus.up_to(most, tokenizer)
        assert short.pairs == [pairs[i] for i, length in enumerate(lengths) if length <= most]
        counts = f"a test: {len(short)} with at most {most} tokens a side, of {len(pairs)} pair"
        assert short.source.startswith(counts)

    def test_choices_add_up_in_the_provenance(self):
        pairs = SentencePairs([("a", "b"), ("a a", "b"), ("a", "b b")], "a test", "no licence")
        short = pairs.reversed().up_to(1, WordTokenizer())
        assert short.source == (
            "a test, columns swapped: 1 with at most 1 tokens a side, of 3 pairs; no licence"
        )
        assert "a test: no pair has" in refusal(
            SentencePairs([], "a test").up_to, 5, WordTokenizer()
        )


def test_the_package_hands_it_out():
    assert corpora.read_aligned is read_aligned and "read_aligned" in corpora.__all__
