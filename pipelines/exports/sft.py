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
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import orjson
import polars as pl

from pipelines.datasets import known
from pipelines.exports import rejection, traces
from pipelines.exports.chats import Misfit, chat
from pipelines.exports.target import Exported
from pipelines.exports.turns import LeftOut, Offered, Spool, Turn
from pipelines.findings import BadInput
from pipelines.io import files, schema
from pipelines.io.items import Items
from pipelines.io.prepared import ALL_SPLITS, Prepared
from pipelines.io.progress import Progress, stage_line
from pipelines.rules import job_settings
from pipelines.rules.messages import SPECIAL
from pipelines.rules.request import supervised_request
from pipelines.rules.tables import limit
from pipelines.sources.rows import count

LEFT_OUT = "left_out.parquet"
_NAMES = (*(f"{split}.jsonl" for split in ALL_SPLITS), "job.json", LEFT_OUT)
_ANSWER, _END = b',{"role":"assistant","content":', b"}]}\n"


def write(
    prepared: Prepared,
    out: Path,
    *,
    report: Progress,
    max_bytes: int | None = None,
    samples: Sequence[Path] = (),
    grader_file: Path | None = None,
    trust_grader: bool = False,
    keep_ratio: float | None = None,
    source: str = "",
) -> Exported:
    """Write `train.jsonl`, `validation.jsonl`, `job.json` and `left_out.parquet` to `out`.

    Where the folder has a test split there is a `test.jsonl` too, which no job is sent. The job is
    a supervised one with the suffix, seed and metadata of the folder's; its model and
    hyperparameters are another method's.

    max_bytes: the cap on each file, by default the service's. samples: outputs of the user's model,
    scored with `grader_file` (by default the folder's), which `trust_grader` runs even where there
    is no sandbox, and filtered by `keep_ratio`; without them, published traces are used, from the
    raw files that `source` names as for `rft prepare`, the manifest's where it is empty.

    `left_out.parquet` (split, line, id, reason, detail; by the items' order) holds every item that
    is in no row, and with samples every output that is in none; each is counted in the result. An
    error leaves the files of an earlier run as they were. BadInput where too few rows are left.
    """
    if not samples and (grader_file is not None or keep_ratio is not None):
        raise BadInput(
            "--grader-file and --keep-ratio are for outputs of your model; give --samples"
        )
    name, stage = prepared.folder.name, "outputs"
    paths: list[Path] = []
    if not samples:
        dataset = traces.recipe(prepared)
        name, stage = dataset.name, "traces"
        paths = traces.raw_files(prepared, dataset, source, report)
    with closing(Items(*map(prepared.path, prepared.splits))) as items, _spooled(out) as file:
        spool = Spool(file)
        report.begin(f"{name} {stage}", sum(map(count, paths)) if paths else None)
        if samples:
            offered = rejection.rewarded(
                prepared,
                items,
                samples,
                spool,
                grader=grader_file,
                keep_ratio=keep_ratio,
                report=report,
                trusted=trust_grader,
            )
        else:
            offered = traces.verified(dataset, items, paths, spool, report)
        turns, left_out = offered
        rows = {"in": len(turns) + len(left_out), "kept": len(turns)}
        report.end(stage_line(name, stage, rows))
        return _export(prepared, out, items, offered, spool, max_bytes or limit("file_bytes"))


def _export(
    prepared: Prepared, out: Path, items: Items, offered: Offered, spool: Spool, max_bytes: int
) -> Exported:
    """Choose from what is offered, and write; counts and notes."""
    chosen, left_out = _chosen(prepared, items, offered, max_bytes)
    counts = Counter(each.reason for each in left_out)
    rows = {split: len(chosen[split]) for split in prepared.splits}
    turns, faulty = offered
    if len(turns) + len(faulty) != sum(rows.values()) + counts.total():
        raise AssertionError(f"turns are lost: {rows}, {counts}")
    least = limit("rows_at_least")
    if rows["train"] < least:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
        problem = f"{rows['train']:,} training rows, and a job needs {least:,} ({reasons})"
        raise BadInput(f"{prepared.folder}: {problem}; prepare or sample more")
    notes = []
    if rows["validation"] < least:
        notes.append(f"{rows['validation']:,} validation rows, which say little; prepare more")
    if counts["unscored"]:
        notes.append(f"{counts['unscored']:,} outputs have no score, see {LEFT_OUT}")
    _remove(out)
    files.write_parquet(out / LEFT_OUT, _ledger(prepared.splits, items, left_out))
    of_folder = prepared.document("job")
    shared = of_folder if isinstance(of_folder, dict) else {}
    shared = {name: shared[name] for name in ("suffix", "seed", "metadata") if name in shared}
    job = supervised_request(shared, validation=bool(rows["validation"]))
    files.write_json(out / "job.json", job_settings.kept(job, out))
    written = [LEFT_OUT, "job.json"]
    for split in reversed(prepared.splits):  # a folder with train.jsonl is whole
        if rows[split]:
            written.append(f"{split}.jsonl")
            _write(out / written[-1], items, chosen[split], spool)
    return Exported(tuple(written), rows, dict(sorted(counts.items())), tuple(notes))


