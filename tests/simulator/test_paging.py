"""Connections: pages, cursors, and a cap that the server does not talk about."""

from collections.abc import Iterator

import pytest

from instances.simulator.server import LocalRailway
from tests.simulator.conftest import Client, Json

LIST = """query($workspace: String, $first: Int, $after: String, $last: Int, $before: String) {
  projects(
    workspaceId: $workspace, first: $first, after: $after, last: $last, before: $before
  ) {
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.fixture
def capped() -> Iterator[LocalRailway]:
    with LocalRailway(page_cap=4) as railway:
        railway.seed_projects(10)
        yield railway


def page(railway: LocalRailway, **arguments: Json) -> tuple[list[str], Json]:
    workspace = railway.world.workspace().id
    found = Client(railway)(LIST, workspace=workspace, **arguments).data["projects"]
    return [edge["node"]["name"] for edge in found["edges"]], found["pageInfo"]


@pytest.mark.parametrize(("first", "length"), [(2, 2), (4, 4), (500, 4), (None, 4), (0, 0)])
def test_a_page_is_no_longer_than_the_cap(
    capped: LocalRailway, first: int | None, length: int
) -> None:
    names, info = page(capped, first=first)

    assert len(names) == length
    assert info["hasNextPage"] is True
    assert info["hasPreviousPage"] is False


def test_following_the_cursors_shows_everything_once(capped: LocalRailway) -> None:
    first, info = page(capped, first=500)
    second, info = page(capped, first=500, after=info["endCursor"])
    third, info = page(capped, first=500, after=info["endCursor"])

    assert sorted(first + second + third) == sorted(f"other-{n}" for n in range(1, 11))
    assert len(third) == 2
    assert info["hasNextPage"] is False
    assert info["hasPreviousPage"] is True


def test_a_list_can_be_read_backwards(capped: LocalRailway) -> None:
    end, info = page(capped, last=3)
    before, _ = page(capped, last=3, before=info["startCursor"])
    forward, info = page(capped, first=4)

    assert len({*end, *before}) == 6
    assert info["endCursor"] is not None
    assert not {*end, *before} & set(forward)


def test_an_empty_list_has_no_cursors(railway: LocalRailway) -> None:
    _, info = page(railway)

    assert info == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def test_the_clis_listing_is_capped_too(capped: LocalRailway) -> None:
    query = """{
      me { workspaces { projectCount projects(first: 500) { edges { node { id } } } } }
    }"""

    (workspace,) = Client(capped)(query).data["me"]["workspaces"]

    assert workspace["projectCount"] == 10
    assert len(workspace["projects"]["edges"]) == 4
