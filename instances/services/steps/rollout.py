"""From a connected repository to a gateway that answers."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from instances.gateway import GatewayError, GatewayTooOld
from instances.gateway_variables import ADMIN_API_KEY, SECRET_LOOK
from instances.models import LogLine, Service
from instances.operations.plan import Done, NeedsPerson, Permanent, StepDefinition, Waiting
from instances.railway.client import Deployment, LogEntry, Mask, errors
from instances.services import credentials
from instances.services.mirror import mirror_service
from instances.services.steps.gateway import GATEWAY, gateway_service
from instances.services.steps.work import Work, since_answer

# Seconds at scale 1.
DEPLOYMENT_POLL = 12.0
DEPLOYMENT_APPEARS = 30.0
NEWER_APPEARS = 60.0
HEALTH_POLL = 5.0
LOG_LINES = 200


class ConnectSource(StepDefinition[Work]):
    """The first and only build starts here, with everything in place."""

    name = "source"
    title = "Connect the repository"
    absent_after = 30.0
    point_of_no_return = True

    def observe(self, work: Work) -> Done | Waiting | None:
        facts = work.run.step.facts
        if started := facts.get("deployment_id"):
            return Done({"deployment_id": started})
        service = gateway_service(work)
        if service is None:
            return Waiting("Railway does not show the gateway for the moment.", 2.0)
        deployment = service.deployment
        # It was made without a repository: one that is there was connected by a call that a
        # restored database does not know of.
        before = facts.get("before", "" if service.repo else None)
        if before is not None and deployment and deployment.id != before:
            return Done({"deployment_id": deployment.id})
        if "before" in facts and service.repo and not facts.get("connected"):
            # A call of ours was carried out though it failed.
            work.run.record(connected=True)
        if work.run.step.fact("connected") and since_answer(work) < DEPLOYMENT_APPEARS:
            return Waiting("The repository is connected; its build has not started yet.", 4.0)
        return None

    def ensure(self, work: Work) -> None:
        service_id = work.run.facts(GATEWAY)["service_id"]
        if work.run.step.fact("connected"):
            work.run.log("No build has started by itself; starting one.")
            work.run.record(deployment_id=work.railway.deploy(work.target, service_id))
            return
        if "before" not in work.run.step.facts:
            service = gateway_service(work)
            deployment = service.deployment if service else None
            work.run.remember(before=deployment.id if deployment else "")
        config = work.operation.config
        work.railway.connect_source(
            work.target, service_id, repo=config["repository"], branch=config["branch"]
        )
        work.run.record(connected=True)


class FollowDeployment(StepDefinition[Work]):
    """Wait for what the step `started_by` has started, or what Railway has put in its place."""

    name = "deployment"
    title = "Build and deploy the gateway"
    budget = 1800.0
    started_by = "source"

    def observe(self, work: Work) -> Done | Waiting:
        service = gateway_service(work)
        deployment = service.deployment if service else None
        if deployment is None:
            return Waiting("Railway does not show the deployment for the moment.", DEPLOYMENT_POLL)
        self._follow(work, deployment)
        if deployment.status == "SUCCESS":
            at = f", at commit {deployment.commit[:9]}" if deployment.commit else ""
            work.run.log(f"Deployment {deployment.id} is live{at}.")
            return Done({"deployment_id": deployment.id, "commit": deployment.commit})
        if deployment.status in {"FAILED", "CRASHED"}:
            self._attach_log(work, deployment)
            raise Permanent(
                f"The gateway's deployment {deployment.id} has {deployment.status.lower()};"
                " the end of its log is below."
            )
        if deployment.status == "NEEDS_APPROVAL":
            raise NeedsPerson(
                "Railway wants the deployment to be approved by a person. Approve it in the"
                " project on Railway, then resume."
            )
        if deployment.status in {"REMOVED", "REMOVING", "SKIPPED"}:
            self._expect_a_newer_one(work, deployment)
        return Waiting(f"The deployment is {deployment.status.lower()}.", DEPLOYMENT_POLL)

    def settle(self, work: Work, facts: dict[str, Any]) -> None:
        del facts
        if service := gateway_service(work):
            mirror_service(work.instance, Service.Role.GATEWAY, service)

    def _follow(self, work: Work, deployment: Deployment) -> None:
        """Railway may replace a deployment by itself; the newest one counts."""
        first = work.run.facts(self.started_by)["deployment_id"]
        followed = work.run.step.fact("deployment_id", first)
        if deployment.id != followed:
            work.run.log(f"Deployment {followed} was replaced by {deployment.id}; following it.")
            work.run.remember(deployment_id=deployment.id, gone_at=None)

    def _expect_a_newer_one(self, work: Work, deployment: Deployment) -> None:
        """Railway may replace it in a moment; if nothing follows, a person has to decide."""
        gone_at = work.run.step.fact("gone_at")
        if gone_at is None:
            work.run.remember(gone_at=timezone.now().isoformat())
        elif work.run.seconds_since(datetime.fromisoformat(gone_at)) > work.scaled(NEWER_APPEARS):
            raise NeedsPerson(
                f"The gateway's deployment {deployment.id} was {deployment.status.lower()} and no"
                " newer one has followed. Deploy the gateway on Railway, then resume."
            )

    def _attach_log(self, work: Work, deployment: Deployment) -> None:
        try:
            # A failed build has no deployment log (railway/api-facts.md section 8).
            log = work.railway.deployment_log(deployment.id, lines=LOG_LINES)
            log = log or work.railway.build_log(deployment.id, lines=LOG_LINES)
            mask = _mask_of_the_gateway(work)
        except errors.RailwayError as error:
            work.run.warn(f"The deployment's log cannot be read: {error}")
            return
        work.run.log_lines((mask(entry.text), _level(entry)) for entry in log[-LOG_LINES:])


def _mask_of_the_gateway(work: Work) -> Mask:
    """A gateway may log any secret that it runs with, also those that are not kept here."""
    held = work.variables(work.run.facts(GATEWAY)["service_id"])
    return Mask(value for name, value in held.items() if SECRET_LOOK.search(name))


def _level(entry: LogEntry) -> LogLine.Level:
    is_error = entry.severity.lower() in {"error", "err", "fatal"}
    return LogLine.Level.ERROR if is_error else LogLine.Level.INFO


class GatewayAnswers(StepDefinition[Work]):
    """Healthy alone proves nothing: it has to accept our key and see its databases."""

    name = "healthy"
    title = "Wait until the gateway answers"

    def observe(self, work: Work) -> Done | Waiting:
        if not work.instance.url:
            work.run.warn("It has no address, so the gateway could not be asked.")
            return Done()
        keys = credentials.in_doubt(work.instance, ADMIN_API_KEY)
        try:
            with work.gateway() as gateway:
                version = gateway.health()
                if not keys:
                    work.run.warn("Its admin key is not known, so only its health was checked.")
                    return Done({"version": version})
                status = gateway.status(*(key.reveal() for key in keys))
        except GatewayTooOld as old:
            work.run.warn(f"{old} That it sees its databases could not be checked.")
            return Done({"version": version})
        except GatewayError as error:
            return Waiting(str(error), HEALTH_POLL)
        if not status.sees_its_databases:
            return Waiting(
                f"The gateway answers, but its database is {status.database} and its"
                f" Redis is {status.redis}.",
                HEALTH_POLL,
            )
        return Done({"version": version})
