"""The keys of a gateway: taken over when it is adopted, replaced when they are rotated."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from instances.gateway import GatewayError, GatewayTooOld
from instances.gateway_variables import (
    ADMIN_API_KEY,
    CLIENT_API_KEY,
    CLIENT_KEY_REFERENCE,
    GENERATED_SECRETS,
    OLD_CLIENT_KEY,
)
from instances.models import Instance, Service
from instances.operations.plan import Done, NeedsPerson, Permanent, StepDefinition, Waiting
from instances.railway.client import ServiceInstance
from instances.secrets import Secret, fingerprint
from instances.services import credentials, shape
from instances.services.difference import KEYS_DIFFER, OVERDUE
from instances.services.lag import READ_LAG
from instances.services.steps.gateway import GATEWAY, gateway_service
from instances.services.steps.look import LookAtOurProject, expect_unprotected, read_project
from instances.services.steps.redeploy import StartDeployment, redeploy_same
from instances.services.steps.rollout import HEALTH_POLL, FollowDeployment
from instances.services.steps.work import Work, recently

GOING = {Instance.Status.DELETING, Instance.Status.DELETED, Instance.Status.MISSING}
# The one state that proves that a deployment was never live.
NEVER_LIVE = "FAILED"


class TakeOver(StepDefinition[Work]):
    """
    From here on it is ours, with the three keys that every instance has.

    They are stored encrypted together with the ownership, and never logged.
    """

    name = "keys"
    title = "Take it over, with its keys"
    point_of_no_return = True

    def observe(self, work: Work) -> Done:
        expect_unprotected(read_project(work))
        service = gateway_service(work)
        deployment = service.deployment if service else None
        held = work.variables(work.run.facts(GATEWAY)["service_id"])
        if CLIENT_API_KEY not in held and OLD_CLIENT_KEY in held:
            # As the old tool named it (docs/gateway.md).
            held = {**held, CLIENT_API_KEY: held[OLD_CLIENT_KEY]}
        usable = {name: held[name] for name in GENERATED_SECRETS if _is_key(held.get(name, ""))}
        work.found_keys = {name: Secret(value) for name, value in usable.items()}
        missing = [name for name in GENERATED_SECRETS if name not in usable]
        if missing:
            work.run.warn(f"Railway holds no {', '.join(missing)} that can be taken over.")
        return Done(
            {
                "names": sorted(usable),
                "missing": missing,
                "repository": service.repo if service else "",
                "branch": deployment.branch if deployment else "",
            }
        )

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        instance = work.instance
        credentials.adopt(instance, work.found_keys, work.operation)
        instance.ownership = Instance.Ownership.ADOPTED
        instance.repository = facts["repository"] or instance.repository
        instance.branch = facts["branch"] or instance.branch
        due = instance.deletion_scheduled_at
        if due and due <= timezone.now():
            # Nobody here has asked for it, so the next reap must not carry it out.
            instance.problem = OVERDUE
        instance.save(update_fields=["ownership", "repository", "branch", "problem"])


def _is_key(value: str) -> bool:
    # A reference to another variable is no key.
    return bool(value.strip()) and "${{" not in value


class CompareKeys(StepDefinition[Work]):
    """Whether the keys that are known here are those on Railway; nothing is changed there."""

    name = "compare_keys"
    title = "Compare its keys with those on Railway"

    def observe(self, work: Work) -> Done:
        known = {name: credentials.in_doubt(work.instance, name) for name in GENERATED_SECRETS}
        held = self._held(work) if any(known.values()) else {}
        differing = [
            name
            for name, keys in known.items()
            if keys and name in held and Secret(held[name]) not in keys
        ]
        return Done({"differing": differing})

    def _held(self, work: Work) -> dict[str, str]:
        """Return the gateway's variables; nothing where they cannot be looked for."""
        if not work.run.facts("project")["environment_id"] or work.instance.status in GOING:
            return {}
        roles = dict(work.instance.services.values_list("service_id", "role"))
        gateway = shape.by_role(work.services(), roles).get(Service.Role.GATEWAY)
        return work.variables(gateway.service_id) if gateway else {}

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        instance = work.instance
        instance.refresh_from_db(fields=["problem"])
        others = instance.problem.replace(KEYS_DIFFER, "").split()
        said = [" ".join(others), KEYS_DIFFER if facts["differing"] else ""]
        instance.problem = " ".join(filter(None, said))
        instance.save(update_fields=["problem"])


