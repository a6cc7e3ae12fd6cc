"""Deploying a database's template, and waiting for it (cli-facts.md §4)."""

import time
from typing import Any

from instances.simulator.cli import documents, mutations, output
from instances.simulator.cli.config import Link
from instances.simulator.cli.errors import CliError, Unauthorized
from instances.simulator.cli.session import Node, Session, nodes

POLLS = 120
POLL_EVERY = 1.0


def add_database(session: Session, link: Link, code: str, *, may_link: bool, as_json: bool) -> None:
    """Deploy a template and report the first service that was not there before."""
    template = session.backboard.post(documents.TEMPLATE_DETAIL, {"code": code}, public=True)
    session.check_link(link)
    before = {one["id"] for one in nodes(session.project(link.project)["services"])}
    deployed = session.backboard.post(
        mutations.TEMPLATE_DEPLOY,
        {
            "projectId": link.project,
            "environmentId": link.environment_id(),
            "templateId": template["id"],
            "serializedConfig": _filled(template["serializedConfig"] or {}),
        },
    )
    if deployed["workflowId"] is not None:
        _wait(session, deployed["workflowId"], template["name"])
    after = nodes(session.project(link.project)["services"])
    made = next((one for one in after if one["id"] not in before), None)
    if may_link and link.service is None and made is not None:
        session.config.link_service(made["id"])
        session.config.write()
    if as_json:
        output.compact(_shown(template, made))


def _shown(template: Node, made: Node | None) -> Node:
    shown = {"templateId": template["id"], "templateName": template["name"]}
    if made is not None:
        shown |= {"serviceId": made["id"], "serviceName": made["name"]}
    return shown


def _filled(config: dict[str, Any]) -> dict[str, Any]:
    for service in (config.get("services") or {}).values():
        for name, variable in (service.get("variables") or {}).items():
            if variable is not None:
                _fill(service.get("name", ""), name, variable)
    return config


def _fill(service: str, name: str, variable: dict[str, Any]) -> None:
    if variable.get("defaultValue"):
        variable["value"] = variable["defaultValue"]
    elif not variable.get("isOptional"):
        raise CliError(
            f"Environment Variable {name} for service {service} is required, "
            "please set a value:\n: The input device is not a TTY"
        )


def _wait(session: Session, workflow_id: str, name: str) -> None:
    """Poll until the workflow is over; a refused poll ends the wait, a failed one does not."""
    last = f"Failed to add {name}"
    for number in range(POLLS):
        if number:
            time.sleep(POLL_EVERY * session.settings.time_scale)
        try:
            answer = session.backboard.post(documents.WORKFLOW_STATUS, {"workflowId": workflow_id})
        except Unauthorized as error:
            raise CliError(
                f"Failed to add {name}: the workflow's status can't be polled ({error}); "
                "it keeps running server-side"
            ) from error
        except CliError as error:
            last = f"Failed to add {name}: {error}"
            continue
        if answer["status"] == "Complete":
            return
        last = _verdict(answer, name)
    raise CliError(last)


def _verdict(answer: Node, name: str) -> str:
    if answer["status"] == "Error":
        raise CliError(f"Failed to add {name}: {answer['error'] or 'Unknown error'}")
    if answer["status"] == "NotFound":
        return f"Failed to add {name}"
    return f"Timed out waiting for {name} to finish deploying"
