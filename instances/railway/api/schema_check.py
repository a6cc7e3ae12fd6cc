"""Whether the schema that Railway has today still takes every document of this app."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, build_client_schema, get_introspection_query, parse, validate

from instances.railway.api.documents import document, names
from instances.railway.api.types import UNREADABLE, text
from instances.railway.errors import RailwayBadResponse

LONGEST_REASON = 300
INTROSPECTION = get_introspection_query(descriptions=False)


def broken_documents(introspection: Mapping[str, Any]) -> dict[str, str]:
    """
    Return the documents that would be refused, each with the first reason.

    `introspection` is the answer to INTROSPECTION. Raise RailwayBadResponse when it is none.
    """
    try:
        # graphql-core dislikes a deprecation in Railway's schema, which is Railway's business.
        schema = build_client_schema(introspection, assume_valid=True)  # type: ignore[arg-type]
        # Parts of the schema are read only now.
        found = {name: validate(schema, parse(document(name))) for name in names()}
    except (*UNREADABLE, GraphQLError) as error:
        raise RailwayBadResponse(
            f"Railway's answer about its schema cannot be read ({type(error).__name__})."
        ) from None
    reasons = {name: errors[0].message for name, errors in found.items() if errors}
    return {name: text(reason, LONGEST_REASON) for name, reason in reasons.items()}