class SetNewKeys(StepDefinition[Work]):
    """Through stdin, without deploying: the gateway runs on with the older ones until then."""

    name = "new_keys"
    title = "Set the new keys"
    point_of_no_return = True

    def observe(self, work: Work) -> Done | Waiting | None:
        self.expect_known(work)
        missing = self._missing(work)
        if not missing:
            return Done({"names": sorted(self.wanted(work))})
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
        return self.tries * max(len(self.wanted(work)), 1)

    def expect_known(self, work: Work) -> None:
        """Raise when somebody has changed a key on Railway: it could not be put back."""
        unknown = self._unknown(work)
        if unknown and work.run.step.attempts:
            raise unknown_keys(unknown, "it was left as it is")
        if unknown:
            raise Permanent(
                f"{unknown[0]} on Railway is not the one known here: somebody has changed it"
                " there, or the database here was put back. Put the known one back, or forget the"
                " instance and adopt it anew: that takes its keys over."
            )

    def _unknown(self, work: Work) -> list[str]:
        """Return the names of keys that Railway holds with a value that was never known here."""
        held = work.variables(work.run.facts(GATEWAY)["service_id"])
        return [
            name
            for name in work.coming
            if name in held
            and name in work.secrets
            and Secret(held[name]) not in credentials.in_doubt(work.instance, name)
        ]

    def wanted(self, work: Work) -> dict[str, Secret]:
        """Return the new keys; an older name of the client's key has to follow it."""
        keys = dict(work.coming)
        if CLIENT_API_KEY in keys:
            keys[OLD_CLIENT_KEY] = Secret(CLIENT_KEY_REFERENCE)
        return keys

    def _missing(self, work: Work) -> dict[str, Secret]:
        wanted = self.wanted(work)
        if not wanted:
            return {}
        held = work.variables(work.run.facts(GATEWAY)["service_id"])
        prints = {name: fingerprint(Secret(value)) for name, value in held.items()}
        return {
            name: secret
            for name, secret in wanted.items()
            if prints.get(name) != fingerprint(secret)
        }


def unknown_keys(names: list[str], so: str) -> NeedsPerson:
    return NeedsPerson(
        f"{names[0]} on Railway is not one of those known here, so {so}: somebody has changed it"
        " there, or the database here was put back. Give this up, then forget the instance and"
        " adopt it anew: that takes its keys over."
    )


class LookAgain(LookAtOurProject):
    """Before anything is put back: the project may have become somebody else's meanwhile."""

    name = "look_again"
    title = "Look at the Railway project again"

    def observe(self, work: Work) -> Done:
        if not _step(work, SetNewKeys.name).attempts:
            return Done()
        return super().observe(work)


class RestoreKeys(SetNewKeys):
    """What was set is set back; the older keys were never retired."""

    name = "old_keys"
    title = "Set the older keys again"
    point_of_no_return = False

    def expect_known(self, work: Work) -> None:
        """What is there now was set by this very operation; or else it is left to a person."""
        if _step(work, SetNewKeys.name).attempts and (unknown := self._unknown(work)):
            raise unknown_keys(unknown, "the older one was not put back")

    def wanted(self, work: Work) -> dict[str, Secret]:
        touched = _step(work, SetNewKeys.name)
        if not touched.attempts:
            return {}
        return {name: work.secrets[name] for name in work.coming if name in work.secrets}


class StartAgain(StartDeployment):
    """Only when the new keys may have gone live: what has failed was never in use."""

    name = "old_source"
    title = "Deploy with the older keys"
    point_of_no_return = False

    def observe(self, work: Work) -> Done | Waiting | None:
        if not _may_be_live(work):
            return Done({"not_needed": True})
        return super().observe(work)

    def start(self, work: Work, service: ServiceInstance) -> str:
        return redeploy_same(work, service)


class FollowAgain(FollowDeployment):
    name = "old_deployment"
    title = "Wait for that deployment"
    started_by = StartAgain.name

    def observe(self, work: Work) -> Done | Waiting:
        if work.run.facts(StartAgain.name).get("not_needed"):
            return Done({"not_needed": True})
        return super().observe(work)

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        if not facts.get("not_needed"):
            super().settle(work, facts)


def _may_be_live(work: Work) -> bool:
    started = _step(work, StartDeployment.name)
    if not started.attempts:
        return False
    service = gateway_service(work)
    if service is None or service.deployment is None:
        return True
    is_newest = service.deployment.id == started.fact("deployment_id")
    return not (is_newest and service.deployment.status == NEVER_LIVE)


def _step(work: Work, name: str) -> Any:
    return next(step for step in work.run.steps if step.name == name)


class GatewayTakesKeys(StepDefinition[Work]):
    """The new keys are in use when the gateway accepts each of them."""

    name = "accepted"
    title = "Wait until the gateway accepts the new keys"

    def observe(self, work: Work) -> Done | Waiting:
        try:
            with work.gateway() as gateway:
                gateway.health()
                if client_key := work.coming.get(CLIENT_API_KEY):
                    gateway.expect_client_key(client_key.reveal())
                if admin_key := work.coming.get(ADMIN_API_KEY):
                    gateway.status(admin_key.reveal())
        except GatewayTooOld as old:
            work.run.warn(f"{old} That it accepts the admin key could not be checked.")
            return Done()
        except GatewayError as error:
            self._give_up_in_time(work, error)
            return Waiting(str(error), HEALTH_POLL)
        return Done()

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        del facts
        credentials.accept_coming(work.operation)

    def _give_up_in_time(self, work: Work, error: GatewayError) -> None:
        """A failure must leave the older keys working, so nobody is waited for here."""
        begun = work.run.step.budget_from
        if begun and work.run.seconds_since(begun) > work.scaled(self.budget):
            raise Permanent(f"The gateway does not accept the new keys: {error}")
