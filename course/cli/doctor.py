"""`course doctor`."""

import typer

from course import doctor as examination

EXAMPLE = "Example: course doctor"


def doctor() -> None:
    """Say whether this machine is ready for the course, and what to do where it is not."""
    findings = examination.examine()
    print(examination.report(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
