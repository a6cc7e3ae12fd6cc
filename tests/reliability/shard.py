"""One process of several that work on the matrix, with servers of its own."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing
from dataclasses import asdict
from multiprocessing.queues import Queue
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests import with_postgres
from tests.reliability.matrix import Case

SCALE = 0.02


def work(to_do: Queue[Case | None], done: Queue[dict[str, Any]], without: str | None) -> None:
    """Run one case after the other, until there is None."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    binaries = with_postgres.find_binaries()
    if binaries is None:
        sys.exit("There is no PostgreSQL server here; on Debian it is in the package postgresql.")
    with TemporaryDirectory(prefix="reliability-") as name:
        folder, data = Path(name), Path(name) / "postgres"
        folder.chmod(0o755)
        data.mkdir()
        # What is committed must survive that the server is killed.
        with with_postgres.server(binaries, data, synchronous_commit="on") as server:
            _set_up(server)
            from tests.reliability import case as running  # noqa: PLC0415
            from tests.reliability.machine import Machine  # noqa: PLC0415

            with closing(Machine(server, folder, scale=SCALE, without=without)) as machine:
                for case in iter(to_do.get, None):
                    done.put(asdict(running.run(case, machine)))


def _set_up(server: with_postgres.Server) -> None:
    """Have Django work on the shard's own server."""
    os.environ |= {
        "DATABASE_URL": server.url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "RAILWAY_TIME_SCALE": str(SCALE),
    }
    import django  # noqa: PLC0415 - the database has to be known before

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    settings.RAILWAY_TIME_SCALE = SCALE
