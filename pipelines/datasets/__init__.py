"""The datasets, a folder each. To add one: its folder, its schemas, its demo rows, a line here."""

from __future__ import annotations

from difflib import get_close_matches

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.medmcqa.recipe import DATASET as MEDMCQA
from pipelines.datasets.openr1_math.recipe import DATASET as OPENR1_MATH
from pipelines.findings import BadInput

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (OPENR1_MATH, MEDMCQA)}


def find(name: str) -> Dataset:
    """The dataset of that name; an unknown name is answered with the nearest one."""
    if name in DATASETS:
        return DATASETS[name]
    near = get_close_matches(name.lower().replace("_", "-"), DATASETS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(DATASETS)}"
    raise BadInput(f"unknown dataset {name!r}; {hint}")
