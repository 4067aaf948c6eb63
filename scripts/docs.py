"""Write what is generated of README.md and docs/ anew, or say whether it is up to date.

    python scripts/docs.py [--check] [PAGE...]

A part stands between `<!-- name -->` and `<!-- /name -->`; the pages of `written()` are made whole;
in all others the examples are run (`console.py`).
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import click
import polars as pl
from console import ROOT, has_examples, run, timeless

from pipelines import exports
from pipelines.cli.main import GROUPS, app, command_of
from pipelines.cli.tables import dated, examples
from pipelines.cli.terminal import as_json
from pipelines.datasets import gradings, shipped, shipped_paths
from pipelines.findings import printable
from pipelines.io import schema
from pipelines.rules.catalogue import FAMILIES, RULES
from pipelines.stages import order

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

# Reasons that are not one dataset's, with the stage that gives them.
SHARED = {
    "oversized_prompt": ("normalize", "the prompt has more bytes than `--max-prompt-bytes`"),
    "ungradeable": (
        "normalize",
        "its reference answer, given as the model would, does not score with its own grader",
    ),
    "no_pass_rate": ("normalize", "with `--min-pass-rate`: none of its generations was judged"),
    "too_hard": ("normalize", "its generations are right less often than `--min-pass-rate` says"),
    "too_easy": ("normalize", "its generations are right more often than `--max-pass-rate` says"),
    "conflicting_answers": ("dedupe", "one question, several answers: all of them go"),
    "duplicate": ("dedupe", "the same question again; the detail names the one that is kept"),
    "near_duplicate": (
        "dedupe",
        "nearly the same text with the same numbers, negations and answer; the detail names the "
        "one that is kept",
    ),
    "split_conflict": (
        "dedupe",
        "it would tie training to validation of the split of `--previous`; in `split`, it is "
        "like a row of your own validation or test split",
    ),
    "contaminated": (
        "decontaminate",
        "a benchmark asks the same question, or nearly, or most of its question is in it",
    ),
    "row_limit": ("convert", "beyond `--rows` or `--validation-rows`"),
    "size_limit": ("convert", "the file would have more than `--max-bytes` bytes"),
}


def measured() -> str:
    """What was read on the report half: drops by rule and collection, and kept rows."""
    folder = Path(__file__).parents[1] / "tests/datasets/adjudicated"
    tables = [path.read_text().splitlines() for path in sorted(folder.glob("*.tsv"))]
    verdicts: dict[str, dict[str, list[bool]]] = {}
    for head, *lines in tables:
        for line in lines:
            row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
            if row["digest"] < "8" or row.get("outcome") == "kept":
                continue
            whose = row["collection"].rpartition("-")[0] or row["collection"]
            what = f"`{row['rule']}`, {row['outcome']}" if "rule" in row else "kept rows, gradeable"
            verdicts.setdefault(what, {}).setdefault(whose, []).append(row["verdict"] == "right")
    rows = []
    for what, collections in sorted(verdicts.items()):
        parts = sorted(collections.items())
        if len(parts) > 1 and not what.startswith("kept"):
            parts.append(("all", [one for part in collections.values() for one in part]))
        for whose, read in parts:
            low, high = _wilson(sum(read), len(read))
            interval = f"{100 * low:.0f} to {100 * high:.0f} %"
            rows.append((what, whose, str(len(read)), str(sum(read)), interval))
    return _table(("what was read", "of", "rows", "right", "95 % interval"), rows)


def _wilson(right: int, rows: int) -> tuple[float, float]:
    """Wilson's interval of a share, of 95 %."""
    z = 1.96
    share, scale = right / rows, 1 + z * z / rows
    half = z * (share * (1 - share) / rows + z * z / (4 * rows * rows)) ** 0.5
    middle = share + z * z / (2 * rows)
    return (middle - half) / scale, (middle + half) / scale


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


