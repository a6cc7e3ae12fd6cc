"""GitHub repositories, as far as Railway looks into them."""

import hashlib

from instances.simulator.state import Commit, Repository
from instances.simulator.world import World

GATEWAY_REPOSITORY = "LuthienResearch/luthien-proxy"


def repository(world: World, name: str) -> Repository:
    """Return a repository; every well-formed name is a public one, with commits on `main`."""
    found = world.state.repositories.get(name.lower())
    if found is None:
        found = world.state.repositories[name.lower()] = Repository(name)
        for message in ("First commit", "Add a health check", "Release"):
            push(world, name, found.default_branch, message)
    return found


def push(world: World, name: str, branch: str | None = None, message: str = "A change") -> Commit:
    """Add a commit; a branch that does not exist begins with it."""
    target = repository(world, name)
    commits = target.branches.setdefault(branch or target.default_branch, [])
    digest = hashlib.sha1(  # noqa: S324  # a commit id, as git makes them
        f"{name} {branch} {len(commits)} {message} {world.now()}".encode()
    ).hexdigest()
    commits.append(Commit(digest, message, world.now()))
    return commits[-1]


def head(world: World, name: str, branch: str | None) -> Commit | None:
    target = repository(world, name)
    commits = target.branches.get(branch or target.default_branch, [])
    return commits[-1] if commits else None


def commit(world: World, name: str, sha: str) -> Commit | None:
    for commits in repository(world, name).branches.values():
        for candidate in commits:
            if len(sha) >= 7 and candidate.sha.startswith(sha.lower()):
                return candidate
    return None
