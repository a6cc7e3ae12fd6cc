"""Rotate a gateway's keys: new key, deployed, accepted by the gateway, the older one retired."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from instances.exceptions import NotPossible
from instances.gateway_variables import ADMIN_API_KEY, CLIENT_API_KEY
from instances.models import Instance, Operation
from instances.operations.plan import Plan
from instances.services import asking, credentials, endings, people
from instances.services.asking import Seen
from instances.services.people import Requester
from instances.services.redeployment import why_not_redeploy
from instances.services.steps.keys import (
    FollowAgain,
    GatewayTakesKeys,
    LookAgain,
    RestoreKeys,
    SetNewKeys,
    StartAgain,
)
from instances.services.steps.look import FindGateway, LookAtOurProject, TakePicture
from instances.services.steps.redeploy import SAME, RewriteSettings, StartDeployment
from instances.services.steps.rollout import FollowDeployment
from instances.services.steps.verdicts import verdict
from instances.services.steps.work import Work, open_work

# The third key encrypts what the gateway stores: with another one that would be unreadable.
ROTATABLE = (CLIENT_API_KEY, ADMIN_API_KEY)


def why_not_rotate(instance: Instance) -> str:
    """Return why its keys cannot be rotated; empty when they can."""
    if refusal := why_not_redeploy(instance):
        return refusal
    if not instance.host:
        return "It has no address, so whether it accepts new keys could not be seen."
    return ""


@transaction.atomic
def request(
    instance: Instance,
    requester: Requester,
    *,
    names: Sequence[str] = ROTATABLE,
    reason: str = "",
    seen: Seen | None = None,
) -> Operation:
    """Make new keys, and have the gateway deployed with them. Raise NotPossible."""
    if wrong := [name for name in names if name not in ROTATABLE]:
        raise NotPossible(f"{', '.join(wrong)} cannot be rotated; {', '.join(ROTATABLE)} can.")
    names = list(dict.fromkeys(names))
    row = asking.locked_now(instance, seen)
    operation = asking.ask(
        row,
        Operation.Kind.ROTATE_KEYS,
        PLAN,
        requester,
        why_not=why_not_rotate(row) or ("" if names else "No key is named."),
        reason=reason,
        config={"what": SAME, "names": names},
    )
    credentials.make_coming(row, names, operation)
    return operation


def _succeeded(operation: Operation) -> None:
    names = ", ".join(operation.config["names"])
    people.note_end(operation, f"succeeded; {names}: the new one is in use, the older retired.")


def _undone(operation: Operation) -> None:
    """Retire the new keys, but for one that stays on Railway because no older one is known."""
    names = operation.config["names"]
    if operation.steps.get(name=SetNewKeys.name).attempts:
        known = operation.instance.credentials.current().filter(name__in=names)
        names = list(known.values_list("name", flat=True))
    credentials.abandon_coming(operation, names)
    left = ", ".join(sorted(set(operation.config["names"]) - set(names)))
    kept = f" No older {left} is known, so the new one stays on Railway." if left else ""
    people.note_end(
        operation, f"was rolled back; the older keys are in use.{kept} {operation.message}"
    )


def _kept(operation: Operation) -> None:
    people.note_end(
        operation, f"was given up; which keys the gateway accepts is not known. {operation.message}"
    )


PLAN: Plan[Work] = Plan(
    steps=(
        LookAtOurProject(),
        FindGateway(),
        RewriteSettings(),
        SetNewKeys(),
        StartDeployment(),
        FollowDeployment(),
        TakePicture(),
        # The last: from there on the older keys are gone, so nothing may fail after it.
        GatewayTakesKeys(),
    ),
    rollback=(LookAgain(), RestoreKeys(), StartAgain(), FollowAgain()),
    open_work=open_work,
    verdict=verdict,
    succeeded=_succeeded,
    undone=_undone,
    kept=_kept,
    in_need=endings.in_need,
)
