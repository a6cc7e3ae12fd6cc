"""POSTs to the backboard, and what its answers mean for the CLI (cli-facts.md §5 and §6)."""

import json
import socket
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from instances.simulator.cli import errors
from instances.simulator.cli.config import Config
from instances.simulator.cli.documents import Document
from instances.simulator.cli.errors import CliError, Unauthorized
from instances.simulator.cli.settings import VERSION, Settings

Answer = dict[str, Any]


class Backboard:
    """Sends documents with the credential that the CLI would choose."""

    def __init__(self, settings: Settings, config: Config) -> None:
        self._settings = settings
        self._config = config
        self._url = settings.backboard
        self._timeout = settings.timeout()

    def require_credential(self) -> None:
        if not self._credential():
            raise Unauthorized(errors.NO_CREDENTIAL)

    def post(
        self,
        document: Document,
        variables: Answer | None = None,
        *,
        public: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Return what the document's root field answers; raise `CliError` for all else."""
        body = {"variables": variables, "query": document.text, "operationName": document.name}
        headers = {} if public else self._credential()
        data = self._meaning(*self._sent(body, headers, timeout or self._timeout))
        if data.get(document.root) is None:
            raise _undecodable("missing field")
        return data if document.name == "UserProjects" else data[document.root]

    def _credential(self) -> dict[str, str]:
        if self._settings.project_token is not None:
            return {"project-access-token": _clean(self._settings.project_token)}
        token = self._settings.api_token
        if token is None:
            token = self._config.stored_token
        return {} if token is None else {"authorization": f"Bearer {_clean(token)}"}

    def _sent(
        self, body: Answer, credential: dict[str, str], timeout: float
    ) -> tuple[HTTPResponse, bytes]:
        headers = {
            "content-type": "application/json",
            "x-source": f"CLI {VERSION}",
            "user-agent": f"CLI {VERSION}",
            **credential,
        }
        address = urlsplit(self._url)
        # http.client knows no proxies, which is right for a local Railway.
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=timeout)
        target = address.path + (f"?{address.query}" if address.query else "")
        try:
            connection.request("POST", target, json.dumps(body).encode(), headers)
            response = connection.getresponse()
            return response, response.read()
        except (OSError, HTTPException) as error:
            sending = f"error sending request for url ({self._url})"
            raise CliError(
                f"Failed to fetch: {sending}", causes=[sending, *_reasons(error)]
            ) from error
        finally:
            connection.close()

    def _meaning(self, response: HTTPResponse, body: bytes) -> Answer:
        if response.status == 429:
            raise errors.rate_limited(response.headers.get("Retry-After"))
        try:
            answer = json.loads(body)
        except json.JSONDecodeError as error:
            raise _undecodable(_where(error)) from error
        if not isinstance(answer, dict):
            raise _undecodable("expected an object")
        if answer.get("errors"):
            raise self._refusal(answer["errors"][0])
        if answer.get("data") is None:
            raise CliError("Failed to get data from GraphQL response")
        data: Answer = answer["data"]
        return data

    def _refusal(self, error: Answer) -> CliError:
        message = str(error["message"])
        if "project token not found" in message.lower():
            return Unauthorized(
                "Invalid RAILWAY_TOKEN. Please check that it is valid "
                "and has access to the resource you're trying to use."
            )
        if "not authorized" in message.lower():
            return self._unauthorized()
        if message == "Two Factor Authentication Required":
            workspace = (error.get("extensions") or {}).get("workspaceName", "this workspace")
            return CliError(
                f'Two-factor authentication is required for workspace "{workspace}".\n'
                "Enable 2FA at: https://railway.com/account/security"
            )
        return CliError(message)

    def _unauthorized(self) -> Unauthorized:
        if self._settings.project_token is not None:
            name = "RAILWAY_TOKEN"
        elif self._settings.api_token is not None:
            name = "RAILWAY_API_TOKEN"
        elif self._config.stored_token is not None:
            return Unauthorized(errors.LOGIN_AGAIN)
        else:
            return Unauthorized(errors.NO_CREDENTIAL)
        return Unauthorized(
            f"Unauthorized. Please check that your {name} is valid "
            "and has access to the resource you're trying to use."
        )


def _clean(token: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in token):
        raise CliError(errors.CORRUPT_LOGIN, causes=["failed to parse header value"])
    return token


def _undecodable(cause: str) -> CliError:
    decoding = "error decoding response body"
    return CliError(f"Failed to fetch: {decoding}", causes=[decoding, cause])


def _where(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc):
        return f"EOF while parsing a value at line {error.lineno} column {error.colno - 1}"
    return f"expected value at line {error.lineno} column {error.colno}"


def _reasons(error: Exception) -> list[str]:
    """Return why a request got no answer, in the words of the real one's HTTP library."""
    if isinstance(error, TimeoutError):
        return ["operation timed out"]
    if isinstance(error, socket.gaierror):
        lookup = f"failed to lookup address information: {error.strerror}"
        return ["client error (Connect)", "dns error", lookup]
    if isinstance(error, ConnectionRefusedError):
        reason = f"{error.strerror} (os error {error.errno})"
        return ["client error (Connect)", "tcp connect error", reason]
    return ["client error (SendRequest)", "connection closed before message completed"]
