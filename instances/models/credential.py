"""A secret variable of an instance, encrypted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from instances.models.instance import Instance
from instances.models.operation import Operation
from instances.secrets import EncryptedField


class CredentialQuerySet(models.QuerySet["Credential"]):
    def current(self) -> CredentialQuerySet:
        """What the gateway runs with."""
        return self.filter(state=Credential.State.CURRENT)

    def coming(self) -> CredentialQuerySet:
        """What a rotation has made, and the gateway has not yet been seen to accept."""
        return self.filter(state=Credential.State.COMING)

    def held(self) -> CredentialQuerySet:
        """What still has a value; of the others only the receipt is left."""
        return self.exclude(state=Credential.State.RETIRED)


class Credential(models.Model):
    """
    One secret that the gateway runs with; `name` is the variable's name.

    A rotation adds a row and retires the older one. A retired row has no value any more:
    it is the receipt that says which key was in use from when to when, by fingerprint.
    """

    class State(models.TextChoices):
        COMING = "coming", "Coming"
        CURRENT = "current", "Current"
        RETIRED = "retired", "Retired"

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="credentials")
    name = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.CURRENT)
    # Only a retired one has none, and those are not read (the constraint below).
    value = EncryptedField(null=True)  # type: ignore[misc]
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    operation = models.ForeignKey(
        Operation, null=True, blank=True, on_delete=models.PROTECT, related_name="credentials"
    )
    accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="When the gateway was seen to accept it."
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ["instance", "name", "-created_at"]
        permissions = [
            ("reveal_credential", "Can reveal the keys of instances"),
            ("rotate_credential", "Can rotate the keys of instances"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "name"],
                condition=Q(state="current"),
                name="credential_one_current_per_name",
            ),
            models.UniqueConstraint(
                fields=["operation", "name"],
                condition=Q(state="coming"),
                name="credential_one_coming_per_operation",
            ),
            models.CheckConstraint(
                condition=Q(state="retired", value__isnull=True)
                | (~Q(state="retired") & Q(value__isnull=False)),
                name="credential_retired_has_no_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.instance}"
