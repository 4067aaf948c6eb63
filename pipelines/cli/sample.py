"""`rft sample`: a model's answers to the items of a prepared folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from pipelines.cli import asking, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import EndpointOption, Folder, Format, OutputFormat, Quiet, Split
from pipelines.findings import BadInput
from pipelines.io.items import Items
from pipelines.io.prepared import Prepared, find


def sample(
    folder: Folder,
    model: Annotated[
        str | None,
        option(help="The model or deployment; else MODEL_DEPLOYMENT_NAME names it."),
    ] = None,
    split: Split = "train",
    endpoint: EndpointOption | None = None,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    *,
    asked: asking.Asking,
) -> None:
    """Ask a model for several answers to each item of a prepared folder.

    Response format, tools and reasoning effort are those of the folder and its job. An
    answer that was cut, filtered or refused is recorded as such. A run that was ended goes
    on where it was, and no answer that is there is asked for again: the same command with a
    larger -n adds to the file, and so does another model. Exit 1 where some request failed
    or --max-cost ended the run.

    \b
    Examples:
      rft sample medmcqa --model gpt-5.4-mini --dry-run
      rft sample medmcqa --model gpt-5.4-mini -n 8 --price 0.25,2 --max-cost 20
      rft sample medmcqa --model local --endpoint http://127.0.0.1:8000/v1
    """
    prepared = find(folder)
    out = asked.out or default_out(prepared, split)
    with closing(items_of(prepared, split)) as items:
        wanted = asked.plan(prepared, items, (model,) if model else ())
        if asked.dry_run:
            asked.show(wanted, out, endpoint)
            return
        result, spents = asked.collect(wanted, out, endpoint, quiet=quiet)
    if output_format is Format.json:
        terminal.print_json(summary(result, spents, out))
    elif not quiet:
        for line in asking.report(result, spents, out):
            terminal.say(line)
    if result.missing > len(result.failed):
        count = terminal.counted(result.missing, "answer")
        left = f"--max-cost: {count} not asked for; what came is kept, run it again with more"
        terminal.say(left, stderr=True)
    raise Exit(int(result.missing > 0))


def default_out(prepared: Prepared, split: str) -> Path:
    """Where the answers to a folder's split go unless it is said."""
    return Path("samples") / f"{prepared.folder.resolve().name}.{split}.jsonl"


def items_of(prepared: Prepared, split: str) -> Items:
    """The items of a split; BadInput where the folder has none of that name."""
    path = prepared.path(split)
    if not path.is_file():
        there = ", ".join(prepared.splits)
        raise BadInput(f"{path}: there is no such file; give --split one of {there}")
    return Items(path)


def summary(result: Any, spents: Any, out: Path) -> dict[str, Any]:
    """The outcome as JSON has it."""
    return {
        "file": str(out),
        "wanted": result.wanted,
        "before": result.before,
        "finishes": dict(sorted(result.finishes.items())),
        "failed": [{**key._asdict(), "message": message} for key, message in sorted(result.failed)],
        "missing": result.missing,
        "models": {
            model: {"input": spent.tokens_in, "output": spent.tokens_out, "usd": spent.usd}
            for model, spent in spents.items()
        },
    }
