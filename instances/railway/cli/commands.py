"""Typed commands of the Railway CLI; flags and shapes are in railway/cli-facts.md."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from instances.railway import errors
from instances.railway.api.types import identifier
from instances.railway.cli import runner
from instances.railway.cli.environment import Place, Target, login_place, private_place
from instances.railway.config import BeforeCall, Call, RailwayConfig
from instances.railway.masking import Mask
from instances.railway.messages import error_for

# Earlier ones keep polling a workflow that has failed (cli-facts.md section 11).
LEAST_VERSION = (5, 31, 1)
# Seconds at scale 1. `add -d` polls its workflow up to 120 times (cli-facts.md section 8).
VERSION_SECONDS = 20.0
COMMAND_SECONDS = 120.0
DATABASE_SECONDS = 240.0
NUMBER = r"([0-9]{1,6})"
VERSION = re.compile(rf"railway\S*\s+v?{NUMBER}\.{NUMBER}\.{NUMBER}\b", re.IGNORECASE)
# Exit codes with which the CLI itself says no (cli-facts.md section 5).
ANSWERS = {1, 2}
SCHEME = re.compile(r"^https?://")
HOST = re.compile(r"[^\s/\x00-\x1f\ud800-\udfff]{1,255}/*")


class RailwayCli:
    """One process per command; `before_call` may refuse it by raising."""

    def __init__(self, config: RailwayConfig, *, mask: Mask, before_call: BeforeCall) -> None:
        self._config = config
        self._mask = mask
        self._before_call = before_call

    def version(self) -> str:
        """Return the CLI's version; raise CliUnusable when it is missing or too old."""
        call = Call("cli --version", changes=False, seconds=VERSION_SECONDS)
        with private_place(self._config, None) as place:
            done = self._run(["--version"], place, call)
        if done.returncode or not (match := VERSION.search(done.stdout)):
            raise errors.CliUnusable(
                f"{self._config.cli[0]} does not say its version; RAILWAY_CLI has to name"
                " the Railway CLI."
            )
        version = ".".join(match.groups())
        if tuple(int(part) for part in match.groups()) < LEAST_VERSION:
            least = ".".join(map(str, LEAST_VERSION))
            raise errors.CliUnusable(
                f"The Railway CLI is version {version}; install {least} or newer."
            )
        return version

    def init(self, name: str, *, workspace_id: str) -> str:
        """Create a project and return its id."""
        answer = self._json(["init", "-n", name, "-w", workspace_id, "--json"], None)
        return _id(answer, "init")

    def add_database(self, target: Target, kind: str) -> None:
        """Add a database from its template; return when the workflow says it is made."""
        self._json(["add", "-d", kind, "--json"], target, seconds=DATABASE_SECONDS)

    def add_service(self, target: Target, name: str, variables: Mapping[str, str]) -> str:
        """Add an empty service with variables, none of which may be secret; return its id."""
        flags = [word for pair in variables.items() for word in ("--variables", "=".join(pair))]
        answer = self._json(["add", "--service", name, *flags, "--json"], target)
        return _id(answer, "add")

    def set_secret(self, target: Target, service_id: str, name: str, value: str) -> None:
        """Set one variable through stdin, where no other process can read it."""
        argv = ["variable", "set", name, "--stdin", "--skip-deploys", "-s", service_id, "--json"]
        self._call(argv, target, stdin=value)

    def domain(self, target: Target, service_id: str) -> str:
        """Return the service's host, made now or earlier, without a scheme."""
        answer = self._json(["domain", "--service", service_id, "--json"], target)
        several = answer.get("domains")
        found = answer.get("domain") or next(iter(several if isinstance(several, list) else []), "")
        if not isinstance(found, str) or not HOST.fullmatch(host := SCHEME.sub("", found)):
            raise errors.RailwayBadResponse("The CLI's answer to domain names no domain.")
        return host.rstrip("/")

    def connect_source(self, target: Target, service_id: str, *, repo: str, branch: str) -> None:
        """Connect a repository, which starts the service's build."""
        argv = ["service", "source", "connect", "--service", service_id]
        self._call([*argv, "--repo", repo, "--branch", branch, "--json"], target)

    def redeploy_from_source(self, target: Target, service_id: str) -> None:
        """Deploy the branch's newest commit; the CLI does not say the deployment's id."""
        argv = ["redeploy", "-y", "--from-source", "-s", service_id, "--json"]
        self._call(argv, target)

    def _json(
        self, argv: Sequence[str], target: Target | None, *, seconds: float = COMMAND_SECONDS
    ) -> dict[str, Any]:
        stdout = self._call(argv, target, seconds=seconds).stdout
        try:
            answer = json.loads(stdout)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise errors.RailwayBadResponse(
                f"The CLI said that {argv[0]} went well, but printed no JSON object."
            )
        return answer

    def _call(
        self,
        argv: Sequence[str],
        target: Target | None,
        *,
        stdin: str | None = None,
        seconds: float = COMMAND_SECONDS,
    ) -> runner.Completed:
        call = Call(f"cli {argv[0]}", changes=True, seconds=self._config.deadline(seconds))
        with self._place(target, call) as place:
            done = self._run(argv, place, call, stdin=stdin)
        if done.returncode:
            raise self._failure(argv, done)
        return done

    def _failure(self, argv: Sequence[str], done: runner.Completed) -> errors.RailwayError:
        reason = self._mask(_without_echoes(done.stderr or done.stdout))
        if done.returncode not in ANSWERS or not reason.strip():
            # Killed or crashed: it says nothing about what was done until then.
            return errors.RailwayUnreachable(
                f"The Railway CLI's {argv[0]} broke off (exit code {done.returncode})."
            )
        return error_for(reason, said_by=f"The Railway CLI's {argv[0]}")

    @contextmanager
    def _place(self, target: Target | None, call: Call) -> Iterator[Place]:
        if self._config.cli_auth == "token":
            with private_place(self._config, target) as place:
                yield place
            return
        with login_place(self._config) as place:
            if target is not None:
                self._link(place, target, call)
            yield place

    def _link(self, place: Place, target: Target, call: Call) -> None:
        argv = ["link", "-p", target.project_id, "-e", target.environment_id, "--json"]
        try:
            done = self._run(argv, place, Call("cli link", changes=False, seconds=call.seconds))
            if done.returncode:
                raise self._failure(argv, done)
        except errors.RailwayError as error:
            # Linking changes nothing at Railway, and the command itself was not started.
            error.may_have_happened = False
            raise

    def _run(
        self, argv: Sequence[str], place: Place, call: Call, *, stdin: str | None = None
    ) -> runner.Completed:
        self._before_call(call)
        command = [*self._config.cli, *argv]
        try:
            return runner.run(
                command, env=place.env, cwd=place.cwd, timeout=call.seconds, stdin=stdin
            )
        except runner.NoEnd:
            raise errors.RailwayUnreachable(
                f"The Railway CLI's {argv[0]} did not end within {call.seconds:g} s"
                " and was stopped."
            ) from None
        except OSError as error:
            raise errors.CliUnusable(
                f"The Railway CLI cannot be started ({error.strerror}): install it, or set"
                " RAILWAY_CLI to its path."
            ) from None
        except ValueError:
            raise errors.CliUnusable(
                "The Railway CLI cannot be started: its command line or the token holds a"
                " character that neither may have."
            ) from None


def _id(answer: Mapping[str, Any], command: str) -> str:
    try:
        return identifier(answer.get("id"))
    except TypeError:
        raise errors.RailwayBadResponse(f"The CLI's answer to {command} has no id.") from None


def _without_echoes(text: str) -> str:
    """Drop the "> Question answer" lines, which repeat what was given (cli-facts.md section 2)."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("> "))
