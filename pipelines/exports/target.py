"""One trainer's format, as a value, and one export to it: rows converted, checked, cut, counted."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.exports import columns, form
from pipelines.exports.chats import Item, Misfit, Row
from pipelines.findings import SHOWN, VALUE_WIDTH, Finding
from pipelines.io import files, schema
from pipelines.io.jsonl import count, objects
from pipelines.io.prepared import ALL_SPLITS, SPLITS, Prepared
from pipelines.io.progress import Progress, stage_line

# An item, the name of its file and its place there, from 0, to a row of the target.
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


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    files: names of the files written, relative to the output folder, in the order written.
    rows: how many rows each split has. left_out: how many rows are in no file, by reason; rows in
    = sum of rows + sum of left_out. notes: what the user should know, a sentence each.
    """

    files: tuple[str, ...]
    rows: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A trainer that rows are exported for.

    name: as `--to` has it. about: its row in the docs. files: what it writes; those of rows are
    named for their split, a third one for `test`. page: where the format is described; source: the
    same in words; read: the day it was read. export: writes those files.
    """

    name: str
    about: str
    files: tuple[str, ...]
    page: str
    source: str
    read: str
    export: Callable[[Rows], None] = lambda rows: None

    def write(self, prepared: Prepared, out: Path, *, report: Progress, **options: Any) -> Exported:
        """Write the rows of a prepared folder and what goes with them; Unfit where they do not fit.

        No target but `sft` has options.
        """
        rows = Rows(self, prepared, out, report)
        self.export(rows, **options)
        return rows.done()

    @property
    def limits(self) -> dict[str, dict[str, Any]]:
        """Limit by name: value, unit, source, the day it was read; empty where none is known."""
        return _limits().get(self.name, {})

    def limit(self, name: str) -> int | None:
        """The value of a limit; None where none is known."""
        value: int | None = self.limits.get(name, {}).get("value")
        return value


@cache
def _limits() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(Path(__file__).with_name("limits.toml").read_text(encoding="utf-8"))


class Rows:
    """One export: files are written one after the other, then `done` gives the account of it.

    A file gets its name when it is whole and all its rows have the target's form; the faults of all
    files are told together. `notes` are for the user, a sentence each.
    """

    def __init__(self, target: Target, prepared: Prepared, out: Path, report: Progress) -> None:
        self.target, self.prepared, self.out, self.report = target, prepared, out, report
        self.counts = {split: count(prepared.path(split)) for split in prepared.splits}
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

    @cached_property
    def form(self) -> form.Form:
        """What the prompts ask for, and what reads the answers."""
        return form.of(self.prepared)

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The kind of each field of the items but `messages`, a key of `columns.TYPES`."""
        _, kinds = columns.read(self.prepared)
        return {name: kind for name, kind in kinds.items() if name != "messages"}

    def write(
        self,
        convert: Convert,
        *,
        parquet: pa.Schema | None = None,
        validation: Callable[[Item], str] = lambda item: "validation",
    ) -> None:
        """Write the target's files of rows: JSONL, or parquet with the columns of `parquet`.

        `validation` names the file that a validation item goes to, where there is one for tests.
        """
        title = f"{self.prepared.folder.name} {self.target.name}"
        self.report.begin(title, sum(self.counts.values()))
        names = list(self.target.files)
        if "test" in self.counts and not any("test" in name for name in names):
            names += [n.replace("validation", "test") for n in names if "validation" in n]
        for name in names:
            part = Path(name).stem.partition("-")[0]
            if part in ALL_SPLITS:
                self._rows[part] = 0
                rows = self._converted(part, convert, validation)
                with suppress(_Stop):
                    files.write(self.out / name, self._filler(part, rows, parquet))
                    self._files.append(name)

    def write_with_reward(
        self, convert: Convert, adapter: str, *notes: str, **options: Any
    ) -> None:
        """The same, and `reward.py`: the form's grader behind the trainer's function, `adapter`."""
        reward = form.module(self.form, adapter)
        self.write(convert, **options)
        self.text("reward.py", reward)
        self.notes += [*self.form.notes, *notes]

    def text(self, name: str, content: str) -> None:
        """Write a file of text beside the rows."""
        if not self._faulty:
            files.write(self.out / name, lambda file: file.write(content.encode()))
            self._files.append(name)

    def document(self, role: str, value: object = None) -> None:
        """Write a document of the prepared folder, or `value`; nothing where there is none."""
        value = value or self.prepared.document(role)
        if value is not None:
            self.text(f"{role}.json", files.json_bytes(value).decode())

    def refuse_count(self, split: str, why: str) -> None:
        """A split has too few rows."""
        self._fault("EXP102", split, 0, "", f"{self.counts[split]:,} rows; {why}", "prepare more")

    def keep_clear_of(self, reserved: frozenset[str]) -> None:
        """Refuse fields whose names the target uses itself."""
        for name in self.kinds:
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
        self, part: str, convert: Convert, validation: Callable[[Item], str]
    ) -> Iterator[Row]:
        split = part if part in self.counts else "validation"
        most = self.target.limit(f"{split}_rows")
        index = -1
        for number, item in objects(self.prepared.path(split)):
            if split == "validation" and "test" not in self.counts and validation(item) != part:
                continue
            self.report.advance(1)
            index += 1
            if most is not None and index >= most:
                self._left_out["row_limit"] += 1
                continue
            try:
                row = convert(item, part, index)
            except Misfit as fault:
                self._fault("EXP101", split, number, fault.pointer, fault.message, fault.remedy)
                continue
            if not self._check.is_valid(row):
                error = next(iter(self._check.iter_errors(row)))
                pointer = "".join(f"/{step}" for step in error.instance_path)
                message = f"{error.message:.{VALUE_WIDTH}}"
                self._fault("EXP101", split, number, pointer, message, "change it, or the target")
                continue
            yield row

    def _filler(
        self, part: str, rows: Iterator[Row], parquet: pa.Schema | None
    ) -> Callable[[BinaryIO], None]:
        """What fills a file: JSONL up to the target's bytes, or parquet, a row group at a time."""

        def fill_jsonl(file: BinaryIO) -> None:
            room, full = self.target.limit("file_bytes"), False
            for row in rows:
                line = orjson.dumps(row) + b"\n"
                if room is not None:
                    full = full or len(line) > room
                    room -= len(line)
                if full:
                    self._left_out["size_limit"] += 1
                else:
                    self._rows[part] += 1
                    file.write(line)

        def fill_parquet(file: BinaryIO) -> None:
            with pq.ParquetWriter(file, parquet, compression="zstd") as out:
                while group := list(islice(rows, _GROUP)):
                    out.write_table(pa.Table.from_pylist(group, schema=parquet))
                    self._rows[part] += len(group)

        def fill(file: BinaryIO) -> None:
            (fill_jsonl if parquet is None else fill_parquet)(file)
            if self._faulty:
                raise _Stop

        return fill

    def _fault(
        self, code: str, split: str, line: int, pointer: str, message: str, remedy: str
    ) -> None:
        self._faulty[code] += 1
        if self._faulty[code] <= SHOWN:
            path = str(self.prepared.path(split))
            self._faults.append(Finding(code, "error", path, line, pointer, message, remedy))

    def _raise(self) -> None:
        if self._faulty:
            raise Unfit(self._faults, self._faulty)


class _Stop(Exception):
    """The file that is being written must not get its name."""
