"""Whatever Railway's list of projects says: a sync stores it or tells of it, project by project."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import timing
from instances.exceptions import Held
from instances.models import Instance, Job, Service
from instances.models.instance import UNREADABLE
from instances.railway.client import errors
from instances.services import access, people, sync
from instances.services.difference import OVERDUE
from instances.services.sync import Report
from instances.simulator.server import LocalRailway
from tests.conftest import Stand
from tests.strange import (
    as_json,
    examples,
    gone_wrong,
    json_values,
    moments,
    texts,
    whats_wrong_with,
)

pytestmark = pytest.mark.django_db

Change = Callable[[Any], Any]


class Altering(httpx.HTTPTransport):
    """The wire to the local Railway; what it says in a list of pictures is altered."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        if b"WorkspacePictures" not in request.content:
            return response
        return httpx.Response(200, content=as_json(self._change(response.json())))


def run(change: Change) -> Report:
    with Altering(change) as http, access.railway(timing.current(), http=http) as client:
        return sync.run(client)


def first_project(answer: Any) -> Any:
    return answer["data"]["projects"]["edges"][0]


def with_first(value: dict[str, Any]) -> Change:
    """Return what replaces fields of the first project that is listed."""

    def change(answer: Any) -> Any:
        first_project(answer)["node"] |= value
        return answer

    return change


@pytest.fixture
def two(railway: LocalRailway, stand: Stand) -> list[Instance]:
    """Two instances that a sync has seen; the first of them is listed last."""
    return [stand("acme"), stand("beta")]


def as_stored() -> str:
    """Say what is wrong with what the database holds."""
    rows = [list(row.values()) for row in Instance.objects.values()]
    rows += [list(row.values()) for row in Service.objects.values()]
    results = [job.result for job in Job.objects.all()]
    return whats_wrong_with([rows, json.loads(json.dumps(results))])


def test_one_that_cannot_be_read_is_told_and_left_and_the_others_are_stored(
    two: list[Instance],
) -> None:
    [acme, beta] = two
    Instance.objects.update(description="to be read anew")

    report = run(with_first({"createdAt": 7}))

    assert (report.seen, report.left, report.updated, report.missed) == (2, 1, 1, 0)
    assert report.problems[0].startswith(f"A project luthien-beta {beta.project_id}: Railway's")
    beta.refresh_from_db()
    acme.refresh_from_db()
    assert (beta.description, beta.problem, beta.missed) == ("to be read anew", UNREADABLE, 0)
    assert acme.description == "Luthien Proxy instance: acme"
    assert UNREADABLE in people.history(beta)[0].get_change_message()


def test_what_can_be_read_again_has_no_problem_any_more(two: list[Instance]) -> None:
    run(with_first({"createdAt": 7}))

    run(lambda answer: answer)

    assert not Instance.objects.exclude(problem="").exists()


def test_a_row_that_cannot_be_read_is_not_as_of_that_sync(two: list[Instance]) -> None:
    beta = two[1]
    before = beta.as_of

    run(with_first({"createdAt": 7}))

    [row] = Instance.objects.filter(pk=beta.pk).with_last_seen()
    assert row.last_seen == before


def test_what_keeps_an_overdue_tag_from_being_carried_out_stays(two: list[Instance]) -> None:
    Instance.objects.update(problem=OVERDUE)

    run(with_first({"createdAt": 7}))
    run(with_first({"createdAt": 7}))

    assert Instance.objects.get(pk=two[1].pk).problem == f"{OVERDUE} {UNREADABLE}"


def test_a_project_without_an_id_keeps_others_from_being_counted_as_missing(
    two: list[Instance],
) -> None:
    with pytest.raises(errors.RailwayBadResponse, match="1 projects without an id"):
        run(with_first({"id": None}))

    assert set(Instance.objects.values_list("missed", flat=True)) == {0}
    job = Job.objects.get()
    assert "without an id" in job.error
    assert job.complete_at is None
    assert job.result["seen"] == 2


@examples(12)
@given(data=st.data())
def test_a_list_gone_wrong(two: list[Instance], data: st.DataObject) -> None:
    Instance.objects.update(description="to be read anew", missed=0, status="unknown")
    told: list[str] = []
    try:
        told = run(lambda answer: data.draw(gone_wrong(answer))).problems
    except (errors.RailwayError, Held) as error:
        told = [str(error)]

    assert as_stored() == ""
    assert whats_wrong_with(told) == ""


@examples(12)
@given(
    node=st.fixed_dictionaries(
        {},
        optional={
            "description": texts | moments.map("deletion-scheduled:{}".format) | json_values,
            **dict.fromkeys(("createdAt", "deletedAt"), moments | json_values),
            **dict.fromkeys(("name", "id", "primaryEnvironmentId"), texts | json_values),
        },
    )
)
def test_one_project_gone_wrong_stands_in_nobodys_way(
    two: list[Instance], node: dict[str, Any]
) -> None:
    acme = Instance.objects.filter(pk=two[0].pk)
    acme.update(description="to be read anew")
    Instance.objects.exclude(pk=two[0].pk).update(missed=0, status="unknown")

    try:
        told = run(with_first(node)).problems
    except (errors.RailwayBadResponse, Held) as error:
        told = [str(error)]

    assert acme.get().description == "Luthien Proxy instance: acme"
    assert as_stored() == ""
    assert whats_wrong_with(told) == ""
