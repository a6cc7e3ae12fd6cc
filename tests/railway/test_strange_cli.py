"""Whatever the program behind the CLI prints, and however it ends: a result, or a RailwayError."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.railway.api.types import LONGEST_HOST
from instances.railway.cli.commands import RailwayCli
from instances.railway.cli.environment import Target
from instances.railway.config import always
from instances.railway.errors import RailwayError, RailwayUnreachable
from instances.railway.masking import Mask
from tests.railway.conftest import SECRET, TOKEN, MakeFakeCli, everything_in, make_config
from tests.strange import ODD_TEXTS, as_json, examples, gone_wrong, json_values, whats_wrong_with

TARGET = Target("p1", "e1")
Command = Callable[[RailwayCli], Any]
COMMANDS: dict[str, Command] = {
    "version": lambda cli: cli.version(),
    "init": lambda cli: cli.init("luthien-acme", workspace_id="w1"),
    "database": lambda cli: cli.add_database(TARGET, "postgres"),
    "service": lambda cli: cli.add_service(TARGET, "gateway", {"PORT": "8000"}),
    "secret": lambda cli: cli.set_secret(TARGET, "s1", "ADMIN_API_KEY", SECRET),
    "domain": lambda cli: cli.domain(TARGET, "s1"),
    "source": lambda cli: cli.connect_source(TARGET, "s1", repo="o/r", branch="main"),
    "redeploy": lambda cli: cli.redeploy_from_source(TARGET, "s1"),
}
ANSWERED = ("init", "service", "domain", "database")
# The longest sentence about an error, with what stands before it.
LONGEST = 700

RIGHT = {"id": "x1", "name": "acme", "domain": "https://acme.test", "domains": ["acme.test"]}
noise = st.sampled_from(
    [
        *(b"", b"\n\n\n", b"\xff\xfe\x00", b"\x1b[31mred\x1b[0m", b"\r\n", b"[" * 20_000),
        *(b'{"id": "a", "id": "b"}', b'{"id": NaN}', b'{"id": 1e400}', b'{"id": "x1"}{"id": 2}'),
        *(b"railway 5.31.1", b"railway " + b"9" * 5000 + b".1.1"),
        "railway \u0665.\u0663\u0661.1".encode(),
        b"rate limit: try again in " + b"9" * 400 + b" minutes",
        f"token {TOKEN} and {SECRET} ADMIN_API_KEY={SECRET}".encode(),
        *(text.encode("utf-8", "surrogatepass") for text in ODD_TEXTS),
    ]
)
outputs = (
    noise
    | st.binary(max_size=100)
    | json_values.map(as_json)
    | gone_wrong(RIGHT).map(as_json)
    | st.lists(noise, max_size=3).map(b"".join)
)
exit_codes = st.sampled_from([0, 0, 0, 1, 2, 3, 101, 127, 255, -9, -15])


def outcome(command: Command, cli: RailwayCli) -> Any:
    try:
        return command(cli)
    except RailwayError as error:
        return error


def whats_wrong(found: Any) -> str:
    """Say what is wrong with what a command returned or raised."""
    shown = everything_in(found) if isinstance(found, RailwayError) else str(found)
    if isinstance(found, RailwayError) and len(str(found)) > LONGEST:
        return f"a sentence of {len(str(found))} characters"
    if isinstance(found, RailwayError) and (TOKEN in shown or SECRET in shown):
        return "it shows a secret"
    return whats_wrong_with(found)


# A shell starts faster than Python; what it prints is in files beside it.
SAYING = """
cat {folder}/stdout
cat {folder}/stderr >&2
[ {code} -lt 0 ] && kill {code} $$
exit {code}
"""


def saying(folder: Path, stdout: bytes, stderr: bytes, code: int) -> RailwayCli:
    """Return the CLI behind which a real program prints these bytes and ends with this code."""
    (folder / "stdout").write_bytes(stdout)
    (folder / "stderr").write_bytes(stderr)
    (folder / "cli").write_text(SAYING.format(folder=folder, code=code))
    return RailwayCli(
        make_config(cli=("/bin/sh", str(folder / "cli"))),
        mask=Mask([TOKEN, SECRET]),
        before_call=always,
    )


@examples(100)
@given(
    name=st.sampled_from(list(COMMANDS)),
    stdout=outputs,
    stderr=outputs | st.just(b""),
    code=exit_codes,
)
def test_any_output_and_any_end(
    tmp_path: Path, name: str, stdout: bytes, stderr: bytes, code: int
) -> None:
    assert whats_wrong(outcome(COMMANDS[name], saying(tmp_path, stdout, stderr, code))) == ""


@examples(60)
@given(name=st.sampled_from(["init", "service", "domain"]), answer=gone_wrong(RIGHT))
def test_a_right_answer_gone_wrong(tmp_path: Path, name: str, answer: Any) -> None:
    cli = saying(tmp_path, as_json(answer), b"", 0)

    found = outcome(COMMANDS[name], cli)

    assert whats_wrong(found) == ""
    assert isinstance(found, RailwayError) or 0 < len(found) <= LONGEST_HOST


@examples(100)
@given(name=st.sampled_from([*ANSWERED, "version"]), stdout=noise)
def test_a_good_end_with_nonsense(tmp_path: Path, name: str, stdout: bytes) -> None:
    assert whats_wrong(outcome(COMMANDS[name], saying(tmp_path, stdout, b"", 0))) == ""


@pytest.mark.parametrize(("name", "code"), [("version", 0), ("init", 0), ("secret", 1)])
def test_ten_megabytes_on_both_sides(tmp_path: Path, name: str, code: int) -> None:
    page = f"{SECRET} KEY a://b:".encode() * 250_000
    begun = time.monotonic()

    found = outcome(COMMANDS[name], saying(tmp_path, page, page, code))

    assert whats_wrong(found) == ""
    assert time.monotonic() - begun < 20


def test_a_program_that_closes_its_output_early(fake_cli: MakeFakeCli) -> None:
    fake = fake_cli("import os; os.close(1); os.close(2); time.sleep(0.2); os._exit(0)")

    assert whats_wrong(outcome(COMMANDS["init"], fake.commands())) == ""


LEAVING_A_CHILD = """
if os.fork() == 0:
    {apart}
    time.sleep(30)
    os._exit(0)
print('{{"id": "x1"}}', flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("apart", ["pass", "os.setsid()"])
def test_a_child_of_the_program_that_holds_its_output_open(
    fake_cli: MakeFakeCli, apart: str
) -> None:
    fake = fake_cli(LEAVING_A_CHILD.format(apart=apart))
    begun = time.monotonic()

    with pytest.raises(RailwayUnreachable, match="did not end within"):
        COMMANDS["init"](fake.commands(deadline=lambda _: 1.5))

    assert time.monotonic() - begun < 10
