"""The two programs that are compared: the stand-in, and the official CLI where it is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

STAND_IN = Path(sys.executable).with_name("railway-stand-in")
VERSION = Path(__file__).with_name("cli-version").read_text(encoding="utf-8").strip()


def real_cli() -> Path:
    """Return where the official CLI is expected: a debug build, so that it can be pointed here."""
    if named := os.environ.get("RAILWAY_REAL_CLI"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "luthien_admin" / f"railway-{VERSION}" / "bin" / "railway"


REAL = real_cli()
MISSING = f"needs the Railway CLI {VERSION}: make railway-cli"
needs_real_cli = pytest.mark.skipif(not os.access(REAL, os.X_OK), reason=MISSING)
