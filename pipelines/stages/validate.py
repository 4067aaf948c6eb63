"""The finished files against the service's rules, as the service will read them.

The rules are those of `rft validate`, which also checks files that no stage made. Here a
certificate joins them (what an audit that knows nothing of the stages finds in the files), and what
answers score that solve nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson
import polars as pl

from pipelines.datasets.dataset import Dataset
from pipelines.graders import probes
from pipelines.graders.sandbox import Refused
from pipelines.graders.self_check import OwnGrader
from pipelines.io.prepared import FILES
from pipelines.rules import check
from pipelines.similarity import audit
from pipelines.stages.stage import Context

SETTINGS = ("dataset", "max_bytes", "rows", "threshold", "validation_rows")

# How far below the threshold pairs across are counted.
BAND = 0.1

# The lines of `train` or `validation`, with their line ends.
Read = Callable[[str], Iterable[bytes]]


def validate(
    read: Read, documents: Mapping[str, Any], provenance: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Findings, certificate and probes of the lines that `read` gives, as the receipt has them.

    documents: grader, response format and job, by role. provenance: what the run knows of how the
    lines were made. The reporter hears of each line once.
    """
    settings = context.settings
    shown = certificate(read, threshold=context.threshold, benchmarks=context.benchmarks())
    probed = probe(read("train"), context.dataset)

    def counted(side: str) -> Iterator[bytes]:
        for line in read(side):
            context.advance(1)
            yield line

    files = check.Files(
        train=counted("train"),
        validation=counted("validation"),
        **documents,
        dataset=context.dataset.name,
        provenance={**provenance, "certificate": shown, "probes": probed},
        names=FILES | {"provenance": "."},
        limits={
            "train_rows": settings.rows,
            "validation_rows": settings.validation_rows,
            "file_bytes": settings.max_bytes,
        },
    )
    findings = [finding.as_dict() for finding in check.validate(files)]
    return {"findings": findings, "certificate": shown, "probes": probed}


def certificate(read: Read, *, threshold: float, benchmarks: pl.DataFrame) -> dict[str, Any]:
    """What an audit finds in the lines that `read` gives of `train` and of `validation`."""
    digests = {"train": sha256(), "validation": sha256()}

    def hashed(side: str) -> Iterator[bytes]:
        for line in read(side):
            digests[side].update(line)
            yield line

    found = audit.audit(
        *(audit.prompts(hashed(side), f"{side}.jsonl") for side in digests),
        threshold=threshold,
        band=BAND,
        benchmarks=benchmarks,
    )
    named = {side: digest.hexdigest() for side, digest in digests.items()}
    return audit.certificate(found, named, band=BAND, benchmarks=benchmarks.height)


def probe(lines: Iterable[bytes], dataset: Dataset) -> dict[str, Any]:
    """What answers that must not score do score on the first training lines.

    Nothing is graded by a grader that may not run here, and `refused` tells why.
    """
    items = [orjson.loads(line) for line in islice(lines, probes.PROBED)]
    try:
        grader = OwnGrader(dataset.grading)
    except Refused as reason:
        return {
            **probes.table([], dataset.grading, lambda output, item: 0.0, ""),
            "refused": str(reason).partition("; ")[0],
        }
    with closing(grader):
        return probes.table(items, dataset.grading, grader.score, dataset.stratum)
