"""The database as it was, put back: a copy of all rows, and an hour that has passed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import F
from django_q.models import OrmQ

from instances.models import Job, LogLine, Operation, Step

HOUR = timedelta(hours=1)
# What says when something was done, or is to be done; not when a deletion is due.
AGED = (Operation, Step, LogLine, Job, OrmQ)
# What opens with the operations' first write before a call that changes something.
CALL_IS_COUNTED = 'UPDATE "instances_step" SET "attempts"'


@dataclass(frozen=True)
class Backup:
    """Every row of every table, as the database itself gives it."""

    tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]]

    @classmethod
    def take(cls) -> Backup:
        return cls({model._meta.db_table: _read(model._meta.db_table) for model in _models()})

    def put_back(self, *, age: timedelta = HOUR) -> None:
        """Have the database be as it was, `age` ago."""
        with _without_constraints():
            for table in self.tables:
                _run(f"DELETE FROM {table}")  # noqa: S608
            for table, (columns, rows) in self.tables.items():
                _write(table, columns, rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            _run(statement)
        for model in AGED:
            _make_older(model, age)


def _models() -> list[type[models.Model]]:
    return list(apps.get_models(include_auto_created=True))


def _read(table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
        return [column[0] for column in cursor.description or ()], cursor.fetchall()


def _write(table: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _without_constraints() -> Iterator[None]:
    if connection.vendor == "sqlite":
        _run("PRAGMA foreign_keys = OFF")
        yield
        _run("PRAGMA foreign_keys = ON")
    else:
        _run("SET session_replication_role = replica")
        yield
        _run("SET session_replication_role = DEFAULT")


def _make_older(model: type[models.Model], age: timedelta) -> None:
    fields = [f.name for f in model._meta.get_fields() if isinstance(f, models.DateTimeField)]
    model._default_manager.update(**{name: F(name) - age for name in fields})


@contextmanager
def a_backup_at_each_call() -> Iterator[list[Backup]]:
    """Back the database up just before and just after a call that changes something is counted."""
    taken: list[Backup] = []

    def back_up(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith(CALL_IS_COUNTED):
            return execute(sql, *rest)
        taken.append(Backup.take())
        answer = execute(sql, *rest)
        taken.append(Backup.take())
        return answer

    with connection.execute_wrapper(back_up):
        yield taken
