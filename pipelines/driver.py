"""The walk of one dataset through the stages: read, call, check, write, record.

The only module that knows where things lie in `processed/<dataset>/`. A stage is done when the
digests of its inputs, its settings, the code, the versions and its outputs are those of its receipt
(`stages/<stage>.json`); `manifest.json` is written last, and removed first when anything is made
anew, so that a folder with a manifest is whole.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import polars as pl

from pipelines import evidence, files, ledger, manifest, outputs, raw
from pipelines.benchmarks import benchmark_rows, path_and_field
from pipelines.datasets.dataset import Dataset
from pipelines.findings import BadInput, Finding
from pipelines.foundry import job
from pipelines.manifest import Receipt
from pipelines.previous import earlier_sides, splits_file
from pipelines.report import Reporter, Result
from pipelines.settings import Settings
from pipelines.stages import NAMES, STAGES, download, validate

# Keyword-only parameters of stages and writers that decide nothing about what is made.
_NO_SETTINGS = {"advance", "ledger", "kept"}
# Settings that say which files of the source, and which parts of them, are brought.
_DOWNLOADED = ("revision", "config", "shards", "columns")


def prepare(
    dataset: Dataset,
    settings: Settings,
    reporter: Reporter,
    *,
    until: str = NAMES[-1],
    write: bool = True,
) -> Result:
    """Take a dataset through the stages up to `until`; with `write` false, in memory only."""
    if not write:
        return _Walk(dataset, settings, reporter, write=False).run(until)
    manifest.check_ours(settings.out / dataset.name)
    with files.alone(settings.out / dataset.name):
        return _Walk(dataset, settings, reporter, write=True).run(until)


class _Walk:
    """One run over one dataset. `records` are those kept so far, None while on the disk only."""

    def __init__(
        self, dataset: Dataset, settings: Settings, reporter: Reporter, *, write: bool
    ) -> None:
        self.dataset = dataset = dataset.graded_by(settings.grader)
        self.settings = replace(settings, threshold=settings.threshold or dataset.threshold)
        self.reporter = reporter
        self.write = write
        self.folder = settings.out / dataset.name
        self.receipts: list[Receipt] = []
        self.records: pl.DataFrame | None = None
        self.dropped: dict[str, pl.DataFrame] = {}
        self.lines: dict[str, list[bytes]] = {}
        self.changed = False
        self.kept: frozenset[str] = frozenset()
        self.benchmarks: pl.DataFrame | None = None

    def run(self, until: str) -> Result:
        start = perf_counter()
        if self.write:
            self.kept = self._kept_edits()
        self._download()
        for name in NAMES[1 : NAMES.index(until) + 1]:
            self._stage(name)
        if until == NAMES[-1] and self.write:
            self._finish()
        return self._result(perf_counter() - start)

    def _kept_edits(self) -> frozenset[str]:
        """The documents that stay as a person edited them: those of which that was once said.

        BadInput where anything else was edited, unless it is to be written anew.
        """
        if self.settings.edits == "replace":
            return frozenset()
        edited = manifest.edited(self.folder)
        keep = self.settings.edits == "keep"
        for name, kept_before in edited.items():
            path = self._path(name)
            if name in outputs.DOCUMENTS and (keep or kept_before):
                self.reporter.note(f"{path}: kept as it was edited; --replace-edits makes it anew")
                continue
            reason = "was edited since `rft prepare` wrote it"
            if name in outputs.DOCUMENTS:
                raise BadInput(f"{path}: {reason}; give --keep-edits or --replace-edits")
            raise BadInput(f"{path}: {reason}; move it away, or give --replace-edits")
        return frozenset(edited)

    # Stages --------------------------------------------------------------------------------------

    def _download(self) -> None:
        self.reporter.begin(self.dataset.name, "download", None)
        chosen = {name: getattr(self.settings, name) for name in _DOWNLOADED}
        asked = {name: value for name, value in chosen.items() if value is not None}
        found = download.download(
            self.dataset,
            source=self.settings.source,
            note=self.reporter.note,
            fetch=self.write,
            offline=self.settings.offline,
            total=self.reporter.expect,
            advance=self.reporter.came,
            **asked,
        )
        self.raw = found
        rows = raw.count(found.train)

        def described(paths: Iterable[Path]) -> list[dict[str, Any]]:
            digests = found.digests
            return [files.describe(p, found.root, digest=digests.get(p)) for p in paths]

        self.raw_files = described(found.train)
        published = described((*found.benchmark, *found.others))
        self.benchmark_files = published + [
            files.describe(path, path.parent) | ({"field": field} if field else {})
            for path, field in map(path_and_field, self.settings.against)
        ]
        counts = {"in": rows, "kept": rows, "dropped": {}}
        self.receipts.append(
            {
                "stage": "download",
                "settings": {"source": found.kind, **asked},
                "inputs": [],
                "outputs": self.raw_files + published,
                "rows": counts,
            }
        )
        self.reporter.end(self.dataset.name, "download", counts, done=False)

    def _stage(self, name: str) -> None:
        receipt: Receipt = {
            "stage": name,
            "settings": self._settings(name),
            "inputs": self._inputs(name),
            "code": manifest.code(),
            "versions": manifest.versions(),
        }
        receipt_file = self._path(f"stages/{name}.json")
        done = manifest.finished(receipt_file, receipt, self.kept) if self.write else None
        if done is not None:
            self.receipts.append(done)
            self.records = None
            self.reporter.end(self.dataset.name, name, done["rows"], done=True)
            return
        if self.write:
            # Both say that files are whole which are about to be written anew. Of the receipt only
            # what is kept is left, for a run that is killed before the next one is written.
            self._remove(*([] if self.changed else ["manifest.json"]), f"stages/{name}.json")
            if self.kept:
                kept = [{"path": path, "edited": True} for path in sorted(self.kept)]
                files.write_json(receipt_file, {"outputs": kept})
        self.changed = True
        before = self.receipts[-1]["rows"]["kept"]
        self.reporter.begin(self.dataset.name, name, before)
        receipt |= self._validate() if name == "validate" else self._transform(name, before)
        self.receipts.append(receipt)
        if self.write:
            files.write_json(receipt_file, receipt)
        self.reporter.end(self.dataset.name, name, receipt["rows"], done=False)

    def _settings(self, name: str) -> dict[str, Any]:
        """What a stage and the files written after it depend on, by name."""
        if name == "validate":
            names = {"dataset", "rows", "validation_rows", "max_bytes", "threshold"}
        else:
            names = _keywords(_function(name)) | _keywords(outputs.AFTER.get(name))
        values = {n: getattr(self.settings, n) for n in sorted(names - _NO_SETTINGS - {"dataset"})}
        # Of a recipe only the grading may be chosen; the rest is part of the code.
        of_recipe = {"dataset": self.dataset.name, "grader": self.dataset.grading.name}
        return {**of_recipe, **values} if "dataset" in names else values

    def _inputs(self, name: str) -> list[dict[str, Any]]:
        """What a stage is made from: every stage file so far, for records are read from all."""
        if not self.write:
            return []
        match name:
            case "normalize":
                return self.raw_files
            case "validate":
                finished: list[dict[str, Any]] = self.receipts[-1]["outputs"][1:]
                return finished + self.benchmark_files + self.raw_files
        stages = [receipt["outputs"][0] for receipt in self.receipts[1:]]
        if name == "dedupe" and self.settings.previous is not None:
            path = splits_file(self.settings.previous, self.dataset)
            stages.append(files.describe(path, path.parent))
        return stages + (self.benchmark_files if name == "decontaminate" else [])

    def _transform(self, name: str, before: int) -> Receipt:
        """Run a stage on a frame, check that no row is lost, write what it makes."""
        frame: pl.DataFrame = self._call(name)
        kept = ledger.kept(frame)
        counts: dict[str, Any] = {
            "in": before,
            "kept": kept.height,
            "dropped": ledger.counts(frame),
        }
        if before != frame.height or before != kept.height + sum(counts["dropped"].values()):
            raise AssertionError(f"{name}: {before} rows came in, {frame.height} came out")
        if name != "normalize" and not frame["row"].sort().equals(self.records["row"].sort()):  # type: ignore[index]
            raise AssertionError(f"{name}: other rows came out than went in")
        if kept.is_empty():
            reasons = ", ".join(f"{reason} {n}" for reason, n in counts["dropped"].items())
            raise BadInput(
                f"{self.dataset.name}: nothing is left after {name} ({reasons}); "
                "give other rows, or loosen the option behind the reason"
            )
        self.dropped[name] = ledger.rows(frame, name)
        if name == "convert" and not self.write:
            for side in ("train", "validation"):
                self.lines[side] = kept.filter(pl.col("split") == side)["line"].to_list()
        written = self._written(name, frame) if self.write else []
        self.records = kept.drop("line", strict=False)
        tell = getattr(STAGES[NAMES.index(name)], "facts", None)
        facts = {"facts": tell(frame)} if tell else {}
        return {"rows": counts, "outputs": written, **facts}

    def _call(self, name: str) -> Any:
        function = _function(name)
        chosen = self._chosen(function)
        if name == "normalize":
            return function(raw.read(self.dataset, self.raw.train), **chosen)
        if self.records is None:
            self.records = self._read_records()
        extra = []
        if name == "dedupe":
            extra = [earlier_sides(self.settings.previous, self.dataset)]
        if name == "decontaminate":
            extra = [self._benchmarks()]
        return function(self.records, *extra, **chosen)

    def _benchmarks(self) -> pl.DataFrame:
        if self.benchmarks is None:
            against = (*map(str, self.raw.others), *self.settings.against)
            self.benchmarks = benchmark_rows(self.dataset, self.raw.benchmark, against)
        return self.benchmarks

    def _chosen(self, function: Callable[..., Any] | None) -> dict[str, Any]:
        """The keyword arguments of a stage or a writer."""
        known = {"dataset": self.dataset, "advance": self.reporter.advance}
        names = _keywords(function) - {"ledger", "kept"}
        return {n: known[n] if n in known else getattr(self.settings, n) for n in names}

    def _read_records(self) -> pl.DataFrame:
        """The records that the stages so far have kept, from their files."""
        first, *later = (receipt["stage"] for receipt in self.receipts[1:])
        records = ledger.kept(pl.read_parquet(self._path(f"stages/{first}.parquet")))
        for name in later:
            added = pl.read_parquet(self._path(f"stages/{name}.parquet"))
            records = ledger.kept(records.join(added, on="row", maintain_order="right"))
        return records

    def _written(self, name: str, frame: pl.DataFrame) -> list[dict[str, Any]]:
        """Write a stage's frame and the files after it; the entries of both, the frame's first.

        After normalize a frame is written as what the stage added to the records, by `row`.
        """
        stage_file = self._path(f"stages/{name}.parquet")
        before = [] if self.records is None else self.records.columns
        added = [column for column in frame.columns if column == "row" or column not in before]
        files.write_parquet(stage_file, frame.select(added).drop("line", strict=False))
        entries = [files.describe(stage_file, self.folder, frame.height)]
        writer = outputs.AFTER.get(name)
        if writer is not None:
            chosen = self._chosen(writer)
            if "ledger" in _keywords(writer):
                chosen |= {"ledger": self._ledger(), "kept": self.kept}
            for path, rows in writer(self.folder, frame, **chosen):
                entry = files.describe(path, self.folder, rows)
                entries.append(entry | ({"edited": True} if path.name in self.kept else {}))
        return entries

    def _ledger(self) -> pl.DataFrame:
        """What each stage dropped; from the disk for the stages that did not run this time."""
        names = [*(receipt["stage"] for receipt in self.receipts[1:]), "convert"]
        absent = [name for name in names if name not in self.dropped]
        if absent:
            wanted = ["row", "id", "prompt"]
            told = pl.read_parquet(self._path("stages/normalize.parquet"), columns=wanted)
            for name in absent:
                tags = ["row", *ledger.TAGS]
                tagged = pl.read_parquet(self._path(f"stages/{name}.parquet"), columns=tags)
                self.dropped[name] = ledger.rows(tagged.join(told, on="row"), name)
        return pl.concat(self.dropped[name] for name in names)

    def _validate(self) -> Receipt:
        threshold = self.settings.threshold
        assert threshold is not None
        certificate = evidence.certificate(
            self._read_lines, threshold=threshold, benchmarks=self._benchmarks()
        )
        probed = evidence.probed(self._read_lines("train"), self.dataset)
        clustered = next(r["facts"] for r in self.receipts if r["stage"] == "dedupe")
        subject = validate.Files(
            train=self._read_lines("train", told=True),
            validation=self._read_lines("validation", told=True),
            **self._documents(),
            dataset=self.dataset.name,
            provenance={
                "benchmarks": len(self.benchmark_files),
                "remedy": self._benchmark_remedy(),
                "absent_shards": self.raw.absent,
                "certificate": certificate,
                "probes": probed,
                "chained": clustered["chained"],
            },
            names=validate.NAMES | {"provenance": "."},
            limits={
                "train_rows": self.settings.rows,
                "validation_rows": self.settings.validation_rows,
                "file_bytes": self.settings.max_bytes,
            },
        )
        findings = [finding.as_dict() for finding in validate.validate(subject)]
        before = self.receipts[-1]["rows"]["kept"]
        return {
            "rows": {"in": before, "kept": before, "dropped": {}},
            "outputs": [],
            "findings": findings,
            "certificate": certificate,
            "probes": probed,
        }

    def _documents(self) -> dict[str, Any]:
        """Grader, response format and job by role, as they are on the disk where they are there."""
        grading = self.dataset.grading
        if not self.write:
            request = job.request(self.settings.model, grading.grader, grading.response_format)
            return {"grader": grading.grader, "job": request}
        paths = {Path(name).stem: self._path(name) for name in outputs.DOCUMENTS}
        return {role: outputs.read_document(p) for role, p in paths.items() if p.is_file()}

    def _benchmark_remedy(self) -> str:
        if self.dataset.benchmark:
            return (
                f"put {self.dataset.benchmark} beside the train files, or name files with --against"
            )
        return "give benchmark files with --against"

    def _read_lines(self, side: str, *, told: bool = False) -> Iterator[bytes]:
        """The lines of a written file as they are on the disk; without writing, those in memory.

        With `told` the reporter hears of each.
        """
        if self.write:
            with self._path(f"{side}.jsonl").open("rb") as file:
                for line in file:
                    if told:
                        self.reporter.advance(1)
                    yield line
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
        sides = [entries.get(f"{side}.jsonl", {}) for side in ("train", "validation")]
        if self.lines:
            counts = [len(self.lines[side]) for side in ("train", "validation")]
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

    def _remove(self, *names: str) -> None:
        try:
            for name in names:
                self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise files.unwritable(self.folder, error) from error


def _function(name: str) -> Callable[..., Any]:
    """The public function of a stage's module, which bears the module's name."""
    function: Callable[..., Any] = getattr(STAGES[NAMES.index(name)], name)
    return function


def _keywords(function: Callable[..., Any] | None) -> set[str]:
    if function is None:
        return set()
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
