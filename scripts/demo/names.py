"""What both datasets of the demo share."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

Row = dict[str, Any]

# More bytes than `prompt_bytes` of pipelines/rules/tables/limits.toml lets through.
OVERSIZED = 33_000


def name_of(*parts: object) -> str:
    """A stable name in the form of a UUID."""
    digits = sha256("|".join(map(str, parts)).encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
