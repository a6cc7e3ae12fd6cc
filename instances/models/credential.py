"""A secret variable of an instance, encrypted."""

from django.db import models
from django.utils import timezone

from instances.models.instance import Instance
from instances.secrets import EncryptedField


class Credential(models.Model):
    """One secret that the gateway runs with; `name` is the variable's name."""

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="credentials")
    name = models.CharField(max_length=100)
    value = EncryptedField()
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["instance", "name"]
        permissions = [("reveal_credential", "Can reveal the keys of instances")]
        constraints = [
            models.UniqueConstraint(fields=["instance", "name"], name="credential_one_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.instance}"
