"""Which branch of a repository is meant."""

from instances.simulator.cli import documents
from instances.simulator.cli.errors import CliError
from instances.simulator.cli.session import Session


def branch_of(session: Session, repo: str, wanted: str | None) -> str:
    """Return the branch to deploy; asks for the connected repositories where none is given."""
    parts = repo.split("/")
    if len(parts) != 2 or not all(part.strip() for part in parts):
        raise CliError("Repo must be in owner/repo format")
    if wanted is not None:
        return wanted
    for known in session.backboard.post(documents.GITHUB_REPOS):
        if known["fullName"].lower() == repo.lower():
            return str(known["defaultBranch"])
    raise CliError(
        f"Branch is required because repo `{repo}` was not found in your connected GitHub "
        "repos. Pass --branch or connect the repo to the Railway GitHub App."
    )
