"""Charts: what stands beside the axes."""

from __future__ import annotations

import re

import pytest

from pipelines.report.charts import bars


@pytest.mark.parametrize(
    ("most", "ticks"), [(0, "01"), (1, "01"), (2, "012"), (5, "012345"), (6, "0246")]
)
@pytest.mark.parametrize("horizontal", [False, True])
def test_no_tick_of_few_counts_stands_twice(most: int, ticks: str, horizontal: bool) -> None:
    shown = bars("t", ["a", "b"], {"x": [(most, "#r"), (0, "#q")]}, horizontal=horizontal)
    texts = re.findall(r"<text[^>]*>(\d+)</text>", shown)
    assert sorted(texts) == list(ticks)
