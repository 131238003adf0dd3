"""`course tune translator`: look for good settings in many short trainings."""

import shlex
import time
from pathlib import Path
from typing import Any

import typer

from course.cli import options as o
from course.cli import places, translator_settings, tune_page, tune_run
from course.cli.tune_run import Task

app = typer.Typer(
    help="Look for good settings.",
    epilog="Example: course tune translator --trials 20",
    rich_markup_mode=None,
)


@app.callback()
def tune() -> None:
    """Look for good settings."""


@app.command(
    "translator",
    epilog="Example: course tune translator --limit 5000 --trials 20 --storage sqlite:///trials.db",
)
def tune_translator(
    trials: o.Trials,
    sampler: o.SamplerName = o.Sampler.tpe,
    storage: o.Storage = None,
    workers: o.Workers = 1,
    report: o.ReportFile = Path("tuning.html"),
    no_pruning: o.NoPruning = False,
    pairs: o.Pairs = None,
    corpus: o.CorpusName = None,
    source_file: o.SourceFile = None,
    target_file: o.TargetFile = None,
    reverse: o.Reverse = False,
    limit: o.Limit = None,
    sample: o.Sample = None,
    level: o.LevelName = None,
    attention: o.AttentionName = None,
    embedding: o.Embedding = None,
    dropout: o.Dropout = None,
    cell: o.CellName = None,
    units: o.Units = None,
    layers: o.Layers = None,
    max_length: o.MaxLength = None,
    epochs: o.Epochs = None,
    batch: o.Batch = None,
    learning_rate: o.Rate = None,
    seed: o.Seed = None,
) -> None:
    """Train translators with settings drawn from a space, and say which did best.

    Drawn are units (64 to 384), layers (1 or 2), the cell, the greatest length of the sentences to
    learn from, the batch, epochs (2 to 8) and the learning rate; an option that is given stays as
    it is. Every trial is judged by the same sentences. One that does worse than half of the others
    after as many epochs is given up. With --storage the trials are kept, and the same command goes
    on where it was stopped, or works at the same study on another machine.
    """
    own = {"trials", "sampler", "storage", "workers", "report", "no_pruning"}
    given = {name: value for name, value in locals().items() if name not in (*own, "own")}
    given = translator_settings.plain({k: v for k, v in given.items() if v is not None})
    places.check(pairs, corpus, source_file, target_file)
    tune_page.check(report)
    began = time.perf_counter()
    task = Task(given, trials, sampler.value, not no_pruning, given.get("seed", 0), storage)
    study = tune_run.search(task, workers)
    command = _report(study, given)
    tune_page.write(report, study, command)
    print(f"report             {report}")
    print(f"time               {time.perf_counter() - began:.0f} s")


def _report(study: Any, given: dict[str, Any]) -> str:
    """Print the best settings, and what trains with them; return that command."""
    from course import tuning

    best, over = tuning.best(study), tuning.counted(study)
    early = sum(trial.state.name == "PRUNED" for trial in over)
    print(f"trials             {len(over)}, {early} of them given up early")
    print(f"best valid loss    {best.value:.3f} nats a token (trial {best.number + 1})")
    for name, value in best.params.items():
        print(f"{name.replace('_', '-'):18} {tune_page.shown(value)}")
    command = training_command(given | best.params)
    print(command)
    return command


def training_command(settings: dict[str, Any]) -> str:
    """Return what trains a translator with some settings and keeps it."""
    words = ["course train translator"]
    for name, value in settings.items():
        if name == "max_length" and value == 0:
            continue  # any length
        words.append("--" + name.replace("_", "-"))
        words += [] if value is True else [shlex.quote(tune_page.shown(value))]
    return " ".join([*words, "--save model"])
