"""`course evaluate`, with small models that were never trained: what they say does not matter."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import test_cli
from test_cli import POSIX, call, environment, refusal

from course import corpora, decoding, metrics, text
from course.cli import translator_data, translator_settings
from course.models import translators
from course.models.seq2seq import Config, Seq2Seq

course, untouchable = test_cli.course, test_cli.untouchable
no_tensorflow = test_cli.no_tensorflow

NOUNS = {"cats": "gatos", "dogs": "perros", "red cars and a dog": "coches rojos y un perro"}
PAIRS = [
    (f"I see {n} {noun}.", f"{yo}eo {n} {sustantivo}.")
    for n in range(2, 22)
    for noun, sustantivo in NOUNS.items()
    for yo in (["V", "Yo v"] if n % 3 else ["V"])
]


def written(file, pairs):
    file.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return written(tmp_path_factory.mktemp("pairs") / "pairs.txt", PAIRS)


def saved(folder, file, **given):
    """A model that calls itself trained on a file: its folder, and what training had held out."""
    settings = translator_settings.chosen({"pairs": str(file)} | given)
    data = translator_data.prepare(settings)
    sizes = len(data.source.vocabulary), len(data.target.vocabulary)
    model = Seq2Seq(Config(*sizes, units=7, embedding=5, seed=3), data.source, data.target)
    model.about = {
        "options": asdict(settings),
        "provenance": data.provenance,
        "fingerprint": data.fingerprint,
    }
    model.save(folder)
    return folder, data.held_out


@pytest.fixture(scope="module")
def model(tmp_path_factory, pairs):
    return saved(tmp_path_factory.mktemp("model") / "model", pairs, seed=4)


@pytest.fixture
def copy(model, tmp_path):
    return shutil.copytree(model[0], tmp_path / "copy")


def leaning(folder, source, token):
    """A copy of a model that likes one target token far better than all others."""
    model = translators.load(source)
    kernel, bias = model.layer("output").get_weights()
    bias[model.target.vocabulary.features[token]] = 1e3
    model.layer("output").set_weights([kernel, bias])
    model.save(folder)
    return folder


def evaluate(folder, *arguments):
    out, err, code = call("evaluate", "--model", folder, "--max-tokens", 6, *arguments)
    assert code == 0, err
    return out, err.splitlines()


def sources_scored(out):
    return int(re.match(r"on ([\d,]+) source sentences:\n", out)[1].replace(",", ""))


def worst_of(out):
    """The sentences at the end: score, source, translation, reference."""
    lines = out.split(" by sentence BLEU:\n")[1].splitlines()
    return [
        re.fullmatch(r" *([\d.]+)  (.+) -> (.+) \(reference: (.+)\)", s).groups() for s in lines
    ]


# Usage and bad input; none of it needs TensorFlow


def test_help_has_an_example(no_tensorflow):
    out, err, code = call("evaluate", "--help")
    assert (err, code) == ("", 0)
    assert "Usage: course evaluate" in out and "Example: course evaluate" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pairs", "a"], "missing option '--model'"),
        (["--model", "m"], "one of the three"),
        (["--model", "m", "--pairs", "a", "--corpus", "everyday"], "one of the three"),
        (["--model", "m", "--pairs", "a", "--source-file", "b", "--target-file", "c"], "one of"),
        (["--model", "m", "--source-file", "b"], "--target-file: comes with the other"),
        (["--model", "m", "--target-file", "b"], "--source-file: comes with the other"),
        (["--model", "m", "--pairs", "a", "--worst", "-1"], "must lie between 0 and 10,000"),
        (["--model", "m", "--pairs", "a", "--beam", "0"], "must lie between 1 and 100"),
        (["--model", "m", "--pairs", "a", "--limit", "0"], "must lie between 1 and"),
        (["--model", "m", "--pairs", "a", "--sample", "many"], "'--sample'"),
        (["--model", "m", "--pairs", "a", "b"], "unexpected extra argument"),
    ],
)
def test_a_usage_error_is_one_line(no_tensorflow, arguments, words):
    out, err, code = call("evaluate", *arguments)
    assert (out, code) == ("", 2)
    assert words in err and err.count("\n") == 1 and err.endswith("--help)\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "nothing but blank lines"),
        (b"Hi.\tHola.\nGo.\n", "line 2: no tab in 'Go.'; should be source<TAB>target (--skip-bad"),
        (b"Hi.\tHola.\nGo.\t\n", "line 2: an empty column"),
        (b"Hi.\tHola.\nA\tcaf\xe9\n", "not UTF-8: byte 0xe9 at offset 15, in line 2"),
    ],
    ids=["empty", "blank", "no column", "empty column", "latin 1"],
)
def test_a_bad_file_is_refused(course, model, tmp_path, content, words):
    tmp_path.joinpath("bad.txt").write_bytes(content)
    assert words in refusal(course("evaluate", "--model", model[0], "--pairs", "bad.txt"))


def test_files_of_different_lengths_are_refused(course, model, tmp_path):
    tmp_path.joinpath("en").write_text("Hi.\nGo.\n", encoding="utf-8")
    tmp_path.joinpath("es").write_text("Hola.\n", encoding="utf-8")
    files = ["--source-file", "en", "--target-file", "es"]
    line = refusal(course("evaluate", "--model", model[0], *files))
    assert "en has 2 lines" in line and "es has 1 line" in line
    tmp_path.joinpath("es").write_text("Hola.\n\n", encoding="utf-8")
    assert "(--skip-bad" in refusal(course("evaluate", "--model", model[0], *files))


@POSIX
def test_what_cannot_be_read_is_refused(course, model, tmp_path):
    def answer(*arguments):
        return refusal(course("evaluate", "--model", model[0], *arguments))

    tmp_path.joinpath("round").symlink_to("round")
    assert "round cannot be read: " in answer("--pairs", "round")
    assert "is a folder" in answer("--pairs", tmp_path)
    assert "no such file: none.txt" in answer("--pairs", "none.txt")
    assert "did you mean 'everyday'?" in answer("--corpus", "everday")


def test_a_folder_without_a_translator_is_refused(course, copy, pairs, tmp_path):
    def answer(folder=copy):
        return refusal(course("evaluate", "--model", folder, "--pairs", pairs))

    assert "no model folder" in answer(tmp_path / "none")
    assert "not a model folder" in answer(pairs.parent)
    manifest = json.loads(copy.joinpath("model.json").read_text(encoding="utf-8"))
    copy.joinpath("model.json").write_text(json.dumps(manifest | {"source": None}))
    assert "no translator of text" in answer()
    copy.joinpath("model.json").write_text(json.dumps(manifest))
    weights = copy / manifest["weights"]
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "half-written" in answer()


def test_a_language_model_is_refused(course, pairs, tmp_path):
    from course.models import language

    codec = text.Codec.fit(["the cat sat"], text.tokenizer("word"))
    shape = language.Config(len(codec.vocabulary), units=(7,), embedding=5)
    language.LanguageModel(shape, codec).save(tmp_path / "writer")
    line = refusal(course("evaluate", "--model", tmp_path / "writer", "--pairs", pairs))
    assert "holds a 'language' model, not a translator" in line


# What is scored


def test_of_the_pairs_of_training_those_held_out_are_scored(model, pairs):
    folder, held_out = model
    out, err = evaluate(folder, "--pairs", pairs)
    assert 0 < len(held_out) < len(PAIRS) / 5
    assert sources_scored(out) == len({source for source, _ in held_out})
    assert err == [
        f"the file {pairs}: {len(PAIRS)} pairs; licence not known to the course",
        "the model was trained on these pairs: only those that training held out are scored, "
        f"{len(held_out)}",
    ]
    assert {source for _, source, _, _ in worst_of(out)} <= {source for source, _ in held_out}


def test_the_selection_of_training_is_made_again(pairs, tmp_path):
    given = {"sample": 70, "seed": 2, "reverse": True, "max_length": 7}
    folder, held_out = saved(tmp_path / "model", pairs, **given)
    # A bad line that training left out is no other pair.
    more = tmp_path / "more.txt"
    more.write_text(pairs.read_text(encoding="utf-8") + "no tab\n", encoding="utf-8")
    out, err = evaluate(folder, "--pairs", more, "--skip-bad")
    assert err[1].endswith(f"held out are scored, {len(held_out)}")
    assert "columns swapped" in err[0] and "at most 7 tokens" in err[0]
    assert sources_scored(out) == len({source for source, _ in held_out})
    assert {source for _, source, _, _ in worst_of(out)} <= {source for source, _ in held_out}
    # Of the pairs held out, a sample.
    assert sources_scored(evaluate(folder, "--pairs", pairs, "--sample", 2)[0]) <= 2


def test_other_pairs_are_all_scored_in_the_direction_of_the_model(pairs, tmp_path):
    folder, _ = saved(tmp_path / "model", pairs, reverse=True)
    others = written(tmp_path / "others.txt", [("Hi.", "Hola."), ("Run!", "Corre."), *PAIRS[:20]])
    out, err = evaluate(folder, "--pairs", others, "--worst", 99)
    assert sources_scored(out) == 22
    assert "others.txt, columns swapped: 22 pairs" in err[0]
    assert err[1].startswith("all are scored, those too that the model may have been trained on (")
    assert err[2:] == ["2 of 22 source sentences hold tokens that it does not know"]
    shown = {(source, reference) for _, source, _, reference in worst_of(out)}
    assert {("Hola.", "Hi."), ("Corre.", "Run!")} < shown and len(shown) == 22


def test_two_files_are_as_good_as_one(model, tmp_path):
    chosen = PAIRS[:9]
    for name, side in zip(("en", "es"), zip(*chosen, strict=True), strict=True):
        tmp_path.joinpath(name).write_text("\n".join(side), encoding="utf-8")
    files = ["--source-file", tmp_path / "en", "--target-file", tmp_path / "es"]
    one = evaluate(model[0], "--pairs", written(tmp_path / "both", chosen))[0]
    assert evaluate(model[0], *files)[0] == one
    assert sources_scored(one) == len({source for source, _ in chosen})
    assert sources_scored(evaluate(model[0], *files, "--limit", 2)[0]) == 1  # one source, twice


def test_a_model_whose_training_is_not_known_is_judged_on_all(model, tmp_path):
    unknown = translators.load(model[0])
    unknown.about = {}
    unknown.save(tmp_path / "unknown")
    out, err = evaluate(tmp_path / "unknown", "--corpus", "everyday", "--limit", 40)
    assert sources_scored(out) == 40
    assert err[0].startswith("everyday, which comes with the course: ") and len(err) == 2


# What is said


@pytest.mark.parametrize("beam", [None, 3])
def test_the_report_is_that_of_the_measures(model, tmp_path, beam):
    folder = leaning(tmp_path / "model", model[0], "Veo")
    # For some sentences, what it says is right.
    chosen = PAIRS[:40] + [(source, "Veo" + " Veo" * 5) for source, _ in PAIRS[:40:3]]
    sources, references = metrics.references_by_source(chosen)
    searched = {"search": "beam", "width": beam} if beam else {}
    translations = decoding.translate(translators.load(folder), sources, max_tokens=6, **searched)
    file = written(tmp_path / "some.txt", chosen)
    out, _ = evaluate(folder, "--pairs", file, *(["--beam", beam] if beam else []))
    low, high = metrics.bleu_interval(translations, references)
    score = metrics.bleu(translations, references)
    lengths = [len(text.tokenizer("word").tokens(source)) for source in sources]
    rows = metrics.bleu_by_length(translations, references, lengths, [5, 10, 15])
    assert 1 < low < score < high
    assert out.splitlines()[:8] == [
        f"on {len(sources)} source sentences:",
        f"BLEU               {score:.1f} (95% interval {low:.1f} to {high:.1f})",
        f"signature          {metrics.bleu_signature(references)}",
        f"chrF               {metrics.chrf(translations, references):.1f}",
        "",
        "source tokens      sentences    BLEU",
        f"1-5               {rows[0].sentences:>10}{rows[0].bleu:>8.1f}",
        f"6-10              {rows[1].sentences:>10}{rows[1].bleu:>8.1f}",
    ]
    assert "nrefs:var" in out and len(rows) == 2
    scores = list(map(metrics.sentence_bleu, translations, references))
    shown = [translation or "(nothing)" for translation in translations]
    expected = [
        (f"{scores[row]:.1f}", sources[row], shown[row], " | ".join(references[row]))
        for row in np.argsort(scores, kind="stable")[:10]
    ]
    assert worst_of(out) == expected


def test_equally_bad_sentences_keep_their_order_and_an_empty_one_is_seen(model, tmp_path):
    mute = leaning(tmp_path / "mute", model[0], "<end>")
    chosen = [("One.", str(n)) for n in range(4)] + [(f"See {n}.", "Ve.") for n in (3, 1, 2, 5)]
    file = written(tmp_path / "some.txt", chosen)
    out, _ = evaluate(mute, "--pairs", file, "--worst", 4)
    assert "\nBLEU               0.0 (95% interval 0.0 to 0.0)\n" in out
    assert out.splitlines()[-5:] == [
        "the worst 4 by sentence BLEU:",
        "  0.0  One. -> (nothing) (reference: 0 | 1 | 2 | …)",
        *(f"  0.0  See {n}. -> (nothing) (reference: Ve.)" for n in (3, 1, 2)),
    ]
    assert "worst" not in evaluate(mute, "--pairs", file, "--worst", 0)[0]


def test_characters_have_longer_groups(pairs, tmp_path):
    folder, _ = saved(tmp_path / "model", pairs, level="character")
    out, _ = evaluate(folder, "--corpus", "everyday", "--worst", 0)
    groups = re.findall(r"^(\d+-\d+|\d+\+) +([\d,]+) +[\d.]+$", out, re.MULTILINE)
    everyday = metrics.references_by_source(corpora.load_pairs("everyday"))[0]
    short = sum(len(source) <= 20 for source in everyday)
    assert groups[0] == ("1-20", str(short)) and groups[1][0] == "21-40"
    assert sum(int(count) for _, count in groups) == len(everyday) == sources_scored(out)


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@POSIX
def test_the_real_command_writes_nothing_and_tells_a_terminal_how_far_it_is(copy, pairs, tmp_path):
    import pty  # not on Windows

    written(tmp_path / "some.txt", PAIRS[:7])
    before = contents(tmp_path)
    terminal, stream = pty.openpty()
    run = subprocess.run(
        [sys.executable, "-m", "course", "evaluate", "--model", copy, "--pairs", "some.txt"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=stream,
        timeout=600,
    )
    os.close(stream)
    told = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert run.returncode == 0, told
    assert run.stdout.decode().startswith("on 4 source sentences:\nBLEU ")
    assert "4 of 4 translated" in told
    assert contents(tmp_path) == before
    assert "translated" not in "".join(evaluate(copy, "--pairs", tmp_path / "some.txt")[1])
