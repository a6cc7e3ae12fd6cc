"""The templates of the two databases, and the workflows that deploy them (api-facts.md §12)."""

import secrets
from dataclasses import dataclass
from typing import Any

from instances.simulator import deployments, services, variables
from instances.simulator.clock import TEMPLATE_WORKFLOW, VOLUME_COOLDOWN
from instances.simulator.refusals import PROBLEM, Refusal
from instances.simulator.state import Project, Service, Volume, Workflow
from instances.simulator.world import World, new_id

VOLUME_TOO_SOON = "Whoa there pal! You are creating volumes too quickly. Try again in a sec"
RANDOM = '${{secret(32, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")}}'


@dataclass(frozen=True)
class Template:
    id: str
    code: str
    name: str
    service: str
    service_key: str
    image: str
    mount_path: str
    variables: dict[str, str]
    start_command: str | None = None

    def serialized_config(self) -> dict[str, Any]:
        return {
            "services": {
                self.service_key: {
                    "name": self.service,
                    "icon": f"https://devicons.railway.app/i/{self.code}.svg",
                    "source": {"image": self.image},
                    "deploy": {"startCommand": self.start_command, "healthcheckPath": None},
                    "networking": {"serviceDomains": {}, "tcpProxies": {}},
                    "variables": {
                        name: {"isOptional": False, "defaultValue": value}
                        for name, value in self.variables.items()
                    },
                    "volumeMounts": {self.service_key: {"mountPath": self.mount_path}},
                }
            }
        }


POSTGRES = Template(
    id="b55da7dc-09b9-4c10-9b3e-2e2f4a5d7b01",
    code="postgres",
    name="PostgreSQL",
    service="Postgres",
    service_key="c1f0f7f4-8f22-4c57-9a43-6f0f9d8b1a11",
    image="ghcr.io/railwayapp-templates/postgres-ssl:17",
    mount_path="/var/lib/postgresql/data",
    variables={
        "POSTGRES_DB": "railway",
        "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": RANDOM,
        "PGHOST": "${{RAILWAY_PRIVATE_DOMAIN}}",
        "PGPORT": "5432",
        "PGUSER": "${{POSTGRES_USER}}",
        "PGPASSWORD": "${{POSTGRES_PASSWORD}}",
        "PGDATABASE": "${{POSTGRES_DB}}",
        "PGDATA": "/var/lib/postgresql/data/pgdata",
        "DATABASE_URL": (
            "postgresql://${{PGUSER}}:${{POSTGRES_PASSWORD}}"
            "@${{RAILWAY_PRIVATE_DOMAIN}}:5432/${{PGDATABASE}}"
        ),
        "SSL_CERT_DAYS": "820",
        "RAILWAY_DEPLOYMENT_DRAINING_SECONDS": "60",
    },
)
REDIS = Template(
    id="895cb7c9-8ea9-4407-b4b6-b5013a65145e",
    code="redis",
    name="Redis",
    service="Redis",
    service_key="d7a6d3c2-5b1e-4d0e-8f3a-0c9f4f3e2b22",
    image="redis:8",
    mount_path="/data",
    variables={
        "REDIS_PASSWORD": RANDOM,
        "REDISHOST": "${{RAILWAY_PRIVATE_DOMAIN}}",
        "REDISPORT": "6379",
        "REDISUSER": "default",
        "REDISPASSWORD": "${{REDIS_PASSWORD}}",
        "REDIS_URL": ("redis://${{REDISUSER}}:${{REDIS_PASSWORD}}@${{REDISHOST}}:${{REDISPORT}}"),
    },
    start_command="/bin/sh -c 'redis-server --requirepass $REDIS_PASSWORD'",
)
ALL = (POSTGRES, REDIS)


def find(*, code: str | None = None, template_id: str | None = None) -> Template:
    for template in ALL:
        if code == template.code or template_id == template.id:
            return template
    raise Refusal("Template not found")


def deploy(world: World, project: Project, template: Template, config: Any) -> Workflow:
    """Start the workflow that will have made the database when it completes."""
    _check_volume_cooldown(world, project)
    fault = world.faults.take({"workflow", f"workflow:{template.code}"})
    workflow = Workflow(
        id=f"deploy-template/{new_id()}",
        project_id=project.id,
        ends_at=world.clock.after(TEMPLATE_WORKFLOW),
        outcome=fault.action if fault else "complete",
        message=fault.message if fault else None,
    )
    world.state.workflows[workflow.id] = workflow
    if workflow.outcome in {"complete", "lost"}:
        _make_service(world, project, template, config, workflow.ends_at)
    return workflow


def _check_volume_cooldown(world: World, project: Project) -> None:
    made = (
        service.volume.created_at
        for other, service in world.services()
        if other.workspace_id == project.workspace_id and service.volume is not None
    )
    # A volume is there when its workflow ends, this one as well as the last one.
    would_be_made = world.clock.after(TEMPLATE_WORKFLOW)
    if would_be_made < max(made, default=float("-inf")) + world.clock.span(VOLUME_COOLDOWN):
        raise Refusal(VOLUME_TOO_SOON)


def _make_service(
    world: World, project: Project, template: Template, config: Any, at: float
) -> None:
    name = _free_name(project, template.service)
    service = services.add(world, project, name, at=at)
    fill(world, project, service, template, _values(template, config), at=at)


def fill(
    world: World,
    project: Project,
    service: Service,
    template: Template,
    values: dict[str, str],
    *,
    at: float,
) -> None:
    """Make an empty service the template's database, deployed from `at` on."""
    service.template_id = template.id
    service.template_service_id = template.service_key
    service.image = template.image
    service.settings["startCommand"] = template.start_command
    service.variables = {name: variables.generated(value) for name, value in values.items()}
    name = f"{service.name.lower()}-volume"
    service.volume = Volume(new_id(), name, template.mount_path, created_at=at)
    deployments.start(world, project, service, at=at)


def _free_name(project: Project, name: str) -> str:
    # Service names are unique in a project; a second database gets a suffix.
    return f"{name}-{secrets.token_hex(2)}" if name in services.names(project) else name


def _values(template: Template, config: Any) -> dict[str, str]:
    """Return the values a caller filled into the template's configuration."""
    try:
        wanted = config["services"][template.service_key]["variables"]
    except (KeyError, TypeError) as error:
        raise Refusal(PROBLEM) from error
    filled = {name: entry.get("value") for name, entry in wanted.items() if entry}
    return {name: str(value) for name, value in filled.items() if value is not None}


def workflow_status(world: World, workflow_id: str) -> tuple[str, str | None]:
    workflow = world.state.workflows.get(workflow_id)
    if workflow is None or workflow.outcome == "lost":
        return "NotFound", None
    if workflow.outcome == "hang" or world.now() < workflow.ends_at:
        return "Running", None
    if workflow.outcome == "fail":
        return "Error", workflow.message or None
    return "Complete", None
