"""The programs this app runs: which version of the Railway CLI, asked once per binary."""

import hashlib
import shutil
from pathlib import Path

from instances.models import CliVersion
from instances.railway.client import RailwayClient


def cli_version(railway: RailwayClient) -> str:
    """
    Return the CLI's version, remembered for this very binary.

    Raise CliUnusable when it is missing, too old or something else.
    """
    binary = _fingerprint(railway.config.cli)
    known = CliVersion.objects.filter(binary=binary).first()
    if known is not None:
        return known.version
    version = railway.cli_version()
    CliVersion.objects.get_or_create(binary=binary, defaults={"version": version})
    return version


def _fingerprint(command: tuple[str, ...]) -> str:
    """Hash the command line with the size and date of every file in it."""
    parts = []
    for word in command:
        path = Path(shutil.which(word) or word)
        if path.is_file():
            stat = path.stat()
            parts.append(f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}")
        else:
            parts.append(word)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
