"""What every command works with: the link, the project behind it, and the service that is meant."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from instances.simulator.cli import documents, errors
from instances.simulator.cli.backboard import Backboard
from instances.simulator.cli.config import Config, Link
from instances.simulator.cli.errors import CliError, Unauthorized
from instances.simulator.cli.settings import Settings

PAGE = 500

Node = dict[str, Any]


@dataclass(frozen=True)
class ServiceContext:
    """The project, environment and service that a command acts on."""

    project: Node
    environment: Node
    service_id: str
    service_name: str

    @property
    def ids(self) -> dict[str, str]:
        return {
            "projectId": self.project["id"],
            "environmentId": self.environment["id"],
            "serviceId": self.service_id,
        }


class Session:
    """One run of the CLI."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.config = Config(settings)
        self.backboard = Backboard(settings, self.config)

    def link(self) -> Link:
        """Return the link in force: the token's, the environment's, or the directory's."""
        if self.settings.project_token is not None:
            return self._link_of_token()
        if self.settings.project_id is not None:
            return self._link_of_environment(self.settings.project_id)
        if self.settings.environment_id is not None:
            raise CliError("RAILWAY_ENVIRONMENT_ID cannot be set without RAILWAY_PROJECT_ID.")
        link = self.config.closest_link()
        if link is None:
            raise CliError(errors.NO_LINKED_PROJECT)
        return link

    def _link_of_token(self) -> Link:
        token = self.backboard.post(documents.PROJECT_TOKEN)
        here = self.config.link_here()
        return Link(
            project=token["project"]["id"],
            name=token["project"]["name"],
            environment=token["environment"]["id"],
            environment_name=token["environment"]["name"],
            service=here.service if here else None,
        )

    def _link_of_environment(self, project_id: str) -> Link:
        if self.settings.api_token is None and self.config.stored_token is None:
            raise Unauthorized(errors.NO_CREDENTIAL)
        local = self.config.closest_link()
        if local is None or local.project != project_id:
            local = Link(project_id)
        override = self.settings.environment_id
        return Link(
            project=project_id,
            environment=local.environment if override is None else override,
            environment_name=local.environment_name if override is None else None,
            service=self.settings.service_id or local.service,
        )

    def project(self, project_id: str) -> Node:
        try:
            project: Node = self.backboard.post(documents.PROJECT, {"id": project_id})
        except CliError as error:
            if "Project not found" in str(error):
                raise CliError(errors.PROJECT_NOT_FOUND) from error
            raise
        return project

    def check_link(self, link: Link) -> None:
        """Refuse a link whose project or environment is gone."""
        project = self.project(link.project)
        if project["deletedAt"] is not None:
            raise CliError(errors.PROJECT_DELETED)
        wanted = link.environment_name or link.environment
        if wanted is None:
            return
        environment = _environment(project, wanted)
        if environment is None or environment.get("deletedAt") is not None:
            raise CliError(errors.ENVIRONMENT_DELETED)

    def environment(self, project: Node, wanted: str) -> Node:
        matched = _environment(project, wanted)
        if matched is None:
            raise CliError(
                f'Environment "{wanted}" not found.\n'
                "Run `railway environment` to connect to an environment."
            )
        return matched

    def service_context(
        self, *, project: str | None, environment: str | None, service: str | None
    ) -> ServiceContext:
        """Find the service a command is about (cli-facts.md §1, "combination rule")."""
        self.backboard.require_credential()
        if project is not None and environment is None:
            raise CliError("--environment is required when using --project")
        link = None if project is not None else self.link()
        if link is not None:
            self.check_link(link)
            project_id = link.project
        else:
            project_id = self.project_id(project or "")
        found = self.project(project_id)
        wanted = environment if environment is not None else link and link.environment_id()
        matched = self.environment(found, wanted or "")
        chosen = _service(found, service, link.service if link else None)
        return ServiceContext(found, matched, *chosen)

    def project_id(self, wanted: str) -> str:
        try:
            return str(self.project(wanted)["id"])
        except CliError as error:
            if str(error) != errors.PROJECT_NOT_FOUND:
                raise
        listed = [one for one in self.listed_projects() if one["deletedAt"] is None]
        for key in ("id", "name"):
            matches = [one for one in listed if one[key].lower() == wanted.lower()]
            if len(matches) == 1:
                return str(matches[0]["id"])
            if matches:
                among = ", ".join(f"{one['id']} ({one['workspace']['name']})" for one in matches)
                raise CliError(
                    f'Ambiguous project {key} "{wanted}". Use one of these project IDs: {among}'
                )
        raise CliError(f'Project "{wanted}" not found')

    def ask_for_regions(self) -> None:
        """Ask for the regions' names as the real one does, which goes on without them."""
        with suppress(CliError):
            self.backboard.post(documents.REGIONS, {"projectId": None})

    def workspaces(self) -> list[Node]:
        """Return the workspaces with their projects, as `UserProjects` answers."""
        data = self.backboard.post(documents.USER_PROJECTS)
        own = [
            {**one, "projects": [edge["node"] for edge in one["projects"]["edges"]]}
            for one in data["me"]["workspaces"]
        ]
        known = {one["id"] for one in own}
        external = [one for one in data["externalWorkspaces"] if one["id"] not in known]
        found = sorted([*own, *external], key=lambda one: str(one["id"]), reverse=True)
        for one in found:
            one["projects"].sort(key=lambda project: str(project["updatedAt"]), reverse=True)
        return found

    def listed_projects(self) -> list[Node]:
        return [
            {"workspace": {"id": one["id"], "name": one["name"]}, **project}
            for one in self.workspaces()
            for project in one["projects"]
        ]

    def instances(self, project_id: str, environment_id: str) -> tuple[list[Node], list[Node]]:
        """Return all service and volume instances of an environment, page by page."""
        pages = {"service": _Pages(), "volume": _Pages()}
        while not all(page.is_done for page in pages.values()):
            variables: Node = {"projectId": project_id, "environmentId": environment_id}
            for kind, page in pages.items():
                variables[f"{kind}InstancesFirst"] = 0 if page.is_done else PAGE
                variables[f"{kind}InstancesAfter"] = page.after
            answer = self.backboard.post(documents.ENVIRONMENT_INSTANCES, variables)
            for kind, page in pages.items():
                page.take(answer[f"{kind}Instances"])
        return pages["service"].nodes, pages["volume"].nodes

    def instance(self, context: ServiceContext) -> Node:
        instances, _ = self.instances(context.project["id"], context.environment["id"])
        for instance in instances:
            if instance["serviceId"] == context.service_id:
                return instance
        raise CliError("The service specified doesn't exist in the current environment")


