"""What runs again and again: sync, reap, sweep. One row each."""

from django.db import models
from django.utils import timezone


class Job(models.Model):
    """
    A job's lock, its last run, and whether the guard holds it.

    A run holds the lock until `locked_until`, so that one that died does not keep the
    others out. What the guard has stopped is held until a person lets it through.
    """

    class Name(models.TextChoices):
        SYNC = "sync", "Sync with Railway"
        REAP = "reap", "Carry out due deletions"
        SWEEP = "sweep", "Pick up operations left lying"

    name = models.CharField(max_length=10, choices=Name, unique=True)
    locked_by = models.UUIDField(null=True, blank=True)
    locked_until = models.DateTimeField(null=True, blank=True)
    owner = models.CharField("runs in", max_length=100, blank=True)

    started_at = models.DateTimeField("last started", null=True, blank=True)
    finished_at = models.DateTimeField("last finished", null=True, blank=True)
    complete_at = models.DateTimeField(
        "last complete", null=True, blank=True, help_text="Start of the last run that did it all."
    )
    result = models.JSONField("last result", default=dict, blank=True)
    error = models.TextField("last error", blank=True)
    put_off = models.TextField(
        blank=True, help_text="Why the last run ended early; the next one goes on."
    )

    held_at = models.DateTimeField(null=True, blank=True)
    held_because = models.TextField(blank=True)
    held_rows = models.JSONField(
        default=list, blank=True, help_text="Keys of the instances that it would have touched."
    )
    pass_until = models.DateTimeField("let through until", null=True, blank=True)
    pass_by_name = models.CharField("let through by", max_length=150, blank=True)
    pass_reason = models.TextField("let through because", blank=True)
    pass_rows = models.JSONField(
        default=list, blank=True, help_text="Keys of the instances that it may touch."
    )

    class Meta:
        ordering = ["name"]
        permissions = [("let_through_job", "Can let a held run through")]

    def __str__(self) -> str:
        return self.get_name_display()

    @property
    def is_running(self) -> bool:
        return self.locked_until is not None and self.locked_until > timezone.now()
