"""From a description to a dataset: cells to prompt, options and reference answer, without code."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from pipelines.datasets import gradings, records
from pipelines.datasets.columns import Columns, names
from pipelines.datasets.dataset import Benchmark, Dataset
from pipelines.datasets.description import load
from pipelines.findings import BadInput, show
from pipelines.graders.boxed_math import correct
from pipelines.graders.grading import Grading
from pipelines.io import jsonl


def dataset(path: Path, *, shipped: bool = False) -> Dataset:
    """The dataset that a TOML file describes; BadInput, with file and key, where it cannot be."""
    columns = Columns(path, load(path), shipped)
    values = columns.values
    code = _module(path, values["code"]) if "code" in values else None
    record = getattr(code, "record", None)
    chosen = _gradings(columns)
    fields = ["reference_answer"] if "answer" in values else []
    fields += ["options"] if columns.option_paths or record else []
    named = names(values.get("benchmarks"))
    patterns = {split: names(values.get(split)) for split in ("validation", "test")}
    return Dataset(
        name=path.stem,
        title=values.get("title", path.stem),
        page=f"https://huggingface.co/datasets/{values['hub']}" if "hub" in values else None,
        tried=values.get("tried", ""),
        path=path,
        shipped=shipped,
        own_files="files" in values and not shipped,
        license=values.get("license"),
        fields=(*fields, *(columns.kept if record else ()), "id"),
        kept=() if record else tuple(columns.kept),
        carried=() if record else records.carried(columns),
        gradings=chosen,
        record=record or partial(records.record, columns, mend=getattr(code, "mended", None)),
        faults=(*(() if record else records.faults(columns)), *getattr(code, "FAULTS", ())),
        threshold=values.get("threshold", 0.7 if columns.option_paths else 0.8),
        files={"train": names(values.get("files", "data/train-*.parquet")), **patterns},
        cells=None if record else columns.cells,
        columns=names(values.get("columns")),
        hub=values.get("hub"),
        revision=values.get("revision"),
        kaggle=values.get("kaggle"),
        config=values.get("config"),
        benchmark_files=tuple(one for one in named if isinstance(one, str)),
        benchmarks=tuple(Benchmark(**one) for one in named if isinstance(one, dict)),
        stratum=values["stratum"] if record else "stratum" if "stratum" in values else None,
        stratum_field=next(
            (f for f, p in columns.kept.items() if p == values.get("stratum")), None
        ),
        grouped="group" in values,
        separators=columns.separators,
        shortened=getattr(code, "SHORTENED", {}),
        instruction=values.get("instruction"),
        tools=_document(path, "tools", list, values),
        job=_flat(values.get("job", {})),
        equal=_same_value if columns.grader == "math" else None,
    )


def _same_value(one: str, other: str) -> bool:
    return correct(one, other) or correct(other, one)


def _flat(job: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `[job]`, a table in it as `TABLE.KEY`, as `--job` names them."""
    settings: dict[str, Any] = {}
    for name, value in job.items():
        inner = value.items() if isinstance(value, dict) else ()
        settings |= {f"{name}.{key}": each for key, each in inner} or {name: value}
    return settings


def _gradings(columns: Columns) -> tuple[Grading, ...]:
    values = columns.values
    if columns.grader in gradings.NAMES:
        chosen = gradings.named(columns.grader, columns.letters)
    else:
        grader = _document(columns.path, "grader", dict, values)
        chosen = (
            Grading(
                name=Path(columns.grader).stem,
                about="the grader of the description",
                instruction="",
                grader=grader,
                wrap=lambda reference: reference,
                strict=False,
                checks=False,
            ),
        )
    answer_format = _document(columns.path, "response_format", dict, values)
    return tuple(one.answered_in(answer_format) for one in chosen) if answer_format else chosen


def _document(path: Path, key: str, kind: type, values: Mapping[str, Any]) -> Any:
    """The JSON file beside the description that a key names; None without the key."""
    if key not in values:
        return None
    place = path.parent / values[key]
    try:
        value = orjson.loads(jsonl.content(place))
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{place}: not JSON ({error}); mend it") from None
    if not isinstance(value, kind):
        wanted = "a list" if kind is list else "an object"
        raise BadInput(f"{path}: {key}: {place} holds {show(value)}; give {wanted}")
    return value


def _module(path: Path, name: str) -> ModuleType:
    """The module of a description that needs code, loaded by its path."""
    place = path.parent / name
    called = f"{path.stem.replace('-', '_')}_{place.stem}"
    spec = spec_from_file_location(called, place)
    if spec is None or spec.loader is None or not place.is_file():
        raise BadInput(f"{path}: code: {place}: there is no such Python file")
    module = sys.modules.setdefault(called, module_from_spec(spec))
    if not hasattr(module, "__done__"):
        spec.loader.exec_module(module)
        module.__done__ = True  # type: ignore[attr-defined]
    return module
