"""The gateway: its service, its settings, its variables, its address."""

from typing import Any

from django.conf import settings

from instances import gateway_variables
from instances.models import Service
from instances.operations.plan import Done, StepDefinition, Waiting
from instances.railway.client import ServiceInstance
from instances.secrets import Secret, fingerprint
from instances.services.lag import READ_LAG
from instances.services.mirror import mirror_service
from instances.services.steps.work import Work, propagation_pause, recently

GATEWAY = "gateway"


class AddGateway(StepDefinition[Work]):
    """
    An empty service: with a repository Railway would build at once, without keys.

    Such a build comes up "healthy" on a throw-away database (docs/gateway.md).
    """

    name = GATEWAY
    title = "Add the gateway's service"
    absent_after = 30.0

    def wait_budget(self) -> float:
        return float(settings.RAILWAY_PROPAGATION_BUDGET)

    def observe(self, work: Work) -> Done | Waiting | None:
        made = work.run.step.fact("service_id")
        for service in work.services():
            if service.service_id == made or (not made and service.name == GATEWAY):
                return Done({"service_id": service.service_id})
        if made:
            return Waiting(
                "The gateway is made; Railway's API does not show it yet.", propagation_pause(work)
            )
        return None

    def ensure(self, work: Work) -> None:
        service_id = work.railway.add_service(work.target, GATEWAY, clear_variables(work))
        work.run.record(service_id=service_id)

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        service = work.service_by_id(facts["service_id"])
        mirror_service(work.instance, Service.Role.GATEWAY, service)


class ApplySettings(StepDefinition[Work]):
    """New services no longer read railway.toml (railway/api-facts.md section 5)."""

    name = "settings"
    title = "Set Dockerfile, health check and restart policy"

    def observe(self, work: Work) -> Done | Waiting | None:
        service = gateway_service(work)
        if service is None:
            return Waiting("Railway does not show the gateway for the moment.", 2.0)
        wanted = settings.GATEWAY_SETTINGS
        if all(service.settings.get(name) == value for name, value in wanted.items()):
            return Done()
        if recently(work, READ_LAG):
            return Waiting("The settings are sent; Railway does not show them yet.", 2.0)
        return None

    def ensure(self, work: Work) -> None:
        service_id = work.run.facts(GATEWAY)["service_id"]
        work.railway.update_settings(work.target, service_id, settings.GATEWAY_SETTINGS)
        work.run.record()


class SetSecrets(StepDefinition[Work]):
    """Through stdin, one call each; what Railway holds is compared by fingerprint."""

    name = "secrets"
    title = "Set keys and secrets"

    def observe(self, work: Work) -> Done | Waiting | None:
        missing = self._missing(work)
        if not missing:
            return Done({"names": sorted(work.secrets)})
        if recently(work, READ_LAG):
            return Waiting("The keys are sent; Railway does not show all of them yet.", 2.0)
        return None

    def ensure(self, work: Work) -> None:
        service_id = work.run.facts(GATEWAY)["service_id"]
        for name, secret in self._missing(work).items():
            work.railway.set_secret(work.target, service_id, name, secret.reveal())
            work.run.record()
            work.run.log(f"{name} is set.")

    def most_tries(self, work: Work) -> int:
        return self.tries * len(self._wanted(work))

    def _wanted(self, work: Work) -> dict[str, Secret]:
        """Return every variable: what `add` was given is checked too, and mended."""
        clear = {name: Secret(value) for name, value in clear_variables(work).items()}
        return {**clear, **work.secrets}

    def _missing(self, work: Work) -> dict[str, Secret]:
        held = work.variables(work.run.facts(GATEWAY)["service_id"])
        prints = {name: fingerprint(Secret(value)) for name, value in held.items()}
        return {
            name: secret
            for name, secret in self._wanted(work).items()
            if prints.get(name) != fingerprint(secret)
        }


class CreateDomain(StepDefinition[Work]):
    name = "domain"
    title = "Create the address"
    absent_after = 15.0

    def observe(self, work: Work) -> Done | None:
        if host := work.run.step.fact("host"):
            return Done({"host": host})
        service = gateway_service(work)
        return Done({"host": service.host}) if service and service.host else None

    def ensure(self, work: Work) -> None:
        service_id = work.run.facts(GATEWAY)["service_id"]
        work.run.record(host=work.railway.create_domain(work.target, service_id))

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        work.instance.host = facts["host"]
        work.instance.save(update_fields=["host"])
        work.instance.services.filter(role=Service.Role.GATEWAY).update(host=facts["host"])


def gateway_service(work: Work) -> ServiceInstance | None:
    return work.service(GATEWAY)


def clear_variables(work: Work) -> dict[str, str]:
    """Return what is not secret; references use the names that Railway gave the databases."""
    return gateway_variables.for_gateway(
        work.operation.config["variables"],
        postgres=work.run.facts("postgres")["service_name"],
        redis=work.run.facts("redis")["service_name"],
    )
