"""The finished files against the service's rules, as the service will read them.

The rules are those of `rft validate`, which also checks files that no stage made. Here a
certificate joins them (what an audit that knows nothing of the stages finds in the files), and what
answers score that solve nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import Any

from pipelines.datasets.dataset import Dataset
from pipelines.graders import probes
from pipelines.graders.sandbox import Refused
from pipelines.graders.self_check import OwnGrader
from pipelines.io.prepared import ALL_SPLITS, FILES, SPLITS
from pipelines.rules import check
from pipelines.similarity.audit import audit_joined
from pipelines.similarity.certificate import certificate
from pipelines.similarity.nearest import LOWEST, Nearest, nearest
from pipelines.similarity.prompts import Prompts
from pipelines.stages.stage import Context

SETTINGS = ("dataset", "max_bytes", "rows", "threshold", "validation_rows")

# How far below the threshold pairs across are counted.
BAND = 0.1

# The lines of a split, with their line ends; none of `test` where there is no test split.
Read = Callable[[str], Iterable[bytes]]


def validate(
    read: Read, documents: Mapping[str, Any], provenance: Mapping[str, Any], context: Context
) -> tuple[dict[str, Any], Nearest]:
    """Findings, certificate and probes of the lines that `read` gives, as the receipt has them; and
    the training rows that are nearest to the other splits.

    Each line is read and parsed once. documents: grader, response format and job, by role.
    provenance: what the run knows of how the lines were made. The reporter hears of each line once.
    """
    settings, benchmarks = context.settings, context.benchmarks()
    test = iter(read("test"))
    first = next(test, None)
    splits = SPLITS if first is None else ALL_SPLITS
    digests = {split: sha256() for split in splits}
    prompts = {split: Prompts(f"{split}.jsonl") for split in splits}
    probed: list[dict[str, Any]] = []

    def lines(split: str) -> Iterator[bytes]:
        for line in chain([first], test) if split == "test" and first else read(split):
            context.advance(1)
            digests[split].update(line)
            yield line

    def see(split: str, number: int, item: dict[str, Any]) -> None:
        prompts[split].add(number, item)
        if split == "train" and len(probed) < probes.PROBED:
            probed.append(item)

    files = check.Files(
        rows=[(split, f"{split}.jsonl", lines(split)) for split in splits],
        documents=documents,
        dataset=context.dataset.name if context.dataset.shipped else None,
        names=FILES,
        limits={
            "train_rows": settings.rows,
            "validation_rows": settings.validation_rows,
            "file_bytes": settings.max_bytes,
        },
        see=see,
    )
    findings = list(check.validate(files))
    compare = partial(
        audit_joined,
        threshold=context.threshold,
        band=BAND,
        benchmarks=benchmarks,
        quoted=False,
        separators=context.dataset.separators,
        lowest=LOWEST,
    )
    audited = [compare(prompts["train"], prompts["validation"])]
    if "test" in prompts:
        audited.append(
            compare(prompts["train"].with_rows_of(prompts["validation"]), prompts["test"])
        )
    sums = {split: digest.hexdigest() for split, digest in digests.items()}
    results = {
        "certificate": certificate(
            [one for one, _ in audited], sums, band=BAND, benchmarks=benchmarks.height
        ),
        "probes": probe(probed, context.dataset),
    }
    known = check.Files(provenance={**provenance, **results}, names={"provenance": "."})
    findings += check.validate(known)
    joins = {split: join for split, (_, join) in zip(splits[1:], audited, strict=True)}
    return {"findings": [finding.as_dict() for finding in findings], **results}, nearest(joins)


def probe(items: list[dict[str, Any]], dataset: Dataset) -> dict[str, Any]:
    """What answers that must not score do score on the first training items.

    Nothing is graded by a grader that may not run here, and `refused` tells why.
    """
    if "reference_answer" not in dataset.fields:
        items = []  # nothing can be put in the place of an answer
    try:
        grader = OwnGrader(dataset.grading)
    except Refused as reason:
        return {
            **probes.table([], dataset.grading, lambda output, item: 0.0, ""),
            "refused": str(reason).partition("; ")[0],
        }
    with closing(grader):
        return probes.table(items, dataset.grading, grader.score, dataset.stratum_field or "")
