"""Rows for supervised fine-tuning: the item's chat, then one right answer as the assistant's turn.

    {"messages": [{"role": "system", …}, {"role": "user", …}, {"role": "assistant", …}]}

Nothing else is in a row: services refuse other top-level keys in supervised files ("Example 1
contains an extra …"). `developer` becomes `system`, which supervised services and the chat
templates of open models both know.

The answer is a published reasoning trace (`traces.py`) or, with samples, an output of the user's
own model (`rejection.py`). It stands as it was written, thinking included, between
`<think>` and `</think>` in `content`: trainers apply a chat template that reads `role` and
`content`, and a key of its own for the thinking is left out by most templates without a word.

Traces are long, so the cap on a file bites: 27,000 are 450 MB. Rows are taken in an order whose
every beginning is spread over the dataset's strata in proportion, the best answer of each item
before any second one, and taking stops at the first row that does not fit; so a smaller cap gives
the beginning of what a larger one gives. Training and validation rows come from their own files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import orjson
import polars as pl

from pipelines.datasets import DATASETS
from pipelines.exports import rejection, traces
from pipelines.exports.rows import Misfit, chat
from pipelines.exports.samples import Outputs
from pipelines.exports.target import Exported
from pipelines.exports.turns import Items, LeftOut, Turn, Turns
from pipelines.findings import BadInput
from pipelines.io import files, schema
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress, stage_line
from pipelines.rules.messages import SPECIAL
from pipelines.rules.tables import limit
from pipelines.sources import tables

LEFT_OUT = "left_out.parquet"
_NAMES = (*(f"{split}.jsonl" for split in SPLITS), LEFT_OUT)
_ANSWER, _END = b',{"role":"assistant","content":', b"}]}\n"


def write(
    prepared: Prepared,
    out: Path,
    *,
    max_bytes: int,
    samples: Sequence[Path],
    grader: Path | None,
    keep_ratio: float | None,
    source: str,
    report: Progress,
    trusted: bool = False,
) -> Exported:
    """Write `train.jsonl`, `validation.jsonl` and `left_out.parquet` to `out`.

    max_bytes: the cap on each file. samples: outputs of the user's model, scored with `grader` (by
    default the folder's), which `trusted` runs even where there is no sandbox, and filtered by
    `keep_ratio`; without them, published traces are used, from the raw files that `source` names as
    for `rft prepare`, the manifest's where it is empty.

    `left_out.parquet` (split, line, id, reason, detail; by the items' order) holds every item that
    is in no row, and with samples every output that is in none; each is counted in the result. An
    error leaves the files of an earlier run as they were. BadInput where too few rows are left.
    """
    _keep_apart(out, prepared, samples, grader)
    if not samples and (grader is not None or keep_ratio is not None):
        raise BadInput(
            "--grader-file and --keep-ratio are for outputs of your model; give --samples"
        )
    with closing(Items(prepared)) as items:
        if samples:
            with closing(Outputs(items, samples)) as outputs:
                name = prepared.folder.name
                report.begin(f"{name} outputs")
                offered = rejection.rewarded(
                    prepared,
                    items,
                    outputs,
                    grader=grader,
                    keep_ratio=keep_ratio,
                    report=report,
                    trusted=trusted,
                )
                _end(report, name, "outputs", offered)
                return _export(prepared, out, items, offered, max_bytes)
        dataset = traces.recipe(prepared)
        paths = traces.raw_files(prepared, dataset, source, report)
        with _spool(out) as spool:
            report.begin(f"{dataset.name} traces", sum(map(tables.count, paths)))
            offered = traces.verified(dataset, items, paths, spool, report)
            _end(report, dataset.name, "traces", offered)
            return _export(prepared, out, items, offered, max_bytes)


def faults(path: Path, *, max_bytes: int, least: int) -> Iterator[str]:
    """What a service would refuse in a file of rows, a line each; the file is read row by row.

    max_bytes: of the file. least: rows that it must have.
    """
    check = schema.compiled("export.sft")
    rows = 0
    with path.open("rb", buffering=1 << 20) as file:
        for rows, line in enumerate(file, 1):
            try:
                row = orjson.loads(line)  # refuses what is not UTF-8, too
            except orjson.JSONDecodeError as error:
                yield f"{path}:{rows}: not JSON: {error}"
                continue
            if not check.is_valid(row):
                yield f"{path}:{rows}: not a row of export.sft.json"
            elif row["messages"][-1]["role"] != "assistant":
                yield f"{path}:{rows}: the last message is not the assistant's"
            elif any(SPECIAL.search(message["content"]) for message in row["messages"]):
                yield f"{path}:{rows}: a special token"
    if rows < least:
        yield f"{path}: {rows:,} rows; it needs {least:,}"
    size = path.stat().st_size
    if size > max_bytes:
        yield f"{path}: {size:,} bytes; it may have {max_bytes:,}"


def _export(
    prepared: Prepared, out: Path, items: Items, offered: Turns, max_bytes: int
) -> Exported:
    """Choose from what is offered, and write; counts and notes."""
    chosen, left_out = _chosen(prepared, items, offered, max_bytes)
    counts = Counter(each.reason for each in left_out)
    rows = {split: len(chosen[split]) for split in SPLITS}
    if len(offered.turns) + len(offered.left_out) != sum(rows.values()) + counts.total():
        raise AssertionError(f"turns are lost: {rows}, {counts}")
    least = limit("rows_at_least")
    if rows["train"] < least:
        told = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
        problem = f"{rows['train']:,} training rows, and a job needs {least:,} ({told})"
        raise BadInput(f"{prepared.folder}: {problem}; prepare or sample more")
    notes = []
    if rows["validation"] < least:
        notes.append(f"{rows['validation']:,} validation rows, which say little; prepare more")
    if counts["unscored"]:
        notes.append(f"{counts['unscored']:,} outputs have no score, see {LEFT_OUT}")
    _remove(out)
    files.write_parquet(out / LEFT_OUT, _ledger(items, left_out))
    written = [LEFT_OUT]
    for split in reversed(SPLITS):  # a folder with train.jsonl is whole
        if rows[split]:
            needed = least if split == "train" else 1
            name = f"{split}.jsonl"
            _write(out / name, items, chosen[split], offered, max_bytes, needed)
            written.append(name)
    return Exported(tuple(written), rows, dict(sorted(counts.items())), tuple(notes))


def _chosen(
    prepared: Prepared, items: Items, offered: Turns, max_bytes: int
) -> tuple[dict[str, list[Turn]], list[LeftOut]]:
    """The turns of each split that become rows, in the order of the file, and all that do not."""
    dataset = DATASETS.get(prepared.dataset or "")
    left_out = list(offered.left_out)
    sizes: dict[int, int] = {}
    strata: dict[str, dict[str, list[int]]] = {split: defaultdict(list) for split in SPLITS}
    unfit: dict[int, str] = {}
    for number in sorted({turn.item for turn in offered.turns}):
        item = items[number]
        try:
            sizes[number] = len(_opening(item)) + len(_END)
        except Misfit as fault:
            unfit[number] = f"{fault.pointer}: {fault.message}"
            continue
        stratum = str(item.get(dataset.stratum)) if dataset else ""
        strata[items.places[number].split][stratum].append(number)
    left_out += [
        LeftOut(turn.item, "unfit_prompt", unfit[turn.item])
        for turn in offered.turns
        if turn.item in unfit
    ]
    chosen: dict[str, list[Turn]] = {}
    for split in SPLITS:
        order = _evenly(strata[split])
        turns = [turn for turn in offered.turns if turn.item in order]
        turns.sort(key=lambda turn: (turn.rank, order[turn.item]))
        room, fitting = max_bytes, 0
        for turn in turns:
            room -= sizes[turn.item] + turn.size
            if room < 0:
                break
            fitting += 1
        chosen[split] = turns[:fitting]
        reason, detail = "size_limit", f"{split}: at most {max_bytes} bytes"
        left_out += [LeftOut(turn.item, reason, detail) for turn in turns[fitting:]]
    left_out.sort(key=lambda each: (each.item, each.reason, each.detail))
    return chosen, left_out


def _evenly(strata: Mapping[str, Sequence[int]]) -> dict[int, tuple[float, str, int]]:
    """A sort key for each item, so that every beginning is spread over the strata in proportion.

    The same order as that of the prepared files; anew, for some of their items are left out.
    """
    return {
        number: ((rank + 0.5) / len(numbers), stratum, number)
        for stratum, numbers in strata.items()
        for rank, number in enumerate(numbers)
    }


def _opening(item: dict[str, Any]) -> bytes:
    """A row up to the assistant's text; Misfit where the item cannot be a supervised row."""
    if not schema.compiled("item").is_valid(item):
        raise Misfit("", "not an item", "see `rft validate`")
    messages = [{"role": role, "content": text} for role, text in chat(item)]
    if any(SPECIAL.search(message["content"]) for message in messages):
        raise Misfit("/messages", "a special token", "break it up")
    row = {"messages": [*messages, {"role": "assistant", "content": "…"}]}
    if not schema.compiled("export.sft").is_valid(row):
        raise Misfit("/messages", "no user's text", "see `rft validate`")
    return orjson.dumps({"messages": messages})[:-2] + _ANSWER


def _write(
    path: Path, items: Items, turns: list[Turn], offered: Turns, max_bytes: int, least: int
) -> None:
    """Write rows, read them again as they are on the disk, and only then give them their name."""

    def fill(file: BinaryIO) -> None:
        for turn in turns:
            file.write(_opening(items[turn.item]) + offered.read(turn) + _END)
        file.flush()
        wrong = next(faults(Path(file.name), max_bytes=max_bytes, least=least), None)
        if wrong:
            raise AssertionError(wrong)

    files.write(path, fill)


def _ledger(items: Items, left_out: list[LeftOut]) -> pl.DataFrame:
    """What is in no row, by the items' order: split, line, id, reason, detail."""
    rows = []
    for each in left_out:
        split, line, _ = items.places[each.item]
        name = items[each.item].get("id")
        rows.append((split, line, None if name is None else str(name), each.reason, each.detail))
    columns = {"split": pl.String, "line": pl.Int64, "id": pl.String}
    columns |= {"reason": pl.String, "detail": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _remove(out: Path) -> None:
    """Remove what an earlier run wrote."""
    for name in _NAMES:
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise files.unwritable(out / name, error) from error


def _spool(out: Path) -> IO[bytes]:
    """A file without a name in `out`, which goes with the process."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        return TemporaryFile(dir=out)
    except OSError as error:
        raise files.unwritable(out, error) from error


def _end(report: Progress, name: str, stage: str, offered: Turns) -> None:
    kept = len(offered.turns)
    report.end(stage_line(name, stage, {"in": kept + len(offered.left_out), "kept": kept}))


def _keep_apart(
    out: Path, prepared: Prepared, samples: Sequence[Path], grader: Path | None
) -> None:
    """BadInput where a file would be written over one that is read."""
    read = [*(prepared.path(split) for split in SPLITS), *samples, *([grader] if grader else [])]
    places = {path.resolve() for path in read}
    for name in _NAMES:
        if (out / name).resolve() in places:
            raise BadInput(f"{out / name}: is read here; choose another folder to write to")
