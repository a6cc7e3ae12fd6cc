"""A database of its own, at the first migration, filled with ten thousand instances."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from tests.conftest import ROOT, database_url

SCRIPT = Path(__file__).with_name("ten_thousand_instances.sql")
INSTANCES = 10_000
STEPS_EACH = 8
TABLES = ("instance", "service", "credential", "operation", "step", "logline")


class Scratch:
    """A database beside the tests' own."""

    def __init__(self, url: str, path: str) -> None:
        self.url = url
        self._path = path

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` on it; return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "luthien_admin.settings",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def fill(self) -> None:
        with self._open() as database:
            for statement in SCRIPT.read_text().split(";\n"):
                database.execute(statement)
            database.commit()

    def rows(self, columns: dict[str, list[str]]) -> dict[str, tuple[int, str]]:
        """Return for each table how many rows it has, and a digest of those columns."""
        with self._open() as database:
            return {table: _digest(database, table, names) for table, names in columns.items()}

    def columns(self) -> dict[str, list[str]]:
        with self._open() as database:
            return {
                table: [
                    column[0]
                    for column in database.execute(
                        f"SELECT * FROM instances_{table} LIMIT 0"  # noqa: S608
                    ).description
                ]
                for table in TABLES
            }

    def count(self, query: str) -> int:
        with self._open() as database:
            return int(database.execute(query).fetchone()[0])

    @contextmanager
    def _open(self) -> Iterator[Any]:
        if self._path:
            with closing(sqlite3.connect(self._path)) as database:
                yield database
        else:
            with psycopg.connect(self.url) as database:
                yield database


def _digest(database: Any, table: str, names: list[str]) -> tuple[int, str]:
    """Read the rows in the order of their keys."""
    listed = ", ".join(f'"{name}"' for name in names)
    found = database.execute(f"SELECT {listed} FROM instances_{table} ORDER BY id")  # noqa: S608
    count, digest = 0, hashlib.sha256()
    for row in found:
        count += 1
        digest.update(repr(row).encode())
    return count, digest.hexdigest()


@contextmanager
def scratch_database(folder: Path) -> Iterator[Scratch]:
    """Give a database of the kind that the tests run on; it is gone afterwards."""
    if connection.vendor == "sqlite":
        path = folder / "scratch.sqlite3"
        yield Scratch(f"sqlite:///{path}", str(path))
        return
    name = f"scratch_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield Scratch(database_url(name), "")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
