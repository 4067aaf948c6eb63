"""The datasets, a folder each. To add one: its folder, its schemas, its demo rows, a line here."""

from __future__ import annotations

from pipelines.datasets.dataset import Dataset
from pipelines.datasets.medmcqa.recipe import DATASET as MEDMCQA
from pipelines.datasets.openr1_math.recipe import DATASET as OPENR1_MATH
from pipelines.findings import BadInput, did_you_mean

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (OPENR1_MATH, MEDMCQA)}


def find(name: str) -> Dataset:
    """The dataset of that name; an unknown name is answered with the nearest one."""
    if name in DATASETS:
        return DATASETS[name]
    raise BadInput(f"unknown dataset {name!r}; {did_you_mean(name, DATASETS)}")
