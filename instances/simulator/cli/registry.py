"""Which words on the command line mean which command (cli-facts.md §1)."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instances.simulator.cli.commands import (
    add,
    domain,
    initialise,
    link,
    listing,
    logs,
    redeploy,
    removal,
    services,
    source,
    status,
    variable,
)
from instances.simulator.cli.session import Session


@dataclass(frozen=True)
class Command:
    """A command's name (for messages and telemetry), its arguments, and what it does."""

    name: str
    sub_command: str | None
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Session, Namespace], None]


_INIT = Command("init", None, initialise.arguments, initialise.run)
_LINK = Command("link", None, link.arguments, link.run)
_ADD = Command("add", None, add.arguments, add.run)
_LIST = Command("list", None, listing.arguments, listing.run_list)
_DELETE = Command("delete", None, removal.delete_arguments, removal.delete)
_REDEPLOY = Command("redeploy", None, redeploy.redeploy_arguments, redeploy.redeploy)
_RESTART = Command("restart", None, redeploy.restart_arguments, redeploy.restart)
_LOGS = Command("logs", None, logs.arguments, logs.run)
_VARIABLE = Command("variable", None, variable.legacy_arguments, variable.legacy)
_VARIABLE_LIST = Command("variable", "list", variable.list_arguments, variable.run_list)
_VARIABLE_SET = Command("variable", "set", variable.set_arguments, variable.run_set)
_VARIABLE_DELETE = Command("variable", "delete", variable.delete_arguments, variable.run_delete)
_DOMAIN = Command("domain", None, domain.create_arguments, domain.run_create)
_DOMAIN_LIST = Command("domain", "list", domain.list_arguments, domain.run_list)
_CONNECT = Command("service", "source_connect", source.connect_arguments, source.connect)
_DISCONNECT = Command(
    "service", "source_disconnect", source.disconnect_arguments, source.disconnect
)
_SERVICE_LIST = Command("service", "list", services.list_arguments, services.run_list)
_SERVICE_STATUS = Command("service", "status", services.status_arguments, services.run_status)

COMMANDS: dict[tuple[str, ...], Command] = {
    ("init",): _INIT,
    ("new",): _INIT,
    ("link",): _LINK,
    ("project", "link"): _LINK,
    ("add",): _ADD,
    ("list",): _LIST,
    ("ls",): _LIST,
    ("project", "list"): _LIST,
    ("whoami",): Command("whoami", None, listing.arguments, listing.run_whoami),
    ("status",): Command("status", None, status.arguments, status.run),
    ("logs",): _LOGS,
    ("service", "logs"): _LOGS,
    ("redeploy",): _REDEPLOY,
    ("service", "redeploy"): _REDEPLOY,
    ("deployment", "redeploy"): _REDEPLOY,
    ("restart",): _RESTART,
    ("service", "restart"): _RESTART,
    ("domain",): _DOMAIN,
    ("domain", "list"): _DOMAIN_LIST,
    ("domain", "ls"): _DOMAIN_LIST,
    ("service", "source", "connect"): _CONNECT,
    ("service", "source", "disconnect"): _DISCONNECT,
    ("service", "list"): _SERVICE_LIST,
    ("service", "status"): _SERVICE_STATUS,
    ("delete",): _DELETE,
    ("rm",): _DELETE,
    ("remove",): _DELETE,
    ("project", "delete"): _DELETE,
    ("unlink",): Command("unlink", None, removal.unlink_arguments, removal.unlink),
}
for _word in ("variable", "variables", "vars", "var"):
    COMMANDS[(_word,)] = _VARIABLE
    COMMANDS |= {(_word, "list"): _VARIABLE_LIST, (_word, "ls"): _VARIABLE_LIST}
    COMMANDS[(_word, "set")] = _VARIABLE_SET
    COMMANDS |= {(_word, name): _VARIABLE_DELETE for name in ("delete", "rm", "remove")}

LONGEST = max(map(len, COMMANDS))


def find(words: Sequence[str]) -> tuple[Command, list[str]] | None:
    """Return the command that the first words name, and the arguments after them."""
    for length in range(LONGEST, 0, -1):
        command = COMMANDS.get(tuple(words[:length]))
        if command is not None and len(words) >= length:
            return command, list(words[length:])
    return None
