"""`railway variable`: list, set, delete, and the older flags of the command itself."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from instances.simulator.cli import documents, mutations, output, table
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.commands.pairs import pair
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import ServiceContext, Session


def list_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("-k", "--kv", action="store_true")


def set_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("variables", nargs="+")
    parser.add_argument("--stdin", action="store_true")
    parser.add_argument("--skip-deploys", action="store_true")


def delete_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser)
    parser.add_argument("key")


def legacy_arguments(parser: ArgumentParser) -> None:
    list_arguments(parser)
    parser.add_argument("--set", action="append", type=pair, default=[])
    parser.add_argument("--set-from-stdin", metavar="KEY")
    parser.add_argument("--skip-deploys", action="store_true")


def legacy(session: Session, given: Namespace) -> None:
    if given.set_from_stdin is not None:
        values = {given.set_from_stdin: _from_stdin()}
    else:
        values = dict(given.set)
    if not values:
        run_list(session, given)
        return
    # `--json` means nothing here (cli-facts.md §3).
    _upsert(session, given, values)
    output.line(f"Set variables {', '.join(values)}")


def run_list(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    found = _readable(session, context)
    if given.kv:
        for name, value in found.items():
            output.line(f"{name}={value}")
    elif given.json:
        output.pretty(found)
    elif found:
        output.line(table.drawn(context.service_name, found))
    else:
        output.note("No variables found")


def run_set(session: Session, given: Namespace) -> None:
    values = _given(given)
    _upsert(session, given, values)
    if given.json:
        output.compact({"keys": list(values), "set": True})
    else:
        output.line(f"Set variables {', '.join(values)}")


def run_delete(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    if given.key not in _readable(session, context):
        raise CliError(f"Variable '{given.key}' not found")
    session.backboard.post(mutations.VARIABLE_DELETE, {**context.ids, "name": given.key})
    if given.json:
        output.compact({"deleted": True, "key": given.key})


def _readable(session: Session, context: ServiceContext) -> dict[str, str]:
    found = session.backboard.post(documents.VARIABLES_FOR_SERVICE_DEPLOYMENT, dict(context.ids))
    return {name: value for name, value in sorted(found.items()) if value is not None}


def _upsert(session: Session, given: Namespace, values: dict[str, str]) -> None:
    context = service_options.context(session, given)
    session.backboard.post(
        mutations.VARIABLE_COLLECTION_UPSERT,
        {**context.ids, "variables": values, "skipDeploys": given.skip_deploys or None},
    )


def _given(given: Namespace) -> dict[str, str]:
    if not given.stdin:
        try:
            return dict(pair(text) for text in given.variables)
        except ArgumentTypeError as error:
            raise CliError(str(error)) from error
    if len(given.variables) != 1:
        raise CliError("--stdin requires exactly one KEY argument")
    if "=" in given.variables[0]:
        raise CliError(
            "Cannot use --stdin with KEY=VALUE format. Use: railway variable set KEY --stdin"
        )
    return {given.variables[0]: _from_stdin()}


def _from_stdin() -> str:
    if sys.stdin.isatty():
        raise CliError("No input provided via stdin.")
    value = sys.stdin.read().rstrip("\n").rstrip("\r")
    if not value:
        raise CliError("Empty value provided via stdin")
    return value
