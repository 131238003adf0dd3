import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from refusing import refusal

from course import vectors
from course.text import PAD, Vocabulary
from course.vectors import Vectors, read_vectors

ROOT = Path(__file__).resolve().parent.parent
TOKENS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8).filter(
    lambda token: not vectors.table.ends_in_number(token)
)
patient = settings(deadline=None)  # other work on the machine must not fail a test


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes) -> Path:
        file = tmp_path / "vectors.txt"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write


def compass() -> Vectors:
    matrix = [[2, 0], [0, 3], [-1, 0], [1, 1], [0, 0]]
    return Vectors(("east", "north", "west", "northeast", "nowhere"), np.float32(matrix))


class TestTable:
    def test_nearest_by_cosine(self):
        near = compass().nearest("east", 3)
        assert [token for token, _ in near] == ["northeast", "north", "nowhere"]
        np.testing.assert_allclose([cosine for _, cosine in near], [0.5**0.5, 0, 0], atol=1e-6)
        everyone = compass().nearest("east", 50)
        assert len(everyone) == 4 and everyone[-1] == ("west", pytest.approx(-1))

    def test_nearest_to_one_of_two_equal_vectors_is_the_other(self):
        twins = Vectors(("a", "b", "c"), np.float32([[1, 2], [1, 2], [2, 1]]))
        assert [twins.nearest(token, 1)[0][0] for token in "abc"] == ["b", "a", "a"]

    def test_a_token_without_a_vector(self):
        assert refusal(compass().nearest, "nort") == "'nort' has no vector: did you mean 'north'?"
        assert refusal(compass().nearest, "¿") == "'¿' has no vector: none of these 5 is like it"

    def test_what_does_not_go_together(self):
        assert "2 tokens, but vectors of shape (3, 5)" in refusal(
            Vectors, ("a", "b"), np.zeros((3, 5), np.float32)
        )
        assert "pass each token once" in refusal(Vectors, ("a", "a"), np.zeros((2, 5), np.float32))


class TestRows:
    VOCABULARY = Vocabulary(["west", "North", "gato", "EAST", "perro"])

    def test_each_token_gets_its_own_vector(self):
        matrix, found = compass().rows(self.VOCABULARY)
        assert matrix.shape == (9, 2) and matrix.dtype == np.float32 and found == 3
        for token, same in (("west", "west"), ("North", "north"), ("EAST", "east")):
            place = compass().tokens.index(same)
            np.testing.assert_array_equal(
                matrix[self.VOCABULARY.features[token]], compass().matrix[place]
            )
        assert not matrix[PAD].any()

    def test_a_form_of_its_own_comes_before_the_one_in_small_letters(self):
        both = Vectors(("polish", "Polish"), np.float32([[1, 2], [3, 4]]))
        matrix, found = both.rows(Vocabulary(["Polish", "polish", "POLISH"]))
        assert matrix[4:].tolist() == [[3, 4], [1, 2], [1, 2]] and found == 3

    def test_the_others_are_drawn_with_the_spread_of_those_found(self):
        names = [f"word{place}" for place in range(500)]
        rng = np.random.default_rng(1)
        some = Vectors(tuple(names[:250]), rng.normal(0, 0.25, (250, 7)).astype(np.float32))
        matrix, found = some.rows(Vocabulary(names), seed=3)
        assert found == 250
        assert matrix[254:].std() == pytest.approx(some.matrix.std(), rel=0.1)
        assert abs(matrix[254:].mean()) < 0.05
        np.testing.assert_array_equal(matrix, some.rows(Vocabulary(names), seed=3)[0])
        assert (matrix[254:] != some.rows(Vocabulary(names), seed=4)[0][254:]).all()

    def test_special_tokens_of_a_file_are_ours_but_padding_stays_zero(self):
        special = Vectors(("<pad>", "<unk>"), np.ones((2, 3), np.float32))
        matrix, found = special.rows(Vocabulary([]))
        assert not matrix[PAD].any() and found == 1 and (matrix[3] == 1).all()

    def test_nothing_found_is_one_line(self):
        assert refusal(compass().rows, Vocabulary(["gato"])).startswith("none of the 5 tokens")


