"""A service inside an instance's Railway project."""

from django.db import models

from instances.models.instance import Instance


class Service(models.Model):
    """Mirror of one service; true as of `as_of`."""

    class Role(models.TextChoices):
        POSTGRES = "postgres", "Postgres"
        REDIS = "redis", "Redis"
        GATEWAY = "gateway", "Gateway"

    class Status(models.TextChoices):
        DEPLOYING = "deploying", "Deploying"
        RUNNING = "running", "Running"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"
        UNKNOWN = "unknown", "Unknown"

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="services")
    role = models.CharField(max_length=10, choices=Role)
    service_id = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNKNOWN)
    deployment_id = models.CharField(max_length=64, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    host = models.CharField(max_length=255, blank=True)
    as_of = models.DateTimeField()

    class Meta:
        ordering = ["instance", "role"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "role"], name="service_one_per_role"),
        ]

    def __str__(self) -> str:
        return f"{self.instance} {self.name}"
