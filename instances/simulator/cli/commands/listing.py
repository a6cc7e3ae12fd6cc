"""`railway list` and `railway whoami`: what the login can see."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import documents, output
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session

FAVORITE = "★ "


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def run_list(session: Session, given: Namespace) -> None:
    _ask_for_link(session)
    session.backboard.require_credential()
    workspaces = session.workspaces()
    for one in workspaces:
        _put_favorites_first(session, one)
    if given.json:
        output.pretty(
            [
                {"workspace": {"id": one["id"], "name": one["name"]}, **project}
                for one in workspaces
                for project in one["projects"]
            ]
        )
        return
    for one in workspaces:
        output.line(f"\n{one['name']}")
        margin = FAVORITE if any(project["is_favorite"] for project in one["projects"]) else ""
        for project in one["projects"]:
            mark = FAVORITE if project["is_favorite"] else " " * len(margin)
            output.line(f"  {mark}{project['name']}")


def _put_favorites_first(session: Session, workspace: Node) -> None:
    """Mark and sort by a user's favorites, which are none where they may not be asked for."""
    try:
        favorites = session.backboard.post(
            documents.PROJECT_FAVORITES, {"workspaceId": workspace["id"]}
        )
    except CliError:
        favorites = []
    ranks = {project_id: rank for rank, project_id in enumerate(favorites)}
    workspace["projects"].sort(key=lambda project: ranks.get(project["id"], len(ranks)))
    for project in workspace["projects"]:
        project["is_favorite"] = project["id"] in ranks


def _ask_for_link(session: Session) -> None:
    """Look the link up as the real one does, and do not mind that there is none."""
    try:
        session.link()
    except CliError:
        return


def run_whoami(session: Session, given: Namespace) -> None:
    session.backboard.require_credential()
    user = session.backboard.post(documents.USER_META)
    if given.json:
        workspaces = session.workspaces()
        output.pretty(
            {
                "name": user["name"],
                "email": user["email"],
                "workspaces": [{"id": one["id"], "name": one["name"]} for one in workspaces],
            }
        )
    elif user["name"] is not None:
        output.line(f"Logged in as {user['name']} ({user['email']}) 👋")
    else:
        output.line(f"Logged in as {user['email']} 👋")
