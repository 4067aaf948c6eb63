"""Write the generated parts of README.md and docs/ anew, or say whether they are up to date.

    python scripts/docs.py [--check]

A part stands between `<!-- name -->` and `<!-- /name -->`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from pipelines import exports
from pipelines.cli.tables import dated
from pipelines.datasets import gradings, shipped, shipped_paths
from pipelines.io import schema
from pipelines.rules.catalogue import RULES
from pipelines.stages import order

ROOT = Path(__file__).parents[1]
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


def output() -> str:
    """What `make prepare` prints, run in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        got = subprocess.run(
            [sys.executable, "-m", "pipelines", "prepare"],
            cwd=folder,
            env={**os.environ, "COLUMNS": "110"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    lines = (line.rstrip() for line in got.stdout.splitlines())
    return "\n".join(["```", "$ make prepare", *lines, "```"])


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
    """What the finished files are held to."""
    rows = (
        (code, rule.severity, rule.title.replace("|", "\\|"), rule.source, rule.read)
        for code, rule in sorted(RULES.items())
    )
    return _table(("rule", "severity", "what holds", "source", "read"), rows)


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


def timeless(text: str) -> str:
    """The text without the seconds of a run, which differ from one to the next."""
    return re.sub(r"(?m)^seconds .*$", "seconds", text)


def main() -> None:
    """Write, or with --check compare and exit with 1 where a page is behind."""
    now = {path: path.read_text(encoding="utf-8") for path in PAGES}
    for path, text in render(now).items():
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif timeless(text) != timeless(now[path]):
            raise SystemExit(f"{path.relative_to(ROOT)}: not up to date; run `make docs`")


if __name__ == "__main__":
    main()
