"""How many requests are out at once, and how long to wait when a service throttles.

Additive increase, multiplicative decrease: one more for each round of answers, half as many once
the service says that it is too much. Requests that were out by then say so too, and count once.
"""

from __future__ import annotations

import math

from pipelines.findings import BadInput
from pipelines.io.retry import RetryPolicy

# Out at once in the beginning.
_START = 4


class Throttle:
    """Of one endpoint; times are of `time.monotonic`."""

    def __init__(self, most: int, policy: RetryPolicy) -> None:
        self.most, self._policy = most, policy
        self._limit = float(min(most, _START))
        self.paused_until = 0.0
        self.round = 0
        self._in_a_row = 0

    @property
    def limit(self) -> int:
        """How many requests may be out."""
        return math.floor(self._limit)

    def answered(self) -> None:
        """An answer came."""
        self._in_a_row = 0
        self._limit = min(self._limit + 1 / self._limit, self.most)

    def throttled(self, sent_in: int, now: float, requested: float) -> None:
        """A request of the round `sent_in` was refused as one too many.

        requested: the seconds for which the service wants to be left alone, 0 where it says none.
        BadInput where it wants too many, or has refused for too long.
        """
        delays = self._policy.delays
        if requested > self._policy.longest:
            raise BadInput(
                f"the service throttles and wants no request for {requested:,.0f} s; what came is "
                "kept: run it again then, or raise the quota of the deployment"
            )
        if sent_in == self.round:
            self._in_a_row += 1
            if self._in_a_row > len(delays):
                raise BadInput(
                    f"the service has throttled {len(delays)} times without an answer; what came "
                    "is kept: run it again later, or raise the quota of the deployment"
                )
            self.round += 1
            self._limit = max(1.0, self._limit / 2)
        pause = requested or delays[max(self._in_a_row, 1) - 1]
        self.paused_until = max(self.paused_until, now + pause)
