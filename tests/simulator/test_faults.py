"""Failures on demand: each action, before and after the work, counted and matched."""

import http.client
import threading
import time
import urllib.error
from collections.abc import Callable
from typing import Literal

import pytest

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Answer, Client, bearer, eventually

UPDATE = """mutation Rename($id: String!) {
  projectUpdate(id: $id, input: {name: "new"}) { name }
}"""
DROPPED = (http.client.HTTPException, urllib.error.URLError, ConnectionError)


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("old")


@pytest.fixture
def rename(ask: Client, project: Project) -> Callable[[], Answer]:
    return lambda: ask(UPDATE, id=project.id)


Rename = Callable[[], Answer]


class Background:
    """A request that is under way."""

    def __init__(self, work: Rename) -> None:
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._work()
        except DROPPED as error:
            self.error = error

    def join(self) -> None:
        self._thread.join(5)
        assert not self._thread.is_alive()


def test_an_error_takes_the_place_of_the_work(
    railway: LocalRailway, project: Project, rename: Rename
) -> None:
    railway.faults.add(Fault("projectUpdate", "error", message="Problem processing request"))

    answer = rename()

    assert (answer.status, answer.message) == (200, "Problem processing request")
    assert project.name == "old"
    assert rename().data
    assert project.name == "new"


def test_an_error_can_come_after_the_work(
    railway: LocalRailway, project: Project, rename: Rename
) -> None:
    railway.faults.add(Fault("projectUpdate", "error_after", message="Not Authorized"))

    assert rename().message == "Not Authorized"
    assert project.name == "new"


def test_a_status_with_a_hint(railway: LocalRailway, project: Project, rename: Rename) -> None:
    railway.faults.add(Fault("*", "status", status=429, retry_after=7, message="slow down"))

    answer = rename()

    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.message == "slow down"
    assert project.name == "old"


def test_a_status_with_a_body_comes_from_the_edge(railway: LocalRailway, rename: Rename) -> None:
    railway.faults.add(Fault("*", "status", status=429, body="error code: 1015"))

    answer = rename()

    assert answer.text == "error code: 1015"
    assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(("stage", "name"), [("before", "old"), ("after", "new")])
def test_a_page_instead_of_an_answer(
    railway: LocalRailway,
    project: Project,
    rename: Rename,
    stage: Literal["before", "after"],
    name: str,
) -> None:
    railway.faults.add(Fault("Rename", "html", stage=stage))

    answer = rename()

    assert answer.status == 502
    assert answer.text.startswith("<!DOCTYPE html>")
    assert project.name == name


@pytest.mark.parametrize(("stage", "name"), [("before", "old"), ("after", "new")])
def test_a_cut_connection(
    railway: LocalRailway,
    project: Project,
    rename: Rename,
    stage: Literal["before", "after"],
    name: str,
) -> None:
    railway.faults.add(Fault("projectUpdate", "cut", stage=stage))

    with pytest.raises(DROPPED):
        rename()

    assert project.name == name
    assert railway.requests[-1].error == "connection cut"
    assert railway.requests[-1].http_status is None


@pytest.mark.parametrize(("stage", "name"), [("before", "old"), ("after", "new")])
def test_an_answer_that_never_comes(
    railway: LocalRailway,
    project: Project,
    stage: Literal["before", "after"],
    name: str,
) -> None:
    railway.faults.add(Fault("projectUpdate", "timeout", stage=stage))
    impatient = Client(railway, timeout=0.2)

    with pytest.raises(TimeoutError):
        impatient(UPDATE, id=project.id)

    assert project.name == name
    eventually(lambda: railway.requests)


def test_a_delay(railway: LocalRailway, rename: Rename) -> None:
    railway.faults.add(Fault("projectUpdate", "delay", seconds=0.1))
    begun = time.monotonic()

    assert rename().data
    assert time.monotonic() - begun >= 0.1


def test_a_held_request_goes_on_when_it_is_released(
    railway: LocalRailway, project: Project, rename: Rename
) -> None:
    railway.faults.add(Fault("projectUpdate", "hold"))
    request = Background(rename)

    (held,) = railway.faults.wait_held(5)
    assert (held.operation, held.stage, project.name) == ("projectUpdate", "before", "old")
    assert railway.faults.release(held.id) == 1
    request.join()

    assert project.name == "new"
    assert request.answer is not None
    assert request.answer.data
    assert railway.faults.held() == []


@pytest.mark.parametrize(("stage", "name"), [("before", "old"), ("after", "new")])
def test_a_held_request_that_is_dropped_gets_no_answer(
    railway: LocalRailway,
    project: Project,
    rename: Rename,
    stage: Literal["before", "after"],
    name: str,
) -> None:
    railway.faults.add(Fault("projectUpdate", "hold", stage=stage))
    request = Background(rename)
    assert railway.faults.wait_held(5)

    railway.faults.drop()
    request.join()

    assert request.error is not None
    assert project.name == name


def test_stopping_the_server_ends_what_is_held(project: Project, rename: Rename) -> None:
    # The fixtures' server is stopped here, as a test does that gives up.
    client = rename()
    assert client.data
    with LocalRailway() as railway:
        other = railway.add_project("old")
        railway.faults.add(Fault("projectUpdate", "hold"), Fault("projectUpdate", "timeout"))
        ask = Client(railway)
        requests = [Background(lambda: ask(UPDATE, id=other.id)) for _ in range(2)]
        assert railway.faults.wait_held(5)
        railway.stop()
        for request in requests:
            request.join()

    assert other.name == "old"


def test_a_fault_is_counted(railway: LocalRailway, rename: Rename) -> None:
    railway.faults.add(Fault("projectUpdate", "error", message="no", skip=1, times=2))

    outcomes = [rename().json.get("errors") is None for _ in range(5)]

    assert outcomes == [True, False, False, True, True]
    assert railway.faults.active() == []


def test_a_fault_without_a_count_lasts_until_it_is_cleared(
    railway: LocalRailway, rename: Rename
) -> None:
    railway.faults.add(Fault("projectUpdate", "error", message="no", times=None))

    assert [rename().message for _ in range(3)] == ["no"] * 3
    railway.faults.clear()
    assert rename().data


def test_a_fault_may_be_for_one_kind_of_client(
    railway: LocalRailway, project: Project, rename: Rename
) -> None:
    railway.faults.add(Fault("*", "error", message="no", client="cli", times=None))
    cli = Client(railway, bearer("account-token") | {"x-source": "CLI 5.43.1"}, "")

    assert rename().data
    assert cli(UPDATE, id=project.id).message == "no"


def test_other_operations_are_left_alone(railway: LocalRailway, ask: Client) -> None:
    railway.faults.add(Fault("projectUpdate", "error", message="no"))

    assert ask("{ me { id } }").data


@pytest.mark.parametrize(
    ("operation", "action"), [("projectUpdate", "fail_build"), ("deployment", "cut")]
)
def test_a_fault_that_makes_no_sense_is_refused(operation: str, action: str) -> None:
    with pytest.raises(ValueError, match=action):
        Fault(operation, action)
