"""Postgres and Redis, from Railway's templates."""

from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone

from instances.models import Service
from instances.operations import gate
from instances.operations.plan import (
    Done,
    NeedsPerson,
    Permanent,
    StepDefinition,
    Transient,
    Waiting,
)
from instances.railway.client import ServiceInstance, errors
from instances.services import statuses
from instances.services.mirror import mirror_service
from instances.services.steps.work import Work, propagation_pause

# Seconds at scale 1: how long Railway has one wait between volumes is nowhere written, so
# whoever is refused asks again, and those behind it wait in line meanwhile.
REFUSED_AGAIN = 5.0


class AddDatabase(StepDefinition[Work]):
    """
    Found as a service that was not there before the step, never by its name alone.

    The CLI's own answer may lack the id or, with parallel calls, name another service
    (railway/cli-facts.md section 0).
    """

    role: ClassVar[Service.Role]
    absent_after = 150.0

    def wait_budget(self) -> float:
        return float(settings.RAILWAY_PROPAGATION_BUDGET)

    def observe(self, work: Work) -> Done | Waiting | None:
        facts = work.run.step.facts
        if "before" not in facts:
            return None
        found = self._made_since(work, facts["before"])
        if len(found) > 1:
            ids = ", ".join(service.service_id for service in found)
            raise NeedsPerson(
                f"The project has several new {self.role.label} services ({ids})."
                " Delete all but one on Railway, then resume; or roll back."
            )
        if found:
            return Done({"service_id": found[0].service_id, "service_name": found[0].name})
        if facts.get("added"):
            reason = f"{self.role.label} is made; Railway's API does not show it yet."
            return Waiting(reason, propagation_pause(work))
        return None

    def _made_since(self, work: Work, before: list[str]) -> list[ServiceInstance]:
        new = [service for service in work.services() if service.service_id not in before]
        return [service for service in new if self.is_ours(service)]

    def _is_forgotten(self, work: Work) -> bool:
        """
        Note what is there before the first call; tell whether there was one after all.

        Until then only this operation has added services: in a restored database that call
        may be forgotten, and what it made is there.
        """
        steps = (AddPostgres.name, AddRedis.name)
        earlier = [
            work.run.facts(step).get("service_id", "") for step in steps if step != self.name
        ]
        is_there = bool(self._made_since(work, earlier))
        there = [service.service_id for service in work.services()]
        work.run.remember(before=earlier if is_there else there)
        return is_there

    def ensure(self, work: Work) -> Waiting | None:
        workspace_id = work.run.facts("preflight")["workspace_id"]
        seconds = work.railway.database_seconds
        if turn := gate.enter(work.run, gate.VOLUMES, workspace_id, seconds=seconds):
            return turn
        begun, refused = None, False
        try:
            begun = timezone.now()
            if "before" not in work.run.step.facts and self._is_forgotten(work):
                return None
            work.railway.add_database(work.target, self.role.value)
            work.run.record(added=True)
        except errors.RailwayThrottled as error:
            if error.may_have_happened:
                raise
            refused = True
            again = error.retry_after or work.scaled(REFUSED_AGAIN)
            raise Transient(str(error), retry_after=again) from None
        finally:
            gate.leave(work.run, gate.VOLUMES, workspace_id, begun=begun, refused=refused)
        return None

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        service = work.service_by_id(facts["service_id"])
        mirror_service(work.instance, self.role, service)

    def is_ours(self, service: ServiceInstance) -> bool:
        if service.image:
            return self.role.value in service.image
        named = service.name.casefold().startswith(self.role.value)
        return bool(service.template_service_id) and named


class AddPostgres(AddDatabase):
    name = "postgres"
    title = "Add Postgres"
    role = Service.Role.POSTGRES


class AddRedis(AddDatabase):
    name = "redis"
    title = "Add Redis"
    role = Service.Role.REDIS


class DatabasesReady(StepDefinition[Work]):
    name = "databases_ready"
    title = "Wait for the databases"
    budget = 600.0

    def observe(self, work: Work) -> Done | Waiting:
        self._expect_no_stranger(work)
        for role in (Service.Role.POSTGRES, Service.Role.REDIS):
            service = work.service(role.value)
            status = statuses.service_status(service.deployment if service else None)
            if status is Service.Status.FAILED:
                raise Permanent(f"{role.label} did not start: its deployment on Railway failed.")
            if status is not Service.Status.RUNNING:
                return Waiting(f"{role.label} is not running yet.", 5.0)
        return Done()

    def _expect_no_stranger(self, work: Work) -> None:
        """A call that was given up as lost may have made a second database after all."""
        ours = {work.run.facts(step)["service_id"] for step in ("postgres", "redis", "gateway")}
        strange = [s.name for s in work.services() if s.service_id not in ours]
        if strange:
            raise NeedsPerson(
                f"The project has services that this operation did not make: {', '.join(strange)}."
                " Delete them on Railway, then resume; or roll back."
            )

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        del facts
        for role in (Service.Role.POSTGRES, Service.Role.REDIS):
            if service := work.service(role.value):
                mirror_service(work.instance, role, service)
