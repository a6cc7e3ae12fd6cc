"""How the stand-in fails: exit codes, messages, and what it must never do."""

import json

import pytest

from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project
from tests.simulator.conftest import Cli, MakeCli, service_named


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("luthien-acme", services=["gateway", "worker"])


@pytest.fixture
def linked(cli: Cli, project: Project) -> Cli:
    cli.link(project)
    return cli


LIST = ("variable", "list", "-s", "gateway", "--json")
CHECK = "Please check that your {} is valid and has access to the resource you're trying to use."


def test_without_an_address_it_talks_to_nobody(make_cli: MakeCli, railway: LocalRailway) -> None:
    done = make_cli(railway, RAILWAY_BACKBOARD_URL=None)("whoami")

    assert done.returncode == 1
    assert "RAILWAY_BACKBOARD_URL" in done.stderr


def test_without_a_credential(make_cli: MakeCli, railway: LocalRailway) -> None:
    done = make_cli(railway, RAILWAY_API_TOKEN=None)("whoami")

    assert done.returncode == 1
    assert done.stderr == "Unauthorized. Please login with `railway login`\n"
    assert railway.requests == []


@pytest.mark.parametrize("token", ["wrong", "", "project-token"])
def test_with_a_wrong_token(make_cli: MakeCli, railway: LocalRailway, token: str) -> None:
    done = make_cli(railway, RAILWAY_API_TOKEN=token)("whoami")

    assert done.returncode == 1
    assert done.stderr == f"Unauthorized. {CHECK.format('RAILWAY_API_TOKEN')}\n"


def test_with_a_token_that_holds_a_newline(make_cli: MakeCli, railway: LocalRailway) -> None:
    done = make_cli(railway, RAILWAY_API_TOKEN="account-token\n")("whoami")

    assert done.stderr.startswith("Login state is corrupt. Please logout and login back in.\n")


@pytest.mark.parametrize("command", [("init", "-n", "x"), ("whoami",), ("list",)])
def test_a_workspace_token_cannot_ask_who_it_is(
    make_cli: MakeCli, railway: LocalRailway, command: tuple[str, ...]
) -> None:
    done = make_cli(railway, RAILWAY_API_TOKEN="workspace-token")(*command)

    assert done.returncode == 1
    assert CHECK.format("RAILWAY_API_TOKEN") in done.stderr
    assert railway.world.projects == {}


def test_a_workspace_token_works_with_a_link(
    make_cli: MakeCli, railway: LocalRailway, project: Project
) -> None:
    cli = make_cli(railway, RAILWAY_API_TOKEN="workspace-token")
    cli.link(project)

    assert cli.json(*LIST)["RAILWAY_PROJECT_ID"] == project.id


def test_a_project_token_is_its_own_link(
    make_cli: MakeCli, railway: LocalRailway, project: Project
) -> None:
    cli = make_cli(railway, RAILWAY_TOKEN="project-token")

    assert cli.json(*LIST)["RAILWAY_PROJECT_ID"] == project.id
    assert railway.requests[0].operation_name == "ProjectToken"
    assert {record.token_kind for record in railway.requests} == {"project"}


def test_an_account_token_in_the_wrong_place(make_cli: MakeCli, railway: LocalRailway) -> None:
    done = make_cli(railway, RAILWAY_TOKEN="account-token")("whoami")

    assert done.stderr == f"Invalid RAILWAY_TOKEN. {CHECK.format('it').replace('your it', 'it')}\n"


def test_a_stored_login_is_used(make_cli: MakeCli, railway: LocalRailway) -> None:
    cli = make_cli(railway, RAILWAY_API_TOKEN=None)
    (cli.home / ".railway").mkdir()
    config = {"projects": {}, "user": {"accessToken": "account-token"}}
    (cli.home / ".railway/config.json").write_text(json.dumps(config))

    assert cli("whoami").returncode == 0
    assert cli("init", "-n", "x").returncode == 0
    written = json.loads((cli.home / ".railway/config.json").read_text())
    assert written["user"]["accessToken"] == "account-token"


def test_a_directory_without_a_link(cli: Cli) -> None:
    done = cli("add", "--service", "x", "--json")

    assert done.returncode == 1
    assert done.stderr.startswith(
        "No linked project found. Run railway link to connect to a project\n"
    )


def test_a_link_above_the_directory_counts(linked: Cli) -> None:
    below = linked.directory / "deep" / "deeper"
    below.mkdir(parents=True)

    assert Cli(linked.home, below, linked.environment)(*LIST).returncode == 0


