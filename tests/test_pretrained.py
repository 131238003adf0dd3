import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from course import decoding, metrics, pretrained, runtime, text
from course.batches import PairBatches, pad
from course.errors import CourseError
from course.pretrained import card
from tools import pretrain

ROOT = Path(__file__).resolve().parent.parent
MEGABYTES = 3_000_000
LEAST_BLEU = {
    "words": 90,
    "characters": 80,
    "attention": 90,
}  # below that a demo would show a bad model
ROUNDING = 0.06  # of a figure with one decimal; two processors may differ in the last digits


@pytest.fixture(scope="module", params=pretrained.NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return pretrained.load(name)


@pytest.fixture(scope="module")
def pairs(model) -> pretrain.Data:
    return pretrain.data(pretrain.Plan(**model.about["plan"]))


@pytest.fixture(scope="module")
def written(name) -> str:
    return (pretrained.folder(name) / "README.md").read_text(encoding="utf-8")


def figure(written: str, row: str) -> float:
    """The number of a row of the card."""
    return float(re.search(rf"^\| {re.escape(row)}[^|]*\| ([\d.]+)", written, re.MULTILINE)[1])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_each_folder_is_a_card_a_manifest_and_at_most_three_megabytes(name):
    files = list(pretrained.folder(name).iterdir())
    assert {file.suffix for file in files} == {".md", ".json", ".npz"} and len(files) == 3
    assert sum(file.stat().st_size for file in files) < MEGABYTES


def test_the_card_tells_what_the_model_itself_knows(name, model, written):
    assert model.about["name"] == name
    assert model.about["plan"] == asdict(pretrain.PLANS[name])
    assert model.about["parameters"] == sum(w.size for w in model.get_weights().values())
    assert written == card.text(model.about)


def test_the_sentences_are_those_that_the_card_names(model, pairs, written):
    assert pairs.fingerprint == model.about["fingerprint"]
    assert model.about["pairs"] == {"train": len(pairs.train), "held_out": len(pairs.held_out)}
    assert f"| {pairs.provenance} |" in written
    assert f"{len(pairs.train):,} pairs to learn from, {len(pairs.held_out):,} held out" in written


def test_no_held_out_sentence_was_learnt_from(pairs):
    learnt, held_out = ({s.lower() for s, _ in part} for part in (pairs.train, pairs.held_out))
    assert not learnt & held_out
    assert pretrain.KEPT_OUT.lower() in held_out


def test_bleu_on_all_held_out_sentences_is_what_the_card_says(model, pairs, written):
    sources, references = metrics.references_by_source(pairs.held_out)
    translations = decoding.translate(model, sources)
    right = [said in known for said, known in zip(translations, references, strict=True)]
    measured = metrics.bleu(translations, references)
    assert measured == pytest.approx(figure(written, "BLEU, greedy"), abs=ROUNDING)
    assert 100 * np.mean(right) == pytest.approx(figure(written, "whole sentences"), abs=ROUNDING)
    assert measured > LEAST_BLEU[model.about["name"]]


def test_token_accuracy_is_what_the_card_says(model, pairs, written):
    right = tokens = 0
    for batch in PairBatches.encode(pairs.held_out, model.source, model.target, buckets=2):
        predicted = model.logits(batch.source, batch.target_in).numpy().argmax(axis=-1)
        real = batch.target_out != text.PAD
        right, tokens = right + (predicted == batch.target_out)[real].sum(), tokens + real.sum()
    stated = figure(written, "single tokens right")
    assert 100 * right / tokens == pytest.approx(stated, abs=ROUNDING)


def test_the_card_names_its_limits_by_number(model, written):
    measured = pretrain.measure(model, [("I am tired.", "Estoy cansado.")])
    assert f"on the {measured['everyday']} hand-written sentences" in written
    stated = float(re.search(r"as `everyday` its BLEU is (\d+\.\d)", written)[1])
    assert measured["everyday_bleu"] == pytest.approx(stated, abs=ROUNDING)


def test_a_load_translates_as_the_card_shows(model, written):
    shown = re.findall(r"^- (.+) → (.+)$", written, re.MULTILINE)
    sources, targets = zip(*shown, strict=True)
    assert sources == pretrain.ASKED
    assert decoding.translate(model, sources) == list(targets)
    assert targets[0] == "¿Mi cartera está en la cocina?"


def test_a_small_first_letter_makes_no_difference(model):
    typed, small = (decoding.translate(model, [s]) for s in ("Where are they?", "where are they?"))
    assert typed == small
    assert typed[0][1].isupper()


def test_one_reads_words_one_characters_and_one_looks_back():
    kinds = {
        name: (plan.level, plan.cell, bool(plan.attention)) for name, plan in pretrain.PLANS.items()
    }
    assert kinds == {
        "words": ("word", "gru", False),
        "characters": ("character", "lstm", False),
        "attention": ("word", "gru", True),
    }
    assert tuple(kinds) == pretrained.NAMES
    assert hasattr(pretrained.load("attention").config, "attention")


def test_each_row_of_attention_sums_to_one_and_padding_gets_exactly_none():
    model = pretrained.load("attention")
    source = pad([model.source.ids(sentence) for sentence in pretrain.ASKED])
    assert (source == text.PAD).any()
    token, state = np.full(len(source), text.START), model.start(source)
    for _ in range(9):
        logits, state = model.step(token, state)
        attention, token = state["attention"].numpy(), np.argmax(logits, axis=-1)
        assert attention.shape == source.shape and (attention[source == text.PAD] == 0).all()
        np.testing.assert_allclose(attention.sum(axis=1), 1, atol=1e-6)


def test_attention_moves_along_the_sentence():
    """A softmax that was saturated early in training stays at one place: it did so once."""
    model = pretrained.load("attention")
    held_out = pretrain.data(pretrain.PLANS["attention"]).held_out[:200]
    ids = [model.source.ids(source) for source, _ in held_out]
    maps = [trace.attention for trace in decoding.greedy(model, ids)]
    places = [len(set(looked.argmax(axis=1).tolist())) for looked in maps]
    assert sum(places) > 0.7 * sum(map(len, ids))


def test_attention_finds_the_words_that_were_translated():
    model = pretrained.load("attention")
    read = model.source.tokenizer.tokens(pretrain.KEPT_OUT)
    trace = decoding.greedy(model, [model.source.ids(pretrain.KEPT_OUT)])[0]
    said = model.target.vocabulary.words(trace.tokens)
    looked = {token: read[row.argmax()] for token, row in zip(said, trace.attention, strict=False)}
    expected = {"¿": "?", "Mi": "my", "cartera": "wallet", "la": "kitchen", "cocina": "kitchen"}
    assert expected.items() <= looked.items()  # the gender of "la" is that of "cocina"


def test_each_load_is_a_model_of_its_own():
    one, other = pretrained.load(), pretrained.load()
    before = other.get_weights()["output/bias"].copy()
    one.layer("output").bias.assign_add(np.ones_like(before))
    np.testing.assert_array_equal(other.get_weights()["output/bias"], before)


@pytest.mark.parametrize("ask", [pretrained.load, pretrained.folder])
@pytest.mark.parametrize("wrong", ["letters", "", "../words", None])
def test_an_unknown_name_is_one_line_that_names_those_there_are(ask, wrong):
    with pytest.raises(CourseError) as caught:
        ask(wrong)
    assert str(caught.value) == (
        f"no model {wrong!r} ships with the course: choose words, characters or attention"
    )


def test_importing_it_loads_no_tensorflow():
    program = "import sys; from course import pretrained; print('tensorflow' in sys.modules)"
    assert run("-c", program).stdout == "False\n"


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_training_anew_writes_a_model_and_its_card(name, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_FAST", "1")
    small = {"units": 7, "embedding": 5, "epochs": 1, "batch": 3, "buckets": 1, "pairs": 40}
    plan = replace(pretrain.PLANS[name], **small)
    for _ in range(2):  # the second replaces the first
        trained = pretrain.train(name, plan, tmp_path)
    runtime.tensorflow()
    from course.models import translators

    loaded = translators.load(tmp_path)
    assert loaded.about == trained.about
    assert loaded.about["plan"]["units"] == loaded.config.units == 7
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == card.text(loaded.about)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_tool_refuses_an_unknown_name_in_one_line():
    seen = run("-m", "tools.pretrain", "words", "letters")
    assert seen.returncode == 2
    assert seen.stdout == ""
    assert seen.stderr == (
        "pretrain: no model 'letters' ships with the course: "
        "choose words, characters or attention\n"
    )
