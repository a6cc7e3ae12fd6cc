"""Sockets: a threading HTTP server that hands requests to one function and writes what it says."""

import logging
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

from instances.simulator.messages import Cut, Reply, Request

logger = logging.getLogger(__name__)

Answer = Callable[[Request], Reply]


class LocalServer(ThreadingHTTPServer):
    """Serves until it is closed, and then hangs up on everybody who is still connected."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    answer: Answer

    def __init__(self, host: str, port: int) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self, answer: Answer) -> None:
        self.answer = answer
        Thread(target=self.serve_forever, args=(0.2,), daemon=True).start()

    def stop(self) -> None:
        ending = Thread(target=self.shutdown, daemon=True)
        ending.start()
        self._wake()
        ending.join()
        self.server_close()
        with self._open_lock:
            left = list(self._open)
        for connection in left:
            hang_up(connection)

    def _wake(self) -> None:
        # The loop looks whether it should end only between connections and once in a while.
        with suppress(OSError):
            socket.create_connection(self.socket.getsockname(), 1).close()

    @property
    def is_idle(self) -> bool:
        """Return whether nobody is connected, so that all that was asked has been noted."""
        with self._open_lock:
            return not self._open

    def note(self, connection: socket.socket, *, is_open: bool) -> None:
        with self._open_lock:
            if is_open:
                self._open.add(connection)
            else:
                self._open.discard(connection)

    def handle_error(self, *_: object) -> None:
        """Keep quiet about clients that went away, not about bugs."""
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.error("the local Railway has a bug", exc_info=error)

    def server_bind(self) -> None:
        # HTTPServer's own version looks up the host's name, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", int(self.server_address[1])


def hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body leave in two writes; without this they wait for each other's ack.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: LocalServer

    def setup(self) -> None:
        super().setup()
        self.server.note(self.connection, is_open=True)

    def finish(self) -> None:
        self.server.note(self.connection, is_open=False)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a request may carry secrets."""

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_DELETE(self) -> None:
        self._respond()

    def _respond(self) -> None:
        try:
            reply = self.server.answer(self._read())
        except Cut:
            self.close_connection = True
            hang_up(self.connection)
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _read(self) -> Request:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Request(
            method=self.command,
            path=address.path,
            query_string=address.query,
            headers=self.headers,
            body=self.rfile.read(length),
            has_hung_up=self._has_hung_up,
        )

    def _has_hung_up(self) -> bool:
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True
