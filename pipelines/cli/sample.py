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
from pipelines.sampling.settings import Api


def sample(
    folder: Folder,
    model: Annotated[
        str | None,
        option(help="The model or deployment; else MODEL_DEPLOYMENT_NAME names it."),
    ] = None,
    answers: asking.Answers = 4,
    split: Split = "train",
    limit: asking.Limit | None = None,
    out: Annotated[
        Path | None,
        option(help="Where the answers go (JSONL); samples/NAME.SPLIT.jsonl by default."),
    ] = None,
    endpoint: EndpointOption | None = None,
    api: asking.ApiOption = Api.chat,
    temperature: asking.Temperature | None = None,
    top_p: asking.TopP | None = None,
    max_tokens: asking.MaxTokens | None = None,
    reasoning_effort: asking.Effort | None = None,
    concurrency: asking.Concurrency = 32,
    price: asking.Price | None = None,
    max_cost: asking.MaxCost | None = None,
    dry_run: asking.DryRun = False,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
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
      rft sample medmcqa --model local --endpoint http://127.0.0.1:8000/v1 --limit 200
    """
    prepared = find(folder)
    wanted_of = asking.Asking(
        answers, limit, api, temperature, top_p, max_tokens, reasoning_effort, concurrency,
        endpoint, price, max_cost, quiet,
    )  # fmt: skip
    out = out or default_out(prepared, split)
    with closing(items_of(prepared, split)) as items:
        wanted = wanted_of.plan(prepared, items, (model,) if model else ())
        if dry_run:
            wanted_of.dry_run(wanted, out)
            return
        result, spents = wanted_of.collect(wanted, out)
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
