"""The stand-in by command: what it prints, and in which order it asks."""

import json
import subprocess
import sys
import time

import pytest

from instances.simulator import deployments, domains
from instances.simulator.cli.settings import VERSION
from instances.simulator.faults import Fault
from instances.simulator.server import LocalRailway
from instances.simulator.state import Project, Service
from tests.simulator.conftest import ROOT, Cli, MakeCli, SteppedClock, service_named


@pytest.fixture
def project(railway: LocalRailway) -> Project:
    return railway.add_project("luthien-acme", services=["gateway", "worker"])


@pytest.fixture
def gateway(project: Project) -> Service:
    return service_named(project, "gateway")


@pytest.fixture
def linked(cli: Cli, project: Project) -> Cli:
    cli.link(project)
    return cli


def asked(railway: LocalRailway) -> list[str | None]:
    return [record.operation_name for record in railway.requests]


def test_the_version_is_the_one_it_stands_in_for(cli: Cli) -> None:
    done = cli("--version")

    assert (done.returncode, done.stdout) == (0, f"railway {VERSION}\n\n")


def test_it_starts_fast_with_the_standard_library_alone(cli: Cli) -> None:
    code = "import sys, instances.simulator.stand_in; print('\\n'.join(sys.modules))"
    command = [sys.executable, "-c", code]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert time.monotonic() - begun < 1
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"graphql", "django", "httpx"})


def test_init_makes_a_project_and_links_the_directory(railway: LocalRailway, cli: Cli) -> None:
    done = cli("init", "-n", "luthien-new", "-w", "Luthien", "--json")

    made = json.loads(done.stdout)
    project = railway.world.projects[made["id"]]
    assert made == {"id": project.id, "name": "luthien-new"}
    assert done.stdout.count("\n") == 1
    assert done.stderr == "> Select a workspace Luthien\n> Project Name luthien-new\n"
    assert asked(railway) == ["UserProjects", "ProjectCreate"]
    link = json.loads((cli.home / ".railway/config.json").read_text())["projects"]
    assert link[str(cli.directory)]["project"] == project.id
    assert link[str(cli.directory)]["environment"] == project.environment_id


def test_link_writes_what_it_found(railway: LocalRailway, cli: Cli, project: Project) -> None:
    linked = cli.json("link", "-p", project.id, "-s", "gateway", "--json")

    assert linked == {
        "projectId": project.id,
        "projectName": "luthien-acme",
        "environmentId": project.environment_id,
        "environmentName": "production",
        "serviceId": service_named(project, "gateway").id,
        "serviceName": "gateway",
    }
    assert asked(railway) == ["UserProjects", "EnvironmentInstances"]


@pytest.mark.parametrize("live_scale", [0.05])
def test_add_a_database_reports_its_template_and_not_yet_its_service(
    make_cli: MakeCli, live: LocalRailway
) -> None:
    project = live.add_project("luthien-acme")
    cli = make_cli(live)
    cli.link(project)

    added = cli.json("add", "-d", "postgres", "--json")

    assert added["templateName"] == "PostgreSQL"
    assert "serviceId" not in added
    names = [one for one in asked(live) if one != "WorkflowStatus"]
    assert names == ["Project", "TemplateDetail", "Project", "Project", "TemplateDeploy", "Project"]
    assert next(one for one in live.requests if one.operation == "template").token_kind is None


def test_add_a_service_with_variables_echoes_them_and_links_it(
    railway: LocalRailway, linked: Cli, project: Project
) -> None:
    done = linked("add", "--service", "new", "--variables", "A=1", "-v", "B=x=y", "--json")

    made = json.loads(done.stdout)
    assert made["name"] == "new"
    assert project.services[made["id"]].variables == {"A": "1", "B": "x=y"}
    assert "> Enter a variable A=1\n" in done.stderr
    assert asked(railway) == ["Project", "ServiceCreate"]
    assert made["id"] in (linked.home / ".railway/config.json").read_text()


def test_add_a_repository_deploys_at_once(linked: Cli, project: Project) -> None:
    made = linked.json("add", "--service", "new", "--repo", "a/b", "--branch", "main", "--json")

    service = project.services[made["id"]]
    assert (service.repo, service.branch) == ("a/b", "main")
    assert len(service.deployments) == 1


def test_a_secret_is_set_from_stdin_and_shown_nowhere(linked: Cli, gateway: Service) -> None:
    words = ("variable", "set", "KEY", "--stdin", "--skip-deploys", "--service", "gateway")

    done = linked(*words, "--json", stdin="s3cret\n")

    assert json.loads(done.stdout) == {"keys": ["KEY"], "set": True}
    assert gateway.variables == {"KEY": "s3cret"}
    assert "s3cret" not in done.stdout + done.stderr


