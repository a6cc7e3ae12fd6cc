"""Deployments: started, followed, replaced, removed."""

from instances.simulator import repositories, startup, timelines
from instances.simulator.clock import GATEWAY_START
from instances.simulator.refusals import PROBLEM, Refusal
from instances.simulator.startup import Verdict
from instances.simulator.state import Commit, Deployment, Moment, Project, Service
from instances.simulator.variables import Rendering
from instances.simulator.world import World, new_id

NOT_YET = (
    "Cannot redeploy yet, please wait for the original deployment to finish building, "
    "then try again."
)
NO_SNAPSHOT = "Cannot redeploy without a snapshot"
NO_COMMIT = "Commit not found"
NO_DOCKERFILE = "Railpack could not determine how to build the app."
FAILURES = {
    "fail_build": 'process "uv sync --frozen" did not complete successfully: exit code: 1',
    "fail_deploy": "Healthcheck failed! 1/1 replicas never became healthy!",
    "crash": "Traceback (most recent call last): RuntimeError: the gateway could not start",
}
# Statuses from which Railway will start the same thing again (cli-facts.md §5).
REDEPLOYABLE = frozenset({"SUCCESS", "FAILED", "CRASHED", "SLEEPING", "SKIPPED"})


def start(
    world: World,
    project: Project,
    service: Service,
    *,
    commit: Commit | None = None,
    reason: str = "deploy",
    at: float | None = None,
) -> Deployment:
    """Begin a deployment with the variables and settings of this moment."""
    if not service.has_source:
        raise Refusal(PROBLEM)
    created_at = world.now() if at is None else at
    deployment = Deployment(
        id=new_id(),
        created_at=created_at,
        timeline=[],
        variables={},
        settings=dict(service.settings),
        repo=service.repo,
        branch=service.branch,
        image=service.image,
        reason=reason,
    )
    _pin_commit(world, service, deployment, commit)
    service.deployments.append(deployment)
    deployment.variables = Rendering(project, created_at).service(service)
    _plan(world, project, service, deployment)
    return deployment


def _pin_commit(
    world: World, service: Service, deployment: Deployment, commit: Commit | None
) -> None:
    if service.repo is None:
        return
    chosen = commit or repositories.head(world, service.repo, service.branch)
    if chosen is not None:
        deployment.commit, deployment.commit_message = chosen.sha, chosen.message


def _plan(world: World, project: Project, service: Service, deployment: Deployment) -> None:
    verdict = _verdict(world, project, service, deployment)
    outcome = verdict.outcome if verdict else "succeed"
    if verdict is not None and outcome == "fail_build":
        deployment.build_error = verdict.message
    elif verdict is not None:
        deployment.deploy_error = verdict.message
    deployment.timeline = timelines.planned(
        world.clock,
        outcome,
        start=deployment.created_at,
        from_repository=service.repo is not None,
    )


def _verdict(
    world: World, project: Project, service: Service, deployment: Deployment
) -> Verdict | None:
    fault = world.faults.take({"deployment", f"deployment:{service.name}"})
    if fault is not None:
        return Verdict(fault.action, fault.message or FAILURES.get(fault.action, ""))
    if service.repo is None:
        return None
    if deployment.commit is None:
        return Verdict("fail_build", f"fatal: Remote branch {service.branch} not found")
    if not _dockerfile(deployment):
        return Verdict("fail_build", NO_DOCKERFILE)
    return startup.problem(
        project,
        deployment.variables,
        deployment.settings,
        starts_at=startup.gateway_starts_at(world.clock, deployment.created_at),
        clock=world.clock,
    )


def _dockerfile(deployment: Deployment) -> object:
    # New services no longer read railway.toml (api-facts.md §5).
    return deployment.settings.get("dockerfilePath") or deployment.variables.get(
        "RAILWAY_DOCKERFILE_PATH"
    )


def status(service: Service, deployment: Deployment, now: float) -> Moment:
    """Return the status and since when; a newer deployment that is live replaces this one."""
    own = timelines.current(deployment, now)
    if own.status in timelines.OVER:
        return own
    index = service.deployments.index(deployment)
    for newer in service.deployments[index + 1 :]:
        live_at = timelines.reaches(newer, "SUCCESS")
        if live_at is not None and live_at <= now:
            return Moment("REMOVED", live_at)
    return own


def known(service: Service, now: float) -> list[Deployment]:
    """Return the deployments that have begun, the newest first."""
    begun = [deployment for deployment in service.deployments if deployment.created_at <= now]
    return begun[::-1]


def live(service: Service, now: float) -> Deployment | None:
    for deployment in known(service, now):
        running = deployment.stopped_at is None or now < deployment.stopped_at
        if running and status(service, deployment, now).status == "SUCCESS":
            return deployment
    return None


def can_redeploy(service: Service, deployment: Deployment, now: float) -> bool:
    return status(service, deployment, now).status in REDEPLOYABLE


def deploy_commit(
    world: World, project: Project, service: Service, sha: str | None, *, latest: bool = False
) -> Deployment:
    """Deploy a commit: the one named, the newest, or else the one that was deployed last."""
    if sha is None:
        return start(world, project, service, commit=None if latest else _last(world, service))
    found = repositories.commit(world, service.repo, sha) if service.repo else None
    if found is None:
        raise Refusal(NO_COMMIT)
    return start(world, project, service, commit=found)


def _last(world: World, service: Service) -> Commit | None:
    if service.repo is None or not service.deployments:
        return None
    sha = service.deployments[-1].commit
    return repositories.commit(world, service.repo, sha) if sha else None


def redeploy(world: World, project: Project, service: Service) -> Deployment:
    """Run the latest deployment's code again, with the variables of now."""
    begun = known(service, world.now())
    if not begun:
        raise Refusal(NO_SNAPSHOT)
    if status(service, begun[0], world.now()).status in timelines.IN_PROGRESS:
        raise Refusal(NOT_YET)
    return start(world, project, service, commit=_last(world, service), reason="redeploy")


def remove(world: World, deployment: Deployment) -> None:
    timelines.cut(deployment, "REMOVED", world.now())


def stop(world: World, deployment: Deployment) -> None:
    deployment.stopped_at = world.now()


def approve(world: World, service: Service, deployment: Deployment) -> None:
    if timelines.current(deployment, world.now()).status != "NEEDS_APPROVAL":
        raise Refusal(PROBLEM)
    deployment.timeline += timelines.planned(
        world.clock, "succeed", start=world.now(), from_repository=service.repo is not None
    )


def restart(world: World, service: Service, deployment: Deployment) -> None:
    if status(service, deployment, world.now()).status not in {"SUCCESS", "CRASHED"}:
        raise Refusal(PROBLEM)
    deployment.stopped_at = None
    timelines.cut(deployment, "DEPLOYING", world.now())
    seconds = GATEWAY_START if service.repo else 0.0
    deployment.timeline.append(Moment("SUCCESS", world.clock.after(seconds)))
