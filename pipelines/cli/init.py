"""`rft init`: a description of files that a user has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson

from pipelines.cli import terminal
from pipelines.cli.command import argument, option
from pipelines.findings import BadInput

if TYPE_CHECKING:
    from pipelines.datasets.dataset import Dataset
    from pipelines.datasets.guess import Guess

# Rows from which is guessed, and that are tried.
_LOOKED_AT = 300

# Names of files that are a split, in the order of the keys.
_SPLITS = {
    "test": re.compile(r"(?i)(?:^|[-_.])test(?:[-_.]|$)"),
    "validation": re.compile(r"(?i)(?:^|[-_.])(?:validation|valid|val|dev)(?:[-_.]|$)"),
}
_JUDGE = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4.1-mini",
    "input": [
        {
            "role": "developer",
            "content": "You compare an answer with a reference answer. Answer with one number from "
            "0 to 1: 1 where it says all that the reference says and nothing that contradicts it, "
            "0.5 where a part is missing, 0 where it is wrong.",
        },
        {
            "role": "user",
            "content": "Reference answer:\n{{item.reference_answer}}\n\n"
            "Answer:\n{{sample.output_text}}",
        },
    ],
    "range": [0, 1],
    "pass_threshold": 0.5,
    "sampling_params": {"temperature": 0, "seed": 0},
}


def init(
    files: Annotated[tuple[Path, ...], argument(metavar="FILE...", required=True)],
    out: Annotated[
        Path | None, option(help="The description to write; NAME.toml here by default.")
    ] = None,
    prompt: Annotated[
        str | None, option(help='The prompt: a column, or a template, "{a}\\n\\n{b}".')
    ] = None,
    answer: Annotated[str | None, option(help="The column of the reference answer.")] = None,
    answer_pattern: Annotated[
        str | None, option(help="A regular expression whose first group is the answer.")
    ] = None,
    options: Annotated[
        str | None, option(help="The column of the options, or several: a,b,c,d.")
    ] = None,
    answer_is: Annotated[
        str | None, option(help="How it names an option: letter, index, index1, text.")
    ] = None,
    grader: Annotated[
        str | None, option(help="math, letter, text, or FILE.json with your own.")
    ] = None,
    force: Annotated[bool, option(help="Write over the description.")] = False,
) -> None:
    """Look at files, write their description NAME.toml, and show what rows become.

    \b
    Examples:
      rft init questions.csv             one file
      rft init data/                     a folder with its splits
      rft init qa.jsonl --answer solution  where a guess is wrong
    """
    from pipelines.datasets import find, shipped_paths
    from pipelines.datasets.guess import guess
    from pipelines.sources import rows

    splits = _splits(files)
    train = splits["train"]
    name = re.sub(r"[^\w.-]+", "-", _stem(files[0]))
    target = out or Path(f"my-{name}.toml" if name in shipped_paths() else f"{name}.toml")
    if target.exists() and not force:
        raise BadInput(f"{target}: is there; give --force to write over it, or --out another name")
    given = {
        "prompt": prompt and prompt.replace("\\n", "\n"),
        "answer": answer,
        "answer_pattern": answer_pattern,
        "options": options.split(",") if options and "," in options else options,
        "answer_is": answer_is,
        "grader": grader,
    }
    sample = rows.sample(train[0], _LOOKED_AT)
    if not sample:
        raise BadInput(f"{train[0]}: holds no rows; give a file that does")
    given = {key: value for key, value in given.items() if value is not None}
    made = guess(sample, given, str(train[0]))
    judge = target.with_name(f"{target.stem}.grader.json")
    if made.judged:
        made.say("grader", judge.name, "the references are long: a model compares them")
    text = _toml(made, splits, target.parent, len(sample))
    with _undone_where_refused(target, judge):
        if made.judged and (force or not judge.exists()):
            judge.write_bytes(orjson.dumps(_JUDGE, option=orjson.OPT_INDENT_2) + b"\n")
        target.write_text(text, encoding="utf-8")
        lines = [*text.splitlines(), *_shown(find(str(target)), train[0])]
    for line in lines:
        terminal.say(line)
    terminal.say("")
    terminal.say(f"{target} is written. Look at it, then run: rft prepare {target}")


@contextmanager
def _undone_where_refused(*paths: Path) -> Iterator[None]:
    """Leave the files as they were where what is written to them cannot be used."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BadInput:
        for path, data in before.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
        raise


