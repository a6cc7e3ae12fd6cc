"""What the CLI may see: an environment from an allow list, a HOME and a folder."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import pytest

from instances.railway.cli.environment import Target, login_place, private_place
from instances.railway.errors import RailwayNotReady
from tests.railway.conftest import TOKEN, make_config

TARGET = Target("p1", "e1")
OURS = (
    "RAILWAY_TOKEN",
    "RAILWAY_PROJECT_ID",
    "RAILWAY_ENVIRONMENT_ID",
    "RAILWAY_SERVICE_ID",
    "RAILWAY_TEAM_ID",
    "RAILWAY_ENV",
    "RAILWAY_BACKBOARD_URL",
    "RAILWAY_API_URL",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET",
    "DATABASE_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "CI",
    "CLICOLOR_FORCE",
    "RUST_BACKTRACE",
    "LD_PRELOAD_OF_OURS",
    "XDG_CONFIG_HOME",
)
PASSED_ON = {
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "de_DE.UTF-8",
    "SSL_CERT_FILE": "/etc/own.pem",
    "SSL_CERT_DIR": "/etc/own",
    "HTTP_PROXY": "http://proxy.example:1",
    "HTTPS_PROXY": "http://proxy.example:2",
    "ALL_PROXY": "http://proxy.example:3",
    "http_proxy": "http://proxy.example:4",
    "https_proxy": "http://proxy.example:5",
    "all_proxy": "http://proxy.example:6",
}


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process what it would have inside Railway, and some secrets."""
    for name in OURS:
        monkeypatch.setenv(name, "our-own")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def private_env(**config: object) -> dict[str, str]:
    with private_place(make_config(**config), TARGET) as place:
        return dict(place.env)


# With a token.


@pytest.mark.usefixtures("ours")
def test_nothing_of_our_own_environment_passes() -> None:
    env = private_env()

    assert set(env) & set(OURS) == set()
    assert "our-own" not in env.values()


@pytest.mark.usefixtures("ours")
def test_every_name_that_begins_with_railway_is_a_switch_or_the_token() -> None:
    assert {name for name in private_env() if name.startswith("RAILWAY")} == {
        "RAILWAY_API_TOKEN",
        "RAILWAY_NO_TELEMETRY",
        "RAILWAY_NO_AUTO_UPDATE",
        "RAILWAY_AGENT_ADVISORY",
        "RAILWAY_CAC_DEPRECATION_WARNING",
        "RAILWAY_CALLER",
        "RAILWAY_AGENT_SESSION",
        "RAILWAY_HTTP_TIMEOUT",
    }


