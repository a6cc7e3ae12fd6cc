"""
How long things take and how long we wait, in seconds at scale 1.

RAILWAY_TIME_SCALE multiplies every wait, poll, window, gate and lease, so that a
scaled run is the same run. Deadlines of remote calls have a floor: starting a
process or opening a connection does not get faster by scaling.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

# The least a remote call may take, in real seconds, whatever the scale.
DEADLINE_FLOOR = 4.0
# Real seconds between a call's deadline and the end of the lease that covers it.
LEASE_MARGIN_FLOOR = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    scale: float = 1.0

    def span(self, seconds: float) -> timedelta:
        """Return `seconds` at scale 1 as a scaled span."""
        return timedelta(seconds=seconds * self.scale)

    def deadline(self, seconds: float) -> float:
        """Return the real seconds that a remote call may take."""
        return max(seconds * self.scale, min(DEADLINE_FLOOR, seconds))

    @property
    def lease_margin(self) -> timedelta:
        return timedelta(seconds=max(10 * self.scale, LEASE_MARGIN_FLOOR))


def current() -> Timing:
    return Timing(settings.RAILWAY_TIME_SCALE)
