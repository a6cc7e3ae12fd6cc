"""
What one create costs with Railway's own CLI: CLI processes, requests by whom, seconds.

    .venv/bin/python -m benchmarks.real_cli --scale 0.05

The CLI is the one of the contract tests (`make railway-cli`, or RAILWAY_REAL_CLI). What is
measured, and where, is as in `create.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys

from benchmarks.create import measured
from tests.contract.programs import MISSING, REAL


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.05)
    scale = parser.parse_args().scale
    if not os.access(REAL, os.X_OK):
        parser.exit(1, f"{MISSING}\n")
    sys.stdout.write(json.dumps(measured(scale, REAL), indent=2) + "\n")


if __name__ == "__main__":
    main()
