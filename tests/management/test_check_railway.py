"""`check_railway`: what is not as it should be, and what to do about it."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ

from instances.models import Job
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import PROJECT_TOKEN, WORKSPACE_TOKEN, StartWorker
from tests.management.calling import Called

pytestmark = pytest.mark.django_db

# Nobody comes for the canary in most of these, and that is not what they are about.
AT_ONCE = ("--patience", "0")
ALL = [
    "Database",
    "Railway token",
    "Workspace",
    "Railway CLI",
    "GraphQL documents",
    "Repository",
    "Requests left",
    "Workers",
    "Pick up operations left lying",
    "Sync with Railway",
    "Carry out due deletions",
]


def printed(*argv: str) -> str:
    """Return what it prints when something is wrong: then it ends with exit code 1."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_railway", *(argv or AT_ONCE), stdout=out)
    assert ended.value.code == 1
    return out.getvalue()


def look(*argv: str) -> dict[str, dict[str, Any]]:
    """Return the findings by their names."""
    answer = json.loads(printed("--json", *(argv or AT_ONCE)))
    assert answer["ok"] is False
    return {check["name"]: check for check in answer["checks"]}


@pytest.fixture
def jobs_ran(transactional_db: None) -> None:
    """As if cron were set up."""
    for name in Job.Name:
        Job.objects.create(name=name, complete_at=timezone.now() - timedelta(minutes=2))


def test_all_is_well_with_a_worker_and_cron(
    jobs_ran: None, railway: LocalRailway, start_worker: StartWorker
) -> None:
    start_worker()

    answer = Called("check_railway").run_as_json("--patience", "30")

    assert answer["ok"] is True
    assert [check["name"] for check in answer["checks"]] == ALL
    assert {check["advice"] for check in answer["checks"]} == {None}
    [workers] = [check for check in answer["checks"] if check["name"] == "Workers"]
    assert workers["detail"].startswith("one came after ")


def test_a_person_gets_a_table(railway: LocalRailway) -> None:
    table = printed()

    assert "GraphQL documents" in table
    assert "Workers" in table
    assert "…" not in table


def test_a_document_that_would_break_is_named(railway: LocalRailway) -> None:
    railway.world.schema_without = frozenset({"Project.primaryEnvironmentId"})

    finding = look()["GraphQL documents"]

    assert not finding["ok"]
    assert "workspace_pictures: Cannot query field 'primaryEnvironmentId'" in finding["detail"]
    assert "service_instance_update" not in finding["detail"]
    assert "install a newer version" in finding["advice"]


def test_the_schema_is_asked_for_once(railway: LocalRailway) -> None:
    look()

    assert [record.operation for record in railway.requests].count("__schema") == 1


def test_without_a_worker_it_says_so_and_leaves_no_task_behind(railway: LocalRailway) -> None:
    finding = look("--patience", "0.1")["Workers"]

    assert finding["detail"] == "none came within 0.1 s"
    assert "qcluster" in finding["advice"]
    assert not OrmQ.objects.exists()


def test_without_cron_it_says_what_has_never_run(railway: LocalRailway) -> None:
    finding = look()["Sync with Railway"]

    assert finding["detail"] == "has never run to its end"
    assert "setup_schedules" in finding["advice"]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"complete_at": 300}, "last complete 5 h ago"),
        ({"complete_at": 1, "error": "Railway is away."}, "since then: Railway is away."),
        ({"held_at": 1, "held_because": "The list shrank."}, "held: The list shrank."),
    ],
)
def test_a_job_that_is_not_well_is_told(
    railway: LocalRailway, columns: dict[str, Any], said: str
) -> None:
    """Numbers are minutes ago."""
    now = timezone.now()
    at = {k: now - timedelta(minutes=v) for k, v in columns.items() if k.endswith("_at")}
    Job.objects.create(name=Job.Name.SYNC, **{**columns, **at})

    finding = look()["Sync with Railway"]

    assert said in finding["detail"]
    assert finding["advice"]


def test_a_token_that_cannot_create_is_told_and_the_rest_is_looked_at(
    railway: LocalRailway, settings: Any
) -> None:
    railway.add_project("the-project-of-the-project-token")
    settings.RAILWAY_API_TOKEN = PROJECT_TOKEN

    found = look()

    assert "is a project token" in found["Railway token"]["detail"]
    assert found["Database"]["ok"]
    assert "Workers" in found


def test_a_workspace_token_is_good(railway: LocalRailway, settings: Any) -> None:
    settings.RAILWAY_API_TOKEN = WORKSPACE_TOKEN

    found = look()

    assert found["Railway token"]["ok"]
    assert found["Railway token"]["detail"].startswith("workspace token; projects are made by the")


def test_a_railway_that_is_away_is_one_finding(settings: Any) -> None:
    settings.RAILWAY_API_URL = "http://localhost:9/graphql/v2"

    found = look()

    assert "Railway cannot be reached" in found["Railway token"]["detail"]
    assert "GraphQL documents" not in found


def test_a_missing_cli_is_told(railway: LocalRailway, settings: Any, tmp_path: Path) -> None:
    settings.RAILWAY_CLI = [str(tmp_path / "railway")]

    finding = look()["Railway CLI"]

    assert "cannot be started" in finding["detail"]
    assert "RAILWAY_CLI" in finding["advice"]


def test_a_workspace_that_is_not_chosen_is_told(railway: LocalRailway) -> None:
    railway.world.add_workspace("Another")

    finding = look()["Workspace"]

    assert "sees 2 workspaces" in finding["detail"]
    assert finding["advice"] == "Set RAILWAY_WORKSPACE_ID."


def test_a_branch_that_is_not_there_is_told(railway: LocalRailway, settings: Any) -> None:
    settings.GATEWAY_BRANCH = "release"

    finding = look()["Repository"]

    assert finding["detail"] == "LuthienResearch/luthien-proxy has no branch release"


def test_a_repository_that_railway_cannot_see_is_told(railway: LocalRailway) -> None:
    railway.faults.add(Fault("githubRepoBranches", "error", message="Repository not found"))

    finding = look()["Repository"]

    assert "Repository not found" in finding["detail"]
    assert "GATEWAY_REPO" in finding["advice"]


def test_what_railway_does_not_tell_this_token_is_no_trouble(railway: LocalRailway) -> None:
    railway.faults.add(Fault("githubRepoBranches", "error", message="Not Authorized"))

    assert look()["Repository"]["ok"]


def test_few_requests_left_are_told(railway: LocalRailway) -> None:
    railway._exchange.budget.hourly_limit = 4

    finding = look()["Requests left"]

    assert finding["detail"] == "0 of 4 in this hour"
    assert not finding["ok"]


def test_the_token_is_not_shown(railway: LocalRailway, settings: Any) -> None:
    assert settings.RAILWAY_API_TOKEN not in printed("--json", *AT_ONCE)
