"""
Run the matrix: python -m tests.reliability [options]

Several shards work on it, each with a PostgreSQL server, a local Railway and clusters of
its own. Exit code 1 when there was a violation; for the control, when there was none.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

from tests.reliability import matrix, report, shard
from tests.reliability.matrix import Case

SPAWN = multiprocessing.get_context("spawn")
# Most of a case is waiting for a lease to run out.
SHARDS = 6
Results = list[dict[str, Any]]


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    options = _options(arguments)
    chosen = matrix.each_step_once(options.turn) if options.each_step_once else matrix.whole()
    cases = [case for case in chosen if options.only in str(case)]
    # In no order, so that a run that is stopped has seen something of everything.
    random.Random(options.turn).shuffle(cases)  # noqa: S311 - nothing secret about it
    begun = time.monotonic()
    results = list(_until_stopped(_results(cases, options)))
    is_whole = len(results) == len(cases)
    summary = report.summary(results, of=len(cases), seconds=time.monotonic() - begun)
    sys.stdout.write(f"{summary}\n")
    if options.onto:
        results, summary = report.put_onto(json.loads(options.onto.read_text()), results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.write:
        controls = {path.stem: json.loads(path.read_text()) for path in options.controls}
        page = report.page(
            results, summary, controls=controls, at=datetime.now(UTC), scale=shard.SCALE
        )
        options.write.write_text(page)
    is_violated = any(result["violations"] for result in results)
    return 0 if is_whole and is_violated == bool(options.without) else 1


def _until_stopped(results: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what there is when somebody stops it: that is worth a report, too."""
    with suppress(KeyboardInterrupt, SystemExit):
        yield from results


def _options(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--each-step-once", action="store_true", help="One fault for each call.")
    today = datetime.now(UTC).timetuple().tm_yday
    parser.add_argument("--turn", type=int, default=today, help="Which fault comes first.")
    parser.add_argument("--only", default="", help="Only cases whose name has this in it.")
    parser.add_argument("--without", choices=("lease", "look"), help="The control.")
    parser.add_argument(
        "--controls", type=Path, nargs="*", default=[], help="Results of it, for the page."
    )
    parser.add_argument("--shards", type=int, default=SHARDS)
    parser.add_argument("--json", type=Path, help="Write every result there.")
    parser.add_argument(
        "--onto", type=Path, help="Earlier results: those of cases that run now are replaced."
    )
    parser.add_argument("--write", type=Path, help="Write the page with the tables there.")
    return parser.parse_args(arguments)


def _results(cases: list[Case], options: Namespace) -> Iterator[dict[str, Any]]:
    """Have the shards work on the cases; yield what comes of each."""
    to_do: Queue[Case | None] = SPAWN.Queue()
    done: Queue[dict[str, Any]] = SPAWN.Queue()
    count = min(options.shards, len(cases))
    shards = [
        SPAWN.Process(target=shard.work, args=(to_do, done, options.without)) for _ in range(count)
    ]
    for case in [*cases, *[None] * count]:
        to_do.put(case)
    for each in shards:
        each.start()
    try:
        for number in range(1, len(cases) + 1):
            result = _next_result(done, shards)
            if result is None:
                break
            sys.stdout.write(f"{number}/{len(cases)} {report.line(result)}\n")
            sys.stdout.flush()
            yield result
    finally:
        for each in shards:
            # One that is done has ended, or is about to.
            each.terminate()
        for each in shards:
            each.join()


def _next_result(done: Queue[dict[str, Any]], shards: Sequence[SpawnProcess]) -> Any:
    """Return the next result, or None when no shard is left that could give one."""
    while True:
        try:
            return done.get(timeout=1)
        except Empty:
            if not any(each.is_alive() for each in shards):
                return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
