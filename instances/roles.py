"""
The three groups of people, and what each may do.

Made after every migration, because a permission does not exist before: what is missing
is added, what an administrator has added is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig, apps

VIEWERS = "Instance viewers"
OPERATORS = "Instance operators"
ADMINISTRATORS = "Instance administrators"

SEE = ("view_instance", "view_service", "view_operation", "view_job")
OPERATE = ("add_instance", "redeploy_instance", "schedule_deletion", "cancel_operation")
ADMINISTER = (
    *("delete_instance", "adopt_instance", "forget_instance", "sync_instance"),
    *("reveal_credential", "rotate_credential", "steer_operation", "let_through_job"),
)
ROLES: Mapping[str, tuple[str, ...]] = {
    VIEWERS: SEE,
    OPERATORS: (*SEE, *OPERATE),
    ADMINISTRATORS: (*SEE, *OPERATE, *ADMINISTER),
}


def make_groups(sender: AppConfig, using: str = "default", **_more: Any) -> None:
    """Receive post_migrate of our app; the permissions were made just before, for the same app."""
    del sender
    groups = apps.get_model("auth", "Group").objects.using(using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for name, codenames in ROLES.items():
        group, _made = groups.get_or_create(name=name)
        found = permissions.filter(content_type__app_label="instances", codename__in=codenames)
        group.permissions.add(*found)
