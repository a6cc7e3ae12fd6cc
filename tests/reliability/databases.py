"""Databases of one PostgreSQL server, made as copies of each other."""

from __future__ import annotations

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg.sql import SQL, Identifier


class Databases:
    """Django's own connection is led from one to the other."""

    EMPTY = "empty"
    WORK = "work"

    def __init__(self, url: str) -> None:
        self._url = url

    def make_empty(self) -> None:
        self._run(SQL("CREATE DATABASE {}").format(Identifier(self.EMPTY)))
        self.use(self.EMPTY)
        call_command("migrate", verbosity=0)
        connection.close()

    def copy(self, source: str, name: str) -> None:
        """Make `name` anew as a copy of `source`, whoever is connected to an older one."""
        self._run(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        made = SQL("CREATE DATABASE {} TEMPLATE {}")
        self._run(made.format(Identifier(name), Identifier(source)))
        # A copied sequence would go back by some numbers if the server crashed before this.
        self._run(SQL("CHECKPOINT"))

    def use(self, name: str) -> None:
        connection.close()
        connection.settings_dict["NAME"] = name

    def _run(self, statement: SQL | psycopg.sql.Composed) -> None:
        with psycopg.connect(self._url, autocommit=True) as server:
            server.execute(statement)
