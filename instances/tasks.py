"""What the queue calls."""

import logging
from collections.abc import Callable

from instances import timing
from instances.exceptions import Busy, InstancesError
from instances.railway.client import RailwayClient, errors
from instances.services import access, dispatch, people, reaping
from instances.services import sync as syncing

logger = logging.getLogger(__name__)


def advance(operation_id: int) -> None:
    dispatch.advance(operation_id)


def canary() -> None:
    """Do nothing: that it was done shows that a worker is alive."""


def sweep() -> None:
    try:
        dispatch.sweep()
    except Busy as busy:
        logger.info("%s", busy)


def sync() -> None:
    _run(syncing.run)


def reap() -> None:
    """Ask for the deletions that are due; other workers carry them out."""
    _run(lambda railway: reaping.run(railway, people.cron()))


def _run(job: Callable[[RailwayClient], object]) -> None:
    """Run it; how it ended is in the job's row, so an expected failure is no failed task."""
    try:
        with access.railway(timing.current()) as railway:
            job(railway)
    except Busy as busy:
        logger.info("%s", busy)
    except (InstancesError, errors.RailwayError) as error:
        logger.error("%s", error)
