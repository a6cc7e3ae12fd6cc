"""`railway service list` and `railway service status`."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import output
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session


def list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-e", "--environment")
    parser.add_argument("-p", "--project")
    parser.add_argument("--json", action="store_true")


def status_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)


def run_list(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    if given.project is not None and given.environment is None:
        raise CliError("--environment is required when using --project")
    link = _link(session) if given.project is None else Link(given.project)
    session.ask_for_regions()
    project = session.project(link.project)
    environment = session.environment(project, given.environment or link.environment_id())
    instances, volumes = session.instances(project["id"], environment["id"])
    instances.sort(key=lambda instance: str(instance["serviceName"]).lower())
    shown = [_summary(instance, volumes, link.service) for instance in instances]
    if given.json:
        output.pretty(shown)
    for one in [] if given.json else shown:
        output.line(f"{one['name']}  {one['status']}")


def _link(session: Session) -> Link:
    link = session.link()
    session.check_link(link)
    return link


def run_status(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    instance = session.instance(context)
    latest = instance["latestDeployment"] or {}
    shown = {
        "id": context.service_id,
        "name": context.service_name,
        "deploymentId": latest.get("id"),
        "status": latest.get("status"),
        "stopped": latest.get("deploymentStopped", False),
    }
    if given.json:
        output.pretty(shown)
        return
    output.line(f"Service: {shown['name']}")
    output.line(f"Deployment: {shown['deploymentId'] or 'No deployment'}")
    output.line(f"Status: {shown['status'] or 'NO DEPLOYMENT'}")


def _summary(instance: Node, volumes: list[Node], linked: str | None) -> Node:
    latest = instance["latestDeployment"] or {}
    domains = instance["domains"]["serviceDomains"]
    names = ("id", "status", "createdAt", "deploymentStopped")
    return {
        "id": instance["serviceId"],
        "name": instance["serviceName"],
        "isLinked": instance["serviceId"] == linked,
        "source": instance["source"],
        "status": latest.get("status"),
        "deploymentStopped": latest.get("deploymentStopped", False),
        "deploymentId": latest.get("id"),
        "latestDeployment": {name: latest[name] for name in names} if latest else None,
        "url": f"https://{domains[0]['domain']}" if domains else None,
        "volumes": [_volume(one) for one in volumes if one["serviceId"] == instance["serviceId"]],
        "regions": [],
        "replicas": _replicas(instance, latest),
        "volumeMigrating": False,
    }


def _volume(instance: Node) -> Node:
    return {
        "name": instance["volume"]["name"],
        "mountPath": instance["mountPath"],
        "currentSizeMb": instance["currentSizeMB"],
        "sizeMb": instance["sizeMB"],
        "state": instance["state"],
    }


def _replicas(instance: Node, latest: Node) -> Node | None:
    if not latest:
        return None
    statuses = [one["status"] for one in latest["instances"]]
    counted = {name: statuses.count(name.upper()) for name in ("running", "crashed", "exited")}
    return {"configured": instance["numReplicas"], **counted, "total": len(statuses)}
