"""What the CLI says when it fails, and how it exits (cli-facts.md §5)."""

from collections.abc import Sequence

NO_CREDENTIAL = "Unauthorized. Please login with `railway login`"
CORRUPT_LOGIN = "Login state is corrupt. Please logout and login back in."
LOGIN_AGAIN = "Unauthorized. Please run `railway login` again."
NO_LINKED_PROJECT = "No linked project found. Run railway link to connect to a project"
PROJECT_NOT_FOUND = "Project not found. Run `railway link` to connect to a project."
PROJECT_DELETED = "Project is deleted. Run `railway link` to connect to a project."
ENVIRONMENT_DELETED = (
    "Environment is deleted. Run `railway environment` to connect to an environment."
)
NO_SERVICE_LINKED = "No service linked\nRun `railway service` to link a service"
NO_CONFIRMATION = (
    "Cannot prompt for confirmation in non-interactive mode. Use --yes to skip confirmation."
)
_HINTS = {
    NO_LINKED_PROJECT: "Run `railway link` to connect to a project.",
    PROJECT_NOT_FOUND: "Run `railway link` to connect to a project.",
    NO_SERVICE_LINKED: "Run `railway service` to link a service.",
}


class CliError(Exception):
    """Exit code 1, with a message, perhaps causes, perhaps a hint."""

    def __init__(self, message: str, *, causes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.causes = causes

    def shown(self) -> str:
        message = str(self)
        parts = [message]
        if self.causes:
            parts += ["", "Caused by:", *_numbered(self.causes)]
        if message in _HINTS:
            parts += [f"  → {_HINTS[message]}"]
        return "\n".join(parts)


class Unauthorized(CliError):
    """The server refused this credential."""


class Usage(CliError):
    """Exit code 2: the arguments are wrong."""


def _numbered(causes: Sequence[str]) -> list[str]:
    if len(causes) == 1:
        return [f"    {causes[0]}"]
    return [f"    {number}: {cause}" for number, cause in enumerate(causes)]


def rate_limited(retry_after: str | None) -> CliError:
    seconds = int(retry_after) if retry_after and retry_after.strip().isdigit() else None
    if seconds is None:
        return CliError("You are being ratelimited. Please try again later")
    if seconds > 90:
        minutes = -(-seconds // 60)
        return CliError(f"You are being ratelimited. Try again in about {minutes} minutes")
    return CliError(f"You are being ratelimited. Try again in {seconds} seconds")
