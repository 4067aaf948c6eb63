"""What the manifest says of an audit: a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.similarity.audit import Audit
from pipelines.similarity.contained import CONTAINED

METHOD = (
    "larger of the Jaccard indexes of the 5-byte shingles of the folded text and of keys.key, "
    "exact: no pair missed, none estimated"
)


def certificate(
    audits: Sequence[Audit], digests: Mapping[str, str], *, band: float, benchmarks: int
) -> dict[str, Any]:
    """What audits found, as the manifest holds it.

    One is of training and validation, a second of both and test. `digests`: sha256 by split.
    """
    found, *more = audits
    counts = dict(zip(digests, (*found.rows, *(one.rows[1] for one in more)), strict=True))
    brute = zip(*(one.sampled for one in audits), strict=True)
    return {
        "method": METHOD,
        "threshold": found.threshold,
        "files": {
            split: {"rows": rows, "sha256": digests[split]} for split, rows in counts.items()
        },
        "pairs": sum(sum(one.counts.values()) + one.sampled[2] for one in audits),
        "brute_force": dict(zip(("rows", "pairs", "missed"), map(sum, brute), strict=True)),
        "not_compared": {
            name: [one.text for one in shared] for name, shared in found.wrappings.items()
        },
        "band": {
            "from": round(found.threshold - band, 6),
            "pairs": sum(len(one.band) for one in audits),
        },
        "benchmarks": {
            "questions": benchmarks,
            "contained_from": CONTAINED,
            # Those of the first are among those of the second, which has all rows.
            "hits": len(audits[-1].hits),
        },
    }
