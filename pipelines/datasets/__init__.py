"""The datasets: descriptions, shipped or a user's own. To add one: a TOML file, here or there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.declared import dataset
from pipelines.findings import BadInput, did_you_mean

# Prepared where no dataset is named: those whose demo is in a checkout.
DEMO = ("openr1-math", "medmcqa")


@cache
def shipped_paths() -> dict[str, Path]:
    """The shipped descriptions by the names of their datasets, those with a demo first."""
    here = sorted(Path(__file__).parent.glob("*/*.toml"))
    # In `shipped`, or in a folder of its own with the code that it needs.
    paths = {p.stem: p for p in here if p.parent.name in ("shipped", p.stem.replace("-", "_"))}
    return {name: paths[name] for name in (*DEMO, *sorted(paths.keys() - DEMO))}


@cache
def shipped(name: str) -> Dataset:
    """The shipped dataset of that name; KeyError where there is none."""
    return dataset(shipped_paths()[name], shipped=True)


def known(name: str | None) -> Dataset | None:
    """The shipped dataset of a prepared folder's name; None where it is a user's own."""
    return shipped(name) if name is not None and name in shipped_paths() else None


@cache
def again(word: str, grading: str, digest: str) -> Dataset:
    """The dataset that another process had, with the grading it used; BadInput for another."""
    same = find(word).graded_by(grading)
    if same.digest != digest:
        raise BadInput(f"{word}: differs from the file of that name where the run began; copy it")
    return same


def find(word: str) -> Dataset:
    """The dataset of that name, or the one that a TOML file describes.

    An unknown name is answered with the nearest one.
    """
    paths = shipped_paths()
    if word in paths:
        return shipped(word)
    path = Path(word)
    if path.suffix == ".toml":
        if path.stem in paths:
            raise BadInput(f"{word}: {path.stem} is a dataset of ours; give the file another name")
        return dataset(path)
    if path.is_file():
        raise BadInput(f"{word}: not a description; run `rft init {word}`, which writes one")
    raise BadInput(f"unknown dataset {word!r}; {did_you_mean(word, [*paths, 'NAME.toml'])}")
