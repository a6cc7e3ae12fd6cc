"""What is known about the programs that this app runs."""

from django.db import models
from django.utils import timezone


class CliVersion(models.Model):
    """The version that a Railway CLI binary said it is, asked once per binary."""

    binary = models.CharField(max_length=64, unique=True, help_text="Hash of path, size and date.")
    version = models.CharField(max_length=40)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.version
