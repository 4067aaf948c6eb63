"""Reasoning traces of the published rows: for each item the shortest one that is verified.

OpenR1-Math publishes two to four generations a problem, 97 % of its bytes. They are read in batches
of rows, and the one that is chosen goes to a spool file on the disk at once, so that memory holds
one batch, whatever the files hold.

A trace is used where all of this holds:

- one of the dataset's judges, `math_verify` or `llama`, held it correct, or none judged it (then
  our own grader alone decides);
- `is_reasoning_complete` is not false, and `finish_reasons` is `stop` or unknown;
- its text begins with `<think>` and closes it once; or it has no thinking, and the dataset says
  that it is complete;
- it has no special token such as `<|im_end|>`;
- the part after the thinking, in which the model answers, gets the full score of the dataset's own
  grader against the item's reference.

Of these the one with the fewest bytes of UTF-8 is taken, of equal ones that with the smallest
digest. Rows are found by the digest of the prompt that the recipe makes of them; of several rows
with one prompt all traces count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.datasets import known
from pipelines.datasets.dataset import Dataset
from pipelines.exports.turns import LeftOut, Offered, Spool, Turn
from pipelines.findings import BadInput
from pipelines.graders.self_check import OwnGrader
from pipelines.graders.thinking import after_thinking
from pipelines.io import files, schema
from pipelines.io.items import Items, user_text
from pipelines.io.prepared import Prepared
from pipelines.io.progress import Progress
from pipelines.rules.messages import SPECIAL
from pipelines.similarity.keys import digest
from pipelines.sources import tables
from pipelines.stages.download import download

TRACES = "generations"
_VERDICTS = ("correctness_math_verify", "correctness_llama")
_COMPLETE, _FINISHED = "is_reasoning_complete", "finish_reasons"
_COLUMNS = (TRACES, *_VERDICTS, _COMPLETE, _FINISHED)
_OPEN, _CLOSE = "<think>", "</think>"

# Rows decoded at a time: 64 rows of OpenR1-Math are 3 MB, and Arrow holds 52 MB while it decodes.
_ROWS = 64
# Bytes of a file read at a time; the columns of a row group would be read whole otherwise.
_BUFFER = 1 << 20


def recipe(prepared: Prepared) -> Dataset:
    """The dataset of a prepared folder; BadInput where its published rows have no traces."""
    remedy = "give outputs of your own model with --samples"
    if prepared.dataset is None:
        raise BadInput(f"{prepared.folder}: no manifest that names a dataset; {remedy}")
    dataset = known(prepared.dataset)
    if dataset is None or not schema.exists(f"raw.{dataset.name}"):
        raise BadInput(f"{prepared.dataset}: its rows have no verified reasoning traces; {remedy}")
    return dataset


def raw_files(prepared: Prepared, dataset: Dataset, source: str, report: Progress) -> list[Path]:
    """The raw train files of which the folder was made; BadInput where they are not the same.

    They are looked for where `rft prepare --source` would find them; an empty source is that of the
    manifest. Nothing is downloaded, and every byte is compared with the manifest.
    """
    made = prepared.manifest()
    if made is None:
        raise BadInput(f"{prepared.folder}: its manifest.json is damaged; prepare it again")
    settings = dict(made["stages"][0]["settings"])
    kind = settings.pop("source")
    source = source or kind
    if source == "folder":
        raise BadInput(f"{prepared.folder}: was prepared from a folder; name it with --source")
    if source != kind:
        settings = {}  # choices of what to download, which another source does not have
    raw = download(dataset, source=source, progress=report, fetch=False, offline=True, **settings)
    expected = {entry["path"]: entry["sha256"] for entry in made["source"]["files"]}
    names = {files.below(path, raw.root): path for path in raw.splits["train"]}
    remedy = f"give the --source that it had ({kind}), or prepare it again"
    for name, path in names.items():
        if expected.get(name) != (raw.digests.get(path) or files.sha256(path)):
            raise BadInput(f"{path}: {prepared.folder} was prepared from other files; {remedy}")
    for name in expected:
        if not (raw.root / name).is_file() and not name.startswith("benchmarks/"):
            raise BadInput(f"{raw.root / name}: there is no such file; {remedy}")
    return list(names.values())


def verified(
    dataset: Dataset, items: Items, paths: Sequence[Path], spool: Spool, report: Progress
) -> Offered:
    """One verified trace for each item that has one; the texts go to `spool`.

    Left out are items without a raw row or generations (`no_trace`) and those none of whose traces
    is verified (`no_verified_trace`, with what is wrong with how many). Nothing depends on the
    order of the rows or on their spread over files.
    """
    wanted = {digest(user_text(items[number])): number for number in range(len(items))}
    best: dict[int, tuple[int, str]] = {}
    turns: dict[int, Turn] = {}
    faults: defaultdict[int, Counter[str]] = defaultdict(Counter)
    with closing(OwnGrader(dataset.grading)) as grader:
        for rows in _batches(dataset, paths):
            report.advance(rows.height)
            prompts = dataset.record(rows)["prompt"]
            for prompt, row in zip(prompts, rows.iter_rows(named=True), strict=True):
                number = wanted.get(digest(prompt))
                if number is None:
                    continue
                for size, name, text, complete in sorted(_candidates(row, faults[number])):
                    if number in best and best[number] <= (size, name):
                        break
                    fault = _fault(text, complete, items[number], grader)
                    if fault is None:
                        best[number] = size, name
                        turns[number] = Turn(number, 0, *spool.add(text))
                        break
                    faults[number][fault] += 1

    left_out = []
    for number in range(len(items)):
        if number not in best:
            detail = ", ".join(f"{n} {fault}" for fault, n in sorted(faults[number].items()))
            reason = "no_verified_trace" if detail else "no_trace"
            left_out.append(LeftOut(number, reason, detail or "no generation of this prompt"))
    return [turns[number] for number in sorted(turns)], left_out


def answer(trace: str, *, complete: bool) -> str | None:
    """What a trace says after its thinking; None where the thinking is not opened and closed once.

    Without thinking that is the whole text, where it is known to be complete: it may have been cut
    before `</think>` otherwise.
    """
    tags = trace.count(_OPEN), trace.count(_CLOSE)
    if tags == (0, 0):
        return trace if complete else None
    closed = tags == (1, 1) and trace.lstrip().startswith(_OPEN)
    return after_thinking(trace) if closed else None


def _fault(text: str, complete: bool, item: dict[str, Any], grader: OwnGrader) -> str | None:
    """Why a trace that no flag speaks against is not used; None where it is verified."""
    reply = answer(text, complete=complete)
    if reply is None:
        return "unclosed"
    if SPECIAL.search(text):
        return "special_token"
    return None if grader.score(reply, item) == 1.0 else "wrong_answer"


def _batches(dataset: Dataset, paths: Iterable[Path]) -> Iterator[pl.DataFrame]:
    """The rows of the files, a few at a time: the columns of the recipe and of the traces."""
    for path in paths:
        try:
            with pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
                columns = _columns(dataset, path, file.schema_arrow)
                for batch in file.iter_batches(_ROWS, columns=columns, use_threads=False):
                    yield pl.DataFrame(batch)
                    pa.default_memory_pool().release_unused()  # 60 MB otherwise
        except (OSError, pa.ArrowException) as error:
            first = str(error).partition("\n")[0].rstrip(".")
            problem = f"not a whole parquet file ({first})"
            raise BadInput(f"{path}: {problem}; download it again") from error


def _columns(dataset: Dataset, path: Path, columns: pa.Schema) -> list[str]:
    """The columns to read. BadInput where a file has no traces, or of another type."""
    if TRACES not in columns.names:
        remedy = "give your model's outputs with --samples"
        raise BadInput(f"{path}: no column {TRACES!r}; {remedy}")
    allowed = schema.load(f"raw.{dataset.name}")["properties"]
    wanted = dict.fromkeys((*dataset.columns, *_COLUMNS))
    names = [name for name in wanted if name in columns.names]
    for name in names:
        wrong = tables.mismatch(allowed[name], columns.field(name).type)
        if wrong:
            raise BadInput(f"{path}: column {name!r}: {wrong}; give the published file")
    return names


def _candidates(
    row: Mapping[str, Any], faults: Counter[str]
) -> Iterator[tuple[int, str, str, bool]]:
    """The traces that no flag speaks against: bytes, digest, text, whether known to be complete.

    The others are counted in `faults`.
    """
    flags = (chain(row.get(name) or (), repeat(None)) for name in _COLUMNS[1:])
    for text, one, other, complete, finished in zip(row[TRACES] or (), *flags, strict=False):
        if not (one or other or (one is None and other is None)):
            faults["judged_wrong"] += 1
        elif text is None or complete is False or finished not in (None, "stop"):
            faults["incomplete"] += 1
        else:
            yield len(text.encode()), digest(text), text, complete is True
