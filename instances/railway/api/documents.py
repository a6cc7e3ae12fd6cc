"""The GraphQL documents, one file each; checked against Railway's published schema in tests."""

from functools import cache
from importlib import resources

SUFFIX = ".graphql"


@cache
def names() -> tuple[str, ...]:
    """Return the names of all documents."""
    folder = resources.files("instances.railway.api") / "documents"
    files = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in files if name.endswith(SUFFIX)))


@cache
def document(name: str) -> str:
    """Return the text of documents/<name>.graphql."""
    folder = resources.files("instances.railway.api") / "documents"
    return (folder / f"{name}{SUFFIX}").read_text(encoding="utf-8")