class _Pages:
    """One connection, read to its end."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.after: str | None = None
        self.is_done = False

    def take(self, connection: Node) -> None:
        if self.is_done:
            return
        self.nodes += [edge["node"] for edge in connection["edges"]]
        self.after = connection["pageInfo"]["endCursor"]
        self.is_done = not connection["pageInfo"]["hasNextPage"]


def nodes(connection: Node) -> list[Node]:
    return [edge["node"] for edge in connection["edges"]]


def is_interactive() -> bool:
    return sys.stdout.isatty()


def _environment(project: Node, wanted: str) -> Node | None:
    for environment in nodes(project["environments"]):
        if wanted in (environment["name"], environment["id"]):
            if not environment["canAccess"]:
                raise CliError(
                    f'Environment "{environment["name"]}" is restricted. Ask a workspace admin '
                    "for access, or choose an unrestricted environment."
                )
            return environment
    return None


def _service(project: Node, wanted: str | None, linked: str | None) -> tuple[str, str]:
    found = nodes(project["services"])
    if not found:
        raise CliError("Project has no services.")
    if wanted is not None:
        for one in found:
            if one["id"] == wanted or one["name"].lower() == wanted.lower():
                return one["id"], one["name"]
        raise CliError(f"Service '{wanted}' not found")
    if linked is not None:
        names = {one["id"]: one["name"] for one in found}
        return linked, names.get(linked, linked)
    if len(found) == 1:
        return found[0]["id"], found[0]["name"]
    raise CliError(errors.NO_SERVICE_LINKED)
