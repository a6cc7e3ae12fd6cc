"""A narrow place that one operation passes at a time."""

from django.db import models
from django.utils import timezone


class Gate(models.Model):
    """
    Lets one operation through, and the next no earlier than `opens_at`.

    It is held under a lease (`held_by`, `held_until`), so that a holder that died
    does not keep it shut.
    """

    key = models.CharField(max_length=100, unique=True)
    opens_at = models.DateTimeField(default=timezone.now)
    held_by = models.UUIDField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key
