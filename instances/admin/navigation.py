"""The side bar: what staff come for first, the machinery last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy

# Label, icon (Material Symbols), the model behind it, and the page if it is not the list.
GROUPS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    (
        "Luthien",
        (
            ("Instances", "dns", "instances.instance"),
            ("Operations", "checklist", "instances.operation"),
            ("Jobs", "cached", "instances.job"),
            ("Check-up", "monitor_heart", "instances.job", "check_up"),
        ),
    ),
    (
        "Queue",
        (
            ("Queued tasks", "schedule_send", "django_q.ormq"),
            ("Successful tasks", "task_alt", "django_q.success"),
            ("Failed tasks", "error", "django_q.failure"),
            ("Scheduled tasks", "event_repeat", "django_q.schedule"),
        ),
    ),
    ("Accounts", (("Users", "person", "auth.user"), ("Groups", "group", "auth.group"))),
)


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the side bar in Unfold's terms, without groups that hold nothing for this person."""
    return [
        {"title": title, "separator": True, "items": [_item(*item) for item in items]}
        for title, items in GROUPS
        if any(_permission(item[2])(request) for item in items)
    ]


def _item(label: str, icon: str, model: str, page: str = "") -> dict[str, Any]:
    link = reverse_lazy(page or f"admin:{model.replace('.', '_')}_changelist")
    return {"title": label, "icon": icon, "link": link, "permission": _permission(model)}


def _permission(model: str) -> Callable[[HttpRequest], bool]:
    app, _, name = model.partition(".")
    return lambda request: request.user.has_perm(f"{app}.view_{name}")
