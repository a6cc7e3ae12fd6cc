"""The GraphQL documents, one file each; checked against Railway's published schema in tests."""

from functools import cache
from importlib import resources


@cache
def document(name: str) -> str:
    """Return the text of documents/<name>.graphql."""
    folder = resources.files("instances.railway.api") / "documents"
    return (folder / f"{name}.graphql").read_text(encoding="utf-8")
