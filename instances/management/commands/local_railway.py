"""Run a local Railway: for trying the app and for tests."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from instances.management import numbers
from instances.simulator.run import serve


class Command(BaseCommand):
    help = "Run the local Railway until interrupted. It listens on this machine only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=numbers.port, default=8099)
        parser.add_argument("--state", type=Path, default=None, help="File to keep its state in.")
        parser.add_argument("--time-scale", type=numbers.scale, default=settings.RAILWAY_TIME_SCALE)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        token = settings.RAILWAY_API_TOKEN
        serve(
            state_file=options["state"],
            time_scale=options["time_scale"],
            port=options["port"],
            account_token=token or "account-token",
        )
