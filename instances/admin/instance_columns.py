"""The columns of the list of instances, and facts on the page of one."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from instances.admin import labels
from instances.admin.facts import show_variables
from instances.admin.live import ago
from instances.models import Instance

Status = Instance.Status
# Seconds after which what was last seen is shown as old.
STALE = 3600.0


class InstanceColumns:
    """Each reads a row that InstanceAdmin.get_queryset() has loaded, and asks nothing more."""

    @display(description="Status", ordering="status")
    def show_status(self, obj: Instance) -> str:
        context = {
            "colour": labels.colour(labels.INSTANCE, obj.status),
            "text": obj.get_status_display(),
            "lines": status_lines(obj),
        }
        return render_to_string("instances/instance/status.html", context)

    @display(description="Address", ordering="host")
    def show_url(self, obj: Instance) -> str:
        if not obj.url:
            return "-"
        link = '<a class="link" href="{}" rel="noreferrer" target="_blank">{}</a>'
        return format_html(link, obj.url, obj.url)

    @display(description="Services")
    def show_services(self, obj: Instance) -> str:
        shown = [(s, labels.colour(labels.SERVICE, s.status)) for s in obj.services.all()]
        return render_to_string("instances/instance/glance.html", {"services": shown})

    @display(description="Commit")
    def show_commit(self, obj: Instance) -> str:
        commit = obj.gateway.commit if obj.gateway else ""
        if not commit or not obj.repository:
            return commit[:7] or "-"
        link = '<a class="link" href="https://github.com/{}/commit/{}" rel="noreferrer"'
        link += ' target="_blank"><code>{}</code></a>'
        return format_html(link, obj.repository, commit, commit[:7])

    @display(description="Last seen", ordering="last_seen")
    def show_last_seen(self, obj: Instance) -> str:
        at = getattr(obj, "last_seen", obj.as_of)
        if at is None:
            return "-"
        is_stale = (timezone.now() - at).total_seconds() > STALE
        text = '<time class="{}" datetime="{}" title="{} UTC">as of {}</time>'
        moment = f"{at:%Y-%m-%d %H:%M:%S}"
        return format_html(text, "stale" if is_stale else "", at.isoformat(), moment, ago(at))

    @display(description="Further variables")
    def show_variables(self, obj: Instance) -> str:
        return show_variables(obj.variables)

    @display(description="Description on Railway")
    def show_description(self, obj: Instance) -> str:
        return obj.description or "-"


def status_lines(instance: Instance) -> list[str]:
    """Return when it will be gone, and what is odd about it, in a few words each."""
    lines = [] if instance.is_ours else ["only discovered"]
    if instance.countdown:
        lines.append(countdown_text(instance))
    if instance.status != Status.MISSING and instance.missed:
        lines.append(missed_text(instance))
    if instance.problem:
        lines.append(instance.problem)
    return lines


def countdown_text(instance: Instance) -> str:
    """Return how long it is still there."""
    is_ours = instance.status == Status.DELETION_SCHEDULED
    if instance.countdown == "imminent":
        return "deletion imminent" if is_ours else "gone for good any moment"
    return f"{'deleting' if is_ours else 'gone for good'} in {instance.countdown}"


def missed_text(instance: Instance) -> str:
    """Return how often complete lists did not show it."""
    times = {1: "once", 2: "twice"}.get(instance.missed, f"{instance.missed} times")
    return f"not seen {times}"
