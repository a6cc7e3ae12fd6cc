"""The operations that are struck, and what must be true of each when all is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from instances import deletion_tag
from instances.models import Instance, Operation
from instances.operations.plan import Plan, StepDefinition
from instances.services import creation, deletion, dispatch, redeployment, rotation
from instances.services.creation import Wish
from instances.services.people import Requester
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests import death
from tests.standing import put_instance, read_anew

Kind = Operation.Kind
State = Operation.State
Status = Instance.Status
NAME = "acme"
SERVICES = ["Postgres", "Redis", "gateway"]


@dataclass(frozen=True)
class Scenario:
    """
    One kind of operation in one direction.

    `causes` make it turn back, where its roll-back is what is struck. `ending` says what is
    wrong with an operation that has ended as it should, one sentence for each thing.
    """

    name: str
    kind: Kind
    ask: Callable[[LocalRailway], Operation]
    ending: Callable[[End], list[str]]
    ends_as: State = State.SUCCEEDED
    causes: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def is_rolling_back(self) -> bool:
        return bool(self.causes)

    @property
    def plan(self) -> Plan[Any]:
        return dispatch.PLANS[self.kind]

    @property
    def steps(self) -> list[StepDefinition[Any]]:
        return list(self.plan.rollback if self.is_rolling_back else self.plan.steps)


@dataclass(frozen=True)
class End:
    """What there is in the end, read from the database and from the local Railway's own file."""

    operation: Operation
    railway: LocalRailway

    @property
    def instance(self) -> Instance:
        return self.operation.instance

    @property
    def projects(self) -> list[Project]:
        """All that ever had the instance's name, what was deleted included."""
        name = self.instance.project_name
        return [each for each in self.railway.world.projects.values() if each.name == name]

    @property
    def project(self) -> Project:
        return next(each for each in self.projects if each.id == self.instance.project_id)

    def deployments(self) -> int:
        gateways = [each for each in self.project.services.values() if each.name == "gateway"]
        return sum(len(each.deployments) for each in gateways)


def requester() -> Requester:
    account, _ = User.objects.get_or_create(username="ann", is_staff=True)
    return Requester(account.pk, "ann")


def _create(railway: LocalRailway) -> Operation:
    del railway
    return creation.request(Wish(NAME), requester())


def _redeploy(railway: LocalRailway) -> Operation:
    return redeployment.request(put_instance(railway, NAME), requester())


def _rotate(railway: LocalRailway) -> Operation:
    return rotation.request(put_instance(railway, NAME), requester())


def _schedule(railway: LocalRailway) -> Operation:
    return deletion.schedule(put_instance(railway, NAME), requester(), reason="has left")


def _due(railway: LocalRailway) -> Instance:
    instance = put_instance(railway, NAME)
    tag = deletion_tag.write(timezone.now() - timedelta(hours=1))
    railway.edit(instance.project_id, description=tag)
    return read_anew(instance)


def _cancel(railway: LocalRailway) -> Operation:
    """Both layers: the tag, and Railway's own deletion."""
    instance = _due(railway)
    reaped = deletion.reap(instance, requester())
    dispatch.run_inline(reaped, watch=lambda _: None)
    return deletion.cancel(instance, requester())


def _reap(railway: LocalRailway) -> Operation:
    return deletion.reap(_due(railway), requester())


def _delete(railway: LocalRailway) -> Operation:
    return deletion.delete(put_instance(railway, NAME), requester(), reason="has left")


def _created(end: End) -> list[str]:
    return _whole(end, deployments=1) + _keys(end) + _status(end, Status.RUNNING)


def _removed(end: End) -> list[str]:
    wrong = [] if end.project.deleted_at else ["the project is left"]
    return wrong + _status(end, Status.DELETED)


def _redeployed(end: End) -> list[str]:
    return _whole(end, deployments=2) + _status(end, Status.RUNNING)


def _rotated(end: End) -> list[str]:
    return _redeployed(end) + _keys(end)


def _rotated_back(end: End) -> list[str]:
    """With the new keys, and with the older ones again."""
    return _whole(end, deployments=3) + _keys(end)


def _scheduled(end: End) -> list[str]:
    due = deletion_tag.scheduled_at(end.project.description)
    wrong = [f"the tag on Railway says {due}"] * (due != end.instance.deletion_scheduled_at)
    return wrong + _whole(end, deployments=1) + _status(end, Status.DELETION_SCHEDULED)


def _kept(end: End) -> list[str]:
    tag = deletion_tag.read(end.project.description)
    return [f"the tag {tag} is left"] * bool(tag) + _whole(end, deployments=1)


def _reaped(end: End) -> list[str]:
    wrong = [] if end.project.deleted_at else ["Railway does not delete the project"]
    return wrong + _status(end, Status.DELETING)


def _deleted(end: End) -> list[str]:
    wrong = [] if end.project.deleted_at else ["the project is there"]
    return wrong + _status(end, Status.DELETED)


def _whole(end: End, *, deployments: int) -> list[str]:
    """One of everything."""
    services = [s for s in end.project.services.values() if s.deleted_at is None]
    found = {
        "projects": len([each for each in end.projects if each.id == end.project.id]),
        "services": sorted(service.name for service in services),
        "domains": sum(len(service.domains) for service in services),
        "deployments": end.deployments(),
        "deleted": end.project.deleted_at is not None,
    }
    wanted = {
        "projects": 1,
        "services": SERVICES,
        "domains": 1,
        "deployments": deployments,
        "deleted": False,
    }
    return [
        f"{name}: {found[name]} instead of {wanted[name]}"
        for name in wanted
        if found[name] != wanted[name]
    ]


def _keys(end: End) -> list[str]:
    stored = death.stored_keys(end.instance)
    is_same = death.deployed_keys(end.railway, end.instance) == stored
    return [] if is_same and len(stored) == 3 else ["the gateway runs with other keys"]


def _status(end: End, wanted: Instance.Status) -> list[str]:
    found = end.instance.status
    return [] if found == wanted else [f"the instance is {found} instead of {wanted}"]


FAILED_BUILD = Fault("deployment:gateway", "fail_build")
REFUSED_KEY = Fault("gateway:/v1/messages", "status", status=401, times=None)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("create", Kind.CREATE, _create, _created),
        Scenario(
            "create, rolled back", Kind.CREATE, _create, _removed, State.FAILED, (FAILED_BUILD,)
        ),
        Scenario("redeploy", Kind.REDEPLOY, _redeploy, _redeployed),
        Scenario("rotate", Kind.ROTATE_KEYS, _rotate, _rotated),
        Scenario(
            "rotate, rolled back",
            Kind.ROTATE_KEYS,
            _rotate,
            _rotated_back,
            State.FAILED,
            (REFUSED_KEY,),
        ),
        Scenario("schedule", Kind.SCHEDULE_DELETION, _schedule, _scheduled),
        Scenario("cancel", Kind.CANCEL_DELETION, _cancel, _kept),
        Scenario("reap", Kind.DELETE, _reap, _reaped),
        Scenario("delete", Kind.DELETE, _delete, _deleted),
    )
}
