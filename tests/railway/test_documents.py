"""Every document is one that Railway's published schema, and the local Railway's, would take."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_client_schema, build_schema, parse, validate

from instances.railway.api.documents import document
from tests.railway.conftest import ROOT

API = ROOT / "instances/railway/api"
FILES = sorted((API / "documents").iterdir())
PUBLISHED = ROOT.parent / "shared/railway/schema.json"

every_document = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@cache
def published() -> GraphQLSchema:
    answer = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    # graphql-core dislikes a deprecation in it (Team.id), which is Railway's business.
    return build_client_schema(answer.get("data", answer), assume_valid=True)


@cache
def local() -> GraphQLSchema:
    return build_schema((ROOT / "instances/simulator/schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.skipif(not PUBLISHED.exists(), reason="Railway's published schema is not here")
@every_document
def test_railway_would_take_it(path: Path) -> None:
    assert validate(published(), parse(document(path.stem))) == []


@every_document
def test_the_local_railway_takes_it(path: Path) -> None:
    assert validate(local(), parse(document(path.stem))) == []


def test_the_client_uses_every_document_and_the_folder_holds_nothing_else() -> None:
    words = {
        node.value
        for node in ast.walk(ast.parse((API / "client.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert [path.name for path in FILES if path.suffix != ".graphql"] == []
    assert [path.stem for path in FILES if path.stem not in words] == []


def test_no_document_selects_what_a_deleted_project_cannot_answer() -> None:
    """`workspace` and `members` are refused during the grace period (cli-facts.md section 10)."""
    listing = document("projects") + document("project") + document("projects_by_ids")

    assert "workspace {" not in listing
    assert "members" not in listing


def test_variables_are_read_unrendered() -> None:
    assert "unrendered: true" in document("variables")
