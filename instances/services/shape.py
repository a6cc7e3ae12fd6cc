"""Which projects look like an instance, and which of their services is which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError

from instances import naming
from instances.models import Service
from instances.railway.client import Picture, ServiceInstance

DATABASES = (Service.Role.POSTGRES, Service.Role.REDIS)


def role_of(service: ServiceInstance) -> Service.Role | None:
    """
    Return what the service is to an instance.

    A database is told by its image or its template; Railway may have named it
    Postgres-1a2b. Without either only the plain name counts.
    """
    if service.name == Service.Role.GATEWAY:
        return Service.Role.GATEWAY
    name = service.name.casefold()
    for role in DATABASES:
        is_named = name.startswith(role) and bool(service.template_service_id)
        if name == role or is_named or role in service.image:
            return role
    return None


def by_role(
    services: Iterable[ServiceInstance], known: Mapping[str, str]
) -> dict[str, ServiceInstance]:
    """Return the services by their role; `known` says which one each id was taken for before."""
    found: dict[str, ServiceInstance] = {}
    oldest_first = sorted(services, key=lambda service: service.created_at)
    for service in sorted(oldest_first, key=lambda service: service.service_id not in known):
        role = known.get(service.service_id) or role_of(service)
        if role and role not in found:
            found[role] = service
    return found


def instance_name(project_name: str) -> str:
    """Return the name of the instance that a project of this name holds; empty for none."""
    name = project_name.removeprefix(naming.PROJECT_PREFIX)
    if name == project_name:
        return ""
    try:
        naming.validate_name(name)
    except ValidationError:
        return ""
    return name


def looks_like_an_instance(picture: Picture) -> bool:
    """Tell whether the project has our name and the three services of an instance."""
    if not instance_name(picture.name):
        return False
    return set(by_role(picture.services or (), {})) == set(Service.Role.values)
