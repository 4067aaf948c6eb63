"""`rft evaluate`: models beside one another on items that none was trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from click import Choice
from rich.table import Table

from pipelines.cli import asking, grading, terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    Folder,
    Format,
    OutputFormat,
    Quiet,
)
from pipelines.cli.sample import default_out
from pipelines.findings import BadInput
from pipelines.graders.documented import graders
from pipelines.graders.samples import Origin, read
from pipelines.io import jsonl
from pipelines.io.items import Items
from pipelines.io.prepared import ALL_SPLITS, Prepared, find
from pipelines.service.sampling.compare import FEWEST, difference, mean
from pipelines.service.sampling.evaluation import Outcome, outcome, swapped


def evaluate(
    folder: Folder,
    model: Annotated[
        tuple[str, ...],
        option(help="A model or deployment; may be repeated, the first is compared with."),
    ] = (),
    samples: Annotated[
        tuple[Path, ...],
        option(help="Answers that are there, in place of asking; may be repeated."),
    ] = (),
    split: Annotated[
        str | None,
        option(type=Choice(ALL_SPLITS), help="Which items; test, or validation without one."),
    ] = None,
    by: Annotated[str | None, option(help="The item field to part the items by.")] = None,
    pass_threshold: Annotated[
        float | None, option(help="The score from which an answer passes; else the grader's.")
    ] = None,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    *,
    asked: asking.Asking,
    running: grading.Running,
) -> None:
    """Say whether a tuned model is better than its base, on items that it was not trained on.

    Every model answers the test split; the folder's grader grades here. Shown are the pass
    rate of each, the difference item by item with an interval of 95 %, items won and lost,
    tokens an answer, and answers that earn without solving. The verdict: better, worse, or
    too few items to tell, and how many it would take. An answer that was cut, filtered or
    refused does not pass, and is counted. It stays in the folder as evaluation.json, which
    `rft report` shows. Exit 1 where some answer could not be graded.

    \b
    Examples:
      rft evaluate medmcqa --model gpt-5.4-mini --model medmcqa-tuned -n 4
      rft evaluate medmcqa --model base --model step-40 --model step-80 --dry-run
      rft evaluate medmcqa --samples base.jsonl --samples tuned.jsonl --by subject
    """
    from pipelines.io import files  # with polars and pyarrow behind it

    prepared = find(folder)
    split = split or ("test" if "test" in prepared.splits else "validation")
    subject = grading.of_folder(prepared, split, running.grader_file)
    threshold = subject.threshold(pass_threshold)
    with closing(Items(subject.items)) as items:
        by = by or stratum(prepared, items)
        chosen: dict[str, tuple[Path, Origin]] = {}
        failed = 0
        if samples:
            chosen = _there(samples, model)
        else:
            out, url = asked.out or default_out(prepared, split), running.endpoint
            wanted = asked.plan(prepared, items, model)
            if asked.dry_run:
                asked.show(wanted, out, url)
                return
            result, spents = asked.collect(wanted, out, url, quiet=quiet)
            for line in asking.report(result, spents, out) if not quiet else ():
                terminal.say(line, stderr=True)
            if result.missing > len(result.failed):
                raise BadInput("--max-cost: not all was asked for; run it again with more")
            failed = len(result.failed)
            digest = wanted.settings.digest
            chosen = {name: (out, Origin(name, digest)) for name in wanted.models}
        setup = grading.setup(running)
        grader = dict(subject.grader)
        asks_model = any(graders(grader, "score_model", "label_model"))
        swap = None if asks_model else swapped(items, grader)
        outcomes = []
        for name, (path, origin) in chosen.items():
            graded = partial(grading.graded, grader, subject.name, setup, counted=path, quiet=quiet)
            again = partial(_read, items, path, Origin(origin.model, origin.settings))
            outcomes.append(outcome(name, origin, again, graded, threshold, swap))
        strata = _strata(items, by)
    value = document(outcomes, strata, split, by, swap_tried=not asks_model)
    value["of"] = {"split": split, "sha256": files.sha256(subject.items)}
    files.write_json(prepared.folder / "evaluation.json", value)
    if output_format is Format.json:
        terminal.print_json(value)
    elif not quiet:
        _print(value, outcomes)
    raise Exit(int(failed > 0 or any(each.errors or each.not_run for each in outcomes)))


# What a model has seen of a split before.
_SEEN = {
    "train": "a tuned model was trained on these items, which tells nothing of new ones",
    "validation": "the choice of the checkpoint has seen this split; a test split would be fair",
}


def _read(items: Items, path: Path, again: Origin, origin: Origin | None) -> Iterator[Any]:
    return read(items, path, origin=origin or again)


def stratum(prepared: Prepared, items: Items) -> str | None:
    """The field by which a folder was chosen evenly, found by its values in the manifest."""
    probed = (prepared.manifest() or {}).get("probes", {}).get("guess_rate", {})
    values = set(probed.get("by", ())) - {""}
    fields = set(items[0]) if values and len(items) else set()
    for number in range(len(items)):
        item = items[number]
        fields = {name for name in fields if str(item.get(name)) in values}
    return min(fields, default=None)


def _there(samples: Sequence[Path], models: Sequence[str]) -> dict[str, tuple[Path, Origin]]:
    """The models of the files, in the order of --model, else of the files."""
    grading.check_paths([], samples)
    there: dict[str, tuple[Path, str | None]] = {}
    several = False
    for path in samples:
        names: dict[str | None, None] = {}
        for _, row in jsonl.objects(path):
            name = row.get("model")
            names[name if isinstance(name, str) else None] = None
        if not names:
            raise BadInput(f"{path}: it has no samples; write one JSON object a line")
        several |= len(names) > 1
        for name in names:
            known = name or path.stem
            if known in there:
                raise BadInput(f"{path}: answers of {known} are in {there[known][0]} too")
            there[known] = path, name
    if several and not models:
        known = ", ".join(there)
        raise BadInput(
            f"{samples[0]}: answers of {known}; which is the base? give --model in order"
        )
    for name in models:
        if name not in there:
            raise BadInput(f"--model {name}: the samples are of {', '.join(there)}")
    return {name: (there[name][0], Origin(there[name][1])) for name in models or there}


def _strata(items: Items, by: str | None) -> dict[str, set[int]]:
    strata: defaultdict[str, set[int]] = defaultdict(set)
    for number in range(len(items)) if by else ():
        value = items[number].get(by or "")
        strata[value if isinstance(value, str) else repr(value)].add(number)
    return dict(sorted(strata.items()))


def document(
    outcomes: Sequence[Outcome],
    strata: Mapping[str, set[int]],
    split: str,
    by: str | None,
    *,
    swap_tried: bool,
) -> dict[str, Any]:
    """The evaluation as JSON has it."""
    base = outcomes[0]
    return {
        "split": split,
        "base": base.model,
        "models": [_model(each, base) for each in outcomes],
        "by": by,
        "strata": {
            value: [
                {"model": each.model, **_part(each.rates, base.rates, numbers)} for each in outcomes
            ]
            for value, numbers in strata.items()
        },
        "unearned_tried": swap_tried,
    }


def _model(each: Outcome, base: Outcome) -> dict[str, Any]:
    against = None if each is base else difference(base.rates, each.rates)
    return {
        "model": each.model,
        "pass_rate": mean(list(each.rates.values())),
        "items": len(each.counted),
        "answers": each.counted.total(),
        "unfinished": dict(sorted(each.unfinished.items())),
        "errors": dict(sorted(each.errors.items())),
        "not_run": dict(sorted(each.not_run.items())),
        "tokens_per_answer": each.tokens_per_answer,
        "unearned": dict(sorted(each.unearned.items())),
        "samples": each.origin.as_dict(),
        "against_base": against and against.as_dict(),
    }


def _part(
    rates: Mapping[int, float], base: Mapping[int, float], numbers: set[int]
) -> dict[str, Any]:
    mine = {number: rate for number, rate in rates.items() if number in numbers}
    theirs = {number: rate for number, rate in base.items() if number in numbers}
    against = difference(theirs, mine)
    return {
        "items": len(mine),
        "pass_rate": mean(list(mine.values())),
        "difference": against and against.mean,
        "interval": [against.low, against.high] if against and against.items >= FEWEST else None,
    }


def _print(value: Mapping[str, Any], outcomes: Sequence[Outcome]) -> None:
    out = terminal.console()
    models = value["models"]
    items = max(each["items"] for each in models)
    out.print(f"{items:,} items of the {value['split']} split", soft_wrap=True)
    if note := _SEEN.get(value["split"]):
        out.print(f"note: {note}", soft_wrap=True)
    out.print()
    table = _table("model", "passes", "difference", "95 %", "won", "lost", "tokens", "cut")
    for each in models:
        against = each["against_base"]
        tokens, cut = each["tokens_per_answer"], sum(each["unfinished"].values())
        table.add_row(
            each["model"],
            _share(each["pass_rate"]),
            *(
                (
                    _points(against["difference"]),
                    _interval(against["interval"]),
                    f"{against['won']:,}",
                    f"{against['lost']:,}",
                )
                if against
                else ("", "", "", "")
            ),
            "" if tokens is None else f"{tokens:,.0f}",
            f"{cut:,}",
        )
    out.print(table)
    if value["strata"]:
        table = _table(
            str(value["by"]), "items", "model", "passes", "difference", "95 %", left=(0, 2)
        )
        for name, parts in value["strata"].items():
            for place, part in enumerate(parts):
                table.add_row(
                    name if place == 0 else "",
                    f"{part['items']:,}" if place == 0 else "",
                    part["model"],
                    _share(part["pass_rate"]),
                    _points(part["difference"]) if place else "",
                    _interval(part["interval"]) if place else "",
                )
        out.print()
        out.print(table)
    out.print()
    for line in _notes(value, outcomes):
        out.print(line, soft_wrap=True)


def _notes(value: Mapping[str, Any], outcomes: Sequence[Outcome]) -> Iterator[str]:
    for each in outcomes:
        for kind, count in sorted(each.unearned.items()):
            answers = terminal.counted(count, "answer")
            yield f"{each.model}: {answers} passed without solving: {kind}"
        if cut := each.unfinished["length"]:
            share = cut / max(1, each.counted.total())
            answers = terminal.counted(cut, "answer")
            yield f"{each.model}: {answers} ({share:.1%}) cut by the token limit; see --max-tokens"
        for reason, count in (each.errors + each.not_run).most_common(3):
            yield f"{each.model}: {count:,} answers not graded: {reason}"
    if not value["unearned_tried"]:
        yield "answers that earn without solving were not looked for: the grader asks a model"
    if len(outcomes) > 2:
        yield "of several models the best is chosen by chance too: confirm it on other items"
    for each in value["models"][1:]:
        against = each["against_base"]
        if against is None:
            yield f"{each['model']}: no item was answered by it and by {value['base']}"
            continue
        yield f"{each['model']}: {_verdict(against, value['base'])}"
    if len(outcomes) == 1:
        yield "one model alone: give the tuned one as a second --model"


def _verdict(against: Mapping[str, Any], base: str) -> str:
    if against["verdict"] != "too few items to tell":
        return f"{against['verdict']} than {base}"
    needed, delta = against["items_needed"], abs(against["difference"])
    if needed is None:
        return f"{against['verdict']}; use more items"
    what = f"{100 * delta:.1f}" if delta >= 0.01 else "5"
    have = against["items"]
    return f"too few items to tell: {have:,} of about {needed:,} that {what} points would take"


def _table(*names: str, left: tuple[int, ...] = (0,)) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for place, name in enumerate(names):
        if place in left:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    return table


def _share(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.1f} %"


def _points(delta: float | None) -> str:
    return "" if delta is None else f"{100 * delta:+.1f}"


def _interval(ends: Sequence[float] | None) -> str:
    return "" if ends is None else f"{100 * ends[0]:+.1f} to {100 * ends[1]:+.1f}"