@cache
def _demo() -> tuple[str, dict[str, pl.Schema]]:
    """What `rft prepare` prints at 80 columns, and the parquet files that it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        got = subprocess.run(
            [sys.executable, "-m", "pipelines", "prepare"],
            cwd=folder,
            env={**os.environ, "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        paths = sorted(Path(folder, "processed/medmcqa").glob("*.parquet"))
        schemas = {path.name: pl.read_parquet_schema(path) for path in paths}
    return got.stdout, {name: pl.Schema(schema) for name, schema in schemas.items()}


def output() -> str:
    """What `make prepare` prints."""
    lines = (line.rstrip() for line in _demo()[0].splitlines())
    return "\n".join(["```", "$ make prepare", *lines, "```"])


# What the columns of the files beside the items hold.
COLUMNS = {
    "id": "the record's id, as in the items",
    "cluster": "the smallest digest of the records that belong together",
    "linked_to": "the record that tied it to its cluster",
    "link": "what ties it: same text, same question, near-duplicate, same stem, group",
    "similarity": "of a near-duplicate, the Jaccard index",
    "dropped": "the reason, where it was dropped",
    "reference_answer": "the answer that the grader compares with",
    "prompt": "what the user asks, repaired",
    "stage": "the stage that dropped it",
    "reason": "why; [all reasons](reasons.md)",
    "detail": "what exactly, the id of the kept copy say",
    "repairs": "the names of what was mended",
    "before": "the prompt as it came",
    "after": "the prompt as it is",
    "digest": "of question, options and answer: the same wherever the record is seen",
    "split": "train, validation or test",
    "file": "the raw file",
    "row": "its row there, from 1",
    "line": "its line in the split's file, from 1",
}


def column_table() -> str:
    """The columns of the parquet files that a run leaves."""
    rows = (
        (f"`{name}`", f"`{column}`", str(kind).lower(), COLUMNS[column])
        for name, columns in _demo()[1].items()
        for column, kind in columns.items()
    )
    return _table(("file", "column", "type", "what it holds"), rows)


def datasets() -> str:
    """Where each dataset comes from and what its items hold."""
    known = [shipped(name) for name in shipped_paths()]
    rows = (
        (
            f"`{dataset.name}`",
            f"[{dataset.hub}]({dataset.page})"
            + (f" at `{dataset.revision[:12]}`" if dataset.revision else ""),
            dataset.license,
            ", ".join(f"`{field}`" for field in dataset.item_fields),
            dataset.tried,
        )
        for dataset in known
    )
    graders = (
        (f"`{name}`", f"`{grading.name}`", f"`{grading.grader['type']}`", grading.about)
        for name in gradings.NAMES
        for grading in gradings.named(name)
    )
    return "\n\n".join(
        (
            _table(("dataset", "hub", "license", "item fields", "tried on"), rows),
            _table(("grader", "`--grader`", "type", "what scores; the first is used"), graders),
        )
    )


def description() -> str:
    """The keys of a dataset's description."""
    keys = schema.load("dataset")["properties"]
    return _table(("key", "what it says"), ((f"`{key}`", keys[key]["description"]) for key in keys))


def stage_table() -> str:
    """What each stage does."""
    rows = (
        (f"`{name}`", (module.__doc__ or "").partition("\n")[0])
        for name, module in zip(order.NAMES, order.MODULES, strict=True)
    )
    return _table(("stage", "what it does"), rows)


def reasons() -> str:
    """Why a row is dropped, or counted and kept."""
    having: dict[tuple[str, str, str], list[str]] = {}
    for dataset in map(shipped, shipped_paths()):
        for fault in dataset.faults:
            stage = "normalize" if fault.drops else "counted"
            having.setdefault((fault.reason, stage, fault.why), []).append(f"`{dataset.name}`")
    rows = [
        (f"`{reason}`", stage, ", ".join(dict.fromkeys(names)), why)
        for (reason, stage, why), names in having.items()
    ]
    rows += [(f"`{reason}`", stage, "every", why) for reason, (stage, why) in SHARED.items()]
    return _table(("reason", "stage", "dataset", "what it means"), rows)


def rules() -> str:
    """The families of rules, each with its page."""
    rows = []
    for family, (name, about) in FAMILIES.items():
        codes = [code for code in RULES if code.startswith(family)]
        rows.append((f"[{name}]({family.lower()}.md)", family, len(codes), about))
    return _table(("family", "codes", "rules", "what they are about"), rows)


