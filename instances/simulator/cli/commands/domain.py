"""`railway domain`: make a service's domain, or list those it has."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from instances.simulator.cli import documents, mutations, output
from instances.simulator.cli.commands import service_options
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Node, ServiceContext, Session

GAP = 3


def port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError("port must be a number from 1 to 65535")
    return int(text)


def list_arguments(parser: ArgumentParser) -> None:
    service_options.add_options(parser, short_project=False)


def create_arguments(parser: ArgumentParser) -> None:
    list_arguments(parser)
    parser.add_argument("domain", nargs="?")
    # Here `-p` is the port (cli-facts.md §1).
    parser.add_argument("-p", "--port", type=port)


def run_list(session: Session, given: Namespace) -> None:
    context = service_options.context(session, given)
    found = _fetched(session, context)
    if given.json:
        output.pretty({"domains": [_summary(kind, domain) for kind, domain in found]})
    else:
        _show_list(context, found)


def run_create(session: Session, given: Namespace) -> None:
    if given.domain is not None:
        raise CliError("this stand-in makes no custom domains")
    context = service_options.context(session, given)
    existing = _fetched(session, context)
    if existing:
        _show_existing([domain for _, domain in existing], as_json=given.json)
        return
    made = session.backboard.post(
        mutations.SERVICE_DOMAIN_CREATE,
        {
            "environmentId": context.environment["id"],
            "serviceId": context.service_id,
            "targetPort": given.port,
        },
    )
    if given.json:
        output.pretty({"domain": _url(made)})
    else:
        _show("Service domain created", made)
        output.line(f"\nNext: railway domain status {made['id']}")


def _fetched(session: Session, context: ServiceContext) -> list[tuple[str, Node]]:
    found = session.backboard.post(documents.DOMAINS, dict(context.ids))
    own = [("service", domain) for domain in found["serviceDomains"]]
    return own + [("custom", domain) for domain in found["customDomains"]]


def _show_existing(found: list[Node], *, as_json: bool) -> None:
    if as_json:
        output.pretty({"domains": [_url(domain) for domain in found]})
        return
    output.line("Domains already exist on the service:")
    for domain in found:
        _show("Existing domain", domain)


def _show(title: str, domain: Node) -> None:
    output.line(f"{title}:")
    output.line(f"  URL: {_url(domain)}")
    output.line(f"  ID: {domain['id']}")
    output.line("  Type: service")
    output.line(f"  Target port: {domain['targetPort'] or '-'}")
    output.line(f"  Sync status: {domain['syncStatus']}")
    output.line(f"  Created: {_moment(domain['createdAt'])}")
    output.line(f"  Updated: {_moment(domain['updatedAt'])}")


def _show_list(context: ServiceContext, found: list[tuple[str, Node]]) -> None:
    where = f"for service {context.service_name} in environment {context.environment['name']}"
    if not found:
        output.line(f"No domains found {where}.")
        return
    output.line(f"Domains {where}:")
    rows = [("Domain", "Type", "ID", "Port", "Sync")]
    rows += [
        (one["domain"], kind, one["id"], str(one["targetPort"] or "-"), one["syncStatus"])
        for kind, one in found
    ]
    widths = [max(map(len, column)) + GAP for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        output.line("".join(cells).rstrip())


def _moment(text: str) -> str:
    return text.replace("Z", "+00:00")


def _url(domain: Node) -> str:
    # Always https, even for a local Railway, because the real one knows nothing else.
    return f"https://{domain['domain']}"


def _summary(kind: str, domain: Node) -> Node:
    shown = {name: domain[name] for name in ("id", "domain")}
    shown |= {"type": kind, "targetPort": domain["targetPort"], "syncStatus": domain["syncStatus"]}
    for name in ("createdAt", "updatedAt"):
        if domain[name] is not None:
            shown[name] = _moment(domain[name])
    return shown