def test_a_config_file_that_is_no_json_is_ignored_with_a_warning(cli: Cli) -> None:
    (cli.home / ".railway").mkdir()
    (cli.home / ".railway/config.json").write_text("{")

    done = cli("whoami")

    assert done.returncode == 0
    assert "Unable to parse config file, regenerating" in done.stderr


def test_the_environments_project_overrides_the_link(
    make_cli: MakeCli, railway: LocalRailway, project: Project
) -> None:
    other = railway.add_project("control-plane", services=["gateway"])
    overrides = {
        "RAILWAY_PROJECT_ID": other.id,
        "RAILWAY_ENVIRONMENT_ID": other.environment_id,
    }
    cli = make_cli(railway, **overrides)
    cli.link(project)

    assert cli.json(*LIST)["RAILWAY_PROJECT_ID"] == other.id


def test_add_without_a_link_on_disk_makes_the_service_and_then_fails(
    make_cli: MakeCli, railway: LocalRailway, project: Project
) -> None:
    overrides = {
        "RAILWAY_PROJECT_ID": project.id,
        "RAILWAY_ENVIRONMENT_ID": project.environment_id,
    }
    done = make_cli(railway, **overrides)("add", "--service", "new", "--json")

    assert done.returncode == 1
    assert done.stdout == ""
    assert "Project not found. Run `railway link`" in done.stderr
    assert service_named(project, "new").name == "new"


def test_an_unknown_service(linked: Cli) -> None:
    done = linked("domain", "--service", "nope", "--json")

    assert (done.returncode, done.stderr) == (1, "Service 'nope' not found\n")


def test_no_service_among_several(linked: Cli) -> None:
    done = linked("domain", "--json")

    assert done.returncode == 1
    assert done.stderr.startswith("No service linked\nRun `railway service` to link a service\n")


def test_a_service_name_that_is_taken(linked: Cli) -> None:
    done = linked("add", "--service", "gateway", "--json")

    assert done.returncode == 1
    assert done.stderr.endswith('A service named "gateway" already exists in this project\n')


def test_a_project_that_was_deleted(linked: Cli, project: Project) -> None:
    project.removed_at = project.deleted_at = 1.0

    done = linked(*LIST)

    assert done.stderr.startswith("Project not found. Run `railway link`")


def test_nothing_to_add(linked: Cli) -> None:
    assert "Service type required in non-interactive mode" in linked("add", "--json").stderr


def test_an_unknown_workspace_or_project(cli: Cli, project: Project) -> None:
    workspace = cli("init", "-n", "x", "-w", "Nope")
    unknown = cli("link", "-p", "nope", "--json")

    assert workspace.stderr == 'Workspace "Nope" not found.\n'
    assert 'Project "nope" not found in workspace "Luthien".' in unknown.stderr
    assert "Available: luthien-acme" in unknown.stderr


def test_a_choice_of_workspaces_must_be_made(railway: LocalRailway, cli: Cli) -> None:
    railway.world.add_workspace("Other")

    done = cli("init", "-n", "x", "--json")

    assert done.stderr.startswith("--workspace required in non-interactive mode")


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("add", "-d", "oracle"),
        ("add", "--variables", "novalue", "--service", "x"),
        ("add", "--branch", "main", "--service", "x"),
        ("variables", "--set", "novalue"),
        ("variable", "set"),
        ("domain", "--port", "70000"),
        ("service", "source", "connect"),
        ("service", "source", "connect", "--repo", "a/b", "--image", "c"),
        ("init", "--colour", "red"),
    ],
)
def test_wrong_arguments_exit_with_2(railway: LocalRailway, linked: Cli, words: tuple[str]) -> None:
    done = linked(*words)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""
    assert railway.requests == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("variable", "set", "novalue"), "Invalid variable format"),
        (("variable", "set", "A", "B", "--stdin"), "exactly one KEY"),
        (("variable", "set", "A=1", "--stdin"), "Cannot use --stdin with KEY=VALUE"),
        (("variable", "set", "A", "--stdin"), "Empty value provided via stdin"),
        (("variable", "list", "-p", "x"), "--environment is required when using --project"),
        (("redeploy", "-s", "gateway", "--from-source"), "Use --yes to skip confirmation"),
        (("redeploy", "-s", "gateway", "-y"), "No deployment found for service"),
        (("logs", "-s", "gateway"), "No deployments found"),
        (("service", "source", "connect", "-s", "gateway", "--repo", "x"), "owner/repo format"),
    ],
)
def test_wrong_wishes_exit_with_1(linked: Cli, words: tuple[str, ...], message: str) -> None:
    done = linked(*words)

    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    ("retry_after", "words"),
    [
        (7, "Try again in 7 seconds"),
        (120, "Try again in about 2 minutes"),
        (None, "Please try again later"),
    ],
)
def test_a_rate_limit_says_when(
    railway: LocalRailway, linked: Cli, retry_after: int | None, words: str
) -> None:
    railway.faults.add(Fault("*", "status", status=429, retry_after=retry_after))

    done = linked(*LIST)

    assert (done.returncode, done.stderr) == (1, f"You are being ratelimited. {words}\n")


