"""What MedMCQA needs of code: letters put back into words, and faults that no key can say."""

from __future__ import annotations

from pipelines.datasets.medmcqa import explanations, figures, lost_letters
from pipelines.datasets.medmcqa.lost_letters import mended

__all__ = ["FAULTS", "SHORTENED", "mended"]

FAULTS = (*figures.FAULTS, lost_letters.FAULT, *explanations.FAULTS)
SHORTENED = explanations.SHORTENED
