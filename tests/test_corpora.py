import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import refusal

from course import corpora
from course.corpora import SentencePairs, load_pairs, read_pairs

REAL = Path(os.environ.get("COURSE_DATA", ""), "spa-eng", "spa.txt")
ATTRIBUTION = "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CK) & #2 (Ana)"

SENTENCES = st.text(
    st.characters(codec="utf-8", exclude_characters="\t\n\r\ufeff"), min_size=1, max_size=30
).filter(str.strip)
PAIRS = st.lists(st.tuples(SENTENCES, SENTENCES), min_size=1, max_size=20)


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """Keep the user's own corpora, and the network, out of every test."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_MIRROR", raising=False)


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "pairs.tsv") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def ten_pairs() -> SentencePairs:
    return SentencePairs([(f"one {i}", f"uno {i}") for i in range(10)], "a test", "no licence")


class TestReading:
    @settings(deadline=None)  # other work on the machine must not fail a test
    @given(
        pairs=PAIRS,
        third=st.booleans(),
        newline=st.sampled_from(["\n", "\r\n"]),
        bom=st.booleans(),
        ends=st.booleans(),
        blanks=st.sampled_from(["", " ", "\t"]),
    )
    def test_what_is_written_is_read(
        self, tmp_path_factory, pairs, third, newline, bom, ends, blanks
    ):
        rows = ["\t".join([*pair, ATTRIBUTION][: 3 if third else 2]) for pair in pairs]
        text = (newline + blanks + newline).join(rows) + newline * ends
        file = tmp_path_factory.getbasetemp() / "written.tsv"
        file.write_bytes(b"\xef\xbb\xbf" * bom + text.encode())
        read = read_pairs(file)
        assert read.pairs == pairs
        assert read.skipped == 0

    def test_sentences_stand_as_they_are(self, write):
        line = "Caf\u00e9\u2028 here\x0b\t ¿Un cafe\u0301\u200b aquí?\n"
        assert list(read_pairs(write(line))) == [tuple(line.rstrip("\n").split("\t"))]

    def test_source_names_file_and_count(self, write):
        file = write("Go.\tVe.\nHi.\tHola.\n")
        assert read_pairs(str(file)).source.startswith(f"the file {file}: 2 pairs; licence not")

    def test_bad_lines_are_skipped_on_demand_and_counted(self, write):
        file = write("Go.\tVe.\nno tab here\n\nHi.\t\n\tHola.\n1\tHi.\t2\tHola.\nHi.\tHola.\n")
        pairs = read_pairs(file, skip_bad=True)
        assert pairs.pairs == [("Go.", "Ve."), ("Hi.", "Hola.")]
        assert pairs.skipped == 4
        assert "2 pairs (4 bad lines skipped)" in pairs.source

    @pytest.mark.skipif(not REAL.is_file(), reason="COURSE_DATA names no spa-eng/spa.txt")
    def test_real_corpus(self):
        pairs = read_pairs(REAL)
        assert len(pairs) == 118_964
        assert pairs[0] == ("Go.", "Ve.")


class TestBadFiles:
    def test_no_such_file(self, write):
        file = write("Go.\tVe.\n")
        message = refusal(read_pairs, file.with_name("pair.tsv"))
        assert message.startswith(f"no such file: {file.with_name('pair.tsv')}")
        assert message.endswith("did you mean pairs.tsv?")

    def test_no_such_folder(self, tmp_path):
        message = refusal(read_pairs, tmp_path / "nowhere" / "pairs.tsv")
        assert f"there is no folder {tmp_path / 'nowhere'}" in message

    def test_file_taken_for_a_folder(self, write):
        assert refusal(read_pairs, write("Go.\tVe.\n") / "spa.txt").startswith("no such file")

    def test_name_too_long(self, tmp_path):
        assert "cannot be read: File name too long" in refusal(read_pairs, tmp_path / ("x" * 999))

    def test_folder(self, tmp_path):
        assert refusal(read_pairs, tmp_path).startswith(f"{tmp_path} is a folder")

    def test_not_readable(self, write):
        file = write("Go.\tVe.\n")
        file.chmod(0)
        if os.access(file, os.R_OK):
            pytest.skip("this user may read every file")
        assert refusal(read_pairs, file) == f"{file} cannot be read: Permission denied"

    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    def test_not_utf8(self, write, bom):
        content = bom + "Go.\tVe.\r\nYes.\t¡Sí!\r\n".encode() + b"Coffee.\tCaf\xe9.\n"
        message = refusal(read_pairs, write(content))
        offset = content.index(b"\xe9")
        assert f"pairs.tsv is not UTF-8: byte 0xe9 at offset {offset}, in line 3;" in message

    def test_utf16(self, write):
        message = refusal(read_pairs, write("Go.\tVe.\n".encode("utf-16")))
        assert "not UTF-8: byte 0x" in message and "at offset 0, in line 1" in message

    @pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
    def test_empty(self, write, content):
        file = write(content)
        assert refusal(read_pairs, file).startswith(f"{file} is empty")

    def test_blank_lines_only(self, write):
        file = write("\n  \r\n\t\n\n")
        assert refusal(read_pairs, file).startswith(f"{file} holds nothing but blank lines")

    def test_bad_lines_only(self, write):
        message = refusal(read_pairs, write("Go.\nHi.\n"), skip_bad=True)
        assert "pairs.tsv holds 2 bad lines and no pair" in message

    @pytest.mark.parametrize(
        ("line", "fault"),
        [
            ("Go. Ve.", "no tab in 'Go. Ve.';"),
            ("Go.\t", "an empty column in 'Go.\\t';"),
            (" \tVe.\tby Ana", "an empty column in ' \\tVe.\\tby Ana';"),
            ("1\tGo.\t2\tVe.", "4 columns instead of two or three in '1\\tGo.\\t2\\tVe.';"),
            ("long " * 20, f"no tab in '{'long ' * 8}…';"),
            ("Go.\u2028Ve.\x85", "no tab in 'Go.\\u2028Ve.\\x85';"),
        ],
    )
    def test_bad_line_is_named_and_shown(self, write, line, fault):
        file = write(f"Hi.\tHola.\n\n{line}\nNo.\tNo.\n")
        assert refusal(read_pairs, file).startswith(f"{file}, line 3: {fault}")


class TestSentencePairs:
    def test_is_a_sequence(self):
        pairs = ten_pairs()
        assert len(pairs) == 10
        assert pairs[1] == ("one 1", "uno 1")
        assert pairs[-2:] == [("one 8", "uno 8"), ("one 9", "uno 9")]
        assert list(pairs) == pairs.pairs
        assert ("one 3", "uno 3") in pairs

    def test_repr_is_short(self):
        assert repr(ten_pairs()) == "SentencePairs(a test: 10 pairs; no licence)"

    def test_limit_takes_the_first(self):
        few = ten_pairs().limit(3)
        assert few.pairs == ten_pairs().pairs[:3]
        assert few.source == "a test: the first 3 of 10 pairs; no licence"

    def test_sample_is_random_seeded_and_distinct(self):
        pairs = ten_pairs()
        few = pairs.sample(6, seed=3)
        assert few == pairs.sample(6, seed=3)
        assert few.pairs != pairs.sample(6, seed=4).pairs
        assert len(set(few)) == 6 and set(few) <= set(pairs)
        assert few.source == "a test: 6 random (seed 3) of 10 pairs; no licence"

    def test_selections_add_up_in_the_source(self):
        source = ten_pairs().limit(5).sample(2, seed=1).source
        assert source == "a test: 2 random (seed 1) of the first 5 of 10 pairs; no licence"

    def test_more_than_there_are_is_all(self):
        pairs = ten_pairs()
        assert pairs.limit(11) == pairs.limit(10) == pairs.sample(11) == pairs

    @pytest.mark.parametrize("count", [0, -1, 10**12, 2.5, "3", True])
    @pytest.mark.parametrize("option", ["limit", "sample"])
    def test_senseless_counts_are_refused(self, option, count):
        assert refusal(getattr(ten_pairs(), option), count).startswith(f"{option} must")
        assert refusal(load_pairs, "everyday", **{option: count}).startswith(f"{option} must")


class TestShipped:
    def test_everyday_and_grammar_make_shipped(self):
        everyday, grammar = load_pairs("everyday"), load_pairs("grammar")
        shipped = load_pairs()
        assert len(everyday) >= 400 and len(grammar) == 20_000
        assert shipped.pairs == everyday.pairs + grammar.pairs
        assert shipped.source == (
            f"shipped, which comes with the course: {len(shipped):,} pairs; "
            "CC BY 4.0, written for this course"
        )

    def test_text_is_clean(self):
        for sentence in {sentence for pair in load_pairs() for sentence in pair}:
            assert sentence == " ".join(sentence.split())
            assert unicodedata.is_normalized("NFC", sentence)

    def test_needs_no_network_library_and_no_tensorflow(self):
        program = (
            "import sys; from course.corpora import load_pairs; load_pairs('everyday');"
            "print(*{'tensorflow', 'pooch', 'requests', 'platformdirs'} & set(sys.modules))"
        )
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert run.stdout.strip() == "" and run.returncode == 0, run.stderr


class TestByName:
    def test_path_comes_first(self, write, monkeypatch):
        data = write("Data.\tDatos.\n", "data/spa-eng/spa.txt").parents[1]
        monkeypatch.setenv("COURSE_DATA", str(data))
        file = write("Path.\tCamino.\n")
        assert load_pairs("spa-eng", path=file).pairs == [("Path.", "Camino.")]

    def test_data_folder_comes_before_the_cache(self, write, monkeypatch):
        write("Cache.\tReserva.\n", "cache/spa-eng/spa.txt")
        assert load_pairs("spa-eng")[0] == ("Cache.", "Reserva.")
        file = write("Data.\tDatos.\n", "data/spa-eng/spa.txt")
        monkeypatch.setenv("COURSE_DATA", str(file.parents[1]))
        pairs = load_pairs("spa-eng")
        assert pairs[0] == ("Data.", "Datos.")
        assert pairs.source == (
            f"spa-eng from COURSE_DATA ({file}): 1 pair; "
            "CC BY 2.0 (France), tatoeba.org by way of www.manythings.org/anki"
        )

    def test_cache_is_named_in_the_source(self, write):
        file = write("Go.\tVa !\nHi.\tSalut.\n", "cache/fra-eng/fra.txt")
        assert load_pairs("fra-eng").source.startswith(f"fra-eng from the cache ({file}): 2 pairs;")

    def test_options_reach_a_named_corpus(self, write):
        write("bad\nA.\tA.\nB.\tB.\nC.\tC.\n", "cache/fra-eng/fra.txt")
        pairs = load_pairs("fra-eng", skip_bad=True, limit=2, sample=1, seed=5)
        assert pairs[0] in [("A.", "A."), ("B.", "B.")]
        assert pairs.skipped == 1
        assert "1 random (seed 5) of the first 2 of 3 pairs (1 bad lines" in pairs.source

    def test_standing_in_is_said_once_and_in_the_source(self):
        said = []
        pairs = load_pairs("spa-eng", limit=5, say=said.append)
        assert pairs.pairs == load_pairs().pairs[:5]
        assert len(said) == 1
        for line in (said[0], pairs.source):
            assert line.startswith("the corpus that ships with the course, in place of spa-eng: ")
            assert line.endswith(
                "spa-eng was not downloaded: COURSE_OFFLINE is set; "
                "to get it: course data fetch spa-eng"
            )
        assert load_pairs("spa-eng", limit=5, say=None).source == pairs.source

    def test_spanish_does_not_stand_in_for_french(self):
        message = refusal(load_pairs, "fra-eng")
        assert "COURSE_OFFLINE is set" in message
        assert message.endswith("course data fetch fra-eng")

    @pytest.mark.parametrize("call", [load_pairs, corpora.fetch, corpora.path, corpora.lookup])
    @pytest.mark.parametrize(
        ("name", "near"),
        [("fra-engl", "fra-eng"), ("spa_eng", "spa-eng"), ("shiped", "shipped")],
    )
    def test_unknown_name_gets_the_nearest(self, call, name, near):
        message = refusal(call, name)
        assert message.startswith(f"no corpus is called {name!r}: did you mean {near!r}?")

    @pytest.mark.parametrize("name", ["", "nosuch", "x"])
    def test_a_name_near_to_none_gets_the_list(self, name):
        message = refusal(corpora.lookup, name)
        assert message == f"no corpus is called {name!r}: course data list shows all"


class TestListing:
    def test_every_corpus_has_a_row(self, write):
        file = write("Go.\tVa !\n", "cache/fra-eng/fra.txt")
        rows = {row.name: row for row in corpora.available()}
        assert list(rows)[:4] == ["shipped", "everyday", "grammar", "spa-eng"]
        assert rows["everyday"].where == "with the course" and rows["everyday"].here
        assert rows["fra-eng"].where == f"the cache: {file}" and rows["fra-eng"].here
        assert rows["deu-eng"].where == "not here" and not rows["deu-eng"].here
        assert all(row.licence.startswith("CC BY") and row.title for row in rows.values())

    def test_path(self, write):
        file = write("Go.\tVa !\n", "cache/fra-eng/fra.txt")
        assert corpora.path("fra-eng") == file
        assert read_pairs(corpora.path("everyday")).pairs == load_pairs("everyday").pairs
        assert refusal(corpora.path, "deu-eng").endswith("course data fetch deu-eng")
        assert "the course generates it" in refusal(corpora.path, "grammar")

    def test_cache_is_the_systems_unless_named(self, monkeypatch, tmp_path):
        assert corpora.cache_folder() == tmp_path / "cache"
        monkeypatch.delenv("COURSE_CACHE")
        assert "unrolled" in corpora.cache_folder().parts
