"""Whatever Railway's API answers: what a database takes, in its types, or a RailwayError."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from graphql import build_schema, introspection_from_schema
from hypothesis import given
from hypothesis import strategies as st

from instances.railway.api.client import RailwayApi
from instances.railway.api.transport import Transport
from instances.railway.config import always
from instances.railway.errors import RailwayError
from instances.railway.masking import Mask
from tests.conftest import TOKEN as ACCOUNT_TOKEN
from tests.conftest import make_railway
from tests.railway.conftest import ROOT, TOKEN, make_config, quickly
from tests.strange import answers, as_json, examples, gone_wrong, json_values, whats_wrong_with

SCALE = 0.001
Ask = Callable[[RailwayApi, dict[str, str]], Any]

# In this order they can all be done to one project.
ASKS: dict[str, Ask] = {
    "token": lambda api, _: api.token(),
    "workspaces": lambda api, _: api.workspaces(),
    "branches": lambda api, _: api.branches("LuthienResearch/luthien-proxy"),
    "projects": lambda api, at: list(api.iter_projects(at["workspace"], include_deleted=True)),
    "pictures": lambda api, at: list(api.iter_pictures(at["workspace"])),
    "project": lambda api, at: api.project(at["project"]),
    "projects_by_ids": lambda api, at: api.projects_by_ids([at["project"]]),
    "services": lambda api, at: api.services(at["project"], at["environment"]),
    "variables": lambda api, at: api.variables(at["project"], at["environment"], at["service"]),
    "build_log": lambda api, at: api.build_log(at["deployment"], lines=50),
    "deployment_log": lambda api, at: api.deployment_log(at["deployment"], lines=50),
    "describe": lambda api, at: api.describe_project(at["project"], "Demo"),
    "settings": lambda api, at: api.update_settings(
        at["service"], at["environment"], {"healthcheckPath": "/health"}
    ),
    "redeploy": lambda api, at: api.redeploy(at["deployment"]),
    "deploy_latest": lambda api, at: api.deploy_latest(at["service"], at["environment"]),
    "deploy": lambda api, at: api.deploy(at["service"], at["environment"]),
    "schedule_deletion": lambda api, at: api.schedule_deletion(at["project"]),
    "cancel_deletion": lambda api, at: api.cancel_deletion(at["project"]),
    "hasten_deletion": lambda api, at: (
        api.schedule_deletion(at["other"]) and api.hasten_deletion(at["other"])
    ),
    "create": lambda api, at: api.create_project(
        "luthien-new", workspace_id=at["workspace"], description="Demo"
    ),
    "delete": lambda api, at: api.delete_project(at["project"]),
}
every_call = pytest.mark.parametrize("name", ASKS)


class Recorder(httpx.HTTPTransport):
    """Keeps the answers of the local Railway."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[Any] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self.bodies.append(json.loads(response.read()))
        return response


def make_api(http: httpx.BaseTransport, **config: Any) -> RailwayApi:
    made = make_config(**config)
    return RailwayApi(Transport(made, mask=Mask([TOKEN]), before_call=always, http=http))


@pytest.fixture(scope="module")
def right() -> Iterator[dict[str, list[Any]]]:
    """What the local Railway answers to each call."""
    with make_railway(SCALE) as railway:
        project = railway.add_instance("acme")
        other = railway.add_instance("beta", description="deletion-scheduled:2099-01-01T00:00:00Z")
        gateway = next(s for s in project.services.values() if s.name == "gateway")
        at = {
            "workspace": project.workspace_id,
            "project": project.id,
            "other": other.id,
            "environment": project.environment_id,
            "service": gateway.id,
            "deployment": gateway.deployments[-1].id,
        }
        found = {}
        for name, ask in ASKS.items():
            recorder = Recorder()
            with recorder, suppress(RailwayError):
                ask(make_api(recorder, api_url=railway.url, token=ACCOUNT_TOKEN), at)
            found[name] = recorder.bodies
        yield found


PLACES = ("workspace", "project", "other", "environment", "service", "deployment")
AT = dict.fromkeys(PLACES, "x1")


def replay(ask: Ask, *answers: httpx.Response) -> Any:
    """Return what the call makes of the answers, of which the last one comes for ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        given = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(given.status_code, headers=given.headers, stream=given.stream)

    try:
        return ask(make_api(httpx.MockTransport(answer), deadline=quickly), AT)
    except RailwayError as error:
        return error


def ok(body: bytes) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(body))


@every_call
def test_the_right_answers_are_right(name: str, right: dict[str, list[Any]]) -> None:
    assert right[name]
    assert "errors" not in right[name][-1]
    assert not isinstance(
        replay(ASKS[name], *(ok(as_json(body)) for body in right[name])), RailwayError
    )


@every_call
@examples(20)
@given(data=st.data())
def test_a_right_answer_gone_wrong(
    name: str, right: dict[str, list[Any]], data: st.DataObject
) -> None:
    bodies = list(right[name])
    place = data.draw(st.integers(0, len(bodies) - 1))
    bodies[place] = data.draw(gone_wrong(bodies[place]))

    found = replay(ASKS[name], *(ok(as_json(body)) for body in bodies))

    assert whats_wrong_with(found) == ""


@examples(100)
@given(name=st.sampled_from(list(ASKS)), answer=answers)
def test_any_answer_at_all(name: str, answer: httpx.Response) -> None:
    assert whats_wrong_with(replay(ASKS[name], answer)) == ""


@examples(100)
@given(name=st.sampled_from(list(ASKS)), value=json_values)
def test_any_json_as_data(name: str, value: Any) -> None:
    assert whats_wrong_with(replay(ASKS[name], ok(as_json({"data": value})))) == ""


@examples(100)
@given(value=json_values)
def test_any_json_as_errors(value: Any) -> None:
    assert whats_wrong_with(replay(ASKS["project"], ok(as_json({"errors": value})))) == ""


@examples(4)
@given(data=st.data())
def test_a_schema_gone_wrong(data: st.DataObject) -> None:
    schema = build_schema((ROOT / "instances/simulator/schema.graphql").read_text())
    right = introspection_from_schema(schema, descriptions=False)
    body = as_json({"data": data.draw(gone_wrong(right))})

    assert whats_wrong_with(replay(lambda api, _: api.broken_documents(), ok(body))) == ""


def test_a_cookie_does_not_stand_in_the_way_of_the_next_page(right: dict[str, list[Any]]) -> None:
    [body] = right["workspaces"]
    cookie = [(b"set-cookie", b"a=\xc3\xa9; path=/")]
    first = httpx.Response(502, headers=cookie, stream=httpx.ByteStream(b""))

    assert not isinstance(replay(ASKS["workspaces"], first, ok(as_json(body))), RailwayError)
