"""Which documents a schema would refuse, told from Railway's answer about itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import build_schema, introspection_from_schema

from instances.railway.api.documents import names
from instances.railway.api.schema_check import broken_documents
from instances.railway.errors import RailwayBadResponse
from tests.railway.conftest import ROOT

PUBLISHED = ROOT.parent / "shared/railway/schema.json"


def answer(sdl: str) -> Any:
    return introspection_from_schema(build_schema(sdl))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="Railway's published schema is not here")
def test_what_railway_publishes_takes_all_of_them() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))

    assert broken_documents(published.get("data", published)) == {}


def test_another_schema_takes_none_of_them() -> None:
    broken = broken_documents(answer("type Query { hello: String }"))

    assert set(broken) == set(names())
    assert broken["me"] == "Cannot query field 'me' on type 'Query'."


@pytest.mark.parametrize("nonsense", [{}, {"__schema": None}, {"__schema": {"types": [{}]}}])
def test_an_answer_that_is_none_is_a_bad_response(nonsense: dict[str, Any]) -> None:
    with pytest.raises(RailwayBadResponse, match="about its schema cannot be read"):
        broken_documents(nonsense)
