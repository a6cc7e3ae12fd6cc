"""What every step works with: the operation, its instance, and the clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from instances.gateway import GatewayClient
from instances.models import Instance, Operation
from instances.operations.plan import NeedsPerson
from instances.operations.run import Run
from instances.railway.client import Call, Mask, Picture, RailwayClient, ServiceInstance, Target
from instances.secrets import Secret
from instances.services import access, credentials
from instances.services.access import GATEWAY_SECONDS
from instances.timing import Timing


class Work:
    """
    A run together with the clients.

    What the environment holds is read once and kept until something is changed, so
    that steps which follow each other at once look at the same picture.
    """

    def __init__(self, run: Run, secrets: dict[str, Secret], coming: dict[str, Secret]) -> None:
        self.run = run
        self.secrets = secrets
        self.coming = coming
        self.railway: RailwayClient
        self.picture: Picture | None = None
        self.pictured_at = timezone.now()
        self.found_keys: dict[str, Secret] = {}
        self._services: tuple[ServiceInstance, ...] | None = None
        self._variables: dict[str, str] | None = None

    @property
    def operation(self) -> Operation:
        return self.run.operation

    @property
    def instance(self) -> Instance:
        return self.run.operation.instance

    @property
    def timing(self) -> Timing:
        return self.run.timing

    @property
    def target(self) -> Target:
        """The project and environment that the step "project" has made or found."""
        facts = self.run.facts("project")
        if not facts["environment_id"]:
            raise environment_unknown(self.instance.project_name)
        return Target(facts["project_id"], facts["environment_id"])

    def scaled(self, seconds: float) -> float:
        """Return the real seconds for `seconds` at scale 1."""
        return self.timing.span(seconds).total_seconds()

    def services(self) -> tuple[ServiceInstance, ...]:
        if self._services is None:
            self._services = self.railway.services(self.target)
        return self._services

    def service(self, step: str) -> ServiceInstance | None:
        """Return the service that `step` made or found, as Railway shows it now."""
        return self.service_by_id(self.run.facts(step).get("service_id", ""))

    def service_by_id(self, service_id: str) -> ServiceInstance | None:
        return next((s for s in self.services() if s.service_id == service_id), None)

    def variables(self, service_id: str) -> dict[str, str]:
        if self._variables is None:
            self._variables = self.railway.variables(self.target, service_id)
        return self._variables

    def gateway(self) -> GatewayClient:
        """Count a look at the gateway itself, and return its client."""
        seconds = 2 * self.timing.deadline(GATEWAY_SECONDS)
        self.run.before_call(changes=False, seconds=seconds)
        return access.gateway(self.instance.url, self.timing)

    def before_call(self, call: Call) -> None:
        if call.changes:
            self._services = self._variables = None
        self.run.before_call(changes=call.changes, seconds=call.seconds)


@contextmanager
def open_work(run: Run) -> Iterator[Work]:
    secrets = credentials.of(run.operation.instance)
    coming = credentials.coming(run.operation)
    values = [secret.reveal() for secret in (*secrets.values(), *coming.values())]
    mask = Mask([settings.RAILWAY_API_TOKEN, *values])
    run.mask = mask
    work = Work(run, secrets, coming)
    with access.railway(run.timing, mask=mask, before_call=work.before_call) as railway:
        work.railway = railway
        yield work


def environment_unknown(project_name: str) -> NeedsPerson:
    return NeedsPerson(
        f"Which environment of the Railway project {project_name} is meant cannot be told: it has"
        " none, or several and none named production. Put that right there, then resume."
    )


def recently(work: Work, seconds: float) -> bool:
    """Tell whether the step's last call was answered less than `seconds` (scaled) ago."""
    return since_answer(work) < seconds


def since_answer(work: Work) -> float:
    """Return the seconds at scale 1 since the step's last call was answered."""
    return work.run.seconds_since_answer() / work.timing.scale


def propagation_pause(work: Work) -> float:
    """Return when to look again for something new: at 8 and 12 s, then every 2 s (design, 10)."""
    passed = since_answer(work)
    return next((at - passed for at in (8.0, 12.0) if passed < at - 0.5), 2.0)
