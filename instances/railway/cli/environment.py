"""
What the CLI's process may see: its environment, its HOME and its folder.

An allow list, because Railway puts RAILWAY_PROJECT_ID and its kin into every container
and they override the CLI's link: passed on, `add` would act on the project that this
very app runs in (railway/cli-facts.md section 0).
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from instances.railway.config import RailwayConfig
from instances.railway.errors import RailwayNotReady

INHERITED = (
    "PATH",
    "LANG",
    "LC_ALL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)
# Reasons: railway/cli-facts.md sections 7 and 9.
SWITCHES = {
    "RAILWAY_NO_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "RAILWAY_NO_AUTO_UPDATE": "1",
    "RAILWAY_AGENT_ADVISORY": "0",
    "RAILWAY_CAC_DEPRECATION_WARNING": "0",
    "RAILWAY_CALLER": "luthien-admin",
    "RAILWAY_AGENT_SESSION": "luthien-admin",
    "RAILWAY_HTTP_TIMEOUT": "60",
    "NO_COLOR": "1",
}
LOOPBACK = "localhost,127.0.0.1,::1"


@dataclass(frozen=True, slots=True)
class Target:
    """The project and environment that a command acts on."""

    project_id: str
    environment_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to run in, and the environment to run with."""

    cwd: Path
    env: Mapping[str, str]


@contextmanager
def private_place(config: RailwayConfig, target: Target | None) -> Iterator[Place]:
    """
    Yield a throw-away HOME and folder, linked to `target` by a file of ours.

    Each call has its own, since parallel processes with one HOME lose each other's
    links; `railway link` itself would need `me`, which a workspace token may not read
    (railway/cli-facts.md sections 0 and 6).
    """
    with tempfile.TemporaryDirectory(prefix="luthien-cli-") as folder:
        home = Path(folder).resolve()
        cwd = home / "work"
        cwd.mkdir()
        if target is not None:
            _write_link(home, cwd, target)
        # The token goes under the CLI's own name for it, never as RAILWAY_TOKEN.
        yield Place(cwd, {**_base(config), "HOME": str(home), "RAILWAY_API_TOKEN": config.token})


@contextmanager
def login_place(config: RailwayConfig) -> Iterator[Place]:
    """Yield the person's own HOME and a throw-away folder, one process at a time."""
    home = Path.home()
    lock = Path(tempfile.gettempdir()) / f"luthien-cli-{os.getuid()}.lock"
    with (
        lock.open("w") as handle,
        tempfile.TemporaryDirectory(prefix="luthien-cli-") as folder,
    ):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Waiting here would outlast the lease; whoever called comes again.
            raise RailwayNotReady("Another process uses the CLI's login just now.") from None
        yield Place(Path(folder).resolve(), {**_base(config), "HOME": str(home)})


def _base(config: RailwayConfig) -> dict[str, str]:
    names = (*INHERITED, *config.child_env)
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    no_proxy = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return {
        "LANG": "C.UTF-8",
        **SWITCHES,
        **inherited,
        "NO_PROXY": f"{no_proxy},{LOOPBACK}".strip(","),
    }


def _write_link(home: Path, cwd: Path, target: Target) -> None:
    """Write the CLI's own link file (its format: railway/cli-facts.md section 6)."""
    link = {
        "projectPath": str(cwd),
        "name": None,
        "project": target.project_id,
        "environment": target.environment_id,
        "environmentName": None,
        "service": None,
    }
    folder = home / ".railway"
    folder.mkdir(mode=0o700)
    content = json.dumps({"projects": {str(cwd): link}, "user": {}})
    (folder / "config.json").write_text(content, encoding="utf-8")
