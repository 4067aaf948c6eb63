"""A dataset prepared in a process of its own, in so small parts that an engine gets many."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from conftest import settings
from known import DATASETS

from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.similarity import blocks
from pipelines.stages import normalize


class Telling(Progress):
    """Leaves a file where the first part of the rows is through, for who waits for that."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def advance(self, count: int = 1) -> None:
        self.file.touch()
        super().advance(count)


def main(name: str, engine: str, out: Path) -> None:
    """Prepare the demo of a dataset."""
    for size in ("_SLICE", "_GRADED"):
        patch.object(normalize, size, 50).start()
    patch.object(blocks, "_SMALLEST", 4096).start()
    driver.prepare(DATASETS[name], settings(out, engine=engine), Telling(out.with_suffix(".begun")))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