def family_page(family: str) -> str:
    """The rules of a family: what holds, why, and what fails."""
    name, about = FAMILIES[family]
    parts = [
        f"# {name}: {family}",
        f"Rules on {about}; `rft rules CODE` prints one. [All families](rules.md)",
    ]
    known = examples()
    for code, rule in sorted(RULES.items()):
        if not code.startswith(family):
            continue
        title, _, why = (inspect.getdoc(rule.test) or "").partition("\n")
        example = known[code]
        facts = [f"{rule.severity}; source: {rule.source}; read {rule.read}"]
        if example["fixed"]:
            facts.append("`--fix` repairs it")
        parts += [f"## {code}", f"**{title}**", " ".join(why.split()), f"*{'; '.join(facts)}*"]
        if example["fails"] is not None:
            shown = example["fails"]
            shown = shown if isinstance(shown, str) else as_json(shown).decode()
            shown = printable(shown.rstrip("\n"))
            parts.append(f"Fails:\n\n```json\n{_cut(shown)}\n```")
        parts.append(f"```\n{printable(example['finding'])}\n```")
    return "\n\n".join(filter(None, parts)) + "\n"


def _cut(text: str) -> str:
    """The beginning of what is too long to be read."""
    return text if len(text) <= 600 else f"{text[:600]}…"


def commands_page() -> str:
    """Every command with its help, as a terminal of 80 columns shows it."""
    parts = [
        "# Commands",
        "What `rft COMMAND --help` prints. Exit codes: 0 sound, 1 findings of severity error, "
        "2 wrong use or input that cannot be read, 3 a fault of rft-data.",
        _help(app, "rft"),
    ]
    for title, names in GROUPS.items():
        parts.append(f"## {title}")
        for name in names:
            parts += [f"### rft {name}", _help(command_of(name), f"rft {name}")]
    return "\n\n".join(parts) + "\n"


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, terminal_width=80, max_content_width=80)
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join(["```", *lines, "```"])


def written() -> dict[Path, str]:
    """The pages that are made whole."""
    docs = ROOT / "docs"
    pages = {docs / f"{family.lower()}.md": family_page(family) for family in FAMILIES}
    return {docs / "commands.md": commands_page(), **pages}


def limit_table() -> str:
    """The caps, the models that are known, what is known of prices, and what estimates assume."""
    code = ("limit", "model", "of", "assumption", "option")
    return "\n\n".join(
        _table(
            names,
            (
                [
                    f"`{cell}`" if cell and name in code else cell
                    for name, cell in zip(names, row, strict=True)
                ]
                for row in rows
            ),
        )
        for names, rows in dated()
    )


def export_table() -> str:
    """What `rft export` writes."""
    return _table(("target", "what", "files", "limits", "source", "read"), exports.table())


PARTS: dict[str, Callable[[], str]] = {
    "output": output,
    "columns": column_table,
    "datasets": datasets,
    "description": description,
    "stages": stage_table,
    "reasons": reasons,
    "measured": measured,
    "rules": rules,
    "limits": limit_table,
    "exports": export_table,
}


def render(texts: dict[Path, str]) -> dict[Path, str]:
    """The pages with every part made anew, where it stands."""
    made = dict(texts)
    for name, make in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        places = [path for path, text in made.items() for _ in range(text.count(begin))]
        if len(places) != 1 or made[places[0]].count(end) != 1:
            raise SystemExit(f"the part {name!r} is there not once: {places}")
        head, _, rest = made[places[0]].partition(begin)
        made[places[0]] = f"{head}{begin}{make()}\n{end}{rest.partition(end)[2]}"
    return made


def main() -> None:
    """Write, or with --check compare and exit with 1 where a page is behind."""
    words = sys.argv[1:]
    check = "--check" in words
    chosen = {Path(word).resolve() for word in words if word != "--check"} or set(PAGES)
    now = {path: path.read_text(encoding="utf-8") for path in PAGES}
    whole = written()
    pages = {**render(now), **whole}
    for path in sorted({*chosen, *(whole if chosen == set(PAGES) else ())}):
        text = pages[path]
        if path not in whole and has_examples(text):
            text = run(text)
        behind = timeless(text) != timeless(now.get(path, ""))
        if behind and check:
            raise SystemExit(f"{path.relative_to(ROOT)}: not up to date; run `make docs`")
        if behind:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
