"""`railway status`: what this directory is linked to."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import documents, output
from instances.simulator.cli.errors import CliError
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
    project = session.project(link.project if link else given.project)
    if link is not None:
        session.check_link(link)
    if given.json:
        _show_all(session, project, given.environment)
        return
    wanted = given.environment or (link.environment_id() if link else "")
    _show_one(session, project, wanted, link.service if link else None)


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


def _show_one(session: Session, project: Node, wanted: str, linked: str | None) -> None:
    session.backboard.post(documents.REGIONS, {"projectId": project["id"]})
    found = [one for one in nodes(project["environments"]) if wanted in (one["id"], one["name"])]
    if not found:
        raise CliError(f'Environment "{wanted}" not found.')
    session.backboard.post(
        documents.GET_ENVIRONMENT_CONFIG, {"id": found[0]["id"], "decryptVariables": False}
    )
    session.instances(project["id"], found[0]["id"])
    names = {one["id"]: one["name"] for one in nodes(project["services"])}
    output.line(f"Project: {project['name']}")
    output.line(f"Environment: {found[0]['name']}")
    output.line(f"Service: {names.get(linked or '', 'None')}")
