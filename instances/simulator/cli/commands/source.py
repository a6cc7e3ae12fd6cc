"""`railway service source`: give a service its repository or image, or take it away."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli import mutations, output, telemetry
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.commands.repositories import branch_of
from instances.simulator.cli.errors import Usage
from instances.simulator.cli.session import Node, Session


def connect_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("--repo")
    parser.add_argument("--branch")
    parser.add_argument("--image")


def disconnect_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)


def connect(session: Session, given: Namespace) -> None:
    if (given.repo is None) == (given.image is None):
        raise Usage("exactly one of --repo <REPO> and --image <IMAGE> must be given")
    if given.branch is not None and given.repo is None:
        raise Usage("the following required arguments were not provided:\n  --repo <REPO>")
    context = service_options.context(session, given)
    branch = branch_of(session, given.repo, given.branch) if given.repo else None
    source = {"repo": given.repo, "branch": branch, "image": given.image}
    wanted = {name: value for name, value in source.items() if value is not None}
    service = session.backboard.post(
        mutations.SERVICE_CONNECT, {"id": context.service_id, "input": wanted}
    )
    kind = "github" if given.repo else "image"
    telemetry.send(session, "service", f"source_connect_{kind}")
    if given.json:
        output.pretty(_shown(service, source, disconnected=False))


def disconnect(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    service = session.backboard.post(mutations.SERVICE_DISCONNECT, {"id": context.service_id})
    telemetry.send(session, "service", "source_disconnect")
    if given.json:
        nothing = {"repo": None, "branch": None, "image": None}
        output.pretty(_shown(service, nothing, disconnected=True))


def _shown(service: Node, source: Node, *, disconnected: bool) -> Node:
    shown = {"id": service["id"], "name": service["name"], **source}
    return shown | {"disconnected": disconnected}
