"""The walk of one dataset through the stages: read, call, check, write, record.

The only module that knows where things lie in `processed/<dataset>/`. A stage is done when the
digests of its inputs, its settings, the code, the versions and its outputs are those of its receipt
(`stages/<stage>.json`); `manifest.json` is written last, and removed before anything is written
anew, so that a folder with a manifest is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import islice
from operator import methodcaller
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, Finding
from pipelines.io import files
from pipelines.io.prepared import ALL_SPLITS, LEDGER, NEAREST
from pipelines.io.progress import Progress, stage_line
from pipelines.rules import job_settings
from pipelines.run import cluster, edits, manifest
from pipelines.run.manifest import Receipt
from pipelines.run.result import Result
from pipelines.run.stored import Stored
from pipelines.sources import rows, tables
from pipelines.sources.benchmarks import benchmark_rows, path_and_field
from pipelines.stages import ledger
from pipelines.stages.convert import documents
from pipelines.stages.download import Raw, download
from pipelines.stages.order import NAMES, STAGES, check_name
from pipelines.stages.settings import Settings
from pipelines.stages.split import earlier_sides, splits_file
from pipelines.stages.stage import Content, Context, Stage
from pipelines.stages.validate import SETTINGS, validate


def prepare(
    dataset: Dataset,
    settings: Settings,
    progress: Progress,
    until: str = NAMES[-1],
    *,
    write: bool = True,
) -> Result:
    """Take a dataset through the stages up to `until`.

    With `write` false nothing is downloaded, and what is made goes to a temporary folder.
    """
    check_name(until)
    dataset.check_test_share(settings.test_share)
    if write:
        return _Walk(dataset, settings, progress).run(until)
    try:
        temporary = TemporaryDirectory(prefix="rft-")
    except OSError as error:
        raise BadInput(f"no temporary folder can be made ({error}); set TMPDIR") from error
    with temporary as folder:
        return _Walk(dataset, settings, progress, Path(folder)).run(until)


class _Walk:
    """One run over one dataset, in a temporary folder where one is given.

    Between two stages the records are on the disk only.
    """

    raw: Raw
    context: Context

    def __init__(
        self,
        dataset: Dataset,
        settings: Settings,
        progress: Progress,
        temporary: Path | None = None,
    ) -> None:
        self.dataset = dataset = dataset.graded_by(settings.grader)
        self.given = settings.job  # which stay for later runs
        earlier = job_settings.load(settings.out / dataset.name)
        self.settings = replace(
            settings,
            threshold=settings.threshold or dataset.threshold,
            job={**dataset.job, **job_settings.merged(earlier, settings.job)},
        )
        self.engine = cluster.engine(settings.engine)
        self.progress, self.temporary = progress, temporary
        self.folder = temporary or settings.out / dataset.name
        self.stored = Stored(self.folder)
        self.receipts: list[Receipt] = []
        self.rows: pl.Series | None = None  # that the last stage kept, where it ran
        self.changed = False  # whether this run has written anything
        # What a stage may read besides the records, by the word for it in `Stage.reads`.
        self.read: dict[str, list[dict[str, Any]]] = {}

    def run(self, until: str) -> Result:
        start = perf_counter()
        edits.check_ours(self.folder)
        with files.alone(self.folder):
            self.context = self._context()
            self._download()
            for stage in STAGES[: NAMES.index(until)]:
                self._transform(stage)
            if until == NAMES[-1]:
                self._validate()
                self._finish()
        return self._result(perf_counter() - start)

    def _context(self) -> Context:
        settings = self.settings
        made = documents(self.dataset, settings.job, {})
        return Context(
            dataset=self.dataset,
            settings=settings,
            engine=self.engine,
            advance=self.progress.advance,
            raw_rows=lambda: tables.read_splits(self.dataset, self.raw.splits, self.engine),
            benchmarks=cache(self._benchmarks),
            previous=lambda: earlier_sides(settings.previous, self.dataset),
            stored=self.stored.columns,
            edited=edits.kept(
                self.folder, made, settings.edits, self.progress.note, job=self.given
            ),
        )

    # Stages --------------------------------------------------------------------------------------

    def _download(self) -> None:
        self.progress.begin(f"{self.dataset.name} download", 0, "bytes")
        self.raw = download(
            self.dataset,
            source=self.settings.source,
            fetch=self.temporary is None,
            offline=self.settings.offline,
            progress=self.progress,
            **self.settings.choices,
        )
        raw_files = [self._raw_file(path, rows.count(path)) for path in self.raw.paths]
        published = [
            self._raw_file(path) | ({"field": field} if field else {})
            for path, field in self.raw.benchmarks
        ]
        named = [
            files.describe(path, path.parent) | ({"field": field} if field else {})
            for path, field in map(path_and_field, self.settings.benchmarks)
        ]
        self.read = {"raw": raw_files, "benchmarks": published + named, "previous": []}
        if self.settings.previous is not None:
            path = splits_file(self.settings.previous, self.dataset)
            self.read["previous"] = [files.describe(path, path.parent)]
        total = sum(entry["rows"] for entry in raw_files)
        counts = {"in": total, "kept": total, "dropped": {}}
        receipt: Receipt = {"stage": "download", "inputs": [], "outputs": raw_files + published}
        receipt |= {"settings": {"source": self.raw.kind, **self.settings.choices}, "rows": counts}
        self.receipts.append(receipt)
        self.progress.end(stage_line(self.dataset.name, "download", counts))

    def _raw_file(self, path: Path, rows: int | None = None) -> dict[str, Any]:
        return files.describe(path, self.raw.root, rows, self.raw.digests.get(path))

    def _benchmarks(self) -> pl.DataFrame:
        """The questions that must be in no split."""
        named = map(path_and_field, self.settings.benchmarks)
        return benchmark_rows([*self.raw.benchmarks, *named], self.dataset)

    def _transform(self, stage: Stage) -> None:
        """Run a stage on a frame, check that no row is lost, write what it makes."""
        # Every stage file so far, for records are read from all.
        inputs = [receipt["outputs"][0] for receipt in self.receipts[1:]]
        inputs += [entry for word in stage.reads for entry in self.read[word]]
        if stage is STAGES[-1]:  # of which the trace names files and rows
            inputs += self.read["raw"]
        receipt = self._begin(stage.name, stage.settings, inputs)
        if receipt is None:
            return
        if stage is STAGES[-1]:
            job_settings.save(self.folder, self.given)
        stratum = self.dataset.stratum or "stratum"
        columns = {stratum if name == "stratum" else name for name in stage.columns}
        stages = [receipt["stage"] for receipt in self.receipts[1:]]
        frame = stage.run(
            None if "raw" in stage.reads else self.stored.kept(stages, columns), self.context
        )
        kept = frame["dropped"].null_count()
        counts = {"in": self._rows, "kept": kept, "dropped": ledger.counts(frame)}
        self._check_rows(stage, frame, counts)
        self.rows = ledger.kept(frame.select("row", *ledger.TAGS))["row"]
        added = [name for name in frame.columns if name not in {*columns, "line"}]
        outputs = self._outputs(stage, frame, added)
        receipt |= {"rows": counts, "outputs": self._write(stage.name, outputs)}
        if stage.facts is not None:
            receipt["facts"] = stage.facts(frame)
        self._end(receipt)

    def _validate(self) -> None:
        written: list[dict[str, Any]] = self.receipts[-1]["outputs"][1:]
        inputs = written + self.read["benchmarks"] + self.read["raw"]
        receipt = self._begin(NAMES[-1], SETTINGS, inputs)
        if receipt is None:
            return
        benchmark = " and ".join(self.dataset.benchmark_files)
        beside = f"put {benchmark} beside the train files, or give --benchmark"
        remedy = beside if benchmark else "give benchmark files with --benchmark"
        provenance = {"benchmarks": len(self.read["benchmarks"]), "remedy": remedy}
        provenance["absent_shards"] = self.raw.absent
        for earlier in self.receipts:
            provenance |= earlier.get("facts", {})
        made = documents(self.dataset, self.settings.job, self.context.edited)
        roles = {Path(name).stem: value for name, value in made.items() if value is not None}
        results, near = validate(self._lines, roles, provenance, self.context)
        counts = {"in": self._rows, "kept": self._rows, "dropped": {}}
        receipt |= {"rows": counts, "outputs": self._write(NAMES[-1], [(NEAREST, near.rows)])}
        self._end({**receipt, "facts": {"nearest_from": near.lowest}, **results})

    def _lines(self, split: str) -> Iterator[bytes]:
        """The lines of a written file as they are on the disk; none where there is no such file."""
        if (path := self._path(f"{split}.jsonl")).is_file():
            with path.open("rb") as file:
                yield from file

    # Receipts and checks -------------------------------------------------------------------------

    def _begin(
        self, name: str, settings: Iterable[str], inputs: list[dict[str, Any]]
    ) -> Receipt | None:
        """The receipt of a stage that is to run, as far as it is known before; None where its last
        run still holds, whose receipt is then taken.
        """
        values = {word: getattr(self.settings, word) for word in settings if word != "dataset"}
        recipe = {"dataset": self.dataset.name, "grader": self.dataset.grading.name}
        if not self.dataset.shipped:  # those that are shipped are part of the code
            recipe["description"] = self.dataset.digest
        receipt: Receipt = {
            "stage": name,
            "settings": {**recipe, **values} if "dataset" in settings else values,
            "inputs": inputs,
            "code": manifest.code(),
            "versions": manifest.versions(),
        }
        done = manifest.finished(self._receipt(name), receipt, self.context.edited.keys())
        if done is not None:
            self.receipts.append(done)
            self.rows = None
            self.progress.end(stage_line(self.dataset.name, name, done["rows"], done_before=True))
            return None
        self.progress.begin(f"{self.dataset.name} {name}", self._rows)
        return receipt

    def _end(self, receipt: Receipt) -> None:
        self.changed = True
        self.receipts.append(receipt)
        name = receipt["stage"]
        files.write_json(self._receipt(name), manifest.sealed(receipt))
        self.progress.end(stage_line(self.dataset.name, name, receipt["rows"]))

    @property
    def _rows(self) -> int:
        """The rows that the stages so far have kept."""
        return int(self.receipts[-1]["rows"]["kept"])

    def _check_rows(self, stage: Stage, frame: pl.DataFrame, counts: Mapping[str, Any]) -> None:
        before, lost = counts["in"], sum(counts["dropped"].values())
        if before != frame.height or before != counts["kept"] + lost:
            raise AssertionError(f"{stage.name}: {before} rows came in, {frame.height} came out")
        if self.rows is not None and not frame["row"].sort().equals(self.rows.sort()):
            raise AssertionError(f"{stage.name}: other rows came out than went in")
        if not counts["kept"]:
            reasons = ", ".join(f"{reason} {n}" for reason, n in counts["dropped"].items())
            raise BadInput(
                f"{self.dataset.name}: nothing is left after {stage.name} ({reasons}); "
                "give other rows, or loosen the option behind the reason"
            )

    # Files ---------------------------------------------------------------------------------------

    def _outputs(
        self, stage: Stage, frame: pl.DataFrame, added: list[str]
    ) -> Iterator[tuple[str, Content]]:
        """The files of a stage: its frame first, then those for the user.

        After the first stage a frame is written as what the stage added to the records, by `row`.
        """
        yield f"stages/{stage.name}.parquet", frame.select(added)
        yield from stage.outputs(frame, self.context)
        if stage is STAGES[-1]:
            dropped = self.stored.ledger(frame)
            yield "dropped.parquet", dropped.select(LEDGER)
            yield "trace.parquet", ledger.trace(frame, dropped, self.read["raw"])

    def _write(self, stage: str, outputs: Iterable[tuple[str, Content]]) -> list[dict[str, Any]]:
        """Write the outputs of a stage; their entries. A file that is None is removed.

        Before anything is written, what says that the files are whole goes: the manifest, and the
        receipt, in whose place comes an open one. It only says which digests the files of ours have
        or will have; should this run be killed, the next one knows by it what a person has edited.
        """
        contents = dict(outputs)
        edited = self.context.edited.keys()
        if not self.changed:
            self._remove("manifest.json")
        lines: dict[str, Iterable[bytes]] = {
            name: [files.json_bytes(content)] if isinstance(content, Mapping) else content
            for name, content in contents.items()
            if name not in edited and not isinstance(content, pl.DataFrame | None)
        }
        ours = edits.outputs_of(self._receipt(stage))
        for name in lines:
            digest = sha256()
            for line in lines[name]:
                digest.update(line)
            ours.setdefault(name, []).append(digest.hexdigest())
        listed = [
            {"path": name, "ours": ours.get(name, []), "edited": name in edited}
            for name in {**ours, **self.context.edited}
        ]
        files.write_json(self._receipt(stage), {"outputs": listed})
        entries = []
        for name, content in contents.items():
            path = self._path(name)
            if content is None:  # another grader's
                self._remove(name)
            elif name in edited:
                entries.append(files.describe(path, self.folder) | {"edited": True})
            elif isinstance(content, pl.DataFrame):
                files.write_parquet(path, content)
                entries.append(files.describe(path, self.folder, content.height))
            else:
                files.write(path, methodcaller("writelines", lines[name]))
                rows = None if isinstance(content, Mapping) else content.len()
                entries.append(files.describe(path, self.folder, rows, ours[name][-1]))
        return entries

    def _finish(self) -> None:
        """Write the manifest, unless it is there and the same, or there are errors."""
        value = manifest.assemble(self.dataset, self.raw, self.receipts)
        path = self._path("manifest.json")
        if any(finding["severity"] == "error" for finding in value["findings"]):
            self._remove("manifest.json")
        elif not path.exists() or path.read_bytes() != files.json_bytes(value):
            self.changed = True
            files.write_json(path, value)

    def _result(self, seconds: float) -> Result:
        entries = manifest.written(self.receipts)
        written = {split: entries.get(f"{split}.jsonl", {}) for split in ALL_SPLITS}
        folder = self.settings.out / self.dataset.name
        items = islice(self._lines("train"), 3) if self.temporary and written["train"] else ()
        return Result(
            dataset=self.dataset.name,
            folder=folder,
            raw=self.receipts[0]["rows"]["in"],
            dropped=manifest.dropped(self.receipts),
            splits={split: entry["rows"] for split, entry in written.items() if entry},
            size=sum(entry.get("bytes", 0) for entry in written.values()),
            findings=[
                Finding(**finding | {"path": str(folder / finding["path"])})
                for finding in self.receipts[-1].get("findings", [])
            ],
            seconds=seconds,
            unchanged=len(self.receipts) > 1 and not self.changed and not self.temporary,
            items=list(items),
        )

    def _receipt(self, stage: str) -> Path:
        return self.folder / f"stages/{stage}.json"

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _remove(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise files.unwritable(self.folder, error) from error
