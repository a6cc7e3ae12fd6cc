"""The ports behind the domains: each serves whatever is deployed there."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from instances.simulator import gateway_answers
from instances.simulator.http_server import LocalServer
from instances.simulator.messages import Reply, Request
from instances.simulator.mishaps import Mishaps
from instances.simulator.world import World


class Gateways:
    """One small HTTP server for each domain."""

    def __init__(
        self, world: World, host: str, ports: Iterable[int] | None, mishaps: Mishaps
    ) -> None:
        self._world = world
        self._mishaps = mishaps
        self._host = host
        self._ports = None if ports is None else list(ports)
        self._servers: dict[int, LocalServer] = {}
        world.host_of_new_domain = self.open_new

    def open_new(self) -> tuple[str, int]:
        """Open a port for a domain that is about to be; return its host and the port."""
        server = self._open(self._candidates())
        return _host(server.port), server.port

    def reopen(self) -> None:
        for _, service in list(self._world.services()):
            for domain in service.domains:
                if domain.port not in self._servers:
                    # A port that somebody else has taken meanwhile is a gateway that is down.
                    with suppress(RuntimeError):
                        self._open([domain.port])

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def _candidates(self) -> list[int]:
        if self._ports is None:
            return [0]
        taken = {domain.port for _, one in self._world.services() for domain in one.domains}
        return [port for port in self._ports if port not in taken]

    def _open(self, candidates: list[int]) -> LocalServer:
        for port in candidates:
            try:
                server = LocalServer(self._host, port)
            except OSError:
                continue
            server.start(partial(self._answer, _host(server.port)))
            self._servers[server.port] = server
            return server
        raise RuntimeError(f"no free port for a gateway among {candidates[:5]}")

    def _answer(self, host: str, request: Request) -> Reply:
        """Answer as what is deployed there does, unless a fault (`gateway:/health`) is due."""
        work = partial(gateway_answers.answer, self._world, host, request)
        name = f"gateway:{request.path}"
        fault = self._world.faults.take({name})
        return work() if fault is None else self._mishaps.perform(fault, name, request, work)


def _host(port: int) -> str:
    return f"localhost:{port}"
