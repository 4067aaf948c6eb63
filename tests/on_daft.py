"""A dataset prepared in a process of its own, in so small parts that an engine gets many."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

from conftest import settings
from known import DATASETS

from pipelines.io.progress import Progress
from pipelines.run import driver
from pipelines.similarity import blocks, linking
from pipelines.stages import convert, normalize


def main(name: str, engine: str, out: Path) -> None:
    """Prepare the demo of a dataset."""
    small = [patch.object(module, "_SLICE", 50) for module in (convert, normalize, linking, blocks)]
    for each in (*small, patch.object(blocks, "_SMALLEST", 4096)):
        each.start()
    driver.prepare(DATASETS[name], settings(out, engine=engine), Progress())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
