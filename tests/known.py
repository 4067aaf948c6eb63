"""The two datasets with a demo, as tests name them."""

from __future__ import annotations

from pipelines.datasets import DEMO, find

DATASETS = {name: find(name) for name in DEMO}
