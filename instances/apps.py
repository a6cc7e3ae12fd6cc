"""The app as Django sees it."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from instances.roles import make_groups


class InstancesConfig(AppConfig):
    name = "instances"
    verbose_name = "Luthien instances"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The checks register themselves; they read settings, so not before now.
        import_module("instances.checks")
        post_migrate.connect(make_groups, sender=self, dispatch_uid="instances.roles")
