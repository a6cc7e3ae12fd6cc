"""`railway add`: a database, or a service with or without a source."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import mutations, output
from instances.simulator.cli.commands.pairs import pair
from instances.simulator.cli.commands.repositories import branch_of
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError, Usage
from instances.simulator.cli.session import Session
from instances.simulator.cli.templates import add_database

DATABASES = ("postgres", "mysql", "redis", "mongo")
NAMELESS = ""
_NOTHING = (
    "Service type required in non-interactive mode. Use one of:\n"
    "  --database <type>  Add a database (postgres, mysql, redis, mongo)\n"
    "  --service          Create an empty service\n"
    "  --repo <repo>      Create a service from a GitHub repo\n"
    "  --image <image>    Create a service from a Docker image"
)


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-d", "--database", action="append", choices=DATABASES, default=[])
    parser.add_argument("-s", "--service", nargs="?", const=NAMELESS)
    parser.add_argument("-r", "--repo")
    parser.add_argument("--branch")
    parser.add_argument("-i", "--image")
    parser.add_argument("-v", "--variables", action="append", type=pair, default=[])
    parser.add_argument("--verbose", nargs="?", const="true", choices=("true", "false"))
    parser.add_argument("--json", action="store_true")


def run(session: Session, given: Namespace) -> None:
    if given.branch is not None and given.repo is None:
        raise Usage("the following required arguments were not provided:\n  --repo <REPO>")
    session.backboard.require_credential()
    link = session.link()
    session.check_link(link)
    if given.database:
        output.selected("What do you need?", "Database")
        for code in given.database:
            add_database(session, link, code, may_link=len(given.database) == 1, as_json=given.json)
    else:
        _add_service(session, link, given)


def _add_service(session: Session, link: Link, given: Namespace) -> None:
    _announce_source(given)
    name, variables = _name_and_variables(given)
    branch = branch_of(session, given.repo, given.branch) if given.repo else None
    service = session.backboard.post(
        mutations.SERVICE_CREATE,
        {
            "name": name,
            "projectId": link.project,
            "environmentId": link.environment_id(),
            "source": _source(given),
            "branch": branch,
            "variables": variables,
        },
    )
    session.config.link_service(service["id"])
    session.config.write()
    if given.json:
        output.compact({"id": service["id"], "name": service["name"]})


def _announce_source(given: Namespace) -> None:
    if given.repo is not None:
        output.selected("What do you need?", "GitHub Repo")
        output.selected("Enter a repo", given.repo)
    elif given.image is not None:
        output.selected("What do you need?", "Docker Image")
        output.selected("Enter an image", given.image)
    elif given.service is not None:
        output.selected("What do you need?", "Empty Service")
    else:
        raise CliError(_NOTHING)


def _source(given: Namespace) -> dict[str, str]:
    if given.repo is not None:
        return {"repo": given.repo}
    return {} if given.image is None else {"image": given.image}


def _name_and_variables(given: Namespace) -> tuple[str | None, dict[str, str] | None]:
    # A service without a source is asked for its name first, all others last.
    if given.repo is None and given.image is None:
        return _name(given.service), _variables(given.variables)
    variables = _variables(given.variables)
    return _name(given.service), variables


def _variables(pairs: list[tuple[str, str]]) -> dict[str, str] | None:
    if not pairs:
        output.selected("Enter a variable", "")
        return None
    for key, value in pairs:
        # The real one shows the values, too (cli-facts.md §0.12).
        output.selected("Enter a variable", f"{key}={value}")
    return dict(pairs)


def _name(wanted: str | None) -> str | None:
    output.selected("Enter a service name", wanted or "<randomly generated>")
    return wanted or None