def test_variables_are_listed_rendered_with_railways_own(linked: Cli, gateway: Service) -> None:
    gateway.variables |= {"B": "1", "A": "${{B}}"}

    shown = linked.json("variable", "list", "-s", "gateway", "--json")

    assert shown["A"] == "1"
    assert shown["RAILWAY_SERVICE_NAME"] == "gateway"
    assert list(shown) == sorted(shown)
    assert "A=1\n" in linked("variables", "--kv", "-s", "gateway").stdout


def test_the_older_flags_set_variables_and_print_text(linked: Cli, gateway: Service) -> None:
    done = linked("variables", "--set", "A=1", "--set", "B=", "-s", "gateway", "--json")

    assert done.stdout == "Set variables A, B\n"
    assert gateway.variables == {"A": "1", "B": ""}
    assert linked("variables", "--set-from-stdin", "C", "-s", "gateway", stdin="3").returncode == 0
    assert gateway.variables["C"] == "3"


def test_a_variable_is_deleted_or_was_not_there(linked: Cli, gateway: Service) -> None:
    gateway.variables["A"] = "1"
    words = ("variable", "delete", "A", "-s", "gateway", "--json")

    assert linked.json(*words) == {"deleted": True, "key": "A"}
    again = linked(*words)
    assert (again.returncode, again.stderr) == (1, "Variable 'A' not found\n")


def test_domain_has_one_shape_when_made_and_another_when_there(
    linked: Cli, gateway: Service
) -> None:
    words = ("domain", "--service", "gateway", "--port", "8000", "--json")
    made, found = linked.json(*words), linked.json(*words)

    (domain,) = gateway.domains
    assert made == {"domain": f"https://{domain.host}"}
    assert found == {"domains": [f"https://{domain.host}"]}
    assert domain.target_port == 8000


def test_domain_list_has_bare_hosts(railway: LocalRailway, linked: Cli, gateway: Service) -> None:
    domain = domains.create(railway.world, gateway, 8000)

    (shown,) = linked.json("domain", "list", "-s", "gateway", "--json")["domains"]

    assert shown["domain"] == domain.host
    assert (shown["type"], shown["targetPort"]) == ("service", 8000)
    assert shown["syncStatus"] == "CREATING"


def test_a_source_is_connected_and_disconnected(linked: Cli, gateway: Service) -> None:
    where = ("--service", "gateway", "--json")
    source = ("service", "source")

    connected = linked.json(*source, "connect", "--repo", "a/b", "--branch", "main", *where)
    disconnected = linked.json(*source, "disconnect", *where)

    assert connected == {
        "id": gateway.id,
        "name": "gateway",
        "repo": "a/b",
        "branch": "main",
        "image": None,
        "disconnected": False,
    }
    assert len(gateway.deployments) == 1
    assert disconnected["disconnected"] is True
    assert not gateway.has_source


def test_the_branch_is_looked_up_among_the_connected_repositories(linked: Cli) -> None:
    words = ("service", "source", "connect", "--service", "gateway", "--json", "--repo")

    assert linked.json(*words, "luthienresearch/luthien-proxy")["branch"] == "main"
    unknown = linked(*words, "who/knows")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("Branch is required because repo `who/knows` was not found")


@pytest.fixture
def deployed(
    railway: LocalRailway, project: Project, gateway: Service, clock: SteppedClock
) -> Service:
    gateway.repo, gateway.branch = "a/b", "main"
    gateway.settings["dockerfilePath"] = "Dockerfile"
    deployments.start(railway.world, project, gateway)
    clock.step(142)
    return gateway


def test_redeploy_reports_the_new_deployment(
    railway: LocalRailway, linked: Cli, deployed: Service
) -> None:
    done = linked.json("redeploy", "-y", "-s", "gateway", "--json")

    assert done == {"id": deployed.deployments[-1].id}
    assert len(deployed.deployments) == 2
    assert asked(railway) == ["Project", "Project", "EnvironmentInstances", "DeploymentRedeploy"]


def test_redeploy_from_source_reports_no_id(linked: Cli, deployed: Service) -> None:
    words = ("redeploy", "-y", "-s", "gateway", "--from-source", "--json")

    assert linked.json(*words) == {"success": True}
    assert len(deployed.deployments) == 2


