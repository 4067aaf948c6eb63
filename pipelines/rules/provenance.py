"""Family 6: how the data was made, as far as the pipeline knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.findings import SHOWN, show
from pipelines.rules.rule import Fault, rule
from pipelines.rules.tables import limit


@rule("RFT607", "error", source="this pipeline")
def is_as_prepared(digests: tuple[str, str | None]) -> Iterator[Fault]:
    """A file of a prepared folder is the one that its manifest lists.

    The certificate, that no question is on both sides, holds for those files alone. The job request
    may be changed: RFT526 looks at what it shares with them.
    """
    listed, digest = digests
    if digest != listed:
        what = "is not there" if digest is None else "was changed since"
        remedy = "prepare again, or delete manifest.json: then the folder is one made by hand"
        yield "", f"manifest.json lists this file, and it {what}", remedy


@rule("RFT601", "warning", source="this pipeline")
def has_benchmark(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """The dataset was compared with at least one benchmark."""
    if not provenance["benchmarks"]:
        yield "", "decontaminated against nothing", provenance["remedy"]


@rule("RFT602", "warning", source="this pipeline")
def has_every_shard(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """No shard of the published train split is missing."""
    for name in provenance["absent_shards"]:
        yield "", f"shard {show(name)} is not there", "download it, or accept a part of the dataset"


@rule("RFT603", "error", source="this pipeline")
def crosses_nowhere(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """No question is on both sides of the split, as an audit of the written files finds.

    Same text, same question, near-duplicate from the dataset's threshold, same stem. The split is
    made so that this cannot be; the audit knows nothing of how it was made.
    """
    pairs = provenance["certificate"]["pairs"]
    if pairs:
        yield "", f"{pairs:,} pairs cross the split", "run `rft audit` on the two files"


@rule("RFT604", "error", source="this pipeline")
def has_no_benchmark_question(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """No row asks what a benchmark asks, as an audit of the written files finds."""
    hits = provenance["certificate"]["benchmarks"]["hits"]
    if hits:
        yield "", f"{hits:,} rows are a benchmark's", "run `rft audit` with --benchmark"


@rule("RFT605", "warning", source="this pipeline")
def chains_few(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """Near-duplicates alone hold at most 100 questions together.

    A longer chain of small steps ties questions that have little in common, and all of them go to
    one side; often the prompts share a long instruction.
    """
    chained = provenance["chained"]
    if chained > limit("chained_questions"):
        message = f"{chained:,} questions hang together by near-duplicates"
        yield "", message, "look at clusters.parquet; raise --threshold, or shorten what they share"


@rule("RFT608", "warning", source="this pipeline")
def trusts_its_references(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """No two rows ask the same, as far as wording and numbers tell, with different answers.

    One of the two references is wrong, or the questions differ in a word that matters; of 22 such
    pairs that were read 18 were one problem. Both rows stay, on one side of the split.
    """
    suspects = provenance["suspect_references"]
    remedy = "look at both in clusters.parquet, and mend or drop the one with the wrong answer"
    for one, other in suspects[:SHOWN]:
        yield "", f"suspect_reference: {show(one)} and {show(other)} differ in the answer", remedy
    if len(suspects) > SHOWN:
        more = f"{len(suspects) - SHOWN:,} more pairs"
        yield "", f"suspect_reference: {more}, in the manifest", remedy


@rule("RFT606", "warning", source="this pipeline")
def rewards_no_guess(provenance: Mapping[str, Any]) -> Iterator[Fault]:
    """An answer that solves nothing gets the full score on at most 0.5 % of the items.

    Tried are the empty answer, the prompt, the reference without the form that is asked for, the
    reference with a wrong answer beside it, all letters and all options. Nothing is tried, nor any
    reference graded, with a python grader that is not ours where there is no sandbox to run it in.
    """
    probes = provenance["probes"]
    if refused := probes.get("refused"):
        message = f"neither guesses nor references were graded: {refused}"
        yield "", message, "install bubblewrap (bwrap), and prepare once more"
    for name, hit in probes["hits"].items():
        if hit["items"] * 1000 > limit("probe_hits") * probes["items"]:
            lines = ", ".join(map(str, hit["lines"]))
            message = f"{show(name)} scores on {hit['items']:,} of {probes['items']:,} items"
            yield "", f"{message} (lines {lines})", "mend the grader, or drop these rows"
