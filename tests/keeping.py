"""A database that itself refuses to lose a row of ours, whoever asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Model

SQLITE = """
CREATE TRIGGER keep_{table} BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'a row of {table} was to be deleted'); END
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION keep_rows() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'a row of % was to be deleted', TG_TABLE_NAME; END
$$ LANGUAGE plpgsql
"""
POSTGRESQL = """
CREATE TRIGGER keep_{table} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep_all_{table} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION keep_rows()
"""
NO_MORE_SQLITE = "DROP TRIGGER keep_{table}"
NO_MORE_POSTGRESQL = (
    "DROP TRIGGER keep_{table} ON {table}; DROP TRIGGER keep_all_{table} ON {table}"
)


def our_models() -> list[type[Model]]:
    """Return every model of the app, and that of the history."""
    return [*apps.get_app_config("instances").get_models(), LogEntry]


@contextmanager
def every_row_kept() -> Iterator[None]:
    """Have the database raise on every DELETE of a row of ours while the block runs."""
    is_sqlite = connection.vendor == "sqlite"
    if not is_sqlite:
        _run(FUNCTION)
    _on_each_table(SQLITE if is_sqlite else POSTGRESQL)
    try:
        yield
    finally:
        # What flushes the tables after a test comes later.
        _on_each_table(NO_MORE_SQLITE if is_sqlite else NO_MORE_POSTGRESQL)


def _on_each_table(statement: str) -> None:
    for model in our_models():
        _run(statement.format(table=model._meta.db_table))


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
