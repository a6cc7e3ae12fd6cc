"""`railway init`: make a project and link this directory to it."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import mutations, output
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session, nodes


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--name")
    parser.add_argument("-w", "--workspace")
    parser.add_argument("--json", action="store_true")


def run(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    workspace = _workspace(session.workspaces(), given.workspace)
    if given.name is not None:
        output.selected("Project Name", given.name)
    variables = {
        "name": given.name or None,
        "description": None,
        "workspaceId": workspace["id"],
    }
    project = session.backboard.post(mutations.PROJECT_CREATE, variables)
    environments = nodes(project["environments"])
    if not environments:
        raise CliError("No environments")
    first = environments[0]
    session.config.link_project(Link(project["id"], first["id"], first["name"], project["name"]))
    session.config.write()
    if given.json:
        output.compact({"id": project["id"], "name": project["name"]})
    else:
        output.line(f"\nCreated project {project['name']} on {workspace['name']}")
        output.line(f"https://railway.com/project/{project['id']}")


def _workspace(workspaces: list[Node], wanted: str | None) -> Node:
    if wanted is not None:
        for one in workspaces:
            if wanted.lower() in (one["id"].lower(), one["name"].lower()):
                output.selected("Select a workspace", one["name"])
                return one
        raise CliError(f'Workspace "{wanted}" not found.')
    if len(workspaces) == 1:
        output.selected("Select a workspace", workspaces[0]["name"])
        return workspaces[0]
    raise CliError("--workspace required in non-interactive mode (multiple workspaces available)")