def _stem(path: Path) -> str:
    from pipelines.sources.rows import PACKED, suffix

    name = path.resolve().name
    for ending in (*PACKED, suffix(path) or "-"):
        name = name.removesuffix(ending)
    return re.sub(r"-\d{5}-of-\d{5}$", "", name)


def _splits(given: Sequence[Path]) -> dict[str, list[Path]]:
    """The files by their splits, known by their names; of a folder all that can be read."""
    from pipelines.sources.rows import SUFFIXES, suffix

    paths: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if suffix(one) in SUFFIXES)
            paths += [one for one in inside if one.is_file()]
        elif path.is_file():
            paths.append(path)
        else:
            raise BadInput(f"{path}: there is no such file or folder")
    splits: dict[str, list[Path]] = {"train": [], "validation": [], "test": []}
    for path in paths:
        hits = [split for split, pattern in _SPLITS.items() if pattern.search(path.stem)]
        splits[hits[0] if hits and len(paths) > 1 else "train"].append(path)
    if not splits["train"]:
        raise BadInput(f"{given[0]}: no file of training rows; give files of {', '.join(SUFFIXES)}")
    return splits


def _toml(made: Guess, splits: Mapping[str, Iterable[Path]], folder: Path, sample: int) -> str:
    """The description as TOML, with the reason of each guess beside it."""
    lines = [f"# Guessed from the first {sample:,} rows; every line may be changed."]
    for key, split in (("files", "train"), ("validation", "validation"), ("test", "test")):
        paths = [Path(os.path.relpath(path, folder)).as_posix() for path in splits[split]]
        if paths:
            lines.append(f"{key} = {_value(paths[0] if len(paths) == 1 else paths)}")
    entries = [
        (f"{key} = {_value(value)}", made.reasons[key]) for key, value in made.values.items()
    ]
    width = min(max(len(line) for line, _ in entries), 44)
    lines += [f"{line:<{width}}  # {reason}" for line, reason in entries]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A text or a list of texts as TOML; a pattern stays as it is read."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if "\\" in value and "'" not in value and "\n" not in value:
        return f"'{value}'"
    return orjson.dumps(value).decode()


def _shown(dataset: Dataset, path: Path) -> Iterator[str]:
    """Three finished items, and the share of references that their grader pays."""
    import polars as pl

    from pipelines.rules.tables import limit
    from pipelines.sources import rows
    from pipelines.stages import ledger
    from pipelines.stages.normalize import normalize

    assert dataset.cells is not None
    frame = next(rows.frames(path, dataset.cells)).head(_LOOKED_AT)
    records = normalize(frame, dataset=dataset, max_prompt_bytes=limit("prompt_bytes"))
    kept = ledger.kept(records).sort("raw_row")
    for number, record in enumerate(kept.head(3).iter_rows(named=True), 1):
        yield ""
        yield f"item {number}"
        item = orjson.dumps(dataset.item(record), option=orjson.OPT_INDENT_2).decode()
        yield from item.splitlines()
    yield ""
    for reason, count in ledger.counts(records).items():
        yield f"{count} of {records.height} rows would be dropped: {reason}"
    if not dataset.grading.checks:
        yield "The references were not graded: the grader is your own."
        return
    graded = kept.height + records.filter(pl.col("dropped") == "ungradeable").height
    yield f"{kept.height} of {graded} references get the full score from the grader."
