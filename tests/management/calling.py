"""A management command, called as a shell would call it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command


@dataclass(frozen=True)
class Called:
    """One command by its name."""

    name: str

    def run(self, *argv: str) -> str:
        """Return what it prints for a person."""
        out = StringIO()
        call_command(self.name, *argv, stdout=out, stderr=StringIO())
        return out.getvalue()

    def run_as_json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv, "--json"))

    def fails_as_json(self, *argv: str) -> str:
        """Return the one sentence with which it fails."""
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command(self.name, *argv, "--json", stdout=out, stderr=StringIO())
        assert ended.value.code == 1
        answer = json.loads(out.getvalue())
        assert set(answer) == {"error"}
        return str(answer["error"])
