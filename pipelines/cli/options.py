"""Options that several commands have, each written once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from click import Choice

from pipelines.cli.command import argument, option
from pipelines.io.prepared import ALL_SPLITS


class Format(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"


Folder = Annotated[
    str,
    argument(metavar="FOLDER", help="A prepared folder, or the name of a dataset in processed/."),
]
FolderOrNone = Annotated[
    str,
    argument(
        metavar="[FOLDER]",
        required=False,
        help="A prepared folder, or the name of a dataset in processed/.",
    ),
]
OutputFormat = Annotated[
    Format,
    option("--format", type=Choice([Format.text, Format.json]), help="How to print the result."),
]
FindingsFormat = Annotated[
    Format,
    option(
        "--format",
        type=Choice([Format.text, Format.json, Format.github]),
        help="How to print the result; github: as annotations.",
    ),
]
Quiet = Annotated[bool, option("--quiet", "-q", help="No progress and no tables.")]
AllFindings = Annotated[bool, option("--all", help="Show every finding, not five of each rule.")]
Benchmarks = Annotated[
    tuple[str, ...],
    option(
        "--benchmark",
        metavar="PATH[:FIELD]",
        help="A benchmark (JSONL or parquet) none of whose questions may be in; may be repeated.",
    ),
]
Model = Annotated[
    str, option(help="The model to train, in place of the job's; as --job model=MODEL.")
]
Split = Annotated[
    str, option("--split", type=Choice(ALL_SPLITS), help="Which items of the folder are meant.")
]
Samples = Annotated[
    Path,
    option(
        help="The answers, as `rft sample` writes them; or JSONL with output_text and the line or "
        "id of the item."
    ),
]
SamplesModel = Annotated[
    str, option("--model", help="Whose answers, where the samples are of several models.")
]
SamplesSettings = Annotated[
    str,
    option(
        "--settings",
        metavar="DIGEST",
        help="Which answers, where the model was asked in several ways.",
    ),
]
Threshold = Annotated[
    float,
    option(
        help="The score from which an answer passes; the grader's pass_threshold, else its full "
        "score, 1 or the end of its range."
    ),
]
JobSettings = Annotated[
    tuple[str, ...],
    option(
        "--job",
        metavar="NAME=VALUE",
        help="A setting of the job: model, training_type, suffix, seed, metadata.KEY, "
        "grader_model, n_epochs and every other hyperparameter; may be repeated.",
    ),
]
GraderModel = Annotated[
    str, option(metavar="MODEL", help="The model that graders ask; as --job grader_model=MODEL.")
]
Items = Annotated[Path, option(help="The items (JSONL), as in train.jsonl.")]
GraderFile = Annotated[Path, option("--grader-file", help="The grader (JSON).")]
EndpointOption = Annotated[
    str,
    option(
        "--endpoint",
        metavar="URL",
        help="A resource or project of Azure's, or what speaks OpenAI's API, up to /v1; else the "
        "environment names it, as in AZURE_OPENAI_ENDPOINT.",
    ),
]
TrustGrader = Annotated[
    bool,
    option(
        help="Where bubblewrap is missing, run python graders all the same, as you: they can read "
        "and change whatever you can.",
    ),
]


def job_words(job: tuple[str, ...], **named: str | None) -> tuple[str, ...]:
    """The words of `--job`, and those options that are another way to write one."""
    return (*job, *(f"{name}={value}" for name, value in named.items() if value is not None))
