"""Names: of instances, of their Railway projects, of repositories, branches and variables."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError

from instances.protection import is_protected

PROJECT_PREFIX = "luthien-"

NAME_CHARACTERS = re.compile(r"[a-z0-9-]+")
# Browsers use it too, and want hyphens escaped.
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,38})/[A-Za-z0-9._\-]{1,100}")
# What git refuses in a branch name, and a leading "-", which a command line would misread.
BAD_BRANCH = re.compile(r"^[-/.]|[\x00-\x20~^:?*\[\\\x7f\ud800-\udfff]|\.\.|//|@\{|[/.]\Z|\.lock\Z")
# NUL, and halves of characters: no database takes them, nor does a process.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def project_name(name: str) -> str:
    """Return the name of the Railway project that holds the instance `name`."""
    return PROJECT_PREFIX + name


def validate_name(name: str) -> None:
    """Raise ValidationError with the first rule that `name` breaks."""
    if problem := _name_problem(name):
        raise ValidationError(problem, code="invalid")


def _name_problem(name: str) -> str:
    limit = settings.INSTANCE_NAME_MAX_LENGTH
    rules = [
        (not name, "Give the instance a name."),
        (len(name) > limit, f"A name has at most {limit} characters; this one has {len(name)}."),
        (
            not NAME_CHARACTERS.fullmatch(name),
            "A name has only lower-case letters, digits and hyphens.",
        ),
        (not name[:1].isalpha(), "A name starts with a letter."),
        (name.endswith("-"), "A name does not end with a hyphen."),
        ("--" in name, "A name has no two hyphens in a row."),
        (
            is_protected(name=project_name(name)),
            f"The Railway project {project_name(name)} is protected; choose another name.",
        ),
    ]
    return next((sentence for broken, sentence in rules if broken), "")


def validate_repository(repository: str) -> None:
    if not REPOSITORY.fullmatch(repository):
        raise ValidationError(
            "Give the repository as owner/repo, for example LuthienResearch/luthien-proxy.",
            code="invalid",
        )


def validate_branch(branch: str) -> None:
    if not branch or len(branch) > 200 or BAD_BRANCH.search(branch):
        raise ValidationError("This is not a branch name that git allows.", code="invalid")
