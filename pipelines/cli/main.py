"""The command `rft`: its subcommands, and exit codes out.

Exit codes: 0 sound, 1 findings of severity error, 2 wrong use or input that cannot be read, 3 a
fault of rft-data.
"""

from __future__ import annotations

import os

# The allocator of polars keeps freed memory for ten seconds, and in four arenas a core, unless told
# otherwise before polars is loaded. With 0 s all is given back at once and fetched anew: 15.6 s of
# system time on 720,000 rows, against 8.7 with 0.1 s; in two arenas, which the threads share, that
# takes no more memory.
_ALLOCATOR = "dirty_decay_ms:100,muzzy_decay_ms:0,narenas:2"
os.environ.setdefault("_RJEM_MALLOC_CONF", _ALLOCATOR)
# So does that of pyarrow, which writes: 30 MB.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# Nothing here multiplies matrices, and numpy starts a thread a core for it: 0.04 s with two.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from pipelines.cli import terminal
from pipelines.cli.command import command
from pipelines.findings import BadInput

# The commands in the order of the help, with the modules of their functions.
GROUPS = {
    "Make a dataset": {"init": "init", "prepare": "prepare", "datasets": "tables"},
    "Check it and look at it": {
        "validate": "validate",
        "audit": "audit",
        "report": "report",
        "show": "show",
        "rules": "tables",
    },
    "Sample and grade answers, choose rows": {
        "sample": "sample",
        "grade": "grade",
        "calibrate": "calibrate",
        "select": "select",
    },
    "Train": {
        "export": "export",
        "estimate": "estimate",
        "submit": "submit",
        "job": "job",
        "evaluate": "evaluate",
    },
}
MODULES = {name: module for group in GROUPS.values() for name, module in group.items()}

_PACKAGE = Path(__file__).parents[1]


class _Commands(click.Group):
    """Commands whose modules are loaded once they are asked for: `rft validate` needs no frames."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by group, each with the first sentence of its help, whole."""
        for title, names in GROUPS.items():
            helps = {name: command_of(name).help or "" for name in names}
            with formatter.section(title):
                formatter.write_dl(
                    [(name, _first_sentence(text)) for name, text in helps.items()], col_spacing=3
                )

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command_of(cmd_name) if cmd_name in MODULES else None


def command_of(name: str) -> click.Command:
    """A command by its name, its module loaded."""
    found = getattr(import_module(f"pipelines.cli.{MODULES[name]}"), name)
    return found if isinstance(found, click.Command) else command(found)


def _first_sentence(text: str) -> str:
    first = " ".join(text.partition("\n\n")[0].split())
    return first.partition(". ")[0].rstrip(".")


def _completion(ctx: click.Context, parameter: click.Parameter, shell: str | None) -> None:
    script = get_completion_class(shell) if shell else None
    if script is not None:
        print(script(app, {}, "rft", "_RFT_COMPLETE").source())
        ctx.exit()


@click.group(
    cls=_Commands,
    # By their names alone: what is not one of them is answered with the nearest.
    commands={name: click.Command(name) for name in MODULES},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="rft-data", message="rft %(version)s")
@click.option(
    "--show-completion",
    type=click.Choice(["bash", "zsh", "fish"]),
    is_eager=True,
    expose_value=False,
    callback=_completion,
    help='Show the script of a shell\'s completion: eval "$(rft --show-completion bash)".',
)
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    help="Show the traceback of a fault of rft-data: `rft --debug COMMAND`.",
)
def app() -> None:
    """Prepare datasets for reinforcement fine-tuning: from a name to files a service accepts."""


def _keep_the_nearest(error: click.UsageError) -> None:
    """Of the names that click would offer leave one, if it is near without its dashes too."""
    if isinstance(error, click.NoSuchOption):
        word = error.option_name
    elif isinstance(error, click.NoSuchCommand):
        word = error.command_name
    else:
        return
    names = error.possibilities or []
    near = get_close_matches(word.strip("-"), [name.strip("-") for name in names], n=1)
    names[:] = [name for name in names if name.strip("-") in near]


def _fault(error: BaseException) -> str:
    """The line for an error that nothing expected; with `--debug`, after its traceback."""
    if "--debug" in sys.argv:
        for line in "".join(traceback.format_exception(error)).splitlines():
            terminal.say(line, stderr=True)
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if Path(each.filename).is_relative_to(_PACKAGE)][-1]
    place = f"{Path(ours.filename).relative_to(_PACKAGE).as_posix()}:{ours.lineno}"
    what = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
    return f"this is a fault of rft-data ({what}, in {place}); report it with what --debug shows"


def main() -> None:
    """Entry point: what the user can mend is one line and exit code 2, never a traceback.

    All that is left is a fault of ours: a line too, exit code 3, and the traceback with `--debug`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale without a character must not end a run
            stream.reconfigure(errors="backslashreplace")
    try:
        raise SystemExit(app(prog_name="rft", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        raise SystemExit(2) from None
    except click.UsageError as error:
        _keep_the_nearest(error)
        path = error.ctx.command_path if error.ctx else "rft"
        message, code = f"{error.format_message().rstrip('.')}; see `{path} --help`", 2
    except BadInput as error:
        message, code = str(error), 2
    except (click.Abort, KeyboardInterrupt):
        message, code = "interrupted; the same command goes on from what is done", 130
    except OSError as error:  # too long a name, a folder for a file, a full disk
        name = f"{error.filename}: " if error.filename else ""
        message, code = f"{name}cannot be used ({error.strerror or error})", 2
    except MemoryError:
        message, code = "the memory of this machine is not enough; give fewer or smaller rows", 2
    except SystemExit:
        raise
    except BaseException as error:  # polars' panics are no Exception
        if "Symlink loop" in str(error):  # of Path.resolve, which has no class of its own for it
            message, code = f"{error}; name another path", 2
        else:
            message, code = _fault(error), 3
    terminal.say(f"rft: {message}", stderr=True)
    raise SystemExit(code)
