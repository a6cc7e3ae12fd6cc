"""An instance that is there already, as tests and the reliability runs begin with one."""

from __future__ import annotations

from typing import Any

from instances import timing
from instances.gateway_variables import GENERATED_SECRETS
from instances.models import Instance
from instances.secrets import Secret
from instances.services import access, credentials, mirror
from instances.simulator.server import LocalRailway


def put_instance(
    railway: LocalRailway,
    name: str = "acme",
    ownership: Instance.Ownership = Instance.Ownership.CREATED,
    **options: Any,
) -> Instance:
    """Put an instance there that has run for an hour: its project, its row, its keys."""
    project = railway.add_instance(name, **options)
    gateway = next(s for s in project.services.values() if s.name == "gateway")
    instance = Instance.objects.create(
        name=name,
        ownership=ownership,
        status=Instance.Status.UNKNOWN,
        project_id=project.id,
        repository=gateway.repo or "",
        branch=gateway.branch or "",
    )
    if instance.is_ours:
        keys = {name: Secret(gateway.variables[name]) for name in GENERATED_SECRETS}
        credentials.make(instance, keys)
    return read_anew(instance)


def read_anew(instance: Instance) -> Instance:
    """Refresh the row from Railway, as `instance_status` does."""
    with access.railway(timing.current()) as client:
        assert mirror.refresh(instance, client)
    instance.refresh_from_db()
    return instance
