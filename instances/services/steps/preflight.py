"""Everything that can be known to be wrong before anything is made."""

from django.conf import settings
from django.core.exceptions import ValidationError

from instances import naming
from instances.operations.plan import Done, Permanent, StepDefinition
from instances.railway.client import RailwayClient, Token, TokenKind, Workspace, errors
from instances.services import toolbox
from instances.services.steps.work import Work


class Preflight(StepDefinition[Work]):
    name = "preflight"
    title = "Check name, token, workspace and repository"

    def observe(self, work: Work) -> Done:
        self._check_input(work)
        token = usable_token(work.railway)
        workspace = chosen_workspace(token)
        version = toolbox.cli_version(work.railway)
        expect_name_is_free(work, workspace.id, where=f"Railway's workspace {workspace.name}")
        return Done(
            {"workspace_id": workspace.id, "token_kind": token.kind.value, "cli_version": version}
        )

    def _check_input(self, work: Work) -> None:
        try:
            naming.validate_name(work.instance.name)
            naming.validate_repository(work.operation.config["repository"])
            naming.validate_branch(work.operation.config["branch"])
        except ValidationError as error:
            raise Permanent(" ".join(error.messages)) from None


def expect_name_is_free(work: Work, workspace_id: str, *, where: str) -> None:
    """Raise Permanent when another project has the name that the instance's is to have."""
    wanted = work.instance.project_name
    for project in work.railway.iter_projects(workspace_id):
        if project.name == wanted and project.id != work.instance.project_id:
            raise Permanent(
                f"{where} has a project {wanted} already ({project.id}), which this app did not"
                " make here. It was not touched. Choose another name."
            )


def usable_token(railway: RailwayClient) -> Token:
    """Return the token's kind and workspaces, or say why nothing can be created with it."""
    if not railway.config.token:
        raise Permanent("No Railway token is set. Set RAILWAY_API_TOKEN and try again.")
    try:
        token = railway.token()
    except errors.RailwayUnauthorized as error:
        raise Permanent(str(error)) from None
    if token.kind is TokenKind.PROJECT:
        raise Permanent(
            "RAILWAY_API_TOKEN is a project token, which cannot create projects."
            " Set an account or workspace token."
        )
    return token


def workspace(railway: RailwayClient) -> Workspace:
    """Ask for the workspace that instances are in. Raise Permanent when it cannot be told."""
    return choose_workspace(railway.workspaces())


def chosen_workspace(token: Token) -> Workspace:
    """Return the configured workspace, or the token's only one."""
    return choose_workspace(token.workspaces)


def choose_workspace(workspaces: tuple[Workspace, ...]) -> Workspace:
    wanted = settings.RAILWAY_WORKSPACE_ID
    if wanted:
        for each in workspaces:
            if each.id == wanted:
                return each
        raise Permanent(
            f"The token has no access to the workspace {wanted} (RAILWAY_WORKSPACE_ID)."
        )
    if len(workspaces) != 1:
        names = ", ".join(f"{w.name} ({w.id})" for w in workspaces) or "none"
        raise Permanent(
            f"The token sees {len(workspaces)} workspaces: {names}."
            " Say which one with RAILWAY_WORKSPACE_ID."
        )
    return workspaces[0]
