"""The calls that do not go well: credentials, arguments, what is not there, a bad network."""

from __future__ import annotations

from instances.simulator.faults import Fault
from tests.contract import scenes
from tests.contract.cases import ACCOUNT, LINKED, PROJECT, WORKSPACE, Case
from tests.contract.scenes import REPO

NO_TOKEN: dict[str, str | None] = {"RAILWAY_API_TOKEN": None}
LIST = "variable list -s gateway --json"
ADD = "add --service new --json"
SET = "variable set KEY --stdin --skip-deploys -s gateway --json"
REDEPLOY = "redeploy -y --from-source -s gateway --json"
CONNECT = f"service source connect --service gateway --repo {REPO} --branch main"

CREDENTIALS = (
    Case("whoami", scenes.nothing, "no token", env=NO_TOKEN),
    Case("init -n x --json", scenes.nothing, "no token", env=NO_TOKEN),
    Case(ADD, what="no token", env=NO_TOKEN),
    Case(LIST, what="no token", env=NO_TOKEN),
    Case("whoami", scenes.nothing, "wrong token", env={"RAILWAY_API_TOKEN": "wrong"}),
    Case(ADD, what="wrong token", env={"RAILWAY_API_TOKEN": "wrong"}),
    Case("add -d redis --json", what="wrong token", env={"RAILWAY_API_TOKEN": "wrong"}),
    Case("whoami", scenes.nothing, "empty token", env={"RAILWAY_API_TOKEN": ""}),
    Case("whoami", scenes.nothing, "newline in token", env={"RAILWAY_API_TOKEN": "a\n"}),
    *(
        Case(words, scenes.nothing, "workspace token", env={"RAILWAY_API_TOKEN": WORKSPACE})
        for words in ("init -n x -w Luthien --json", "whoami", "list --json")
    ),
    Case("delete -p <project> -y", what="workspace token", env={"RAILWAY_API_TOKEN": WORKSPACE}),
    Case(LIST, what="project token as API token", env={"RAILWAY_API_TOKEN": PROJECT}),
    Case("whoami", what="project token as API token", env={"RAILWAY_API_TOKEN": PROJECT}),
    Case(LIST, what="project token", env=NO_TOKEN | {"RAILWAY_TOKEN": PROJECT}),
    Case(ADD, what="project token", linked=False, env=NO_TOKEN | {"RAILWAY_TOKEN": PROJECT}),
    Case("whoami", what="project token", env=NO_TOKEN | {"RAILWAY_TOKEN": PROJECT}),
    Case("list --json", what="account token as project token", env={"RAILWAY_TOKEN": ACCOUNT}),
    Case(LIST, what="account token as project token", env={"RAILWAY_TOKEN": ACCOUNT}),
    Case(LIST, what="both tokens", env={"RAILWAY_TOKEN": PROJECT}),
    Case(LIST, what="both tokens, one empty", env={"RAILWAY_TOKEN": ""}),
)
ARGUMENTS = (
    Case("add --bogus"),
    Case("version"),
    Case("link extra words", linked=False),
    Case("nonsense"),
    Case("variable set -s gateway"),
    Case("service source connect --service gateway --json"),
    Case("service source connect --service gateway --repo nobody --branch main"),
    Case("add --json"),
    Case("add --branch main --json"),
    Case("add -d oracle --json"),
    Case("add --service new --variables NOVALUE --json"),
    Case("variable set NOVALUE -s gateway"),
    Case("variables --set NOVALUE -s gateway"),
    Case("variable set KEY --stdin -s gateway", stdin=""),
    Case("variable set KEY=1 --stdin -s gateway", stdin="x"),
    Case("variable set KEY OTHER --stdin -s gateway", stdin="x"),
    Case("domain --service gateway --port 70000"),
    Case("redeploy -s gateway --json", scenes.instance),
    Case("restart -s gateway --json", scenes.instance),
    Case("delete -p <project>"),
    Case("delete -y"),
    Case("variable list -p <project> --json", linked=False),
    Case("init -n x --json", scenes.other_workspace, "which workspace"),
    Case("init -n x -w Nowhere --json", scenes.nothing),
)
NOT_THERE = (
    Case("link -p unknown --json", linked=False),
    Case("link -p unknown --json", scenes.other_workspace, "several workspaces", linked=False),
    Case("link -p <project> -e unknown --json", linked=False),
    Case("link -p <project> -s unknown --json", linked=False),
    Case("link --json", linked=False),
    Case("link -p luthien-acme -w unknown", linked=False),
    Case("link -p luthien-acme --json", scenes.namesakes, "two of a name", linked=False),
    Case("delete -p luthien-acme -y --json", scenes.namesakes, "two of a name"),
    Case("variable list -p luthien-acme -e production -s gateway", scenes.namesakes, linked=False),
    Case("redeploy -y --json", scenes.instance, "which service"),
    Case("unlink -s -y", what="no service linked"),
    Case("unlink"),
    Case("unlink --json"),
    Case(LIST, what="environment renamed", config=LINKED.replace("production", "staging")),
    Case(LIST, what="environment gone", config=LINKED.replace("<environment>", "none")),
    Case(ADD, what="environment gone", config=LINKED.replace("<environment>", "none")),
    Case("variables --json", what="service gone", config=LINKED.replace("<gateway>", "none")),
    Case("service list --json", what="service gone", config=LINKED.replace("<gateway>", "none")),
    Case("delete -p unknown -y --json"),
    Case("delete -p unknown -y --json", scenes.nothing, "no project"),
    Case("variable list -s unknown --json"),
    Case("domain --service unknown --json"),
    Case("redeploy -y -s unknown --json"),
    Case("variable list -e unknown -s gateway"),
    Case("variable list --json", what="which service"),
    Case("variable list --json", scenes.no_service, "no service"),
    Case("variable list -p unknown -e production -s gateway", linked=False),
    Case("variable delete UNKNOWN -s gateway"),
    Case(ADD, what="not linked", linked=False),
    Case("add -d redis --json", what="not linked", linked=False),
    Case(LIST, what="not linked", linked=False),
    Case("status --json", what="not linked", linked=False),
    Case("unlink -y", what="not linked", linked=False),
    Case("redeploy -y -s gateway --json", what="no deployment"),
    Case(REDEPLOY, what="no source"),
    Case("restart -y -s gateway --json", what="no deployment"),
    Case("logs -s gateway --json", what="no deployment"),
    *(
        Case(words, scene, what)
        for scene, what in (
            (scenes.deleted, "deleted project"),
            (scenes.scheduled_for_deletion, "project to be deleted"),
        )
        for words in (ADD, LIST, "list --json", "link -p <project> --json", "status --json")
    ),
)
REFUSED = (
    Case("add --service gateway --json", what="a name that exists"),
    Case("redeploy -y -s gateway --json", scenes.building, "while building"),
    Case(REDEPLOY, scenes.building, "while building"),
    Case(
        "domain --service gateway --json",
        what="refused",
        faults=(
            Fault(
                "serviceDomainCreate",
                "error",
                message="Failed to create service domain, please try again",
            ),
        ),
    ),
    Case(
        "init -n x -w Luthien --json",
        scenes.nothing,
        "too quickly",
        faults=(Fault("projectCreate", "error", message="You are creating projects too quickly."),),
    ),
    Case(
        "add -d redis --json",
        scenes.at_once,
        "workflow fails",
        faults=(Fault("workflow", "fail", message="no space left"),),
    ),
    Case(
        "add -d redis --json",
        scenes.at_once,
        "workflow fails without a reason",
        faults=(Fault("workflow", "fail"),),
    ),
    Case(
        "add -d redis --json",
        scenes.at_once,
        "a poll fails once",
        faults=(Fault("workflowStatus", "error", message="Problem processing request"),),
    ),
    Case(
        "add -d redis --json",
        scenes.at_once,
        "a poll is not authorized",
        faults=(Fault("workflowStatus", "error", message="Not Authorized"),),
    ),
    Case(
        "add -d redis --json",
        scenes.at_once,
        "deploying the template is refused",
        faults=(Fault("templateDeployV2", "error", message="Problem processing request"),),
    ),
    Case(
        REDEPLOY,
        scenes.instance,
        "refused",
        faults=(Fault("serviceInstanceDeploy", "error", message="too recently updated"),),
    ),
)
NETWORK = tuple(
    Case(words, what=what, faults=(fault,))
    for what, fault in (
        ("429", Fault("*", "status", status=429, times=None)),
        ("429 for 7 s", Fault("*", "status", status=429, retry_after=7, times=None)),
        ("429 for 10 min", Fault("*", "status", status=429, retry_after=600, times=None)),
        ("500 with an error", Fault("*", "status", status=500, message="Oh", times=None)),
        ("empty", Fault("*", "status", status=200, body="", times=None)),
        ("half an answer", Fault("*", "status", status=200, body='{"data":\n {', times=None)),
        ("502", Fault("*", "html", status=502, times=None)),
        ("cut", Fault("*", "cut", times=None)),
        ("null", Fault("*", "status", status=200, body='{"data":null}', times=None)),
    )
    for words in ("whoami", ADD)
)
MUTATIONS = tuple(
    Case(words, scene, f"{operation} {what}", stdin=stdin, faults=(fault,))
    for words, scene, stdin, operation in (
        ("init -n x -w Luthien --json", scenes.nothing, None, "projectCreate"),
        ("add -d redis --json", scenes.at_once, None, "templateDeployV2"),
        (ADD, scenes.two_services, None, "serviceCreate"),
        (SET, scenes.two_services, "x", "variableCollectionUpsert"),
        ("domain --service gateway --json", scenes.two_services, None, "serviceDomainCreate"),
        (CONNECT, scenes.two_services, None, "serviceConnect"),
        (REDEPLOY, scenes.instance, None, "serviceInstanceDeploy"),
    )
    for what, fault in (
        ("answered with an error", Fault(operation, "error", message="Problem processing request")),
        ("answered with 503", Fault(operation, "html", status=503)),
        ("done, and the answer cut", Fault(operation, "cut", stage="after")),
    )
)
BAD = CREDENTIALS + ARGUMENTS + NOT_THERE + REFUSED + NETWORK + MUTATIONS
