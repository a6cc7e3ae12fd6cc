"""Domains: each one is a port of its own on this machine."""

from instances.simulator.clock import DOMAIN
from instances.simulator.state import Domain, Service
from instances.simulator.world import World, new_id


def create(world: World, service: Service, target_port: int | None) -> Domain:
    """Make a domain; a second call makes a second one (api-facts.md §10)."""
    host, port = world.host_of_new_domain()
    domain = Domain(
        id=new_id(),
        host=host,
        port=port,
        target_port=target_port,
        created_at=world.now(),
        active_at=world.clock.after(DOMAIN),
    )
    service.domains.append(domain)
    return domain


def sync_status(domain: Domain, now: float) -> str:
    return "ACTIVE" if domain.active_at <= now else "CREATING"
