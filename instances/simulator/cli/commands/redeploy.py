"""`railway redeploy` and `railway restart`."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import mutations, output
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.errors import NO_CONFIRMATION, CliError
from instances.simulator.cli.session import Node, ServiceContext, Session


def restart_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("-y", "--yes", action="store_true")


def redeploy_arguments(parser: ArgumentParser) -> None:
    restart_arguments(parser)
    parser.add_argument("--from-source", action="store_true")


def redeploy(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    instance = session.instance(context)
    latest = None if given.from_source else _redeployable(instance, context)
    if not given.yes:
        raise CliError(NO_CONFIRMATION)
    shown = _deployed(session, context, latest)
    if given.json:
        output.compact(shown)


def restart(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    latest = session.instance(context)["latestDeployment"]
    if latest is None:
        raise CliError("No deployment found for service")
    if not given.yes:
        raise CliError(NO_CONFIRMATION)
    session.backboard.post(mutations.DEPLOYMENT_RESTART, {"id": latest["id"]})
    if given.json:
        output.compact({"id": latest["id"]})


def _redeployable(instance: Node, context: ServiceContext) -> Node:
    latest: Node | None = instance["latestDeployment"]
    if latest is None:
        raise CliError("No deployment found for service")
    if not latest["canRedeploy"]:
        raise CliError(
            f"The latest deployment for service {context.service_name} cannot be redeployed. "
            "This may be because it's currently building, deploying, or was removed."
        )
    return latest


def _deployed(session: Session, context: ServiceContext, latest: Node | None) -> Node:
    if latest is None:
        session.backboard.post(
            mutations.SERVICE_INSTANCE_DEPLOY_LATEST_COMMIT,
            {"environmentId": context.environment["id"], "serviceId": context.service_id},
        )
        return {"success": True}
    made = session.backboard.post(mutations.DEPLOYMENT_REDEPLOY, {"id": latest["id"]})
    return {"id": made["id"]}
