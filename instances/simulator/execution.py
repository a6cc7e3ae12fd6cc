"""GraphQL itself: documents checked against the schema, then executed."""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from instances.simulator.refusals import PROBLEM, Refusal
from instances.simulator.resolvers.context import Context
from instances.simulator.resolvers.mutations import MUTATIONS
from instances.simulator.resolvers.queries import QUERIES

logger = logging.getLogger(__name__)

Answer = dict[str, Any]

SDL = ("schema.graphql", "schema_later.graphql")


class BadDocument(Exception):
    """A document that cannot be executed: HTTP 400 (api-facts.md §3)."""

    def __init__(self, code: str, messages: list[str]) -> None:
        super().__init__(messages[0])
        self.answer: Answer = {
            "errors": [{"message": message, "extensions": {"code": code}} for message in messages]
        }


@dataclass(frozen=True)
class Operation:
    document: DocumentNode
    name: str | None
    root_field: str
    is_mutation: bool


@cache
def schema(without: frozenset[str] = frozenset()) -> GraphQLSchema:
    """Return the schema; `without` names fields, as Type.field, that Railway has dropped."""
    folder = files("instances.simulator")
    parts = (folder.joinpath(name).read_text(encoding="utf-8") for name in SDL)
    built = build_schema("\n".join(parts))
    for dropped in without:
        type_name, _, field = dropped.partition(".")
        kind = built.type_map[type_name]
        if not isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            raise TypeError(f"{type_name} has no fields that could be dropped")
        del kind.fields[field]
    return built


@lru_cache(maxsize=512)
def _checked(query: str, without: frozenset[str]) -> DocumentNode:
    try:
        document = parse(query)
    except GraphQLError as error:
        raise BadDocument("GRAPHQL_PARSE_FAILED", [error.message]) from error
    errors = validate(schema(without), document)
    if errors:
        raise BadDocument("GRAPHQL_VALIDATION_FAILED", [error.message for error in errors])
    return document


def understand(
    query: object, operation_name: str | None, without: frozenset[str] = frozenset()
) -> Operation:
    """Parse and validate a document, and find the operation that is meant."""
    if not isinstance(query, str) or not query.strip():
        raise BadDocument("BAD_USER_INPUT", ["Must provide a query string"])
    document = _checked(query, without)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and (
            operation_name is None or (node.name and node.name.value == operation_name)
        ):
            return Operation(
                document,
                name=node.name.value if node.name else None,
                root_field=_root_field(node),
                is_mutation=node.operation is OperationType.MUTATION,
            )
    raise BadDocument("BAD_USER_INPUT", [f'Unknown operation named "{operation_name}".'])


def _root_field(node: OperationDefinitionNode) -> str:
    first = node.selection_set.selections[0]
    return first.name.value if isinstance(first, FieldNode) else ""


def execute(operation: Operation, variables: Mapping[str, Any] | None, context: Context) -> Answer:
    """Execute under the world's lock; a mutation's change is on disk before the answer is out."""
    with context.world.lock:
        result = execute_sync(
            schema(context.world.schema_without),
            operation.document,
            root_value=_root(context),
            variable_values=dict(variables or {}),
            operation_name=operation.name,
        )
        if operation.is_mutation:
            context.world.save()
    answer: Answer = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    return answer


def _root(context: Context) -> dict[str, Any]:
    def bound(resolve: Any) -> Any:
        return lambda _info, **arguments: resolve(context, arguments)

    return {name: bound(resolve) for name, resolve in (QUERIES | MUTATIONS).items()}


def failure(message: str) -> Answer:
    """Return an answer that says no, without having executed anything."""
    return {"errors": [_error(message)], "data": None}


def _shown(error: GraphQLError) -> Answer:
    cause = error.original_error
    if cause is not None and not isinstance(cause, Refusal):
        logger.error("the local Railway has a bug", exc_info=cause)
        return _error(PROBLEM)
    shown = _error(error.message)
    if error.path:
        shown["path"] = list(error.path)
    if error.locations:
        shown["locations"] = [
            {"line": location.line, "column": location.column} for location in error.locations
        ]
    return shown


def _error(message: str) -> Answer:
    return {
        "message": message,
        "path": [],
        "locations": [],
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        "traceId": uuid.uuid4().hex[:16],
    }
