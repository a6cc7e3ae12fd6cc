"""What a create does when Railway, the CLI or the network do not do their part."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from instances.models import Instance, Operation
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import PROJECT_TOKEN, TOKEN, Create
from tests.looking import NOTHING, Found, found_on, script_as_cli, stored_text

pytestmark = pytest.mark.django_db

WHOLE = Found(["luthien-acme"], ["Postgres", "Redis", "gateway"], 1, ["SUCCESS"])


def nothing_is_hidden(railway: LocalRailway) -> bool:
    """Every project of ours that is alive on Railway has a living row that names it."""
    ours = {p.id for p in railway.world.projects.values() if p.name.startswith("luthien-")}
    alive = {i for i in ours if railway.world.projects[i].deleted_at is None}
    return alive <= set(Instance.objects.alive().values_list("project_id", flat=True))


def no_secret_is_shown(operation: Operation) -> bool:
    secrets = [c.value.reveal() for c in operation.instance.credentials.all()]
    text = stored_text()
    return not [secret for secret in [*secrets, TOKEN] if secret in text]


# Before anything is made.


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "No Railway token is set"),
        ("wrong-token-altogether", "does not know this token"),
        (PROJECT_TOKEN, "is a project token"),
    ],
)
def test_a_token_that_cannot_create_is_refused_in_words(
    create: Create, railway: LocalRailway, settings: Any, token: str, sentence: str
) -> None:
    railway.add_project("the-project-of-the-project-token")
    settings.RAILWAY_API_TOKEN = token

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert sentence in operation.message
    assert operation.instance.status == Instance.Status.DELETED
    assert found_on(railway) == NOTHING


def test_a_workspace_that_the_token_does_not_see_is_refused(create: Create, settings: Any) -> None:
    settings.RAILWAY_WORKSPACE_ID = "another-workspace"

    operation = create("acme")

    assert "has no access to the workspace another-workspace" in operation.message


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("print('railway 4.9.0')", "version 4.9.0; install 5.31.1 or newer"),
        ("print('something else')", "does not say its version"),
        ("raise SystemExit(3)", "does not say its version"),
    ],
)
def test_a_cli_that_is_too_old_or_another_program_is_refused(
    create: Create, settings: Any, tmp_path: Path, script: str, sentence: str
) -> None:
    settings.RAILWAY_CLI = script_as_cli(tmp_path, script)

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert sentence in operation.message


def test_a_missing_cli_is_named_with_what_to_do(create: Create, settings: Any) -> None:
    settings.RAILWAY_CLI = ["/nowhere/railway"]

    operation = create("acme")

    assert "cannot be started" in operation.message
    assert "RAILWAY_CLI" in operation.message


def test_a_project_of_the_same_name_that_is_not_ours_is_not_touched(
    create: Create, railway: LocalRailway
) -> None:
    theirs = railway.add_project("luthien-acme", description="theirs", services=["web"])

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert theirs.id in operation.message
    assert "not touched" in operation.message
    assert (theirs.deleted_at, theirs.description) == (None, "theirs")
    changed = {r.operation for r in railway.requests if r.operation.startswith("project")}
    assert changed <= {"projects"}


def test_of_two_people_who_want_the_same_name_at_once_one_is_refused(
    create: Create, railway: LocalRailway
) -> None:
    create("acme")

    with pytest.raises(Exception, match="exists already"):
        create("acme")

    assert found_on(railway) == WHOLE


# What passes by itself.


@pytest.mark.parametrize(
    "fault",
    [
        Fault("projects", "html", client="app"),
        Fault("projects", "status", status=502, client="app"),
        Fault("projects", "status", status=429, retry_after=1, client="app"),
        Fault("apiToken", "cut", client="app"),
        Fault("projectUpdate", "status", status=429, client="app"),
        Fault("projectUpdate", "error", message="Endpoint too recently updated", client="app"),
        Fault("projectUpdate", "error", message="Not Authorized", client="app"),
        Fault("projectUpdate", "cut", client="app"),
        Fault("projectUpdate", "cut", stage="after", client="app"),
        Fault("projectUpdate", "html", client="app"),
        Fault("environment", "error", message="Problem processing request", client="app"),
        Fault("environment", "error", message="Not Authorized", client="app"),
        Fault("environment", "html", client="app", times=4),
        Fault("serviceInstanceUpdate", "error", message="ServiceInstance not found"),
        Fault("serviceInstanceUpdate", "error_after", message="Problem processing request"),
        Fault("serviceInstanceUpdate", "status", status=502, stage="after"),
        Fault("variables", "error", message="Problem processing request", client="app"),
    ],
    ids=lambda fault: (
        f"{fault.operation}-{fault.action}-{fault.stage}-{fault.message or fault.status}"
    ),
)
def test_a_failure_of_the_api_that_passes_is_waited_out(
    create: Create, railway: LocalRailway, fault: Fault
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert found_on(railway) == WHOLE


@pytest.mark.parametrize(
    "fault",
    [
        Fault("projectCreate", "error", message="You are creating projects too quickly."),
        Fault("projectCreate", "status", status=429, retry_after=1),
        Fault("projectCreate", "error", message="Problem processing request"),
        Fault("templateDeployV2", "error", message="You are creating volumes too quickly."),
        Fault("serviceCreate", "error", message="Endpoint too recently updated"),
        Fault("variableCollectionUpsert", "status", status=429, retry_after=1),
        Fault("serviceDomainCreate", "error", message="Failed to create service domain"),
        Fault("serviceConnect", "error", message="Problem processing request"),
    ],
    ids=lambda fault: f"{fault.operation}-{fault.message or fault.status}",
)
def test_a_refusal_of_the_cli_that_passes_is_waited_out(
    create: Create, railway: LocalRailway, fault: Fault
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert found_on(railway) == WHOLE


# What was done although it failed.


@pytest.mark.parametrize("action", ["cut", "html", "error_after"])
@pytest.mark.parametrize(
    "operation_name",
    [
        "projectCreate",
        "templateDeployV2",
        "serviceCreate",
        "variableCollectionUpsert",
        "serviceDomainCreate",
        "serviceConnect",
    ],
)
def test_what_was_done_although_it_failed_is_found_and_not_done_again(
    create: Create, railway: LocalRailway, operation_name: str, action: str
) -> None:
    railway.faults.add(
        Fault(operation_name, action, stage="after", message="Failed to fetch: it is gone")
    )

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert found_on(railway) == WHOLE


def test_what_was_not_done_is_done_again_after_looking_long_enough(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("projectCreate", "cut", stage="before"))

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert operation.steps.get(name="project").attempts == 3
    assert found_on(railway) == WHOLE


def test_a_project_found_again_is_marked_as_inferred(create: Create, railway: LocalRailway) -> None:
    railway.faults.add(Fault("projectCreate", "cut", stage="after"))

    operation = create("acme")

    assert operation.steps.get(name="project").fact("inferred") is True


@pytest.mark.parametrize(
    "fault",
    [
        Fault("workflow:postgres", "lost"),
        Fault("workflow:redis", "fail", message="volume could not be made"),
        Fault("service:gateway", "late", seconds=60),
        Fault("service:Postgres", "late", seconds=60),
    ],
    ids=lambda fault: f"{fault.operation}-{fault.action}",
)
def test_services_and_workflows_that_behave_oddly_are_coped_with(
    create: Create, railway: LocalRailway, fault: Fault
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert len(railway.world.projects) == 1
    assert found_on(railway).services == ["Postgres", "Redis", "gateway"]


# What does not pass.


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            Fault("projectCreate", "error", message="Free plan resource provision limit exceeded"),
            "provision limit",
        ),
        (Fault("serviceConnect", "error", message="Repository not found"), "Repository not found"),
        (Fault("deployment:gateway", "fail_build"), "deployment"),
        (Fault("deployment:gateway", "crash"), "has crashed"),
        (Fault("workflow", "fail", message="no space left", times=None), "no space left"),
    ],
    ids=lambda value: value.operation if isinstance(value, Fault) else None,
)
def test_a_create_that_cannot_work_fails_in_words_and_is_rolled_back(
    create: Create, railway: LocalRailway, fault: Fault, sentence: str
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert sentence in operation.message
    assert operation.instance.status == Instance.Status.DELETED
    assert found_on(railway) == NOTHING
    assert no_secret_is_shown(operation)


def test_a_failed_create_is_kept_when_that_was_asked_for(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    operation = create("acme", keep_on_failure=True)

    assert operation.state == Operation.State.FAILED
    assert operation.instance.status == Instance.Status.FAILED
    assert found_on(railway).projects == ["luthien-acme"]
    assert nothing_is_hidden(railway)


def test_the_log_that_explains_a_failed_build_is_attached(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    operation = create("acme")

    attached = operation.log_lines.filter(step_name="deployment", level="error")
    assert attached.exists()


def test_a_project_that_cannot_be_removed_stays_visible(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(
        Fault("serviceConnect", "error", message="Repository not found"),
        Fault("projectDelete", "error", message="Not Authorized", times=None),
    )

    operation = create("acme")

    [project] = railway.world.projects.values()
    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert project.id in operation.message
    assert "could not be removed" in operation.message
    assert "Repository not found" in operation.message, "why it was rolled back"
    assert nothing_is_hidden(railway)


def test_a_removal_whose_answer_is_lost_is_not_an_error(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(
        Fault("serviceConnect", "error", message="Repository not found"),
        Fault("projectDelete", "cut", stage="after"),
    )

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert found_on(railway) == NOTHING


def test_a_project_that_is_protected_is_never_removed(
    create: Create, railway: LocalRailway, settings: Any
) -> None:
    railway.faults.add(Fault("serviceConnect", "hold"))
    threading.Thread(target=protect_and_refuse, args=(railway, settings)).start()

    operation = create("acme")

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "It is protected." in operation.message
    assert found_on(railway).projects == ["luthien-acme"]


def protect_and_refuse(railway: LocalRailway, settings: Any) -> None:
    railway.faults.wait_held(30)
    [project] = railway.world.projects.values()
    settings.RAILWAY_OWN_PROJECT_ID = project.id
    railway.faults.add(Fault("serviceConnect", "error", message="Repository not found", times=None))
    railway.faults.drop()


def test_an_inferred_project_is_never_removed_by_itself(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(
        Fault("projectCreate", "cut", stage="after"),
        Fault("serviceConnect", "error", message="Repository not found"),
    )

    operation = create("acme")

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert "not proven" in operation.message
    assert found_on(railway).projects == ["luthien-acme"]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("service:gateway", "never"), "does not show it yet"),
        (Fault("deployment:gateway", "needs_approval"), "Approve it"),
        (Fault("deployment:gateway", "remove"), "no newer one has followed"),
        (Fault("deployment:gateway", "skip"), "no newer one has followed"),
    ],
    ids=["service-never-appears", "needs-approval", "removed", "skipped"],
)
def test_what_does_not_come_to_an_end_is_given_to_a_person(
    create: Create, railway: LocalRailway, fault: Fault, sentence: str
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert sentence in operation.message
    assert found_on(railway).projects == ["luthien-acme"], "a time-out deletes nothing"
    assert nothing_is_hidden(railway)


# A gateway that is slow to be well.

STATUS = "gateway:/api/admin/system-status"
BLIND = '{"checks": {"db": {"status": "ok"}, "redis": {"status": "not_configured"}}}'


@pytest.mark.parametrize(
    "fault",
    [
        Fault("gateway:/health", "status", status=502, times=3),
        Fault("gateway:/health", "html", times=2),
        Fault("gateway:/health", "cut", times=2),
        Fault(STATUS, "status", status=403, times=2),
        Fault(STATUS, "status", status=200, body=BLIND, times=2),
    ],
    ids=lambda fault: f"{fault.operation}-{fault.action}-{fault.status}",
)
def test_a_gateway_that_is_not_well_yet_is_waited_for(
    create: Create, railway: LocalRailway, fault: Fault
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert operation.steps.get(name="healthy").looks > 2


def test_an_older_gateway_without_a_status_page_is_taken_with_a_warning(
    create: Create, railway: LocalRailway
) -> None:
    railway.faults.add(Fault(STATUS, "status", status=404, times=None))

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED
    assert operation.log_lines.filter(level="warning", text__contains="no status page").exists()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault("gateway:/health", "status", status=503, times=None), "/health answers HTTP 503"),
        (Fault(STATUS, "status", status=403, times=None), "does not accept our admin key"),
        (
            Fault(STATUS, "status", status=200, body=BLIND, times=None),
            "its database is ok and its Redis is not_configured",
        ),
    ],
    ids=["never-healthy", "never-our-key", "never-its-redis"],
)
def test_a_gateway_that_never_gets_well_is_given_to_a_person(
    create: Create, railway: LocalRailway, fault: Fault, sentence: str
) -> None:
    railway.faults.add(fault)

    operation = create("acme")

    assert operation.state == Operation.State.NEEDS_ATTENTION
    assert sentence in operation.message
    assert found_on(railway) == WHOLE


# A CLI that behaves badly itself.

HANG_AT = """
import os, sys, time
if {words!r} == sys.argv[1:3] and not os.path.exists({mark!r}):
    open({mark!r}, "w").close()
    {what}
