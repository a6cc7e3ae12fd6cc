"""A second start finds everything again, and time has gone on meanwhile."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from instances.simulator import deployments, domains
from instances.simulator.server import LocalRailway
from tests.simulator.conftest import ROOT, Client, SteppedClock, bearer, http, service_named


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state.json"


CREATE = """mutation($workspace: String) {
  projectCreate(input: {workspaceId: $workspace, name: "kept", description: "as it was"}) { id }
}"""


def test_a_project_survives_a_restart_with_its_address(
    state_file: Path, clock: SteppedClock
) -> None:
    with LocalRailway(state_file=state_file, clock=clock) as railway:
        url = railway.url
        workspace = railway.world.workspace().id
        made = Client(railway)(CREATE, workspace=workspace).data["projectCreate"]

    with LocalRailway(state_file=state_file, clock=clock) as railway:
        project = railway.world.projects[made["id"]]
        again = Client(railway)(CREATE, workspace=workspace)

        assert railway.url == url
        assert (project.name, project.description) == ("kept", "as it was")
        assert "creating projects too quickly" in again.message


def test_a_deployment_goes_on_while_the_server_is_away(
    state_file: Path, clock: SteppedClock
) -> None:
    with LocalRailway(state_file=state_file, clock=clock) as railway:
        project = railway.add_project("a", services=["gateway"])
        service = service_named(project, "gateway")
        service.repo, service.branch = "a/b", "main"
        service.settings["dockerfilePath"] = "Dockerfile"
        domain = domains.create(railway.world, service, 8000)
        deployments.start(railway.world, project, service)
        railway.world.save()
        assert http("GET", f"http://{domain.host}/health").status == 404

    clock.step(142)

    with LocalRailway(state_file=state_file, clock=clock) as railway:
        assert http("GET", f"http://{domain.host}/health").status == 200
        found = service_named(railway.world.projects[project.id], "gateway")
        assert found.deployments == service.deployments
        assert found.domains == [domain]


def test_the_file_is_json_for_its_owner_only(state_file: Path) -> None:
    with LocalRailway(state_file=state_file) as railway:
        railway.seed_projects(3)

    content = json.loads(state_file.read_text())

    assert len(content["projects"]) == 3
    assert state_file.stat().st_mode & 0o077 == 0
    assert [path.name for path in state_file.parent.iterdir()] == ["state.json"]


def test_reading_does_not_write(state_file: Path) -> None:
    with LocalRailway(state_file=state_file) as railway:
        written = state_file.stat().st_mtime_ns
        Client(railway)("{ me { id } }")

        assert state_file.stat().st_mtime_ns == written


def test_stopping_closes_every_port(tmp_path: Path) -> None:
    railway = LocalRailway()
    railway.start()
    project = railway.add_project("a", services=["gateway"])
    domain = domains.create(railway.world, service_named(project, "gateway"), None)
    url = railway.url
    railway.stop()

    with pytest.raises(OSError, match="refused"):
        http("GET", f"http://{domain.host}/health")
    with pytest.raises(OSError, match="refused"):
        http("GET", url)


def test_gateways_keep_to_their_ports() -> None:
    with LocalRailway() as scout:
        project = scout.add_project("a", services=["x"])
        free = domains.create(scout.world, service_named(project, "x"), None).port
    with LocalRailway(gateway_ports=range(free, free + 1)) as railway:
        project = railway.add_project("a", services=["x", "y"])

        assert domains.create(railway.world, service_named(project, "x"), None).port == free
        with pytest.raises(RuntimeError, match="no free port"):
            domains.create(railway.world, service_named(project, "y"), None)


def test_a_served_railway_ends_on_a_signal_and_can_be_started_again(state_file: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from instances.simulator.run import serve
        serve(state_file=Path(sys.argv[1]), time_scale=0.01, port=0, account_token="mine",
              announce=lambda railway: print(railway.url, flush=True))
    """

    def served() -> tuple[str, str, int]:
        command = [sys.executable, "-c", code, str(state_file)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            body = {"query": "{ me { workspaces { name } } }"}
            answer = http("POST", f"{url}?source=x", body, bearer("mine"))
            process.terminate()
            return url, answer.data["me"]["workspaces"][0]["name"], process.wait(5)

    first = served()

    assert first[1:] == ("Luthien", 0)
    assert served() == first
