"""One call of the CLI: what is there, what is typed, and with which credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from instances.simulator.faults import Fault
from tests.contract.scenes import Scene, two_services

ACCOUNT = "account-token"
WORKSPACE = "workspace-token"
PROJECT = "project-token"
# What `railway link` leaves behind.
LINKED = """{
  "projects": {
    "<cwd>": {
      "projectPath": "<cwd>", "name": "luthien-acme", "project": "<project>",
      "environment": "<environment>", "environmentName": "production", "service": "<gateway>"
    }
  },
  "user": {}
}"""


@dataclass(frozen=True)
class Case:
    """
    One call; `<project>`, `<environment>` and `<gateway>` stand for their ids everywhere.

    `env` is laid over what the app gives the CLI, and None takes a variable away.
    `config` is put in the place of the link file that the app writes; `<cwd>` in it is where
    the call is made.
    """

    words: str
    scene: Scene = two_services
    what: str = ""
    linked: bool = True
    stdin: str | None = None
    env: Mapping[str, str | None] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    config: str | None = None

    @property
    def name(self) -> str:
        return f"{self.words}: {self.what}" if self.what else self.words
