"""`report.html`: one file with all that it needs and no network, the same for the same folder."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.prepared import ALL_SPLITS, Prepared
from pipelines.report import results
from pipelines.report.charts import bars
from pipelines.report.difference import marked
from pipelines.report.leakage import nearness
from pipelines.report.table import FACETS, PROMPT, Row, Table, answer, cut, short

NAME = "report.html"

# Rows that a page shows, and its bytes: a browser opens these in a second.
MOST_ROWS, MOST_BYTES = 1_000, 1_900_000

# In its first bytes a report says of what it was made.
_MARK, _HEAD = b'<meta name="rft-made-of" content="', 4096

_HERE = Path(__file__).parent
_TITLES = {"train": "training", "validation": "validation", "test": "test"}
# Pairs that stand side by side, and how much of their texts.
_PAIRS, _PAIR_TEXT = 5, 700
_FINDINGS, _SUSPECTS = 50, 20


def write(prepared: Prepared, path: Path) -> bool:
    """Write the report of a folder; false where the one there was made of the same files.

    BadInput where a file is there that is no report.
    """
    made_of = fingerprint(prepared)
    there = path.read_bytes()[:_HEAD] if path.is_file() else None
    if there is not None and _MARK not in there:
        raise BadInput(f"{path}: is no report; move it away, or name another --out")
    if there is not None and f'{_MARK.decode()}{made_of}"'.encode() in there:
        return False
    text = page(prepared, made_of).encode()
    files.write(path, lambda file: file.write(text))
    return True


def fingerprint(prepared: Prepared) -> str:
    """A digest of all that a report is made of: the folder's files, and this room's code."""
    total = sha256()
    folder = prepared.folder
    made = (folder / "manifest.json", *(folder / name for name in results.NAMES))
    receipts = sorted(folder.glob("stages/*.json"))
    items = [prepared.path(split) for split in prepared.splits]
    for path in (*made, *receipts, *items, *sorted(_HERE.glob("*.*"))):
        total.update(f"{path.name} {files.sha256(path) if path.is_file() else ''}\n".encode())
    return total.hexdigest()[:32]


def page(prepared: Prepared, made_of: str = "") -> str:
    """The report of a folder as HTML."""
    manifest = results.made(prepared)
    near = nearness(prepared, manifest)
    table = Table(prepared, near)
    calibration = results.calibration(prepared)
    findings = (manifest.get("findings") or [])[:_FINDINGS]
    # What sections show is named first, and then read at once.
    pairs = [
        (table.at("train", train_line), table.at(split, line), similarity)
        for split, line, train_line, similarity in near.rows.head(_PAIRS).iter_rows()
    ]
    conflicts = table.first(4 * _PAIRS, reason="conflicting_answers")
    suspects = _suspects(table, manifest)
    repairs = {repair: table.first(3, repair=repair) for repair in table.values("repair")}
    examples = {
        (stage["stage"], reason): table.first(3, stage=stage["stage"], reason=reason)
        for stage in manifest.get("stages") or []
        for reason in table.values("reason", stage=stage["stage"])
    }
    for split, line in _lines(manifest, calibration, findings):
        table.at(split, line)
    rows = table.shown(MOST_ROWS)
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in _ASSETS)
    values = {
        "made_of": made_of,
        "title": prepared.dataset or prepared.folder.resolve().name,
        "style": Markup(style),
        "script": Markup(script),
        "policy": _policy(style, script),
        "t": table,
        "titles": {split: _TITLES[split] for split in ALL_SPLITS if split in prepared.splits},
        "manifest": manifest,
        "threshold": prepared.threshold or 0.8,
        "grader": prepared.document("grader") or {},
        "near": near,
        "pairs": [_pair(one, other, similarity=s) for one, other, s in pairs if one and other],
        "conflicts": _groups(conflicts),
        "suspects": [_pair(one, other) for one, other in suspects if one and other],
        "repairs": {repair: list(map(_repair, some)) for repair, some in repairs.items()},
        "examples": examples,
        "findings": findings,
        "calibration": calibration,
        "evaluation": results.evaluation(prepared),
        "facets": FACETS,
        "most_suspects": _SUSPECTS,
        "chart": partial(_chart, table),
    }
    template = _environment().get_template("page.html")
    head, _, foot = template.render(values).partition("<!--rows-->")
    shown, size = [], len(head.encode()) + len(foot.encode())
    module: Any = _environment().get_template("row.html").module
    for n, row in rows.items():
        text = str(module.row(row, table.facets(row)))
        size += len(text.encode())
        if size > MOST_BYTES:
            break
        shown.append((n, text))
    body = "".join(text for _, text in sorted(shown))
    return f"{head}{body}{foot}"


_ASSETS = ("page.css", "page.js")


def _policy(style: str, script: str) -> str:
    """A content security policy: this style sheet, this script, and nothing of any network."""
    own = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{own[0]}'; script-src 'sha256-{own[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "answer": answer,
        "cut": cut,
        "short": short,
        "percent": lambda share: f"{share:.1%}",
    }
    return made


def _chart(
    table: Table,
    title: str,
    facet: str,
    values: list[str],
    series: dict[str, dict[str, str]],
    **shape: bool,
) -> Markup:
    """How many rows of each series have each value of a facet; with `percent`, which share."""
    shown = {}
    for label, chosen in series.items():
        total = table.count(**chosen) if shape.get("percent") else 1
        where = [{**chosen, facet: value} for value in values]
        shown[label] = [(table.count(**one) / (total or 1), table.address(**one)) for one in where]
    return bars(title, values, shown, **shape)


# What stands side by side ------------------------------------------------------------------------


def _pair(one: Row, other: Row, **more: object) -> dict[str, Any]:
    """Two rows with what differs in their prompts."""
    texts = [str(row["prompt"] or "")[:_PAIR_TEXT] for row in (one, other)]
    return {"rows": (one, other), "texts": marked(*texts), **more}


def _suspects(table: Table, manifest: dict[str, Any]) -> list[tuple[Row | None, Row | None]]:
    """Pairs that ask the same, as far as their texts tell, with different answers."""
    facts = [stage.get("facts") or {} for stage in manifest.get("stages") or []]
    pairs = [pair for one in facts for pair in one.get("suspect_references") or []]
    names = [str(name) for one, other in pairs[:_PAIRS] for name in (other, one)]
    rows = iter(table.called(names) if names else [])
    return list(zip(rows, rows, strict=True))


def _groups(conflicts: list[Row]) -> list[list[Row]]:
    """Rows of one question whose answers differ, by question."""
    groups: dict[str, list[Row]] = {}
    for row in conflicts:
        groups.setdefault(row["detail"] or "", []).append(row)
    return sorted(groups.values(), key=lambda group: str(group[0]["digest"]))[:_PAIRS]


def _repair(row: Row) -> dict[str, Any]:
    """A row with what its repairs changed."""
    texts = (row["published"], row["prompt"] or "")
    return {"row": row, "texts": marked(*(t[:PROMPT] for t in texts)) if texts[0] else None}


def _lines(
    manifest: dict[str, Any], calibration: dict[str, Any] | None, findings: list[dict[str, Any]]
) -> Iterator[tuple[str, int]]:
    """The lines that sections name: of probes, of references in doubt, of findings."""
    for hit in (manifest.get("probes") or {}).get("hits", {}).values():
        yield from (("train", line) for line in hit["lines"])
    for one in ((calibration or {}).get("suspect_references") or [])[:_SUSPECTS]:
        yield "train", one["line"]
    for finding in findings:
        if finding["line"]:
            yield finding["path"].partition(".")[0], finding["line"]