def test_a_page_instead_of_an_answer(railway: LocalRailway, linked: Cli) -> None:
    railway.faults.add(Fault("variablesForServiceDeployment", "html", client="cli"))

    done = linked(*LIST)

    assert done.stderr.startswith("Failed to fetch: error decoding response body\n\nCaused by:\n")


def test_a_connection_that_is_cut_or_too_slow(
    make_cli: MakeCli, railway: LocalRailway, project: Project
) -> None:
    cli = make_cli(railway, RAILWAY_HTTP_TIMEOUT="1")
    cli.link(project)
    railway.faults.add(Fault("Project", "cut"), Fault("Project", "timeout"))

    outcomes = [cli(*LIST) for _ in range(2)]

    expected = f"Failed to fetch: error sending request for url ({railway.url})"
    assert [done.stderr.splitlines()[0] for done in outcomes] == [expected, expected]


def test_a_failed_workflow_is_told_and_leaves_its_words(
    make_cli: MakeCli, live: LocalRailway
) -> None:
    cli = make_cli(live)
    cli.link(live.add_project("a"))
    live.faults.add(Fault("workflow:redis", "fail", message="no room"))

    done = cli("add", "-d", "redis", "--json")

    assert done.returncode == 1
    assert done.stderr.endswith("Failed to add Redis: no room\n")


def test_a_workflow_that_hangs_is_given_up_after_120_polls(
    make_cli: MakeCli, railway: LocalRailway
) -> None:
    cli = make_cli(railway, RAILWAY_TIME_SCALE="0.001")
    cli.link(railway.add_project("a"))

    done = cli("add", "-d", "redis", "--json")

    polls = [one for one in railway.requests if one.operation == "workflowStatus"]
    assert done.stderr.endswith("Timed out waiting for Redis to finish deploying\n")
    assert len(polls) == 120


def test_a_poll_that_fails_is_tried_again(make_cli: MakeCli, live: LocalRailway) -> None:
    cli = make_cli(live)
    cli.link(live.add_project("a"))
    live.faults.add(Fault("workflowStatus", "status", status=429), Fault("workflowStatus", "html"))

    assert cli("add", "-d", "redis", "--json").returncode == 0


def test_the_throttles_own_words_are_shown(railway: LocalRailway, cli: Cli) -> None:
    assert cli("init", "-n", "a").returncode == 0

    assert "creating projects too quickly" in cli("init", "-n", "b").stderr


def test_telemetry_is_sent_unless_it_is_switched_off(
    make_cli: MakeCli, railway: LocalRailway
) -> None:
    make_cli(railway, RAILWAY_NO_TELEMETRY="1")("whoami")
    assert [one.operation for one in railway.requests] == ["me"]
    make_cli(railway, RAILWAY_NO_TELEMETRY=None, DO_NOT_TRACK="1")("whoami")
    assert [one.operation for one in railway.requests] == ["me", "me"]

    make_cli(railway, RAILWAY_NO_TELEMETRY=None)("link", "-p", "nope")

    event = railway.requests[-1]
    assert event.operation == "cliEventTrack"
    assert event.error is None
    assert event.variables["input"]["command"] == "link"
    assert event.variables["input"]["success"] is False


def test_a_proxy_in_the_environment_is_not_used(make_cli: MakeCli, railway: LocalRailway) -> None:
    nobody = "http://127.0.0.1:9"
    proxies = {"HTTP_PROXY": nobody, "http_proxy": nobody, "ALL_PROXY": nobody}

    assert make_cli(railway, **proxies)("whoami").returncode == 0


def test_every_request_says_that_it_comes_from_the_cli(railway: LocalRailway, cli: Cli) -> None:
    cli("whoami", "--json")

    assert {record.client for record in railway.requests} == {"cli"}
