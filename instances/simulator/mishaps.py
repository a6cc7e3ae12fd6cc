"""What a fault does to one request: instead of the work, or after it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from instances.simulator.execution import failure
from instances.simulator.faults import Fault
from instances.simulator.holding import Holding
from instances.simulator.messages import Cut, Reply, Request, html_reply, json_reply, text_reply

BAD_GATEWAY_PAGE = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    "<body><h1>Bad Gateway</h1></body></html>"
)
DEFAULT_MESSAGE = "Problem processing request"
_CHECK_EVERY = 0.05

Work = Callable[[], Reply]


@dataclass(frozen=True)
class Mishaps:
    """Applies faults to requests, for as long as the server lives."""

    holding: Holding
    stopping: threading.Event

    def perform(self, fault: Fault, operation: str, request: Request, work: Work) -> Reply:
        """Do the work, or not, and answer as the fault says."""
        if fault.action == "delay":
            self.stopping.wait(fault.seconds)
            return work()
        if fault.action == "hold":
            return self._held(fault, operation, work)
        if fault.action == "error_after" or fault.stage == "after":
            work()
        return self._spoilt(fault, request)

    def _held(self, fault: Fault, operation: str, work: Work) -> Reply:
        reply = work() if fault.stage == "after" else None
        if not self.holding.hold(operation, fault.stage):
            raise Cut
        return work() if reply is None else reply

    def _spoilt(self, fault: Fault, request: Request) -> Reply:
        if fault.action == "timeout":
            self._wait_until_gone(request)
            raise Cut
        if fault.action == "cut":
            raise Cut
        if fault.action == "status":
            return _status_reply(fault)
        if fault.action == "html":
            return html_reply(fault.status or 502, fault.body or BAD_GATEWAY_PAGE)
        return json_reply(200, failure(fault.message or DEFAULT_MESSAGE))

    def _wait_until_gone(self, request: Request) -> None:
        while not self.stopping.is_set() and not request.has_hung_up():
            time.sleep(_CHECK_EVERY)


def _status_reply(fault: Fault) -> Reply:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    status = fault.status or 500
    if fault.body is not None:
        return text_reply(status, fault.body, headers)
    return json_reply(status, failure(fault.message or DEFAULT_MESSAGE), headers)
