"""`railway delete`, and `railway unlink`."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import errors, mutations, output
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session, nodes


def delete_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-p", "--project")
    parser.add_argument("-y", "--yes", action="store_true")
    parser.add_argument("--2fa-code", dest="two_factor_code")
    parser.add_argument("--json", action="store_true")


def unlink_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-s", "--service", action="store_true")
    parser.add_argument("-y", "--yes", action="store_true")
    parser.add_argument("--json", action="store_true")


def delete(session: Session, given: Namespace) -> None:
    """Schedule a project's deletion: 48 hours in which it can be undone (cli-facts.md §0.18)."""
    session.backboard.require_credential()
    alive = [one for one in session.listed_projects() if one["deletedAt"] is None]
    project = _chosen(alive, given.project)
    if not given.yes:
        raise CliError(errors.NO_CONFIRMATION)
    session.backboard.post(mutations.PROJECT_SCHEDULE_DELETE, {"id": project["id"]})
    if given.json:
        output.compact({"id": project["id"]})


def _chosen(alive: list[Node], wanted: str | None) -> Node:
    if not alive:
        raise CliError("No projects found. Run `railway init` to create a new project")
    if wanted is None:
        raise CliError(
            "Project must be specified when not running in a terminal. Use --project <id or name>"
        )
    for one in alive:
        if wanted.lower() in (one["id"].lower(), one["name"].lower()):
            shown = f"{one['name']} ({one['workspace']['name']})"
            output.selected("Select the project to delete", shown)
            return one
    raise CliError(f'Project "{wanted}" not found')


def unlink(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    link = session.link()
    project = session.project(link.project)
    service = next((one for one in nodes(project["services"]) if one["id"] == link.service), None)
    if given.service and service is None:
        raise CliError("No linked service")
    if not given.json:
        on = f"{service['name']} on " if service else ""
        output.line(f"Linked to {on}{project['name']}")
    if not given.yes:
        raise CliError(errors.NO_CONFIRMATION)
    if given.service:
        session.config.link_service(None)
    else:
        session.config.unlink_project()
    session.config.write()
    if given.json:
        output.compact({"success": True})
