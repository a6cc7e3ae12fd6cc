"""Create an instance: what is asked for, what it consists of, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from instances import gateway_variables, timing
from instances.exceptions import NotPossible
from instances.models import Instance, Operation
from instances.operations import lease as leases
from instances.operations.engine import add_steps
from instances.operations.plan import STOOD_STILL, Plan
from instances.secrets import Secret
from instances.services import credentials, endings, people
from instances.services.people import Requester
from instances.services.steps.databases import AddPostgres, AddRedis, DatabasesReady
from instances.services.steps.gateway import AddGateway, ApplySettings, CreateDomain, SetSecrets
from instances.services.steps.preflight import Preflight
from instances.services.steps.project import CreateProject
from instances.services.steps.removal import RemoveProject
from instances.services.steps.rollout import ConnectSource, FollowDeployment, GatewayAnswers
from instances.services.steps.verdicts import verdict
from instances.services.steps.work import Work, open_work


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for; a name is enough."""

    name: str
    repository: str = ""
    branch: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    keep_on_failure: bool | None = None


def request(wish: Wish, requester: Requester) -> Operation:
    """
    Write the instance, its keys, the operation and its steps, and wake a worker.

    Raise ValidationError for input that cannot work, and NotPossible when the name was
    taken in this very moment.
    """
    instance = Instance(
        name=wish.name,
        repository=wish.repository or settings.GATEWAY_REPO,
        branch=wish.branch or settings.GATEWAY_BRANCH,
        variables=dict(wish.variables),
    )
    instance.full_clean()
    _check_variables(wish)
    try:
        with transaction.atomic():
            return _write(instance, wish, requester)
    except IntegrityError:
        raise NotPossible(f"An instance named {wish.name} was asked for just now.") from None


def _write(instance: Instance, wish: Wish, requester: Requester) -> Operation:
    instance.save()
    credentials.make(instance, wish.secrets)
    operation = Operation.objects.create(
        instance=instance,
        kind=Operation.Kind.CREATE,
        config=_frozen(instance, wish),
        requested_by_id=requester.user_id,
        requested_by_name=requester.name,
    )
    add_steps(operation, PLAN)
    people.note_request(operation, requester)
    leases.wake(operation.pk, timing.current())
    return operation


def _frozen(instance: Instance, wish: Wish) -> dict[str, object]:
    """Copy what was asked for: a later edit must not change work under way."""
    keep = settings.KEEP_FAILED_INSTANCES if wish.keep_on_failure is None else wish.keep_on_failure
    return {
        "repository": instance.repository,
        "branch": instance.branch,
        "variables": instance.variables,
        "keep_on_failure": keep,
    }


def _check_variables(wish: Wish) -> None:
    if both := sorted(set(wish.variables) & set(wish.secrets)):
        raise ValidationError(f"{', '.join(both)}: given as a variable and as a secret.")
    for name, value in wish.variables.items():
        gateway_variables.validate_variable(name, value)
    gateway_variables.validate_together(wish.variables)
    for name, secret in wish.secrets.items():
        gateway_variables.validate_secret(name, secret.reveal())


def _succeeded(operation: Operation) -> None:
    operation.instance.mark_running()
    people.note_end(operation, f"succeeded; the address is {operation.instance.url}")


def _undone(operation: Operation) -> None:
    operation.instance.mark_deleted()
    people.note_end(operation, f"was rolled back. {operation.message}")


def _kept(operation: Operation) -> None:
    operation.instance.mark_failed()
    people.note_end(operation, f"failed and is left as it stands. {operation.message}")


def _keeps_on_failure(operation: Operation) -> bool:
    """Keep only what there is: without a project there is nothing to inspect."""
    step = operation.steps.get(name=CreateProject.name)
    if operation.config.get(STOOD_STILL) and step.fact("project_id"):
        # By now a tenant may live in it, as far as this operation can know.
        return True
    made = step.fact("project_id") or step.attempt_at
    return bool(operation.config["keep_on_failure"] and made)


# The repository is connected last: an earlier build would run without keys and databases.
PLAN: Plan[Work] = Plan(
    steps=(
        Preflight(),
        CreateProject(),
        AddPostgres(),
        AddRedis(),
        AddGateway(),
        ApplySettings(),
        SetSecrets(),
        DatabasesReady(),
        CreateDomain(),
        ConnectSource(),
        FollowDeployment(),
        GatewayAnswers(),
    ),
    rollback=(RemoveProject(),),
    open_work=open_work,
    verdict=verdict,
    succeeded=_succeeded,
    undone=_undone,
    kept=_kept,
    in_need=endings.in_need,
    keeps_on_failure=_keeps_on_failure,
    goes_on_late=True,
)