class TestFiles:
    @patient
    @given(st.data())
    def test_what_is_saved_is_read(self, tmp_path_factory, data):
        tokens = tuple(data.draw(st.lists(TOKENS, min_size=1, max_size=9, unique=True)))
        width = data.draw(st.integers(1, 5))
        finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
        matrix = data.draw(arrays.arrays(np.float32, (len(tokens), width), elements=finite))
        file = Vectors(tokens, matrix).save(tmp_path_factory.getbasetemp() / "saved.txt")
        again = read_vectors(file)
        assert again.tokens == tokens and again.matrix.dtype == np.float32
        np.testing.assert_array_equal(again.matrix, matrix)

    def test_gensim_reads_what_is_saved_and_the_other_way(self, tmp_path):
        from gensim.models import KeyedVectors

        file = str(compass().save(tmp_path / "ours.txt"))
        theirs = KeyedVectors.load_word2vec_format(file)
        assert tuple(theirs.index_to_key) == compass().tokens
        np.testing.assert_array_equal(theirs.vectors, compass().matrix)
        theirs.save_word2vec_format(file)
        again = read_vectors(file)
        assert again.tokens == compass().tokens
        np.testing.assert_array_equal(again.matrix, compass().matrix)

    @pytest.mark.parametrize("content", ["2 3\na 1 2 3\nb 4 5 6\n", "a 1 2 3\nb 4 5 6\n"])
    @pytest.mark.parametrize("dress", ["\n", "\r\n", " \n", "\n\n"])
    def test_both_forms(self, write, content, dress):
        read = read_vectors(write("\ufeff" + content.replace("\n", dress)))
        assert read.tokens == ("a", "b")
        assert read.matrix.tolist() == [[1, 2, 3], [4, 5, 6]]

    def test_tokens_with_spaces_as_gloves_largest_file_has(self, write):
        lines = ["the 1 -2.5e-1", ". . . 3 .4", "at name@domain.com 5 6", "7 7 7", "\u00a0 8 8"]
        read = read_vectors(write("\n".join(lines)))
        assert read.tokens == ("the", ". . .", "at name@domain.com", "7", "\u00a0")
        assert read.matrix[1].tolist() == pytest.approx([3, 0.4])

    def test_of_a_doubled_token_the_first_counts(self, write):
        read = read_vectors(write("3 2\na 1 2\nb 3 4\na 5 6\n"))
        assert read.tokens == ("a", "b") and read.matrix.tolist() == [[1, 2], [3, 4]]

    def test_only_what_is_asked_for_is_kept(self, write):
        file = write("4 2\nmadrid 1 2\nMadrid 3 4\nrío 5 6\ngato nan inf\n")
        assert read_vectors(file, only=["Madrid"]).tokens == ("madrid", "Madrid")
        some = read_vectors(file, only=iter(["RÍO", "sol"]))
        assert some.tokens == ("río",) and some.matrix.tolist() == [[5, 6]]
        none = read_vectors(file, only=[])
        assert len(none) == 0 and none.matrix.shape == (0, 2)

    @pytest.mark.parametrize("token", ["a\nb", "room 101", " -1.5e3"])
    def test_what_could_not_be_read_back_is_not_saved(self, tmp_path, token):
        some = Vectors((token,), np.ones((1, 2), np.float32))
        assert refusal(some.save, tmp_path / "x.txt").startswith(repr(token))
        assert not (tmp_path / "x.txt").exists()


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", " holds no vectors: it should have a token and numbers a line"),
            ("\n \n", " holds no vectors"),
            ("5 2\n", " holds no vectors"),
            ("a 1 2\nb 3\n", ", line 2: 1 values in 'b 3'; should be a token and 2 numbers"),
            ("a 1 2\nb 3 4 5\n", ", line 2: 3 values in 'b 3 4 5'; should be a token and 2"),
            ("2 3\na 1 2\nb 3 4\n", ", line 2: 2 values in 'a 1 2'; should be a token and 3"),
            ("hello\n", ", line 1: 0 values in 'hello'; should be a token and numbers"),
            ("a\t1\t2\n", ", line 1: 0 values in 'a\\t1\\t2'; should be a token and numbers, with"),
            ("a 1 2\nb 3 x\n", ", line 2: 'x' stands where a number should be"),
            ("a 1 2\nb 3  \n", ", line 2: 1 values"),
            ("a 1 2\nb nan 3\n", ", line 2: nan is no finite number: leave this line out"),
            ("a 1 2\nb 3 -inf\n", ", line 2: -inf is no finite number"),
            ("a 1 2\nb 3 1e60\n", ", line 2: 1e60 is no finite number"),
            ("3 2\na 1 2\nb 3 4\n", ": the header promises 3 vectors, 2 follow; the file was cut"),
            ("1 2\na 1 2\nb 3 4\n", ": the header promises 1 vectors, 2 follow"),
            (b"a 1 2\ncaf\xe9 3 4\n", ", line 2: byte 0xe9 is not UTF-8; unpack a zip or gz file"),
        ],
    )
    def test_what_is_wrong_and_where(self, write, content, says):
        file = write(content)
        assert refusal(read_vectors, file).startswith(f"{file}{says}")

    def test_a_binary_file(self, tmp_path):
        from gensim.models import KeyedVectors

        binary = KeyedVectors(7)
        binary.add_vectors(["gato", "perro"], np.random.default_rng(0).normal(size=(2, 7)))
        binary.save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
        message = refusal(read_vectors, tmp_path / "v.bin")
        assert "v.bin, line 2" in message and "binary=False" in message

    def test_no_file_and_a_folder(self, write, tmp_path):
        file = write("a 1 2\n")
        message = refusal(read_vectors, tmp_path / "vector.txt")
        assert message.startswith("no such file") and message.endswith("did you mean vectors.txt?")
        assert refusal(read_vectors, file.parent) == (
            f"{file.parent} is a folder: name a file of vectors in it"
        )


