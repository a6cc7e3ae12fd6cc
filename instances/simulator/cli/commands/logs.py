"""`railway logs`, piped: what is there, and no waiting for more."""

import json
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime, timedelta
from typing import Any

from instances.simulator.cli import documents, output
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, Session, nodes

LINES = 500
# A build's first lines may be older than its deployment.
BEFORE_BUILD = timedelta(minutes=5)


def arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("deployment_id", nargs="?")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-d", "--deployment", action="store_true")
    which.add_argument("-b", "--build", action="store_true")
    parser.add_argument("-n", "--lines", "--tail", type=int, default=LINES)
    parser.add_argument("-f", "--filter")
    parser.add_argument("--latest", action="store_true")


def run(session: Session, given: Namespace) -> None:
    ids = service_options.context(session, given).ids
    wanted = {**ids, "includeDeleted": None, "status": None}
    found = session.backboard.post(documents.DEPLOYMENTS, {"input": wanted, "first": None})
    usual = _usual(nodes(found), latest=given.latest)
    deployment_id = given.deployment_id or usual["id"]
    failed = usual["status"] == "FAILED" and deployment_id == usual["id"]
    is_build = not given.deployment and (given.build or failed)
    find = _build_lines if is_build else _deployment_lines
    for line in find(session, deployment_id, given)[-given.lines :]:
        output.line(_structured(line) if given.json else _plain(line))


def _deployment_lines(session: Session, deployment_id: str, given: Namespace) -> list[Node]:
    wanted = {
        "deploymentId": deployment_id,
        "limit": given.lines,
        "filter": given.filter,
        "startDate": None,
        "endDate": None,
    }
    found: list[Node] = session.backboard.post(documents.DEPLOYMENT_LOGS, wanted)
    return found


def _build_lines(session: Session, deployment_id: str, given: Namespace) -> list[Node]:
    """Return a build's lines, which are among its environment's under its snapshot."""
    built = session.backboard.post(documents.DEPLOYMENT_STATUS, {"id": deployment_id})
    if built["snapshotId"] is None:
        raise CliError("Deployment does not have an associated build")
    scope = f"(@snapshot:{built['snapshotId']} OR @replica:{built['snapshotId']})"
    now = _nanoseconds(datetime.now(UTC))
    wanted = {
        "environmentId": built["environmentId"],
        "filter": f"({given.filter}) {scope}" if given.filter else scope,
        "beforeLimit": given.lines,
        "beforeDate": _nanoseconds(datetime.fromisoformat(built["createdAt"]) - BEFORE_BUILD),
        "anchorDate": now,
        "afterDate": now,
        "afterLimit": 0,
    }
    found: list[Node] = session.backboard.post(documents.ENVIRONMENT_LOGS, wanted)
    return found


def _nanoseconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"


def _usual(deployments: list[Node], *, latest: bool) -> Node:
    newest_first = sorted(deployments, key=lambda one: str(one["createdAt"]), reverse=True)
    if not newest_first:
        raise CliError("No deployments found")
    good = [one for one in newest_first if one["status"] == "SUCCESS"]
    return newest_first[0] if latest or not good else good[0]


def _plain(line: Node) -> str:
    return "".join(character for character in line["message"] if character.isprintable())


def _structured(line: Node) -> str:
    shown: dict[str, Any] = {"message": line["message"], "timestamp": line["timestamp"]}
    for attribute in line["attributes"]:
        text = attribute["value"].strip('"')
        try:
            shown[attribute["key"]] = json.loads(text)
        except ValueError:
            shown[attribute["key"]] = text
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