os.execv({stand_in!r}, [{stand_in!r}, *sys.argv[1:]])
"""
SLEEP = "time.sleep(600)"
JUNK = "print('\\x00\\xff junk'); raise SystemExit(0)"
FAIL = "sys.stderr.write('> Enter a variable A=1\\nSomething odd'); raise SystemExit(1)"


def misbehaving_once(folder: Path, words: list[str], what: str) -> list[str]:
    stand_in = str(Path(sys.executable).with_name("railway-stand-in"))
    mark = str(folder / "happened")
    return script_as_cli(
        folder, HANG_AT.format(words=words, mark=mark, what=what, stand_in=stand_in)
    )


@pytest.mark.parametrize("words", [["init", "-n"], ["add", "-d"], ["domain", "--service"]])
@pytest.mark.parametrize("what", [SLEEP, JUNK], ids=["hangs", "prints-junk"])
def test_a_cli_that_hangs_or_prints_junk_once_is_survived(
    create: Create,
    railway: LocalRailway,
    settings: Any,
    tmp_path: Path,
    words: list[str],
    what: str,
) -> None:
    settings.RAILWAY_CLI = misbehaving_once(tmp_path, words, what)

    operation = create("acme")

    assert operation.state == Operation.State.SUCCEEDED, operation.message
    assert found_on(railway) == WHOLE


def test_a_cli_that_exits_with_a_message_is_quoted_without_what_it_echoes(
    create: Create, railway: LocalRailway, settings: Any, tmp_path: Path
) -> None:
    settings.RAILWAY_CLI = misbehaving_once(tmp_path, ["add", "--service"], FAIL)

    operation = create("acme")

    assert operation.state == Operation.State.FAILED
    assert "Something odd" in operation.message
    assert "Enter a variable" not in operation.message
    assert found_on(railway) == NOTHING
