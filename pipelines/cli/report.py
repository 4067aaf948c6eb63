"""`rft report`: a prepared folder as a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.cli.options import Folder, Quiet


def report(
    folder: Folder,
    out: Annotated[
        Path | None, option(metavar="FILE", help="Where the page goes; FOLDER/report.html.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a page that shows a prepared folder.

    One HTML file that asks no network: the flow of the rows with examples of each reason, tokens,
    strata, answers, leakage, conflicts, repairs, findings, what guesses earn, and a table of at
    most 1,000 rows with search and filters. Where rates.jsonl, calibration.json or evaluation.json
    are in the folder it shows them, too.

    \b
    Examples:
      rft report medmcqa
      rft report processed/medmcqa --out page.html
    """
    from pipelines.io import prepared
    from pipelines.report import page

    source = prepared.find(folder)
    path = out or source.folder / page.NAME
    progress = terminal.progress(quiet=quiet)
    progress.begin(f"{source.folder.resolve().name} report", None, "")
    written = page.write(source, path)
    progress.end()
    if not quiet:
        size = terminal.counted(path.stat().st_size, "byte")
        terminal.say(f"{path}: {size}" + ("" if written else "; the same as before"))
