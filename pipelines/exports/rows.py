"""Rows of a prepared folder on their way to a target: converted, checked, cut, written, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.exports.target import Exported, Target
from pipelines.findings import SHOWN, VALUE_WIDTH, Finding, show
from pipelines.io import files, schema
from pipelines.io.jsonl import BOM
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress, stage_line

Item = dict[str, Any]
Row = dict[str, Any]
# An item, its split and its place in the file, from 0, to a row of the target.
Convert = Callable[[Item, str, int], Row]

# What is wrong with prepared data for a target, by code.
CODES = {
    "EXP101": "a row does not have the target's form",
    "EXP102": "a file has fewer rows than the target takes",
    "EXP103": "a field has a name that the target keeps for itself",
}

# Rows of a row group: at most 34 MB with prompts of the longest kind, and small enough for viewers.
_GROUP = 1024


class Unfit(Exception):
    """Prepared data that a target does not take; the command shows why and exits with 1.

    findings: the first few. counts: how many there are of each code.
    """

    def __init__(self, findings: list[Finding], counts: Counter[str]) -> None:
        super().__init__(str(findings[0]))
        self.findings, self.counts = findings, counts


class Misfit(Exception):
    """One item that cannot become a row: JSON Pointer, what is wrong, what to do."""

    def __init__(self, pointer: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.pointer, self.message, self.remedy = pointer, message, remedy


class Stop(Exception):
    """The file that is being written must not get its name."""


def numbered(path: Path) -> Iterator[tuple[int, Item]]:
    """The items of a JSONL file with their line numbers, from 1; blank lines are passed over."""
    with path.open("rb", buffering=1 << 20) as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(BOM) if number == 1 else line
            if text.strip():
                yield number, orjson.loads(text)


def count(path: Path) -> int:
    """How many rows a JSONL file has."""
    with path.open("rb", buffering=1 << 20) as lines:
        return sum(1 for line in lines if line.removeprefix(BOM).strip())


def chat(item: Item) -> list[tuple[str, str]]:
    """The messages of an item as (role, text), with `developer` as `system`.

    Raises Misfit for anything but text that a user, an assistant or an instruction says, and for an
    instruction that is not the first message: most trainers know neither.
    """
    if "tools" in item:
        raise Misfit("/tools", "this target takes no tools", "export to openai or foundry")
    said = []
    for place, message in enumerate(item["messages"]):
        at = f"/messages/{place}"
        role = {"developer": "system"}.get(message["role"], message["role"])
        if role not in ("system", "user", "assistant") or (role == "system" and place):
            raise Misfit(
                f"{at}/role", f"a {message['role']} message here", "export to openai or foundry"
            )
        said.append((role, _text(message, at)))
    return said


def _text(message: Mapping[str, Any], at: str) -> str:
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if "tool_calls" in message or not isinstance(parts, list):
        raise Misfit(at, "a message without text", "export to openai or foundry")
    for part in parts:
        if part.get("type") != "text":
            raise Misfit(
                f"{at}/content", f"{show(part.get('type'))} is no text", "this target takes text"
            )
    return "".join(part["text"] for part in parts)


def fields(item: Item) -> dict[str, Any]:
    """What an item has beside its messages."""
    return {name: value for name, value in item.items() if name != "messages"}


def as_it_is(item: Item, split: str, index: int) -> Row:
    """The item itself, for the services whose form the prepared files have."""
    return item


class Rows:
    """One export: files are written one after the other, then `done` gives the account of it.

    A file gets its name when it is whole and all its rows have the target's form; the faults of all
    files are told together.
    """

    def __init__(self, target: Target, prepared: Prepared, out: Path, report: Progress) -> None:
        self.target, self.prepared, self.out, self.report = target, prepared, out, report
        self.counts = {split: count(prepared.path(split)) for split in SPLITS}
        self.notes: list[str] = []
        self._files: list[str] = []
        self._rows: dict[str, int] = {}
        self._left_out: Counter[str] = Counter()
        self._faults: list[Finding] = []
        self._faulty: Counter[str] = Counter()
        self._check = schema.compiled(f"export.{target.name}")
        for split in SPLITS:
            least = target.limit(f"{split}_rows_at_least") or 1
            if self.counts[split] < least:
                self.refuse_count(split, f"{target.name} takes at least {least:,}")
        self._raise()
        self._begun = False

    def jsonl(
        self,
        name: str,
        split: str,
        convert: Convert,
        keep: Callable[[Item], bool] = lambda item: True,
    ) -> None:
        """Write the rows of a split that are kept as JSONL, up to the target's bytes a file."""
        most = self.target.limit("file_bytes")
        self._rows[Path(name).stem] = 0

        def fill(file: BinaryIO) -> None:
            room, full = most, False
            for row in self._converted(split, convert, keep):
                line = orjson.dumps(row) + b"\n"
                if room is not None:
                    full = full or len(line) > room
                    room -= len(line)
                if full:
                    self._left_out["size_limit"] += 1
                    continue
                self._rows[Path(name).stem] += 1
                file.write(line)
            self._stop()

        self._written(name, fill)

    def splits(self, convert: Convert) -> None:
        """Write both splits as JSONL, a file each."""
        for split in SPLITS:
            self.jsonl(f"{split}.jsonl", split, convert)

    def parquet(self, name: str, split: str, convert: Convert, columns: pa.Schema) -> None:
        """Write the rows of a split as parquet, a row group at a time."""

        def fill(file: BinaryIO) -> None:
            rows = self._converted(split, convert, lambda item: True)
            with pq.ParquetWriter(file, columns, compression="zstd") as out:
                while group := list(islice(rows, _GROUP)):
                    out.write_table(pa.Table.from_pylist(group, schema=columns))
                    self._rows[split] += len(group)
            self._stop()

        self._rows[split] = 0
        self._written(name, fill)

    def text(self, name: str, content: str) -> None:
        """Write a file of text beside the rows."""
        if not self._faulty:
            files.write(self.out / name, lambda file: file.write(content.encode()))
            self._files.append(name)

    def document(self, name: str, value: object) -> None:
        """Write a JSON document beside the rows; nothing where there is none."""
        if value is not None and not self._faulty:
            files.write_json(self.out / name, value)
            self._files.append(name)

    def refuse_count(self, split: str, why: str) -> None:
        """A split has too few rows."""
        self._fault("EXP102", split, 0, "", f"{self.counts[split]:,} rows; {why}", "prepare more")

    def keep_clear_of(self, reserved: frozenset[str], names: Iterable[str]) -> None:
        """Refuse fields whose names the target uses itself."""
        for name in names:
            if name in reserved:
                message = f"{self.target.name} keeps the name for itself"
                self._fault("EXP103", "train", 0, f"/{name}", message, "rename the field")
        self._raise()

    def done(self) -> Exported:
        """The account; raises Unfit where a row did not fit."""
        total, rows = sum(self.counts.values()), sum(self._rows.values())
        counts = {"in": total, "kept": rows}
        self.report.end(stage_line(self.prepared.folder.name, self.target.name, counts))
        self._raise()
        left_out = dict(sorted(self._left_out.items()))
        if total != rows + sum(left_out.values()):
            raise AssertionError(f"{self.target.name}: rows are lost: {self._rows}, {left_out}")
        return Exported(tuple(self._files), dict(self._rows), left_out, tuple(self.notes))

    def _converted(
        self, split: str, convert: Convert, keep: Callable[[Item], bool]
    ) -> Iterator[Row]:
        if not self._begun:
            self._begun = True
            total = sum(self.counts.values())
            self.report.begin(f"{self.prepared.folder.name} {self.target.name}", total)
        most = self.target.limit(f"{split}_rows")
        index = 0
        for number, item in numbered(self.prepared.path(split)):
            if not keep(item):
                continue
            self.report.advance(1)
            if most is not None and index >= most:
                self._left_out["row_limit"] += 1
                continue
            try:
                row = convert(item, split, index)
            except Misfit as fault:
                self._fault("EXP101", split, number, fault.pointer, fault.message, fault.remedy)
                continue
            finally:
                index += 1
            if not self._check.is_valid(row):
                error = next(iter(self._check.iter_errors(row)))
                pointer = "".join(f"/{step}" for step in error.instance_path)
                message = f"{error.message:.{VALUE_WIDTH}}"
                self._fault("EXP101", split, number, pointer, message, "change it, or the target")
                continue
            yield row

    def _written(self, name: str, fill: Callable[[BinaryIO], object]) -> None:
        with suppress(Stop):
            files.write(self.out / name, fill)
            self._files.append(name)

    def _fault(
        self, code: str, split: str, line: int, pointer: str, message: str, remedy: str
    ) -> None:
        self._faulty[code] += 1
        if self._faulty[code] <= SHOWN:
            path = str(self.prepared.path(split))
            self._faults.append(Finding(code, "error", path, line, pointer, message, remedy))

    def _stop(self) -> None:
        if self._faulty:
            raise Stop

    def _raise(self) -> None:
        if self._faulty:
            raise Unfit(self._faults, self._faulty)
