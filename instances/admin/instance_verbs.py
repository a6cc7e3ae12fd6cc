"""What people can do to an instance; the rules are the services'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from instances import deletion_tag
from instances.admin.verb_forms import AskForName, AskKeys, AskWhat, AskWhy, MayAskWhy
from instances.admin.verbs import Verb
from instances.models import Instance
from instances.services import adoption, deletion, redeployment, rotation
from instances.services.asking import Seen
from instances.services.people import Requester


def _acting(service: Callable[..., Any]) -> Callable[..., Any]:
    """Return the service as a verb calls it: with what was seen as a text."""

    def carry_out(row: Instance, requester: Requester, *, seen: str, **given: Any) -> Any:
        return service(row, requester, seen=Seen.from_text(seen), **given)

    return carry_out


def _seen(row: Instance) -> str:
    return str(Seen.of(row))


def _tell_redeploy(row: Instance) -> str:
    gateway = row.gateway
    commit = gateway.commit[:7] if gateway and gateway.commit else "a commit that is not known"
    return (
        f"Its gateway, now at {commit}, is built and deployed from {row.repository}, branch"
        f" {row.branch}. The one that runs goes on until the new one is healthy."
    )


def _tell_schedule(_: Instance) -> str:
    due = timezone.now() + timedelta(days=settings.DELETION_GRACE_DAYS)
    return (
        f"It runs on until {due:%Y-%m-%d %H:%M} UTC, and is deleted then with its data, unless"
        " that is cancelled."
    )


def _tell_cancel(row: Instance) -> str:
    if row.status == Instance.Status.DELETING:
        return "Railway stops deleting its project, and the deletion tag is taken away."
    back = f" “{row.former_description}” is put back." if row.former_description else ""
    return f"Its deletion tag is taken away from the project's description.{back}"


def _tell_delete(row: Instance) -> str:
    return (
        f"Its Railway project {row.project_name} ({row.project_id}) is deleted at once, with its"
        " databases. That cannot be undone."
    )


def _tell_adopt(row: Instance) -> str:
    due = row.deletion_scheduled_at
    text = (
        f"Its Railway project {row.project_name} becomes ours: it can be changed and deleted"
        " here. Its keys are taken over; nothing is changed on Railway."
    )
    if due and due <= timezone.now():
        return f"{text} Its deletion tag is overdue; it is kept until somebody schedules it anew."
    return f"{text} It is deleted on {deletion_tag.date(due)}, as it is tagged." if due else text


def _tell_forget(row: Instance) -> str:
    project = f"Its Railway project ({row.project_id}) stays as it is. " if row.project_id else ""
    return (
        f"{project}Its row becomes history, its keys are not shown any more, and its name is"
        " free. A project that is still there is discovered again by the next sync."
    )


VERBS = (
    Verb(
        key="redeploy",
        label="Redeploy",
        done="redeploy asked for",
        icon="rocket_launch",
        effect="The gateways are built and deployed anew; each goes on until the new one is"
        " healthy.",
        permission="instances.redeploy_instance",
        carry_out=_acting(redeployment.request),
        why_not=redeployment.why_not_redeploy,
        tells=_tell_redeploy,
        seen=_seen,
        form=AskWhat,
    ),
    Verb(
        key="schedule-deletion",
        label="Schedule deletion",
        done="deletion asked to be scheduled",
        icon="schedule",
        effect="They run on for the grace period, and are deleted then, unless that is cancelled.",
        permission="instances.schedule_deletion",
        carry_out=_acting(deletion.schedule),
        why_not=deletion.why_not_schedule,
        tells=_tell_schedule,
        seen=_seen,
        form=AskWhy,
        is_dangerous=True,
    ),
    Verb(
        key="cancel-deletion",
        label="Cancel deletion",
        done="deletion asked to be cancelled",
        icon="restore",
        effect="What was to be deleted stays.",
        permission="instances.schedule_deletion",
        carry_out=_acting(deletion.cancel),
        why_not=deletion.why_not_cancel,
        tells=_tell_cancel,
        seen=_seen,
        form=MayAskWhy,
    ),
    Verb(
        key="delete-now",
        label="Delete now",
        done="deletion asked for",
        icon="delete_forever",
        effect="Their Railway projects are deleted at once, with their databases. That cannot be"
        " undone.",
        permission="instances.delete_instance",
        carry_out=_acting(deletion.delete),
        why_not=deletion.why_not_delete,
        tells=_tell_delete,
        seen=_seen,
        form=AskForName,
        is_dangerous=True,
    ),
    Verb(
        key="rotate-keys",
        label="Rotate keys",
        done="rotation asked for",
        icon="key",
        effect="New keys are made, set and deployed. When the gateway accepts them the older ones"
        " stop working: whoever uses them needs the new ones then. If anything fails, the older"
        " ones go on working.",
        permission="instances.rotate_credential",
        carry_out=_acting(rotation.request),
        why_not=rotation.why_not_rotate,
        seen=_seen,
        form=AskKeys,
        is_dangerous=True,
        on_selection=False,
    ),
    Verb(
        key="sync",
        label="Sync",
        done="asked to be read from Railway",
        icon="sync",
        effect="Their state is read from Railway anew. Nothing is changed there.",
        permission="instances.sync_instance",
        carry_out=_acting(adoption.sync),
        why_not=adoption.why_not_sync,
        tells=lambda _: "Its state is read from Railway anew. Nothing is changed there.",
        seen=_seen,
        form=MayAskWhy,
    ),
    Verb(
        key="adopt",
        label="Adopt",
        done="asked to be adopted",
        icon="add_home",
        effect="They become ours, with their keys. Nothing is changed on Railway.",
        permission="instances.adopt_instance",
        carry_out=_acting(adoption.adopt),
        why_not=adoption.why_not_adopt,
        tells=_tell_adopt,
        seen=_seen,
        form=AskWhy,
    ),
    Verb(
        key="forget",
        label="Forget",
        done="forgotten",
        icon="link_off",
        effect="Their rows become history; nothing is touched on Railway.",
        permission="instances.forget_instance",
        carry_out=_acting(adoption.forget),
        why_not=adoption.why_not_forget,
        tells=_tell_forget,
        seen=_seen,
        form=AskWhy,
        is_dangerous=True,
        on_selection=False,
    ),
)