def test_redeploy_during_a_build_is_refused(linked: Cli, deployed: Service) -> None:
    linked.json("redeploy", "-y", "-s", "gateway", "--json")

    done = linked("redeploy", "-y", "-s", "gateway", "--json")

    assert done.returncode == 1
    assert "cannot be redeployed" in done.stderr


def test_restart_reports_the_deployment_that_was_there(linked: Cli, deployed: Service) -> None:
    done = linked.json("restart", "-y", "-s", "gateway", "--json")

    assert done == {"id": deployed.deployments[-1].id}
    assert len(deployed.deployments) == 1


def test_status_is_the_project_with_its_instances_merged_in(
    linked: Cli, deployed: Service, project: Project
) -> None:
    shown = linked.json("status", "--json")

    (environment,) = (edge["node"] for edge in shown["environments"]["edges"])
    instances = [edge["node"] for edge in environment["serviceInstances"]["edges"]]
    assert shown["name"] == "luthien-acme"
    assert [one["serviceName"] for one in instances] == ["gateway", "worker"]
    assert instances[0]["latestDeployment"]["status"] == "SUCCESS"
    assert environment["volumeInstances"] == {"edges": []}
    assert "Project: luthien-acme\n" in linked("status").stdout


def test_services_are_listed_by_name(linked: Cli, deployed: Service) -> None:
    shown = linked.json("service", "list", "--json")

    assert [(one["name"], one["status"]) for one in shown] == [
        ("gateway", "SUCCESS"),
        ("worker", None),
    ]


def test_service_status(linked: Cli, deployed: Service) -> None:
    assert linked.json("service", "status", "-s", "gateway", "--json") == {
        "id": deployed.id,
        "name": "gateway",
        "deploymentId": deployed.deployments[-1].id,
        "status": "SUCCESS",
        "stopped": False,
    }


def test_logs_are_one_object_a_line(linked: Cli, deployed: Service) -> None:
    done = linked("logs", "-s", "gateway", "--json")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["message"].endswith("Application startup complete.")
    assert lines[-1]["level"] == "info"
    build = linked("logs", "-s", "gateway", "-b", "-n", "2").stdout.splitlines()
    assert len(build) == 2


def test_logs_of_a_failed_deployment_are_those_of_its_build(
    linked: Cli, project: Project, railway: LocalRailway, gateway: Service, clock: SteppedClock
) -> None:
    railway.faults.add(Fault("deployment", "fail_build", message="no space left"))
    gateway.repo = "a/b"
    deployments.start(railway.world, project, gateway)
    clock.step(142)

    done = linked("logs", "-s", "gateway")

    assert done.stdout.endswith("ERROR: failed to build: no space left\n")


def test_list_shows_every_project_with_its_workspace(
    railway: LocalRailway, cli: Cli, project: Project
) -> None:
    (shown,) = cli.json("list", "--json")

    assert shown["name"] == "luthien-acme"
    assert shown["workspace"]["name"] == "Luthien"
    assert len(shown["services"]["edges"]) == 2
    assert cli("list").stdout == "\nLuthien\n  luthien-acme\n"


def test_whoami(railway: LocalRailway, cli: Cli) -> None:
    shown = cli.json("whoami", "--json")

    workspace = railway.world.workspace()
    assert shown == {
        "name": "Ann",
        "email": "ann@luthien.test",
        "workspaces": [{"id": workspace.id, "name": "Luthien"}],
    }
    assert cli("whoami").stdout == "Logged in as Ann (ann@luthien.test) 👋\n"


def test_delete_schedules(cli: Cli, project: Project, clock: SteppedClock) -> None:
    words = ("delete", "-p", project.id, "--json")

    assert cli(*words).returncode == 1
    assert project.deleted_at is None
    assert cli.json(*words, "-y") == {"id": project.id}
    assert project.deleted_at is not None
    assert clock.now() < project.deleted_at


def test_unlink_forgets_the_directory(linked: Cli) -> None:
    assert linked.json("unlink", "-y", "--json") == {"success": True}

    assert "No linked project found" in linked("variable", "list").stderr


def test_a_service_is_found_with_options_instead_of_a_link(
    cli: Cli, project: Project, gateway: Service
) -> None:
    where = ("-p", "luthien-acme", "-e", "production", "-s", "GATEWAY")

    by_name = cli("variable", "set", "A=1", *where)
    by_id = cli("variable", "set", "B=2", "-p", project.id, *where[2:])

    assert (by_name.returncode, by_id.returncode) == (0, 0)
    assert gateway.variables == {"A": "1", "B": "2"}
