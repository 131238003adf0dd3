"""Running text in the treebank's form: read, written, generated, downloaded, typed."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from publisher import Publisher
from refusing import refusal

from course.corpora import DownloadError, gazette, tarball, treebank
from course.corpora.treebank import SPLITS, Treebank, load_treebank, read_split, read_treebank
from course.corpora.typed import TypedTokenizer
from course.errors import CourseError
from course.streams import running_ids
from course.text import END, UNK, Codec

REAL = Path(os.environ.get("COURSE_DATA", ""), "ptb")
needs_real = pytest.mark.skipif(
    not (os.environ.get("COURSE_DATA") and (REAL / "ptb.train.txt").is_file()),
    reason="needs the Penn Treebank in COURSE_DATA",
)
TOKENS = st.sampled_from(["the", "<unk>", "N", "größe", "'s", "<", "eos>", ".", "1\\/2"])
LINES = st.lists(st.lists(TOKENS, max_size=5).map(" ".join), min_size=1, max_size=6).filter(any)


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    """No corpora of the user's own, an empty cache, no proxy."""
    for name in ("COURSE_DATA", "COURSE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))


def folder_of(place: Path, **texts: str) -> Path:
    place.mkdir()
    for split, text in texts.items():
        (place / f"ptb.{split}.txt").write_bytes(text.encode())
    return place


class TestReading:
    def test_each_line_ends_with_an_end(self, tmp_path):
        folder = folder_of(
            tmp_path / "d", train=" the <unk> fell N \n it rose \n", valid=" it \n", test="fell\n"
        )
        read = read_treebank(folder)
        assert read.train == ["the <unk> fell N", "it rose"]
        the, unk, fell, n, end, it, rose, _ = running_ids(read.train, read.codec)[1:]
        assert (unk, end) == (UNK, END)
        words = read.codec.vocabulary.tokens
        assert [words[i] for i in (the, fell, n, it, rose)] == ["the", "fell", "N", "it", "rose"]
        assert treebank.count_tokens(read.train) == len(running_ids(read.train, read.codec)) - 1
        assert "8 / 2 / 2 tokens" in read.source and str(folder) in read.source

    def test_ends_that_are_written_out_count_once(self, tmp_path):
        place = tmp_path / "a.txt"
        place.write_text("a b <eos>\nc <eos> d <eos>\n\ne\n")
        assert read_split(place) == ["a b", "c", "d", "", "e"]

    def test_wikitext_keeps_capitals_and_empty_lines(self, tmp_path):
        place = tmp_path / "wiki"
        place.mkdir()
        for split in SPLITS:
            (place / f"wiki.{split}.tokens").write_text(" \n = Title = \n It , too @-@ long . \n")
        assert read_treebank(place).valid == ["", "= Title =", "It , too @-@ long ."]

    @given(LINES, LINES, LINES)
    def test_what_is_written_is_read_again(self, train, valid, test):
        import tempfile

        with tempfile.TemporaryDirectory() as place:
            text = Treebank(train, valid, test, "here")
            files = treebank.write_treebank(text, Path(place, "new"), "x")
            assert [file.name for file in files] == ["x.train.txt", "x.valid.txt", "x.test.txt"]
            read = read_treebank(Path(place, "new"))
            assert (read.train, read.valid, read.test) == (train, valid, test)

    def test_ids_go_by_falling_frequency(self, tmp_path):
        folder = folder_of(tmp_path / "d", train="b a b\nc b a\n", valid="a\n", test="a\n")
        assert read_treebank(folder).codec.vocabulary.tokens[4:] == ("b", "a", "c")

    @needs_real
    def test_the_treebank_has_its_published_counts(self):
        read = read_treebank(REAL)
        ids = [running_ids(getattr(read, split), read.codec) for split in SPLITS]
        assert [len(split) - 1 for split in ids] == [929_589, 73_760, 82_430]
        # 10,000 types, <eos> and <unk> among them; PAD and START are the course's own.
        assert len(set(np.concatenate(ids))) == 10_000
        assert len(read.codec.vocabulary) == 10_002


def test_what_else_may_stand_in_the_folder(tmp_path):
    folder = folder_of(tmp_path / "d", train="a\n", valid="b\n", test="c\n")
    for name in ("ptb.char.train.txt", "latest.txt", "train.zip"):
        (folder / name).write_text("z\n")
    read = read_treebank(folder)
    assert [read.train, read.valid, read.test] == [["a"], ["b"], ["c"]]


class TestRefused:
    @pytest.mark.parametrize("missing", SPLITS)
    def test_a_missing_split(self, tmp_path, missing):
        texts = {split: "a\n" for split in SPLITS if split != missing}
        folder = folder_of(tmp_path / "d", **texts)
        assert f"no file for {missing}" in refusal(read_treebank, folder)

    def test_two_files_for_one_split(self, tmp_path):
        folder = folder_of(tmp_path / "d", train="a\n", valid="a\n", test="a\n")
        (folder / "other.test.txt").write_text("a\n")
        assert "2 files for test (other.test.txt, " in refusal(read_treebank, folder)

    @pytest.mark.parametrize("mark", ["<pad>", "<start>", "<end>"])
    def test_the_courses_own_marks(self, tmp_path, mark):
        folder = folder_of(tmp_path / "d", train=f"a\nb {mark} a\n", valid="a\n", test="a\n")
        assert f"line 2: {mark} is a mark of the course" in refusal(read_treebank, folder)

    @pytest.mark.parametrize("text", ["", " \n\n", "<eos>\n"])
    def test_an_empty_file(self, tmp_path, text):
        folder = folder_of(tmp_path / "d", train="a\n", valid=text, test="a\n")
        assert "ptb.valid.txt is empty" in refusal(read_treebank, folder)

    def test_bytes_that_are_no_text(self, tmp_path):
        folder = folder_of(tmp_path / "d", train="a\n", valid="a\n", test="a\n")
        (folder / "ptb.test.txt").write_bytes(b"a\nb \xff\n")
        assert "ptb.test.txt, line 2: byte 0xff" in refusal(read_treebank, folder)

    def test_no_folder(self, tmp_path):
        assert "is no folder" in refusal(read_treebank, tmp_path / "none")

    def test_no_such_name(self):
        assert "ptb, gazette" in refusal(load_treebank, "wsj")

    def test_nothing_is_overwritten(self, tmp_path):
        folder = folder_of(tmp_path / "d", train="a\n")
        text = Treebank(["b"], ["b"], ["b"], "here")
        with pytest.raises(CourseError, match="is there already"):
            treebank.write_treebank(text, folder, "ptb")
        assert [file.name for file in folder.iterdir()] == ["ptb.train.txt"]
        assert (folder / "ptb.train.txt").read_text() == "a\n"


class TestGazette:
    def test_its_splits_differ_and_know_their_floor(self):
        made = treebank.make_gazette(train=3_000, valid=300, test=300)
        assert not set(" ".join(made.valid[:3]).split()) - set(" ".join(made.train).split())
        assert len({tuple(part[:5]) for part in (made.train, made.valid, made.test)}) == 3
        assert made.floor == pytest.approx(np.exp(gazette.gazette().entropy_rate))
        assert 3_000 <= treebank.count_tokens(made.train) < 3_100

    def test_it_stands_in_and_says_so(self, monkeypatch):
        monkeypatch.setenv("COURSE_OFFLINE", "1")
        said = []
        text = load_treebank(say=said.append)
        assert said == [text.source]
        assert "in place of the Penn Treebank" in text.source
        assert "COURSE_OFFLINE is set; to get it: course data fetch ptb" in text.source
        assert "\n" not in text.source


class TestTyped:
    KNOWN = ("mr.", "u.s.", "inc.")

    @pytest.mark.parametrize(
        ("typed", "tokens"),
        [
            ("The firm's shares didn't fall 3.5.", "the firm 's shares did n't fall N"),
            ("Mr. O'Brien paid $5,000, in 1989!", "mr. o'brien paid $ N in N"),
            ("AT&T Inc. said “no”; U.S. 10-year", "at&t inc. said no u.s. 10-year"),
            ("<unk> rose N points", "<unk> rose N points"),
            ("  ", ""),
        ],
    )
    def test_it_takes_the_treebanks_form(self, typed, tokens):
        assert TypedTokenizer(self.KNOWN).tokens(typed) == tokens.split()

    def test_typed_and_read_have_the_same_ids(self, tmp_path):
        folder = folder_of(tmp_path / "d", train="mr. <unk> rose N\n", valid="a\n", test="a\n")
        text = read_treebank(folder)
        assert text.typed.ids("Mr. Zyx rose 12!") == text.codec.ids("mr. <unk> rose N")

    @needs_real
    def test_nearly_all_of_the_treebank_stays_as_it_is(self):
        text = read_treebank(REAL)
        line = " ".join(text.valid)
        typed = text.typed.tokenizer.tokens(line)
        assert Codec(text.typed.tokenizer, text.codec.vocabulary).unknown(line) == []
        changed = set(line.split()) - set(typed)
        assert len(changed) / len(set(line.split())) < 0.005


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as bundle:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            bundle.addfile(member, io.BytesIO(content))
    return packed.getvalue()


INSIDE = f"./{tarball.INSIDE}"
TEXTS = {f"ptb.{split}.txt": f" {split} <unk> \n".encode() for split in SPLITS}


class TestDownload:
    @pytest.fixture
    def publisher(self, monkeypatch):
        import hashlib

        digests = {name: hashlib.sha256(text).hexdigest() for name, text in TEXTS.items()}
        monkeypatch.setattr(tarball, "SHA256", digests)
        publisher = Publisher()
        monkeypatch.setenv("COURSE_MIRROR", publisher.base)
        yield publisher
        publisher.close()

    def offer(self, publisher, content: bytes):
        publisher.files[f"/mirror/{tarball.ARCHIVE}"] = content

    def good(self) -> dict[str, bytes]:
        return {f"{INSIDE}/{name}": text for name, text in TEXTS.items()}

    def test_a_good_one_is_checked_and_kept(self, publisher, tmp_path):
        self.offer(publisher, archive(**self.good(), **{"simple-examples/rnnlm": b"no"}))
        said = []
        text = load_treebank(say=said.append)
        assert text.valid == ["valid <unk>"]
        assert "from a download" in text.source
        assert len([line for line in said if "SHA-256 is as expected" in line]) == 3
        kept = {file.name for file in (tmp_path / "cache" / "ptb").iterdir()}
        assert kept == {*TEXTS, *(name.replace(".txt", ".sha256") for name in TEXTS)}
        publisher.files.clear()
        assert "from the cache" in load_treebank().source

    @pytest.mark.parametrize("fault", ["changed", "missing", "no archive", "outside", "a link"])
    def test_a_bad_one_leaves_nothing(self, publisher, tmp_path, fault):
        members, name = self.good(), f"{INSIDE}/ptb.test.txt"
        if fault == "changed":
            members[name] += b"more"
        elif fault in ("missing", "outside", "a link"):
            del members[name]
        if fault == "outside":
            members["../../ptb.test.txt"] = TEXTS["ptb.test.txt"]
        content = archive(**members)
        if fault == "a link":
            content = with_link(members, name)
        self.offer(publisher, b"<html>" if fault == "no archive" else content)
        with pytest.raises(DownloadError) as caught:
            tarball.fetch()
        assert len(str(caught.value).splitlines()) == 1
        assert list((tmp_path / "cache").iterdir()) == []


def with_link(members: dict[str, bytes], name: str) -> bytes:
    """An archive in which one member is a link to a file of the machine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as bundle:
        link = tarfile.TarInfo(name)
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        bundle.addfile(link)
    return packed.getvalue()
