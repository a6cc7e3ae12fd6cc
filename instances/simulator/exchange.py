"""One GraphQL request from the bytes that came in to the bytes that go out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from instances.simulator import execution
from instances.simulator.access import Caller, Credential, credential
from instances.simulator.budget import Budget, Edge
from instances.simulator.execution import BadDocument, Operation
from instances.simulator.messages import JSON_TYPE, Cut, Reply, Request, json_reply, text_reply
from instances.simulator.mishaps import Mishaps
from instances.simulator.record import Records, RequestRecord
from instances.simulator.resolvers.context import Context
from instances.simulator.tokens import Token
from instances.simulator.world import World

BANNED = "error code: 1015"
TOO_MANY = "Rate limit exceeded"


@dataclass(frozen=True)
class Exchange:
    """Answers GraphQL requests: limits first, then the document, then faults and the work."""

    world: World
    tokens: Mapping[str, Token]
    budget: Budget
    edge: Edge
    mishaps: Mishaps
    records: Records
    page_cap: int

    def answer(self, request: Request) -> Reply:
        """Return the answer; raise `Cut` where the connection is to end without one."""
        known = credential(request.headers, self.tokens)
        record = RequestRecord(client=_client(request), token_kind=known.kind)
        try:
            reply = self._limited(request, known, record)
        except Cut:
            record.error = "connection cut"
            raise
        else:
            record.http_status = reply.status
            record.error = record.error or _error_of(reply)
            return reply
        finally:
            self.records.add(record)

    def _limited(self, request: Request, known: Credential, record: RequestRecord) -> Reply:
        asked = _body(request)
        _note(record, asked)
        if record.client == "other" and not self.edge.admits():
            return text_reply(429, BANNED)
        if not self.budget.spend(known.key):
            return self._exhausted(known)
        reply = self._faulty(request, asked, known, record)
        if reply.content_type != JSON_TYPE:
            # What is not JSON comes from the edge, which knows nothing of budgets.
            return reply
        return replace(reply, headers={**self.budget.headers(known.key), **reply.headers})

    def _exhausted(self, known: Credential) -> Reply:
        wait = max(1, int(self.budget.resets_at(known.key) - self.world.now()) + 1)
        headers = self.budget.headers(known.key) | {"Retry-After": str(wait)}
        return json_reply(429, execution.failure(TOO_MANY), headers)

    def _faulty(
        self, request: Request, asked: dict[str, Any], known: Credential, record: RequestRecord
    ) -> Reply:
        try:
            operation = execution.understand(
                asked.get("query"), asked.get("operationName"), self.world.schema_without
            )
        except BadDocument as refused:
            return json_reply(400, refused.answer)
        record.operation, record.operation_name = operation.root_field, operation.name

        def work() -> Reply:
            return self._executed(operation, asked.get("variables"), known)

        names = {"*", operation.root_field, operation.name or ""}
        fault = self.world.faults.take(names, record.client)
        if fault is None:
            return work()
        return self.mishaps.perform(fault, operation.root_field, request, work)

    def _executed(
        self, operation: Operation, variables: Mapping[str, Any] | None, known: Credential
    ) -> Reply:
        context = Context(Caller(self.world, known), self.budget, self.page_cap)
        return json_reply(200, execution.execute(operation, variables, context))


def _client(request: Request) -> str:
    if request.headers.get("x-source", "").startswith("CLI"):
        return "cli"
    return "app" if request.query_string else "other"


def _body(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(request.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _note(record: RequestRecord, asked: Mapping[str, Any]) -> None:
    record.operation_name = asked.get("operationName")
    record.variables = dict(asked.get("variables") or {})


def _error_of(reply: Reply) -> str | None:
    if not reply.content_type.startswith("application/json"):
        return None if reply.status < 400 else f"HTTP {reply.status}"
    errors = json.loads(reply.body).get("errors")
    return str(errors[0]["message"]) if errors else None