def _chosen(
    prepared: Prepared, items: Items, offered: Offered, max_bytes: int
) -> tuple[dict[str, list[Turn]], list[LeftOut]]:
    """The turns of each split that become rows, in the order of the file, and all that do not."""
    dataset = known(prepared.dataset)
    turns, left_out = offered[0], list(offered[1])
    sizes: dict[int, int] = {}
    strata: dict[str, dict[str, list[int]]] = {
        split: defaultdict(list) for split in prepared.splits
    }
    unfit: dict[int, str] = {}
    for number in sorted({turn.item for turn in turns}):
        item = items[number]
        try:
            sizes[number] = len(_opening(item)) + len(_END)
        except Misfit as fault:
            unfit[number] = f"{fault.pointer}: {fault.message}"
            continue
        stratum = str(item.get(dataset.stratum_field or "")) if dataset else ""
        strata[prepared.splits[items.places[number].file]][stratum].append(number)
    left_out += [
        LeftOut(turn.item, "unfit_prompt", unfit[turn.item]) for turn in turns if turn.item in unfit
    ]
    chosen: dict[str, list[Turn]] = {}
    for split in prepared.splits:
        order = _evenly(strata[split])
        of_split = [turn for turn in turns if turn.item in order]
        of_split.sort(key=lambda turn: (turn.rank, order[turn.item]))
        room, fitting = max_bytes, 0
        for turn in of_split:
            room -= sizes[turn.item] + turn.size
            if room < 0:
                break
            fitting += 1
        chosen[split] = of_split[:fitting]
        reason, detail = "size_limit", f"{split}: at most {max_bytes} bytes"
        left_out += [LeftOut(turn.item, reason, detail) for turn in of_split[fitting:]]
    return chosen, sorted(left_out)


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
    messages = chat(item)
    if any(SPECIAL.search(message["content"]) for message in messages):
        raise Misfit("/messages", "a special token", "break it up")
    row = {"messages": [*messages, {"role": "assistant", "content": "…"}]}
    if not schema.compiled("export.sft").is_valid(row):
        raise Misfit("/messages", "no user's text", "see `rft validate`")
    return orjson.dumps({"messages": messages})[:-2] + _ANSWER


def _write(path: Path, items: Items, turns: list[Turn], spool: Spool) -> None:
    lines = (_row(items[turn.item], spool.read(turn)) for turn in turns)
    files.write(path, lambda file: file.writelines(lines))


def _row(item: dict[str, Any], answer: bytes) -> bytes:
    """A line of the file; what would be refused there must not have come so far."""
    line = _opening(item) + answer + _END
    row = orjson.loads(line)
    right = (
        schema.compiled("export.sft").is_valid(row) and row["messages"][-1]["role"] == "assistant"
    )
    if not right or any(SPECIAL.search(message["content"]) for message in row["messages"]):
        raise AssertionError(f"not a supervised row: {line[:200]!r}")
    return line


def _ledger(splits: Sequence[str], items: Items, left_out: list[LeftOut]) -> pl.DataFrame:
    """What is in no row, by the items' order."""
    rows = []
    for each in left_out:
        place, name = items.places[each.item], items[each.item].get("id")
        where = splits[place.file], place.line, None if name is None else str(name)
        rows.append((*where, each.reason, each.detail))
    text = pl.String
    columns = {"split": text, "line": pl.Int64, "id": text, "reason": text, "detail": text}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _remove(out: Path) -> None:
    """Remove what an earlier run wrote."""
    for name in _NAMES:
        try:
            (out / name).unlink(missing_ok=True)
        except OSError as error:
            raise files.unwritable(out / name, error) from error


def _spooled(out: Path) -> IO[bytes]:
    """A file without a name beside `out`, which goes with the process."""
    try:
        if not out.parent.exists():
            out.parent.mkdir(parents=True)
        return TemporaryFile(dir=out.parent)
    except OSError as error:
        raise files.unwritable(out, error) from error
