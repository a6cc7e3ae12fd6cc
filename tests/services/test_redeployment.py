"""Redeploying: the newest commit, the same, or a given one."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from instances.exceptions import NotPossible
from instances.models import Instance, Operation, Service
from instances.services import recovery, redeployment
from instances.services.people import Requester
from instances.simulator import repositories
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out, run_until
from tests.looking import only_gateway

pytestmark = pytest.mark.django_db

State = Operation.State


def pushed(railway: LocalRailway) -> str:
    return repositories.push(railway.world, repositories.GATEWAY_REPOSITORY).sha


def deployed_commit(instance: Instance) -> str:
    return instance.services.get(role=Service.Role.GATEWAY).commit


def test_the_newest_commit_is_deployed_with_our_settings(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    only_gateway(railway).settings.clear()
    newest = pushed(railway)

    operation = carry_out(redeployment.request(instance, requester))

    assert operation.state == State.SUCCEEDED, operation.message
    assert deployed_commit(instance) == newest
    assert only_gateway(railway).deployments[-1].settings["dockerfilePath"] == (
        "docker/Dockerfile.gateway"
    )
    instance.refresh_from_db()
    assert instance.status == Instance.Status.RUNNING


def test_the_same_commit_again(stand: Stand, railway: LocalRailway, requester: Requester) -> None:
    instance = stand()
    before = deployed_commit(instance)
    pushed(railway)

    operation = carry_out(redeployment.request(instance, requester, same_commit=True))

    assert operation.state == State.SUCCEEDED, operation.message
    assert deployed_commit(instance) == before
    assert len(only_gateway(railway).deployments) == 2


def test_a_given_commit(stand: Stand, railway: LocalRailway, requester: Requester) -> None:
    instance = stand()
    wanted = pushed(railway)
    pushed(railway)

    operation = carry_out(redeployment.request(instance, requester, commit=wanted[:9]))

    assert operation.state == State.SUCCEEDED, operation.message
    assert deployed_commit(instance) == wanted


def test_a_commit_that_railway_does_not_know(stand: Stand, requester: Requester) -> None:
    operation = carry_out(redeployment.request(stand(), requester, commit="0123456789"))

    assert operation.state == State.FAILED
    assert operation.message.startswith("Railway knows no commit 0123456789")


def test_what_is_no_commit_is_refused_at_once(stand: Stand, requester: Requester) -> None:
    with pytest.raises(ValidationError, match="0-9 and a-f"):
        redeployment.request(stand(), requester, commit="main")


def test_the_cli_is_asked_after_two_refusals(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.faults.add(
        Fault(
            "serviceInstanceDeploy", "error", client="app", message="too recently updated", times=9
        )
    )

    operation = carry_out(redeployment.request(instance, requester))

    assert operation.state == State.SUCCEEDED, operation.message
    deploys = [r.client for r in railway.requests if r.operation == "serviceInstanceDeploy"]
    assert deploys == ["app", "app", "cli"]


def test_a_deploy_whose_answer_is_lost_is_not_repeated(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.faults.add(Fault("serviceInstanceDeploy", "cut", stage="after"))

    operation = carry_out(redeployment.request(instance, requester))

    assert operation.state == State.SUCCEEDED, operation.message
    assert len(only_gateway(railway).deployments) == 2


def test_a_build_that_fails_leaves_the_old_one_running(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.faults.add(Fault("deployment:gateway", "fail_build"))

    operation = carry_out(redeployment.request(instance, requester))

    assert operation.state == State.FAILED
    assert "has failed" in operation.message
    assert operation.log_lines.filter(text__contains="uv sync").exists()
    assert railway.deployed(instance.project_id) is not None


def test_redeploying_waits_for_a_build_under_way(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    carry_out_later = redeployment.request(instance, requester, same_commit=True)
    from instances.simulator import deployments  # noqa: PLC0415

    gateway = only_gateway(railway)
    deployments.start(railway.world, railway.world.projects[instance.project_id], gateway)

    operation = carry_out(carry_out_later)

    assert operation.state == State.SUCCEEDED, operation.message
    assert len(gateway.deployments) == 3


def test_a_failed_instance_runs_again(stand: Stand, requester: Requester) -> None:
    instance = stand()
    instance.mark_failed()

    carry_out(redeployment.request(instance, requester))

    instance.refresh_from_db()
    assert instance.status == Instance.Status.RUNNING


def test_resuming_looks_again_whether_it_may_be_changed(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    railway.faults.add(Fault("deployment:gateway", "needs_approval"))
    operation = carry_out(redeployment.request(instance, requester))
    assert operation.state == State.NEEDS_ATTENTION
    railway.edit(instance.project_id, name="luthien-other")

    recovery.resume(operation, requester)
    carry_out(operation)

    assert operation.state == State.FAILED
    assert "is named luthien-other" in operation.message


def test_a_redeploy_cannot_be_cancelled_once_it_may_have_changed_something(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    operation = redeployment.request(instance, requester)
    run_until(operation, step="deployment")

    with pytest.raises(NotPossible, match="may have changed something on Railway"):
        recovery.cancel(operation, requester)


def test_no_key_is_sent_to_an_address_that_is_not_its_own_any_more(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance = stand()
    only_gateway(railway).domains.clear()

    operation = carry_out(redeployment.request(instance, requester))

    assert operation.state == State.SUCCEEDED, operation.message
    assert operation.log_lines.filter(text__contains="It has no address").exists()


def test_secrets_that_only_railway_holds_are_masked_in_an_attached_log(
    stand: Stand, railway: LocalRailway, requester: Requester
) -> None:
    instance, gateway = stand(), only_gateway(railway)
    # The build's log names the branch.
    gateway.branch = gateway.variables["FURTHER_API_KEY"] = "sk-ant-of-the-tenant"

    operation = carry_out(redeployment.request(instance, requester))

    said = list(operation.log_lines.values_list("text", flat=True))
    assert any("Remote branch *** not found" in line for line in said)
    assert not any("sk-ant-of-the-tenant" in line for line in said)