@pytest.mark.parametrize(("name", "value"), PASSED_ON.items())
def test_what_the_network_here_needs_passes(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert private_env()[name] == value


def test_what_is_not_set_is_not_passed_as_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    assert "SSL_CERT_FILE" not in private_env()


def test_path_passes() -> None:
    assert private_env()["PATH"] == os.environ["PATH"]


def test_the_language_is_neutral_unless_ours_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANG", raising=False)

    assert private_env()["LANG"] == "C.UTF-8"


@pytest.mark.usefixtures("ours")
def test_names_from_the_configuration_pass_and_only_these() -> None:
    env = private_env(child_env=("RAILWAY_BACKBOARD_URL", "NOT_SET_ANYWHERE"))

    assert {name for name, value in env.items() if value == "our-own"} == {"RAILWAY_BACKBOARD_URL"}
    assert "NOT_SET_ANYWHERE" not in env


@pytest.mark.usefixtures("ours")
def test_the_token_is_given_under_the_clis_own_name_only() -> None:
    env = private_env()

    assert [name for name, value in env.items() if TOKEN in value] == ["RAILWAY_API_TOKEN"]


def test_even_a_configured_name_cannot_replace_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAILWAY_API_TOKEN", "another")
    monkeypatch.setenv("HOME", "/another")

    env = private_env(child_env=("RAILWAY_API_TOKEN", "HOME"))

    assert env["RAILWAY_API_TOKEN"] == TOKEN
    assert env["HOME"] != "/another"


def test_telemetry_updates_and_colours_are_off() -> None:
    env = private_env()

    assert (env["RAILWAY_NO_TELEMETRY"], env["DO_NOT_TRACK"]) == ("1", "1")
    assert env["RAILWAY_NO_AUTO_UPDATE"] == "1"
    assert env["NO_COLOR"] == "1"


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_loopback_is_added_to_what_goes_without_a_proxy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(name, "corp.example")

    assert private_env()["NO_PROXY"] == "corp.example,localhost,127.0.0.1,::1"


def test_loopback_goes_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert private_env()["NO_PROXY"] == "localhost,127.0.0.1,::1"


def test_home_and_folder_are_private_and_gone_afterwards() -> None:
    with private_place(make_config(), TARGET) as place:
        home = Path(place.env["HOME"])

        assert mode(home) == 0o700
        assert mode(home / ".railway") == 0o700
        assert place.cwd.is_dir()
        assert place.cwd.is_relative_to(home)
        assert home != Path.home()

    assert not home.exists()


def test_home_and_folder_are_gone_after_trouble_too() -> None:
    with pytest.raises(LookupError), private_place(make_config(), TARGET) as place:
        raise LookupError

    assert not Path(place.env["HOME"]).exists()


def test_every_call_has_a_home_of_its_own() -> None:
    config = make_config()

    with private_place(config, TARGET) as one, private_place(config, TARGET) as other:
        assert one.env["HOME"] != other.env["HOME"]
        assert one.cwd != other.cwd


def test_the_link_file_names_project_and_environment_by_their_ids() -> None:
    with private_place(make_config(), TARGET) as place:
        content = json.loads((Path(place.env["HOME"]) / ".railway/config.json").read_text())

    cwd = str(place.cwd)
    assert content == {
        "projects": {
            cwd: {
                "projectPath": cwd,
                "name": None,
                "project": "p1",
                "environment": "e1",
                "environmentName": None,
                "service": None,
            }
        },
        "user": {},
    }


def test_the_link_file_says_the_folder_as_the_program_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CLI looks its folder up by getcwd(), which resolves links (cli-facts.md section 6)."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "link"))

    with private_place(make_config(), TARGET) as place:
        assert place.cwd == place.cwd.resolve()
        assert place.cwd.is_relative_to(tmp_path / "real")


def test_without_a_target_nothing_is_linked() -> None:
    with private_place(make_config(), None) as place:
        assert not (Path(place.env["HOME"]) / ".railway").exists()


# With a person's own login.


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A HOME of the test's own, and a folder for throw-away files beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "home"


@pytest.mark.usefixtures("ours")
def test_a_login_uses_the_real_home_and_no_token(home: Path) -> None:
    with login_place(make_config(cli_auth="login")) as place:
        env = dict(place.env)

    assert env["HOME"] == str(home)
    assert {"RAILWAY_API_TOKEN", "RAILWAY_TOKEN"} & set(env) == set()
    assert "our-own" not in env.values()
    assert TOKEN not in env.values()


def test_a_login_runs_in_a_folder_that_is_gone_afterwards(home: Path) -> None:
    with login_place(make_config(cli_auth="login")) as place:
        assert place.cwd.is_dir()
        assert list(place.cwd.iterdir()) == []
        assert not place.cwd.is_relative_to(home)

    assert not place.cwd.exists()


def test_a_login_writes_nothing_into_the_home(home: Path) -> None:
    with login_place(make_config(cli_auth="login")):
        assert list(home.iterdir()) == []

    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
def test_with_a_login_a_second_call_is_told_to_come_again() -> None:
    config = make_config(cli_auth="login")

    with (
        login_place(config),
        pytest.raises(RailwayNotReady, match="uses the CLI's login"),
        login_place(config),
    ):
        pass

    with login_place(config) as place:
        assert place.cwd.is_dir()


@pytest.mark.usefixtures("home")
def test_with_a_login_trouble_lets_the_next_one_in() -> None:
    config = make_config(cli_auth="login")

    with pytest.raises(LookupError), login_place(config):
        raise LookupError

    with login_place(config) as place:
        assert place.cwd.is_dir()
