"""The walk of one dataset through the stages: read, call, check, write, record.

The only module that knows where things lie in `processed/<dataset>/`. A stage is done when the
digests of its inputs, its settings, the code, the versions and its outputs are those of its receipt
(`stages/<stage>.json`); `manifest.json` is written last, and removed first when anything is made
anew, so that a folder with a manifest is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, Finding
from pipelines.io import files
from pipelines.io.progress import Progress, stage_line
from pipelines.run import edits, manifest
from pipelines.run.manifest import Receipt
from pipelines.run.result import Result
from pipelines.sources import tables
from pipelines.sources.benchmarks import benchmark_rows, path_and_field
from pipelines.stages import ledger
from pipelines.stages.convert import documents
from pipelines.stages.download import download
from pipelines.stages.order import NAMES, STAGES
from pipelines.stages.settings import Settings
from pipelines.stages.split import earlier_sides, splits_file
from pipelines.stages.stage import Content, Context, Stage
from pipelines.stages.validate import SETTINGS, validate

SIDES = ("train", "validation")

# Settings that say which files of the source, and which parts of them, are brought.
_DOWNLOADED = ("revision", "config", "shards", "columns")


def prepare(
    dataset: Dataset,
    settings: Settings,
    progress: Progress,
    *,
    until: str = NAMES[-1],
    write: bool = True,
) -> Result:
    """Take a dataset through the stages up to `until`; with `write` false, in memory only."""
    if not write:
        return _Walk(dataset, settings, progress, write=False).run(until)
    edits.check_ours(settings.out / dataset.name)
    with files.alone(settings.out / dataset.name):
        return _Walk(dataset, settings, progress, write=True).run(until)


class _Walk:
    """One run over one dataset. `records` are those kept so far, None while on the disk only."""

    def __init__(
        self, dataset: Dataset, settings: Settings, progress: Progress, *, write: bool
    ) -> None:
        self.dataset = dataset = dataset.graded_by(settings.grader)
        self.settings = replace(settings, threshold=settings.threshold or dataset.threshold)
        self.progress = progress
        self.write = write
        self.folder = settings.out / dataset.name
        self.receipts: list[Receipt] = []
        self.records: pl.DataFrame | None = None
        self.dropped: dict[str, pl.DataFrame] = {}
        self.lines: dict[str, list[bytes]] = {}
        self.changed = False
        # Digests that the files of the stage at work had or will have, by name.
        self.ours: dict[str, list[str]] = {}
        self.context = Context(
            dataset=dataset,
            settings=self.settings,
            advance=progress.advance,
            raw_rows=lambda: tables.read(dataset, self.raw.train),
            benchmarks=lambda: self.benchmarks,
            previous=lambda: earlier_sides(settings.previous, dataset),
            edited=edits.kept(
                self.folder,
                documents(dataset, settings.model, {}),
                settings.edits,
                progress.note,
            )
            if write
            else {},
        )

    def run(self, until: str) -> Result:
        start = perf_counter()
        self._download()
        for stage in STAGES[: NAMES.index(until)]:
            self._transform(stage)
        if until == NAMES[-1]:
            self._validate()
        if until == NAMES[-1] and self.write:
            self._finish()
        return self._result(perf_counter() - start)

    # Stages --------------------------------------------------------------------------------------

    def _download(self) -> None:
        self.progress.begin(f"{self.dataset.name} download", 0, "bytes")
        chosen = {name: getattr(self.settings, name) for name in _DOWNLOADED}
        asked = {name: value for name, value in chosen.items() if value is not None}
        self.raw = download(
            self.dataset,
            source=self.settings.source,
            fetch=self.write,
            offline=self.settings.offline,
            progress=self.progress,
            **asked,
        )
        rows = tables.count(self.raw.train)
        raw_files = self._described(self.raw.train)
        published = self._described((*self.raw.benchmark, *self.raw.others))
        named = [
            files.describe(path, path.parent) | ({"field": field} if field else {})
            for path, field in map(path_and_field, self.settings.against)
        ]
        # What a stage may read besides the records, by the word for it in `Stage.reads`.
        self.read = {"raw": raw_files, "benchmarks": published + named, "previous": []}
        if self.settings.previous is not None:
            path = splits_file(self.settings.previous, self.dataset)
            self.read["previous"] = [files.describe(path, path.parent)]
        counts = {"in": rows, "kept": rows, "dropped": {}}
        self.receipts.append(
            {
                "stage": "download",
                "settings": {"source": self.raw.kind, **asked},
                "inputs": [],
                "outputs": raw_files + published,
                "rows": counts,
            }
        )
        self.progress.end(stage_line(self.dataset.name, "download", counts))

    def _described(self, paths: Iterable[Path]) -> list[dict[str, Any]]:
        digests = self.raw.digests
        return [files.describe(p, self.raw.root, digest=digests.get(p)) for p in paths]

    @cached_property
    def benchmarks(self) -> pl.DataFrame:
        """The questions that must be in neither file."""
        against = (*map(str, self.raw.others), *self.settings.against)
        return benchmark_rows(self.dataset, self.raw.benchmark, against)

    def _begin(
        self, name: str, settings: Iterable[str], inputs: list[dict[str, Any]]
    ) -> Receipt | None:
        """The receipt of a stage that is to run, as far as it is known before; None where its last
        run still holds, whose receipt is then taken.
        """
        values = {word: getattr(self.settings, word) for word in settings if word != "dataset"}
        # Of a recipe only the grading may be chosen; the rest is part of the code.
        recipe = {"dataset": self.dataset.name, "grader": self.dataset.grading.name}
        receipt: Receipt = {
            "stage": name,
            "settings": {**recipe, **values} if "dataset" in settings else values,
            "inputs": inputs if self.write else [],
            "code": manifest.code(),
            "versions": manifest.versions(),
        }
        path = self._path(f"stages/{name}.json")
        edited = self.context.edited.keys()
        done = manifest.finished(path, receipt, edited) if self.write else None
        if done is not None:
            self.receipts.append(done)
            self.records = None
            self.progress.end(stage_line(self.dataset.name, name, done["rows"], done_before=True))
            return None
        if self.write:
            # Both say that files are whole which are about to be written anew.
            if not self.changed:
                self._remove("manifest.json")
            self.ours = edits.outputs_of(path)
            self._leave_open(name)
        self.changed = True
        self.progress.begin(f"{self.dataset.name} {name}", self._rows)
        return receipt

    def _leave_open(self, stage: str) -> None:
        """Put an open receipt in the place of a stage's: it only says which files are ours.

        Should this run be killed, the next one knows by it what a person has edited since.
        """
        edited = [{"path": name, "edited": True} for name in sorted(self.context.edited)]
        ours = [{"path": name, "ours": digests} for name, digests in self.ours.items()]
        files.write_json(self._path(f"stages/{stage}.json"), {"outputs": [*edited, *ours]})

    def _end(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        name = receipt["stage"]
        if self.write:
            files.write_json(self._path(f"stages/{name}.json"), receipt)
        self.progress.end(stage_line(self.dataset.name, name, receipt["rows"]))

    @property
    def _rows(self) -> int:
        """The rows that the stages so far have kept."""
        return int(self.receipts[-1]["rows"]["kept"])

    def _transform(self, stage: Stage) -> None:
        """Run a stage on a frame, check that no row is lost, write what it makes."""
        # Every stage file so far, for records are read from all.
        inputs = [receipt["outputs"][0] for receipt in self.receipts[1:] if self.write]
        inputs += [entry for word in stage.reads for entry in self.read[word]]
        receipt = self._begin(stage.name, stage.settings, inputs)
        if receipt is None:
            return
        first = "raw" in stage.reads
        if self.records is None and not first:
            self.records = self._read_records()
        frame = stage.run(self.records, self.context)
        kept = ledger.kept(frame)
        counts = {"in": self._rows, "kept": kept.height, "dropped": ledger.counts(frame)}
        self._check_rows(stage, frame, counts)
        self.dropped[stage.name] = ledger.rows(frame, stage.name)
        if stage is STAGES[-1] and not self.write:
            for side in SIDES:
                self.lines[side] = kept.filter(pl.col("split") == side)["line"].to_list()
        receipt |= {"rows": counts, "outputs": self._written(stage, frame) if self.write else []}
        self.records = kept.drop("line", strict=False)
        if stage.facts is not None:
            receipt["facts"] = stage.facts(frame)
        self._end(receipt)

    def _check_rows(self, stage: Stage, frame: pl.DataFrame, counts: Mapping[str, Any]) -> None:
        before, lost = counts["in"], sum(counts["dropped"].values())
        if before != frame.height or before != counts["kept"] + lost:
            raise AssertionError(f"{stage.name}: {before} rows came in, {frame.height} came out")
        if self.records is not None and not (
            frame["row"].sort().equals(self.records["row"].sort())
        ):
            raise AssertionError(f"{stage.name}: other rows came out than went in")
        if not counts["kept"]:
            reasons = ", ".join(f"{reason} {n}" for reason, n in counts["dropped"].items())
            raise BadInput(
                f"{self.dataset.name}: nothing is left after {stage.name} ({reasons}); "
                "give other rows, or loosen the option behind the reason"
            )

    def _read_records(self) -> pl.DataFrame:
        """The records that the stages so far have kept, from their files."""
        first, *later = (receipt["stage"] for receipt in self.receipts[1:])
        records = ledger.kept(pl.read_parquet(self._path(f"stages/{first}.parquet")))
        for name in later:
            added = pl.read_parquet(self._path(f"stages/{name}.parquet"))
            records = ledger.kept(records.join(added, on="row", maintain_order="right"))
        return records

    def _written(self, stage: Stage, frame: pl.DataFrame) -> list[dict[str, Any]]:
        """Write a stage's frame and its files; the entries of both, the frame's first.

        After the first stage a frame is written as what the stage added to the records, by `row`.
        """
        before = [] if self.records is None else self.records.columns
        added = [column for column in frame.columns if column == "row" or column not in before]
        own = frame.select(added).drop("line", strict=False)
        outputs = [(f"stages/{stage.name}.parquet", own), *stage.outputs(frame, self.context)]
        if stage is STAGES[-1]:
            outputs.append(("dropped.parquet", self._ledger()))
        entries = [self._write(stage.name, name, content) for name, content in outputs]
        return [entry for entry in entries if entry is not None]

    def _write(self, stage: str, name: str, content: Content) -> dict[str, Any] | None:
        """Write one output of a stage; its entry. A file that this run does not have is removed."""
        path, rows = self._path(name), None
        lines: Iterable[bytes]
        if content is None:  # another grader's
            self._remove(name)
            return None
        if isinstance(content, pl.DataFrame):
            files.write_parquet(path, content)
            return files.describe(path, self.folder, content.height)
        if isinstance(content, pl.Series):
            lines, rows = content, content.len()
        else:
            lines = [files.json_bytes(content)]
        if name in self.context.edited:
            return files.describe(path, self.folder) | {"edited": True}
        digest = sha256()
        for line in lines:
            digest.update(line)
        self.ours.setdefault(name, []).append(digest.hexdigest())
        self._leave_open(stage)
        files.write(path, lambda file: file.writelines(lines))
        return files.describe(path, self.folder, rows, digest.hexdigest())

    def _ledger(self) -> pl.DataFrame:
        """What each stage dropped; from the disk for the stages that did not run this time."""
        names = [stage.name for stage in STAGES]
        absent = [name for name in names if name not in self.dropped]
        if absent:
            columns = ["row", "id", "prompt"]
            prompts = pl.read_parquet(self._path(f"stages/{names[0]}.parquet"), columns=columns)
            for name in absent:
                tags = ["row", *ledger.TAGS]
                tagged = pl.read_parquet(self._path(f"stages/{name}.parquet"), columns=tags)
                self.dropped[name] = ledger.rows(tagged.join(prompts, on="row"), name)
        return pl.concat(self.dropped[name] for name in names)

    def _validate(self) -> None:
        written: list[dict[str, Any]] = self.receipts[-1]["outputs"][1:]  # none without writing
        inputs = written + self.read["benchmarks"] + self.read["raw"]
        receipt = self._begin(NAMES[-1], SETTINGS, inputs)
        if receipt is None:
            return
        chained = next(
            r["facts"]["chained"] for r in self.receipts if "chained" in r.get("facts", ())
        )
        provenance = {
            "benchmarks": len(self.read["benchmarks"]),
            "remedy": self._benchmark_remedy(),
            "absent_shards": self.raw.absent,
            "chained": chained,
        }
        made = documents(self.dataset, self.settings.model, self.context.edited)
        given = {Path(name).stem: value for name, value in made.items() if value is not None}
        found = validate(self._read_lines, given, provenance, self.context)
        counts = {"in": self._rows, "kept": self._rows, "dropped": {}}
        self._end({**receipt, "rows": counts, "outputs": [], **found})

    def _benchmark_remedy(self) -> str:
        if self.dataset.benchmark:
            return f"put {self.dataset.benchmark} beside the train files, or give --benchmark"
        return "give benchmark files with --benchmark"

    def _read_lines(self, side: str) -> Iterator[bytes]:
        """The lines of a written file as they are on the disk; without writing, those in memory."""
        if self.write:
            with self._path(f"{side}.jsonl").open("rb") as file:
                yield from file
        else:
            yield from self.lines[side]

    # The end -------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Write the manifest, unless it is there and the same, or there are errors."""
        value = manifest.assemble(self.dataset, self.raw, self.receipts)
        path = self._path("manifest.json")
        if any(finding["severity"] == "error" for finding in value["findings"]):
            self._remove("manifest.json")
            return
        data = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if not path.exists() or path.read_bytes() != data:
            self.changed = True
            files.write(path, lambda file: file.write(data))

    def _result(self, seconds: float) -> Result:
        entries = manifest.written(self.receipts)
        sides = [entries.get(f"{side}.jsonl", {}) for side in SIDES]
        if self.lines:
            counts = [len(self.lines[side]) for side in SIDES]
            size = sum(map(len, chain.from_iterable(self.lines.values())))
        else:
            counts = [side.get("rows", 0) for side in sides]
            size = sum(side.get("bytes", 0) for side in sides)
        findings = self.receipts[-1].get("findings", [])
        return Result(
            dataset=self.dataset.name,
            folder=self.folder,
            raw=self.receipts[0]["rows"]["in"],
            dropped=manifest.dropped(self.receipts),
            train=counts[0],
            validation=counts[1],
            size=size,
            findings=[
                Finding(**finding | {"path": str(self.folder / finding["path"])})
                for finding in findings
            ],
            seconds=seconds,
            unchanged=self.write and not self.changed,
            items=self.lines.get("train", [])[:3],
        )

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _remove(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise files.unwritable(self.folder, error) from error
