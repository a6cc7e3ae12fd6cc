"""A tenant's gateway: what it says of itself, and every way in which it does not."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from instances.gateway import GatewayClient, GatewayError, GatewayStatus, GatewayTooOld

KEY = "the-admin-key-of-acme"
BEYOND_ASCII = "kéy-that-nobody-may-read"
URL = "https://acme.up.railway.test"
HEALTHY = {"status": "healthy", "version": "c0ffee"}


def answering(
    answer: httpx.Response | type[httpx.RequestError], seen: list[httpx.Request] | None = None
) -> GatewayClient:
    """Return a client whose last metre is `answer`; `seen` gets the requests."""

    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if not isinstance(answer, httpx.Response):
            raise answer(f"{KEY} was in the details", request=request)
        return answer

    return GatewayClient(URL, timeout=5, http=httpx.MockTransport(handle))


def checks(db: object, redis: object) -> httpx.Response:
    return httpx.Response(200, json={"status": "?", "checks": {"db": db, "redis": redis}})


LOST = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadTimeout,
    httpx.ReadError,
    httpx.RemoteProtocolError,
    httpx.DecodingError,
)


# Health.


def test_a_healthy_gateway_names_its_version() -> None:
    seen: list[httpx.Request] = []

    assert answering(httpx.Response(200, json=HEALTHY), seen).health() == "c0ffee"
    assert str(seen[0].url) == f"{URL}/health"
    assert "Authorization" not in seen[0].headers


def test_a_healthy_gateway_may_name_no_version() -> None:
    assert answering(httpx.Response(200, json={"status": "healthy"})).health() == ""


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"status": "error", "message": "Application not found"}),
        httpx.Response(503, json={"status": "unhealthy"}),
        httpx.Response(503, json=HEALTHY),
        httpx.Response(200, text="<html>healthy</html>"),
        httpx.Response(200, text=""),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, json=["healthy"]),
        httpx.Response(200, json={"status": "starting"}),
        httpx.Response(200, json={}),
        httpx.Response(302, headers={"Location": "https://elsewhere.test/health"}),
    ],
)
def test_anything_else_is_not_healthy(answer: httpx.Response) -> None:
    with pytest.raises(GatewayError, match=f"/health answers HTTP {answer.status_code}"):
        answering(answer).health()


@pytest.mark.parametrize("kind", LOST)
def test_a_gateway_that_does_not_answer_is_not_healthy(kind: type[httpx.RequestError]) -> None:
    with pytest.raises(GatewayError, match=f"cannot be reached \\({kind.__name__}\\)"):
        answering(kind).health()


# Status.


def test_a_gateway_that_sees_its_databases_says_so() -> None:
    seen: list[httpx.Request] = []

    status = answering(checks({"status": "ok"}, {"status": "ok"}), seen).status(KEY)

    assert status == GatewayStatus("ok", "ok")
    assert status.sees_its_databases is True
    assert str(seen[0].url) == f"{URL}/api/admin/system-status"
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("db", "redis", "expected"),
    [
        ({"status": "error"}, {"status": "ok"}, GatewayStatus("error", "ok")),
        ({"status": "ok"}, {"status": "not_configured"}, GatewayStatus("ok", "not_configured")),
        ({"status": "ok"}, {}, GatewayStatus("ok", "unknown")),
        ({"status": "ok"}, "ok", GatewayStatus("ok", "unknown")),
        (None, ["ok"], GatewayStatus("unknown", "unknown")),
        ({"status": True}, {"status": None}, GatewayStatus("unknown", "unknown")),
        ({"status": "postgres://u:p@h"}, {"status": "ok"}, GatewayStatus("unknown", "ok")),
    ],
)
def test_a_gateway_that_does_not_see_both_does_not_count(
    db: object, redis: object, expected: GatewayStatus
) -> None:
    status = answering(checks(db, redis)).status(KEY)

    assert status == expected
    assert status.sees_its_databases is False


def test_missing_checks_are_unknown() -> None:
    status = answering(httpx.Response(200, json={"checks": {}})).status(KEY)

    assert status == GatewayStatus("unknown", "unknown")


def test_a_key_that_is_not_accepted_is_told() -> None:
    with pytest.raises(GatewayError, match="does not accept our admin key") as caught:
        answering(httpx.Response(403, json={"detail": "forbidden"})).status(KEY)

    assert type(caught.value) is GatewayError


def test_a_gateway_without_a_status_page_is_too_old() -> None:
    with pytest.raises(GatewayTooOld, match="older than May 2026"):
        answering(httpx.Response(404, json={"detail": "Not Found"})).status(KEY)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"detail": "who are you?"}),
        httpx.Response(503, json={"checks": {}}),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"checks": ["db"]}),
        httpx.Response(200, json={"checks": None}),
        httpx.Response(200, json={}),
    ],
)
def test_any_other_status_page_is_no_answer(answer: httpx.Response) -> None:
    with pytest.raises(GatewayError, match=f"answers HTTP {answer.status_code}") as caught:
        answering(answer).status(KEY)

    assert type(caught.value) is GatewayError


@pytest.mark.parametrize(
    "answer", [*LOST, httpx.Response(403, text=KEY), httpx.Response(200, text=KEY)]
)
def test_no_exception_shows_the_key(answer: httpx.Response | type[httpx.RequestError]) -> None:
    with pytest.raises(GatewayError) as caught:
        answering(answer).status(KEY)

    shown = f"{caught.value!r} {''.join(traceback.format_exception(caught.value))}"
    assert KEY not in shown


# The client key.


def test_a_client_key_is_asked_about_with_an_empty_message() -> None:
    seen: list[httpx.Request] = []

    answering(httpx.Response(400, json={"type": "error"}), seen).expect_client_key(KEY)

    assert (seen[0].method, str(seen[0].url)) == ("POST", f"{URL}/v1/messages")
    assert json.loads(seen[0].content) == {}


def test_a_client_key_is_no_bearer_token_which_could_be_let_through_unverified() -> None:
    seen: list[httpx.Request] = []

    answering(httpx.Response(400), seen).expect_client_key(KEY)

    assert seen[0].headers["x-api-key"] == KEY
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"type": "message"}),
        httpx.Response(400, json={"type": "error"}),
        httpx.Response(422, json={"detail": []}),
        httpx.Response(500, json={"error": {"message": "No Anthropic credentials available"}}),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_whoever_gets_past_the_door_has_an_accepted_key(answer: httpx.Response) -> None:
    seen: list[httpx.Request] = []

    answering(answer, seen).expect_client_key(KEY)

    assert len(seen) == 1


@pytest.mark.parametrize("status", [302, 401, 403, 404, 405, 429, 500, 502, 503, 504])
def test_any_other_answer_is_no_accepted_key(status: int) -> None:
    with pytest.raises(GatewayError, match=rf"not accept the client key \(HTTP {status}\)\."):
        answering(httpx.Response(status, text="Application not found")).expect_client_key(KEY)


@pytest.mark.parametrize("kind", LOST)
def test_a_gateway_that_does_not_answer_accepts_no_key(kind: type[httpx.RequestError]) -> None:
    with pytest.raises(GatewayError, match=f"cannot be reached \\({kind.__name__}\\)"):
        answering(kind).expect_client_key(KEY)


@pytest.mark.parametrize(
    "answer",
    [*LOST, *(httpx.Response(status, text=KEY) for status in (401, 403, 404, 500, 502))],
)
def test_no_exception_shows_the_client_key(
    answer: httpx.Response | type[httpx.RequestError],
) -> None:
    with pytest.raises(GatewayError) as caught:
        answering(answer).expect_client_key(KEY)

    shown = f"{caught.value!r} {''.join(traceback.format_exception(caught.value))}"
    assert KEY not in shown


def test_a_client_key_beyond_ascii_shows_itself_in_no_error() -> None:
    with pytest.raises(GatewayError, match="HTTP 401") as caught:
        answering(httpx.Response(401)).expect_client_key(BEYOND_ASCII)

    assert BEYOND_ASCII not in "".join(traceback.format_exception(caught.value))


def test_its_connection_is_closed_with_it() -> None:
    with answering(httpx.Response(200, json=HEALTHY)) as client:
        client.health()

    with pytest.raises(RuntimeError, match="closed"):
        client.health()


# Real connections.


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(HEALTHY).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the test's output silent."""


