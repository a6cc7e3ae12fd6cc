"""The schema is a part of the one Railway publishes, and answers all that the CLI asks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_client_schema,
    build_schema,
    parse,
    validate,
)

from instances.simulator import execution
from instances.simulator.cli import documents, mutations
from instances.simulator.cli.documents import Document
from instances.simulator.resolvers.mutations import MUTATIONS
from instances.simulator.resolvers.queries import QUERIES
from tests.simulator.conftest import ROOT

PUBLISHED = ROOT.parent / "shared" / "railway" / "schema.json"
DOCUMENTS = [
    value
    for module in (documents, mutations)
    for value in vars(module).values()
    if isinstance(value, Document)
]


def shape(kind: GraphQLNamedType) -> dict[str, Any]:
    """Return all that a client can tell about a type, by field or value."""
    if isinstance(kind, GraphQLEnumType):
        return dict.fromkeys(kind.values, True)
    if isinstance(kind, GraphQLInputObjectType):
        return {name: f"{one.type} = {one.default_value}" for name, one in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType):
        return {
            name: (
                str(one.type),
                {key: f"{arg.type} = {arg.default_value}" for key, arg in one.args.items()},
            )
            for name, one in kind.fields.items()
        }
    return {}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for type_name, fields in ours.items():
        for name, meaning in fields.items():
            if theirs.get(type_name, {}).get(name) != meaning:
                yield f"{type_name}.{name}"


@pytest.mark.skipif(not PUBLISHED.exists(), reason="Railway's published schema is not here")
def test_every_line_of_the_schema_is_as_railway_publishes_it() -> None:
    answer = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    published = build_client_schema(answer.get("data", answer))
    own = build_schema((ROOT / "instances/simulator/schema.graphql").read_text(encoding="utf-8"))

    def shapes(schema: Any) -> dict[str, Any]:
        return {
            name: shape(kind) for name, kind in schema.type_map.items() if not name.startswith("__")
        }

    theirs = shapes(published)

    assert set(shapes(own)) <= set(theirs)
    assert list(differences(shapes(own), theirs)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_server_understands_every_document_of_the_stand_in(document: Document) -> None:
    assert validate(execution.schema(), parse(document.text)) == []


def test_every_root_field_is_answered_by_something() -> None:
    schema = execution.schema()
    assert schema.query_type is not None
    assert schema.mutation_type is not None

    assert set(schema.query_type.fields) == set(QUERIES)
    assert set(schema.mutation_type.fields) == set(MUTATIONS)
