"""What the CLI finds around it: variables of its parent, files of earlier runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from instances.simulator.faults import Fault
from tests.contract import scenes
from tests.contract.cases import ACCOUNT, LINKED, Case
from tests.contract.refusals import ADD, LIST, NO_TOKEN
from tests.contract.scenes import REPO

OWN = {
    "RAILWAY_PROJECT_ID": "<project>",
    "RAILWAY_ENVIRONMENT_ID": "<environment>",
    "RAILWAY_SERVICE_ID": "<gateway>",
}
PLACE = {name: OWN[name] for name in ("RAILWAY_PROJECT_ID", "RAILWAY_ENVIRONMENT_ID")}
NOWHERE = {"RAILWAY_PROJECT_ID": "no-such-project", "RAILWAY_ENVIRONMENT_ID": "none"}
HURRY = {"RAILWAY_HTTP_TIMEOUT": "1"}
# A link of the folder that all temporary ones are in.
ABOVE = LINKED.replace("<cwd>", str(Path(tempfile.gettempdir()).resolve()))
NO_ENVIRONMENT = LINKED.replace('"<environment>"', "null").replace('"production"', "null")
LOGIN = '{"projects":{},"user":{"token":"%s"}}'
LOUD = {"RAILWAY_NO_TELEMETRY": None, "DO_NOT_TRACK": None}

CASES = (
    Case("variable list --json", what="ids set by the parent", linked=False, env=OWN),
    Case(ADD, what="ids set by the parent", linked=False, env=OWN),
    Case("add -d redis --json", scenes.at_once, "ids set by the parent", linked=False, env=PLACE),
    Case("redeploy -y --json", scenes.instance, "ids set by the parent", linked=False, env=OWN),
    Case(LIST, what="only a project's id", linked=False, env={"RAILWAY_PROJECT_ID": "<project>"}),
    Case(LIST, what="only a project's id, linked", env={"RAILWAY_PROJECT_ID": "<project>"}),
    Case(LIST, what="only an environment's id", env={"RAILWAY_ENVIRONMENT_ID": "<environment>"}),
    Case(
        "variable list --json", what="only a service's id", env={"RAILWAY_SERVICE_ID": "<gateway>"}
    ),
    Case(LIST, what="ids that are not there", env=NOWHERE),
    Case(LIST, what="ids set, no token", env=NO_TOKEN | OWN),
    Case(LIST, what="other ids than linked", env={"RAILWAY_PROJECT_ID": "x"}, config=LINKED),
    *(
        Case(words, what=what, config=config)
        for what, config in (("linked above", ABOVE), ("linked to no environment", NO_ENVIRONMENT))
        for words in (LIST, ADD, "status --json")
    ),
    Case("whoami", what="nobody listens", env={"RAILWAY_BACKBOARD_URL": "http://localhost:9/"}),
    Case("whoami", what="no answer in time", env=HURRY, faults=(Fault("me", "timeout"),)),
    Case(ADD, what="unreadable config", config="{not json"),
    Case("init -n x --json", scenes.nothing, "unreadable config", config="[]"),
    Case("whoami", scenes.nothing, "a stored login", env=NO_TOKEN, config=LOGIN % ACCOUNT),
    Case("whoami", scenes.nothing, "a login that has ended", env=NO_TOKEN, config=LOGIN % "x"),
    Case("whoami", scenes.nothing, "a silly time", env={"RAILWAY_HTTP_TIMEOUT": "soon"}),
    Case("whoami", scenes.nothing, "telemetry on, no token", env=NO_TOKEN | LOUD),
    *(
        Case(words, what="telemetry on", env=LOUD, stdin="s3cret" if "--stdin" in words else None)
        for words in (
            ADD,
            "add --bogus",
            "add --json",
            "link -p unknown --json",
            "variable set KEY --stdin -s gateway",
            "variables --set A=1 -s gateway",
            "domain --service unknown",
            "domain list --service gateway",
            f"service source connect --service gateway --repo {REPO} --branch main --json",
            "service source disconnect --service gateway",
        )
    ),
)
