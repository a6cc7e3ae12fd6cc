"""`railway link`: connect this directory with a project that exists."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import output
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session, nodes

SHOWN = 5


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-p", "--project", "--project_id", dest="project")
    parser.add_argument("-e", "--environment")
    parser.add_argument("-s", "--service")
    parser.add_argument("-w", "--workspace")
    parser.add_argument("-t", "--team")
    parser.add_argument("--json", action="store_true")


def run(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    workspace = _workspace(session.workspaces(), given.project, _wanted_workspace(given))
    project = _project(workspace, given.project)
    environment = _environment(project, given.environment)
    instances, _ = session.instances(project["id"], environment["id"])
    service = _service(project, {one["serviceId"] for one in instances}, given.service)
    session.config.link_project(
        Link(project["id"], environment["id"], environment["name"], project["name"])
    )
    if service is not None:
        session.config.link_service(service["id"])
    session.config.write()
    if given.json:
        output.pretty(_shown(project, environment, service))
    else:
        output.line(f"\nProject {project['name']} linked successfully! 🎉")


def _shown(project: Node, environment: Node, service: Node | None) -> Node:
    shown = {
        "projectId": project["id"],
        "projectName": project["name"],
        "environmentId": environment["id"],
        "environmentName": environment["name"],
    }
    if service is not None:
        shown |= {"serviceId": service["id"], "serviceName": service["name"]}
    return shown


def _wanted_workspace(given: Namespace) -> str | None:
    wanted: str | None = given.workspace
    if given.team is None:
        return wanted
    if wanted is None:
        output.note("Warning: The --team flag is deprecated. Please use --workspace instead.")
        return str(given.team)
    output.note(
        "Warning: Both --team and --workspace provided. Using --workspace. "
        "The --team flag is deprecated."
    )
    return wanted


def _workspace(workspaces: list[Node], project: str | None, wanted: str | None) -> Node:
    found = _holding(workspaces, project) if wanted is None else _first_meant(workspaces, wanted)
    if found is not None:
        output.selected("Select a workspace", found["name"])
        return found
    if wanted is None:
        names = _some(workspaces)
        raise CliError(f"--workspace required in non-interactive mode.\nAvailable: {names}")
    if wanted.lower() == "personal":
        raise CliError(
            "Personal workspaces are no longer supported. Please specify a workspace by id or name"
        )
    raise CliError(f'Workspace "{wanted}" not found.')


def _holding(workspaces: list[Node], project: str | None) -> Node | None:
    """Return the workspace that the project is in, or the only one there is."""
    for one in workspaces:
        if project is not None and _first_meant(one["projects"], project) is not None:
            return one
    return workspaces[0] if len(workspaces) == 1 else None


def _project(workspace: Node, wanted: str | None) -> Node:
    alive = [one for one in workspace["projects"] if one["deletedAt"] is None]
    if wanted is None:
        raise CliError(f"--project required in non-interactive mode.\nAvailable: {_some(alive)}")
    found = _first_meant(alive, wanted)
    if found is not None:
        output.selected("Select a project", found["name"])
        return found
    raise CliError(
        f'Project "{wanted}" not found in workspace "{workspace["name"]}".\n'
        f"Available: {_some(alive)}"
    )


def _environment(project: Node, wanted: str | None) -> Node:
    accessible = [one for one in nodes(project["environments"]) if one["canAccess"]]
    if not accessible:
        raise CliError("All environments in this project are restricted")
    if wanted is None and len(accessible) > 1:
        raise CliError(
            f"--environment required in non-interactive mode.\nAvailable: {_some(accessible)}"
        )
    for one in accessible:
        if wanted is None or _is_meant(one, wanted):
            output.selected("Select an environment", one["name"])
            return one
    raise CliError(f'Environment "{wanted}" not found.\nAvailable: {_some(accessible)}')


def _service(project: Node, present: set[str], wanted: str | None) -> Node | None:
    useful = [one for one in nodes(project["services"]) if one["id"] in present]
    if not useful:
        return None
    if wanted is not None:
        found = _first_meant(useful, wanted)
        if found is not None:
            output.selected("Select a service", found["name"])
            return found
        raise CliError(f'Service "{wanted}" not found.\nAvailable: {_some(useful)}')
    if len(useful) == 1:
        output.note(f'No service specified — auto-selecting "{useful[0]["name"]}"')
        return useful[0]
    output.note(
        "Multiple services available — use --service <name> to link one.\n"
        f"Available: {_some(useful)}"
    )
    return None


def _first_meant(several: list[Node], wanted: str) -> Node | None:
    return next((one for one in several if _is_meant(one, wanted)), None)


def _is_meant(one: Node, wanted: str) -> bool:
    return wanted.lower() in (str(one["id"]).lower(), str(one["name"]).lower())


def _some(several: list[Node]) -> str:
    names = ", ".join(one["name"] for one in several[:SHOWN])
    more = len(several) - SHOWN
    return f"{names}, +{more} more" if more > 0 else names