TALK = [
    [f"{kind}{place}" for place in np.random.default_rng(number).permutation(20)[:6]]
    for number in range(600)
    for kind in "ab"
]
PROGRAM = """
from course import vectors
learnt = vectors.word2vec([["a", "b", "c"], ["b", "d", "a"]] * 200, width=7, epochs=2, seed=5)
print(learnt.tokens, learnt.matrix.tobytes().hex())
"""


class TestLearning:
    def test_words_of_the_same_sentences_are_near(self):
        learnt = vectors.word2vec(iter(TALK), width=11, epochs=20, seed=1)
        assert len(learnt) == 40 and learnt.width == 11 and learnt.matrix.dtype == np.float32
        near = {
            token: {other[0] for other, _ in learnt.nearest(token, 5)} for token in learnt.tokens
        }
        assert near == {token: {token[0]} for token in learnt.tokens}

    def test_a_seed_repeats_in_another_process(self):
        said = set()
        for number in ("1", "2"):
            environment = os.environ | {"PYTHONHASHSEED": number, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-c", PROGRAM]
            run = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert run.stderr == "" and run.stdout
            said.add(run.stdout)
        assert len(said) == 1

    def test_another_seed_gives_other_vectors(self):
        first, second = (vectors.word2vec(TALK[:50], 5, 1, seed=seed) for seed in (1, 2))
        assert set(first.tokens) == set(second.tokens) and (first.matrix != second.matrix).any()

    def test_rare_tokens_are_left_out(self):
        learnt = vectors.word2vec([["a", "b"], ["a", "c"]], width=3, min_count=2)
        assert learnt.tokens == ("a",)

    @pytest.mark.parametrize(
        ("sentences", "options", "says"),
        [
            (["a b"], {}, "a sentence is a string: pass tokenizer.tokens(sentence)"),
            ([], {}, "no token occurs 1 times or more"),
            ([["a"]], {"min_count": 2}, "no token occurs 2 times or more: lower min_count"),
            ([["a"]], {"width": 0}, "width must be at least 1, not 0"),
            ([["a"]], {"epochs": 0}, "epochs must be at least 1, not 0"),
        ],
    )
    def test_what_cannot_be_learnt_from(self, sentences, options, says):
        assert says in refusal(vectors.word2vec, sentences, **options)


class TestLayout:
    @pytest.mark.parametrize("count", [2, 3, 4, 7])
    def test_few_points(self, count):
        rng = np.random.default_rng(count)
        some = Vectors(tuple("abcdefghij"), rng.normal(size=(10, 5)).astype(np.float32))
        tokens = some.tokens[1 : 1 + count]
        points = vectors.tsne(some, tokens, seed=3)
        assert points.shape == (count, 2) and np.isfinite(points).all()
        np.testing.assert_array_equal(points, vectors.tsne(some, tokens, seed=3))
        assert (points != vectors.tsne(some, tokens, seed=4)).any()

    def test_near_vectors_stay_near(self):
        rng = np.random.default_rng(0)
        centres = np.repeat(np.eye(3, 7), 12, axis=0)
        matrix = (centres + rng.normal(0, 0.05, (36, 7))).astype(np.float32)
        tokens = tuple(f"w{place}" for place in range(36))
        points = vectors.tsne(Vectors(tokens, matrix), tokens)
        distances = np.linalg.norm(points[:, None] - points, axis=-1)
        np.fill_diagonal(distances, np.inf)
        assert (distances.argmin(axis=1) // 12 == np.arange(36) // 12).all()

    def test_what_cannot_be_laid_out(self):
        assert refusal(vectors.tsne, compass(), ["east"]) == (
            "tsne lays out at least 2 tokens, not 1"
        )
        assert "'est' has no vector" in refusal(vectors.tsne, compass(), ["east", "est"])


def test_nothing_is_imported_early():
    program = "import sys, course.vectors; print({'gensim', 'sklearn', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stderr
