"""Starting a deployment of a gateway that has been deployed before."""

from __future__ import annotations

from instances.operations.plan import Done, Permanent, StepDefinition, Waiting
from instances.railway.client import ServiceInstance, errors
from instances.services.steps.gateway import GATEWAY, ApplySettings, gateway_service
from instances.services.steps.look import deployment_id
from instances.services.steps.work import Work, since_answer

LATEST = "latest"
SAME = "same"
COMMIT = "commit"
# Seconds at scale 1.
APPEARS = 60.0
LOOK = 4.0
# Refusals of the API after which the CLI is asked, which waits for what Railway changes.
REFUSALS = 2


class RewriteSettings(ApplySettings):
    """What a create does in passing is the first change here: from it on there is no way back."""

    point_of_no_return = True


class StartDeployment(StepDefinition[Work]):
    """
    The branch's newest commit, the same commit with new variables, or a given one.

    For the newest Railway does not say the deployment's id: it is the latest deployment,
    once that has changed.
    """

    name = "source"
    title = "Start the deployment"
    absent_after = 30.0
    tries = 5
    budget = 900.0
    point_of_no_return = True

    def observe(self, work: Work) -> Done | Waiting | None:
        facts = work.run.step.facts
        if started := facts.get("deployment_id"):
            return Done({"deployment_id": started})
        service = gateway_service(work)
        if service is None:
            return Waiting("Railway does not show the gateway for the moment.", LOOK)
        if "before" not in facts:
            return None
        if deployment_id(service) != facts["before"]:
            return Done({"deployment_id": deployment_id(service)})
        if facts.get("asked") and since_answer(work) < APPEARS:
            return Waiting("The deployment is asked for; Railway does not show it yet.", LOOK)
        return None

    def ensure(self, work: Work) -> None:
        service = gateway_service(work)
        if service is None:
            raise Permanent(f"The gateway of {work.instance} is gone from Railway.")
        if "before" not in work.run.step.facts:
            work.run.remember(before=deployment_id(service))
        if started := self.start(work, service):
            work.run.record(deployment_id=started)
        else:
            work.run.record(asked=True)

    def start(self, work: Work, service: ServiceInstance) -> str:
        """Ask for it; return the deployment's id where Railway says it."""
        config = work.operation.config
        if config["what"] == COMMIT:
            return self._deploy_commit(work, config["commit"])
        if config["what"] == SAME:
            return redeploy_same(work, service)
        return self._deploy_latest(work)

    def _deploy_commit(self, work: Work, commit: str) -> str:
        try:
            return work.railway.deploy(work.target, _service_id(work), commit=commit)
        except errors.RailwayRefused as error:
            if "commit not found" not in str(error).casefold():
                raise
            raise Permanent(
                f"Railway knows no commit {commit} of the gateway's repository. Give its whole"
                " hash, and push it first."
            ) from None

    def _deploy_latest(self, work: Work) -> str:
        refused = work.run.step.fact("refusals", 0)
        if refused >= REFUSALS:
            work.run.log("The API refuses for the moment; asking the Railway CLI.")
            work.railway.deploy_latest_by_cli(work.target, _service_id(work))
            return ""
        try:
            work.railway.deploy_latest(work.target, _service_id(work))
        except errors.RailwayNotReady:
            work.run.remember(refusals=refused + 1)
            raise
        return ""


def redeploy_same(work: Work, service: ServiceInstance) -> str:
    if service.deployment is None:
        raise Permanent(
            f"The gateway of {work.instance} was never deployed, so there is nothing to deploy"
            " again. Deploy the newest commit."
        )
    return work.railway.redeploy(service.deployment.id)


def _service_id(work: Work) -> str:
    return str(work.run.facts(GATEWAY)["service_id"])
