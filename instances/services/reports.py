"""What commands print: the shapes of the old tool's JSON, and what came since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from instances.gateway_variables import ADMIN_API_KEY, CLIENT_API_KEY
from instances.models import Instance, Operation, Service
from instances.secrets import Secret
from instances.services import credentials, reaping
from instances.services.checkup import Finding
from instances.services.identity import Identity
from instances.services.steps.keys import TakeOver


def instance_line(instance: Instance, *, as_of: datetime | None) -> dict[str, Any]:
    return {
        "name": instance.name,
        "project_id": instance.project_id or None,
        "status": instance.status,
        "url": instance.url or None,
        "created_at": _iso(instance.created_at),
        "deletion_scheduled_at": _iso(instance.deletion_scheduled_at),
        "as_of": _iso(as_of),
    }


def instance_detail(instance: Instance, *, stale: bool) -> dict[str, Any]:
    services = {
        service.role: {
            "id": service.service_id,
            "name": service.name,
            "status": service.status,
            "url": instance.url if service.host and service.host == instance.host else None,
        }
        for service in instance.services.all()
    }
    return {**instance_line(instance, as_of=instance.as_of), "services": services, "stale": stale}


def created(operation: Operation) -> dict[str, Any]:
    """Return the new instance with its keys; the one report that holds secrets."""
    instance = operation.instance
    secrets = credentials.of(instance)
    client_key = secrets[CLIENT_API_KEY].reveal()
    return {
        "name": instance.name,
        "project_id": instance.project_id,
        "url": instance.url,
        "status": instance.status,
        "proxy_api_key": client_key,
        "client_api_key": client_key,
        "admin_api_key": secrets[ADMIN_API_KEY].reveal(),
    }


def asked_for(operation: Operation) -> dict[str, Any]:
    """Return what can be said of an instance that is still being made."""
    instance = operation.instance
    return {
        "name": instance.name,
        "project_id": instance.project_id or None,
        "url": instance.url or None,
        "status": instance.status,
        "operation": operation.pk,
        "state": operation.state,
    }


def scheduled(instance: Instance) -> dict[str, Any]:
    return {
        "scheduled_for_deletion": instance.name,
        "deletion_date": _iso(instance.deletion_scheduled_at),
    }


def cancelled(instance: Instance) -> dict[str, Any]:
    return {"cancelled": instance.name, "status": instance.status}


def redeployed(instance: Instance) -> dict[str, Any]:
    """Return what the gateway runs now; `status` is the deployment's, as for the old tool."""
    gateway = instance.services.get(role=Service.Role.GATEWAY)
    return {
        "instance": instance.name,
        "deployment_id": gateway.deployment_id,
        "status": gateway.status,
        "commit": gateway.commit,
    }


def rotated(instance: Instance, keys: Mapping[str, Secret]) -> dict[str, Any]:
    """Return the new keys by the names that `created` gives them."""
    return {
        "rotated": instance.name,
        **{name.lower(): secret.reveal() for name, secret in keys.items()},
    }


def adopted(operation: Operation) -> dict[str, Any]:
    facts = operation.steps.get(name=TakeOver.name).facts
    instance = operation.instance
    return {
        "adopted": instance.name,
        "project_id": instance.project_id,
        "status": instance.status,
        "keys_taken_over": facts["names"],
        "keys_missing": facts["missing"],
    }


def due(report: reaping.Report) -> dict[str, Any]:
    """Return what a reap would do."""
    return {
        "due": [row.name for row in report.due],
        "kept": [{"name": name, "why": why} for name, why in report.kept],
        "held": report.held or None,
    }


def reaped(report: reaping.Report) -> dict[str, Any]:
    """Return what a reap has done, once its operations have ended."""
    found: dict[str, Any] = {
        "reaped": [],
        "kept": [{"name": name, "why": why} for name, why in report.kept],
        "failed": [],
    }
    if report.put_off:
        found["put_off"] = report.put_off
    for operation in report.operations:
        instance = operation.instance
        instance.refresh_from_db()
        line: dict[str, Any] = {"name": instance.name, "status": instance.status}
        if operation.state == Operation.State.SUCCEEDED:
            found["reaped"].append({**line, "gone_at": _iso(instance.gone_at)})
        else:
            key = "kept" if operation.state == Operation.State.CANCELLED else "failed"
            found[key].append({"name": instance.name, "why": operation.message})
    return found


def identity(found: Identity) -> dict[str, Any]:
    budget = found.budget
    return {
        "kind": found.token.kind.value,
        "user": found.token.user or None,
        "workspaces": [{"id": w.id, "name": w.name} for w in found.token.workspaces],
        "workspace_id": found.workspace_id or None,
        "workspace_problem": found.workspace_problem or None,
        "requests_remaining": budget.remaining if budget else None,
        "requests_limit": budget.limit if budget else None,
        "requests_reset_at": _iso(budget.resets_at) if budget else None,
        "cli_version": found.cli_version or None,
        "cli_problem": found.cli_problem or None,
        "creates_projects_by": found.creates_by,
    }


def checked(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "ok": all(finding.is_good for finding in findings),
        "checks": [
            {
                "name": finding.name,
                "ok": finding.is_good,
                "detail": finding.detail,
                "advice": finding.advice or None,
            }
            for finding in findings
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
