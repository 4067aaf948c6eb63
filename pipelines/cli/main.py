"""The command `rft`: its subcommands, and exit codes out.

Exit codes: 0 sound, 1 findings of severity error, 2 wrong use or input that cannot be read.
"""

from __future__ import annotations

import os

# The allocator of polars keeps freed memory for ten seconds unless told otherwise, before polars is
# loaded: 583 MB against 634 MB at the peak on 180,000 rows, for no more CPU.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")

import sys
from importlib import metadata
from io import TextIOWrapper
from typing import Annotated

import typer

from pipelines.cli import (
    audit,
    calibrate,
    estimate,
    export,
    grade,
    prepare,
    submit,
    tables,
    terminal,
    validate,
)
from pipelines.findings import BadInput

app = typer.Typer(
    name="rft",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"rft {metadata.version('rft-data')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Prepare datasets for reinforcement fine-tuning: from a name to files a service accepts."""


app.command("prepare")(prepare.prepare)
app.command("validate")(validate.validate)
app.command("audit")(audit.audit)
app.command("grade")(grade.grade)
app.command("calibrate")(calibrate.calibrate)
app.command("select")(calibrate.select)
app.command("export")(export.export)
app.command("estimate")(estimate.estimate)
app.command("submit")(submit.submit)
app.command("job")(submit.job)
app.command("datasets")(tables.datasets)
app.command("rules")(tables.rules)


def main() -> None:
    """Entry point: what the user can mend is one line and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale without a character must not end a run
            stream.reconfigure(errors="backslashreplace")
    try:
        raise SystemExit(app(standalone_mode=False) or 0)
    except BadInput as error:
        print(f"rft: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print(
            "rft: interrupted; run it again to go on from the last finished stage", file=sys.stderr
        )
        raise SystemExit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:  # a name that is too long, a folder where a file should be
        if error.filename is None:
            raise
        terminal.say(f"rft: {error.filename}: cannot be used ({error.strerror})", stderr=True)
        raise SystemExit(2) from None
    except RuntimeError as error:  # of Path.resolve, which has no class of its own for it
        if "Symlink loop" not in str(error):
            raise
        terminal.say(f"rft: {error}; name another path", stderr=True)
        raise SystemExit(2) from None
    except Exception as error:
        # Words that the parser refuses; the class of its errors has no public name.
        show, text = getattr(error, "show", None), str(getattr(error, "message", ""))
        if show is None:
            raise
        if text.replace("\n", "").isprintable():
            show()
        else:
            terminal.say(f"rft: {text}", stderr=True)
        raise SystemExit(getattr(error, "exit_code", 2)) from None
