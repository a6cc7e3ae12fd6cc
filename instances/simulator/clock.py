"""How long things take in the local Railway, and one scale for all of it (design.md §10)."""

import time

PROPAGATION = 15.0
TEMPLATE_WORKFLOW = 8.0
DATABASE_START = 6.0
BUILD = 120.0
GATEWAY_START = 20.0
DOMAIN = 2.0
PROJECT_COOLDOWN = 30.0
VOLUME_COOLDOWN = 15.0
DELETION_GRACE = 48 * 3600.0


class Clock:
    """Wall time, and spans shortened by the scale. Moments are seconds since the epoch."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now(self) -> float:
        return time.time()

    def span(self, seconds: float) -> float:
        return seconds * self.scale

    def after(self, seconds: float) -> float:
        return self.now() + self.span(seconds)
