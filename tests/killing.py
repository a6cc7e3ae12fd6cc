"""A worker that dies during a call, without a process of its own: what it leaves is the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

import pytest
from django.utils import timezone

from instances.models import Operation
from instances.simulator.faults import Fault, Stage
from instances.simulator.server import LocalRailway
from tests.conftest import carry_out

# Real seconds.
REACHED_WITHIN = 20.0
AGAIN_AFTER = 0.02


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches a SIGKILL."""


def kill_worker(
    operation: Operation,
    railway: LocalRailway,
    call: str,
    stage: Stage,
    *,
    client: Literal["app", "cli"] | None = None,
    skip: int = 0,
) -> None:
    """
    Carry the operation on until `call` is in mid-air, and die there.

    `stage`: whether the call has been carried out by then; nobody reads its answer. The
    lease is left behind, and has run out.
    """
    railway.faults.add(Fault(call, "hold", client=client, stage=stage, skip=skip))
    with _killing_when_held(railway), pytest.raises(Killed):
        carry_out(operation)
    railway.faults.drop()
    ran_out = timezone.now() - timedelta(seconds=1)
    Operation.objects.filter(pk=operation.pk).update(lease_expires_at=ran_out)
    operation.refresh_from_db()
    assert operation.state == Operation.State.RUNNING, "it put the operation down"


@contextmanager
def _killing_when_held(railway: LocalRailway) -> Iterator[None]:
    main, dead = threading.get_ident(), threading.Event()

    def die(*_: object) -> None:
        if not dead.is_set():
            dead.set()
            raise Killed

    def kill() -> None:
        # A signal that comes just before the wait for the answer does not end it.
        while railway.faults.wait_held(REACHED_WITHIN) and not dead.wait(AGAIN_AFTER):
            signal.pthread_kill(main, signal.SIGUSR1)

    killer = threading.Thread(target=kill)
    before = signal.signal(signal.SIGUSR1, die)
    killer.start()
    try:
        yield
    finally:
        killer.join()
        signal.signal(signal.SIGUSR1, before)
