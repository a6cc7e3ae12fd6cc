"""Redeploy a gateway: the newest commit, the same one with new variables, or a given one."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import transaction

from instances.models import Instance, Operation
from instances.operations.plan import Plan
from instances.services import asking, endings, mirror
from instances.services.asking import Seen
from instances.services.people import Requester
from instances.services.steps.look import FindGateway, LookAtOurProject, TakePicture
from instances.services.steps.redeploy import (
    COMMIT,
    LATEST,
    SAME,
    RewriteSettings,
    StartDeployment,
)
from instances.services.steps.rollout import FollowDeployment, GatewayAnswers
from instances.services.steps.verdicts import verdict
from instances.services.steps.work import Work, open_work

Status = Instance.Status
SHA = re.compile(r"[0-9a-f]{7,40}", re.IGNORECASE)


def why_not_redeploy(instance: Instance) -> str:
    """Return why it cannot be redeployed; empty when it can."""
    if refusal := asking.why_not_change(instance):
        return refusal
    if instance.status == Status.DELETING:
        return "Railway is deleting it. Cancel its deletion first."
    if instance.status == Status.MISSING:
        return "Railway does not show its project. Sync it, or forget it."
    return ""


@transaction.atomic
def request(
    instance: Instance,
    requester: Requester,
    *,
    commit: str = "",
    same_commit: bool = False,
    reason: str = "",
    seen: Seen | None = None,
) -> Operation:
    """
    Have the gateway deployed anew: its branch's newest commit, unless told which.

    Raise NotPossible, and ValidationError for what is no commit.
    """
    validate_commit(commit)
    what = COMMIT if commit else SAME if same_commit else LATEST
    row = asking.locked_now(instance, seen)
    return asking.ask(
        row,
        Operation.Kind.REDEPLOY,
        PLAN,
        requester,
        why_not=why_not_redeploy(row),
        reason=reason,
        config={"what": what, "commit": commit.lower()},
    )


def validate_commit(commit: str) -> None:
    if commit and not SHA.fullmatch(commit):
        raise ValidationError("A commit is 7 to 40 of the characters 0-9 and a-f.", code="invalid")


def _succeeded(operation: Operation) -> None:
    mirror.leave_failed(operation.instance)
    endings.succeeded(operation)


# Old tenants lose railway.toml on 2026-12-01 and would be built without their Dockerfile.
PLAN: Plan[Work] = Plan(
    steps=(
        LookAtOurProject(),
        FindGateway(),
        RewriteSettings(),
        StartDeployment(),
        FollowDeployment(),
        TakePicture(),
        GatewayAnswers(),
    ),
    open_work=open_work,
    verdict=verdict,
    succeeded=_succeeded,
    undone=endings.stopped,
    kept=endings.failed,
    in_need=endings.in_need,
)