class CutOff(Healthy):
    def do_GET(self) -> None:
        """Hang up without a word."""


class TooSlow(Healthy):
    def do_GET(self) -> None:
        threading.Event().wait(1)


@dataclass
class Certificate:
    """A certificate that its own key has signed, and the file that holds both."""

    path: Path
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    path.write_bytes(self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return Certificate(path, context)


def self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    addresses = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers on this machine; return their ports."""
    started: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> int:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        started.append((server, thread))
        return server.server_port

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


def health(url: str, *, timeout: float = 5) -> str:
    with GatewayClient(url, timeout=timeout) as client:
        return client.health()


def test_a_connection_that_is_cut_is_no_answer(serve: Serve) -> None:
    port = serve(CutOff)

    with pytest.raises(GatewayError, match="RemoteProtocolError"):
        health(f"http://127.0.0.1:{port}")


def test_a_gateway_that_is_too_slow_is_given_up(serve: Serve) -> None:
    port = serve(TooSlow)

    with pytest.raises(GatewayError, match="ReadTimeout"):
        health(f"http://127.0.0.1:{port}", timeout=0.1)


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(GatewayError, match="ConnectError"):
        health("http://127.0.0.1:9")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_never_goes_through_a_proxy(
    serve: Serve, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    port = serve(Healthy)

    assert health(f"http://{host}:{port}") == "c0ffee"


def test_a_certificate_named_by_the_environment_is_trusted(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    port = serve(Healthy, certificate.context)

    assert health(f"https://localhost:{port}") == "c0ffee"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    port = serve(Healthy, certificate.context)

    with pytest.raises(GatewayError, match="ConnectError"):
        health(f"https://localhost:{port}")


def test_a_certificate_is_looked_at_even_without_a_proxy(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    port = serve(Healthy, certificate.context)

    assert health(f"https://127.0.0.1:{port}") == "c0ffee"


def test_a_key_beyond_ascii_shows_itself_in_no_error() -> None:
    ok = {"status": "ok"}
    with answering(checks(ok, ok)) as gateway:
        assert gateway.status(BEYOND_ASCII).sees_its_databases


@pytest.mark.parametrize("url", ["https://[::1", "https://xn--", "https://" + "a" * 70 + ".test"])
def test_an_address_that_cannot_be_one_is_told(url: str) -> None:
    with pytest.raises(GatewayError), GatewayClient(url, timeout=1) as gateway:
        gateway.health()


def test_a_body_nested_beyond_reason_is_not_healthy() -> None:
    with answering(httpx.Response(200, text="[" * 100_000)) as gateway, pytest.raises(GatewayError):
        gateway.health()
