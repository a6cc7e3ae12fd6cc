"""Encrypt every stored secret with the newest key, so that older keys can be removed."""

from __future__ import annotations

from typing import Any

from instances.management.output import JsonCommand
from instances.services import credentials


class Command(JsonCommand):
    help = "Encrypt every stored secret with the first of ENCRYPTION_KEYS."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        del options
        return {"encrypted": credentials.rekey()}

    def show(self, answer: dict[str, Any]) -> None:
        self.stdout.write(f"Encrypted {answer['encrypted']} secrets with the newest key.")
