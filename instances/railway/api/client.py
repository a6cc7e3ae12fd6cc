"""Typed calls of Railway's GraphQL API."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from instances.railway import errors
from instances.railway.api.documents import document
from instances.railway.api.schema_check import INTROSPECTION, broken_documents
from instances.railway.api.transport import Transport
from instances.railway.api.types import (
    LONGEST_BRANCH,
    ListedProject,
    LogEntry,
    Picture,
    Project,
    ServiceInstance,
    Token,
    TokenKind,
    UnreadablePicture,
    Workspace,
    exact_text,
    identifier,
    listed_pictures,
    nodes,
    reading,
    text,
)

# Neither the default nor the highest page size is documented (api-facts.md section 4).
PAGE = 100
# A listing that goes on for ever is a broken cursor, not a large workspace.
MOST_PAGES = 500
LONGEST_CURSOR = 2000
LONGEST_USER = 150


class RailwayApi:
    """What we ask of the API. Reads are repeated by the transport, changes never are."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def token(self) -> Token:
        """
        Tell which kind of token this is, by asking (api-facts.md section 1).

        Raise RailwayUnauthorized when Railway knows it as none of them.
        """
        try:
            workspaces = self.workspaces()
        except errors.RailwayUnauthorized:
            return self._project_token()
        with suppress(errors.RailwayUnauthorized):
            data = self._read("me")
            with reading("me"):
                me = data["me"]
                user = text(me["name"] or me["email"], LONGEST_USER)
                return Token(TokenKind.ACCOUNT, workspaces, user)
        return Token(TokenKind.WORKSPACE, workspaces)

    def broken_documents(self) -> dict[str, str]:
        """Return which of our documents Railway's schema would refuse, and why: one request."""
        return broken_documents(self._transport.read(INTROSPECTION, {}, name="the schema"))

    def branches(self, repository: str) -> tuple[str, ...]:
        """Return the branches of a GitHub repository as Railway sees them."""
        owner, _, repo = repository.partition("/")
        data = self._read("repository_branches", owner=owner, repo=repo)
        with reading("githubRepoBranches"):
            found = data["githubRepoBranches"]
            return tuple(text(branch["name"], LONGEST_BRANCH) for branch in found)

    def workspaces(self) -> tuple[Workspace, ...]:
        data = self._read("token_workspaces")
        with reading("apiToken"):
            return tuple(map(Workspace.from_node, data["apiToken"]["workspaces"]))

    def _project_token(self) -> Token:
        try:
            data = self._transport.read_as_project(document("project_token"), name="project_token")
        except errors.RailwayUnauthorized:
            raise errors.RailwayUnauthorized(
                "Railway does not know this token. Make a new account or workspace token and"
                " set RAILWAY_API_TOKEN."
            ) from None
        with reading("projectToken"):
            identifier(data["projectToken"]["projectId"])
        return Token(TokenKind.PROJECT)

    def iter_projects(
        self, workspace_id: str, *, include_deleted: bool = False
    ) -> Iterator[ListedProject]:
        """Yield every project of the workspace; raise unless the listing came to its end."""
        wanted = {"workspaceId": workspace_id, "includeDeleted": include_deleted or None}
        for page in self._pages("projects", wanted, path=("projects",)):
            with reading("projects"):
                found = [ListedProject.from_node(node) for node in nodes(page)]
            yield from found

    def iter_pictures(self, workspace_id: str) -> Iterator[list[Picture | UnreadablePicture]]:
        """
        Yield every project with its services, page by page, those being deleted included.

        One that cannot be read is told among the others. One request per page; raise unless the
        listing came to its end.
        """
        for page in self._pages(
            "workspace_pictures", {"workspaceId": workspace_id}, path=("projects",)
        ):
            with reading("projects"):
                found = listed_pictures(page)
            yield found

    def project(self, project_id: str) -> Project:
        data = self._read("project", id=project_id)
        with reading("project"):
            return Project.from_node(data["project"])

    def projects_by_ids(self, ids: list[str]) -> list[Project]:
        """Return those that this token may see; absence is no proof of deletion."""
        data = self._read("projects_by_ids", ids=ids)
        with reading("projectsByIds"):
            return [Project.from_node(node) for node in data["projectsByIds"]]

    def services(self, project_id: str, environment_id: str) -> tuple[ServiceInstance, ...]:
        """Return every service that has reached the environment."""
        wanted = {"id": environment_id, "projectId": project_id}
        found: list[ServiceInstance] = []
        for page in self._pages("environment", wanted, path=("environment", "serviceInstances")):
            with reading("environment"):
                found += [ServiceInstance.from_node(node) for node in nodes(page)]
        return tuple(found)

    def variables(self, project_id: str, environment_id: str, service_id: str) -> dict[str, str]:
        """Return a service's variables, references unresolved. The values are secret."""
        data = self._read(
            "variables", projectId=project_id, environmentId=environment_id, serviceId=service_id
        )
        with reading("variables"):
            held = data["variables"].items()
            return {exact_text(k): exact_text(v) for k, v in held if v is not None}

    def build_log(self, deployment_id: str, *, lines: int) -> list[LogEntry]:
        return self._log("build_logs", "buildLogs", deployment_id, lines)

    def deployment_log(self, deployment_id: str, *, lines: int) -> list[LogEntry]:
        return self._log("deployment_logs", "deploymentLogs", deployment_id, lines)

    def _log(self, name: str, field: str, deployment_id: str, lines: int) -> list[LogEntry]:
        data = self._read(name, deploymentId=deployment_id, limit=lines)
        with reading(field):
            return [LogEntry.from_node(node) for node in data[field]]

    def create_project(self, name: str, *, workspace_id: str, description: str) -> str:
        """Return the new project's id."""
        wanted = {"name": name, "workspaceId": workspace_id, "description": description}
        data = self._change("project_create", input=wanted)
        with reading("projectCreate"):
            return identifier(data["projectCreate"]["id"])

    def describe_project(self, project_id: str, description: str) -> Project:
        # The id stands beside the input, not in it (seed-saas_infra.md, gotcha 6).
        data = self._change("project_update", id=project_id, input={"description": description})
        with reading("projectUpdate"):
            return Project.from_node(data["projectUpdate"])

    def delete_project(self, project_id: str) -> bool:
        """Return whether Railway says that it deleted the project."""
        data = self._change("project_delete", id=project_id)
        with reading("projectDelete"):
            return bool(data["projectDelete"])

    def schedule_deletion(self, project_id: str) -> bool:
        """Have Railway delete the project in 48 h; return whether it says that it will."""
        data = self._change("project_schedule_delete", id=project_id)
        with reading("projectScheduleDelete"):
            return bool(data["projectScheduleDelete"])

    def cancel_deletion(self, project_id: str) -> bool:
        data = self._change("project_schedule_delete_cancel", id=project_id)
        with reading("projectScheduleDeleteCancel"):
            return bool(data["projectScheduleDeleteCancel"])

    def hasten_deletion(self, project_id: str) -> bool:
        """Delete at once what Railway is going to delete."""
        data = self._change("project_schedule_delete_force", id=project_id)
        with reading("projectScheduleDeleteForce"):
            return bool(data["projectScheduleDeleteForce"])

    def update_settings(
        self, service_id: str, environment_id: str, settings: Mapping[str, Any]
    ) -> None:
        self._change(
            "service_instance_update",
            serviceId=service_id,
            environmentId=environment_id,
            input=dict(settings),
        )

    def deploy(self, service_id: str, environment_id: str, *, commit: str | None = None) -> str:
        """Start a deployment and return its id."""
        data = self._change(
            "service_instance_deploy",
            serviceId=service_id,
            environmentId=environment_id,
            commitSha=commit,
        )
        with reading("serviceInstanceDeployV2"):
            return identifier(data["serviceInstanceDeployV2"])

    def deploy_latest(self, service_id: str, environment_id: str) -> None:
        """Start a deployment of the branch's newest commit; Railway does not say its id."""
        self._change(
            "service_instance_deploy_latest", serviceId=service_id, environmentId=environment_id
        )

    def redeploy(self, deployment_id: str) -> str:
        """Start the deployment's code again, with the variables of now; return the new id."""
        data = self._change("deployment_redeploy", id=deployment_id)
        with reading("deploymentRedeploy"):
            return identifier(data["deploymentRedeploy"]["id"])

    def _read(self, name: str, **variables: Any) -> dict[str, Any]:
        return self._transport.read(document(name), variables, name=name)

    def _change(self, name: str, **variables: Any) -> dict[str, Any]:
        return self._transport.change(document(name), variables, name=name)

    def _pages(
        self, name: str, variables: dict[str, Any], *, path: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        after: str | None = None
        for _ in range(MOST_PAGES):
            page: Any = self._read(name, **variables, first=PAGE, after=after)
            with reading(name):
                for key in path:
                    page = page[key]
                info = page["pageInfo"]
                more, cursor = info["hasNextPage"], text(info["endCursor"], LONGEST_CURSOR)
            yield page
            if not more:
                return
            if not cursor or cursor == after:
                break
            after = cursor
        raise errors.RailwayBadResponse(f"Railway's list for {name} did not come to an end.")
