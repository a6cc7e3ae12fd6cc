"""`railway status`: what this directory is linked to."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import documents, output
from instances.simulator.cli.errors import PROJECT_DELETED, CliError
from instances.simulator.cli.session import Node, Session, nodes


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-p", "--project")
    parser.add_argument("-e", "--environment")
    parser.add_argument("--json", action="store_true")


def run(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    if given.project is not None and given.environment is None:
        raise CliError("--environment is required when using --project")
    link = None if given.project is not None else session.link()
    project = session.project(link.project if link else session.project_id(given.project))
    if link is not None:
        session.check_link(link)
    elif project["deletedAt"] is not None:
        raise CliError(PROJECT_DELETED)
    wanted = given.environment or (link and link.environment)
    environment = session.environment(project, wanted) if wanted else None
    if given.json:
        _show_all(session, project, given.environment)
        return
    _show_one(session, project, environment, link.service if link else None)


def _show_all(session: Session, project: Node, wanted: str | None) -> None:
    edges = project["environments"]["edges"]
    if wanted is not None:
        edges = [edge for edge in edges if wanted in (edge["node"]["id"], edge["node"]["name"])]
        project["environments"]["edges"] = edges
    for edge in edges:
        if edge["node"]["canAccess"]:
            _merge_instances(session, project["id"], edge["node"])
    output.pretty(project)


def _merge_instances(session: Session, project_id: str, environment: Node) -> None:
    services, volumes = session.instances(project_id, environment["id"])
    environment["serviceInstances"] = {"edges": [{"node": node} for node in services]}
    environment["volumeInstances"] = {"edges": [{"node": node} for node in volumes]}


def _show_one(
    session: Session, project: Node, environment: Node | None, linked: str | None
) -> None:
    session.ask_for_regions()
    if environment is not None:
        session.backboard.post(
            documents.GET_ENVIRONMENT_CONFIG, {"id": environment["id"], "decryptVariables": False}
        )
        session.instances(project["id"], environment["id"])
    names = {one["id"]: one["name"] for one in nodes(project["services"])}
    output.line(f"Project: {project['name']}")
    output.line(f"Environment: {environment['name'] if environment else 'None'}")
    output.line(f"Service: {names.get(linked or '', 'None')}")
