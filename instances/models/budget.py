"""What Railway last said about the requests that a token has left."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class RequestBudget(models.Model):
    """One row per token, told by every process that talks to Railway; never the token itself."""

    token = models.CharField(max_length=64, unique=True, help_text="Keyed hash of the token.")
    limit = models.PositiveIntegerField(help_text="Requests that Railway allows per hour.")
    remaining = models.PositiveIntegerField()
    resets_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.remaining} of {self.limit}"

    def is_over(self, now: datetime) -> bool:
        """Tell whether a new hour has begun, of which nothing is known."""
        return self.resets_at is not None and self.resets_at <= now
