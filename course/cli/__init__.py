"""The command line: `course doctor | data | train | tune | translate | evaluate | …`.

A file for each group of commands, and no TensorFlow: a command imports it when its input has been
found good. Bad input gets one line and exit code 2; `guard` sees to that.
"""

import sys

import typer

from course.cli import (
    chat,
    data,
    doctor,
    evaluate,
    guard,
    perplexity,
    train,
    translate,
    tune,
    write,
)

app = typer.Typer(
    name="course",
    help="Sequence models from the terminal: train one, then let it translate, write or talk.",
    epilog="Example: course train translator --limit 5000 --save model",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog=doctor.EXAMPLE)(doctor.doctor)
app.add_typer(data.app, name="data")
app.add_typer(train.app, name="train")
app.add_typer(tune.app, name="tune")
app.command(epilog=translate.EXAMPLE)(translate.translate)
app.command(epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command(epilog=write.EXAMPLE)(write.write)
app.command(epilog=perplexity.EXAMPLE)(perplexity.perplexity)
app.command(epilog=chat.EXAMPLE)(chat.chat)


def main(arguments: list[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those after the name of the program; what was typed if None.

    Returns:
        The exit code: 0; 1 where `course doctor` found something; 2 for bad input; 130 after
        Ctrl-C.
    """
    typed = sys.argv[1:] if arguments is None else arguments

    def run() -> None:
        # Not `app()`: it would answer bad input itself, in several lines.
        command = typer.main.get_command(app)
        with command.make_context("course", list(typed) or ["--help"]) as context:
            command.invoke(context)

    return guard.guarded(run)
