"""The calls that the app itself makes, when all is well."""

from __future__ import annotations

from tests.contract import scenes
from tests.contract.cases import LINKED, WORKSPACE, Case
from tests.contract.scenes import REPO

GOOD = (
    Case("--version", scenes.nothing),
    Case("-V", scenes.nothing),
    Case("init -n luthien-new -w Luthien --json", scenes.nothing),
    Case("init -n luthien-new -w Other --json", scenes.other_workspace),
    Case("add -d postgres --json", scenes.at_once),
    Case("add -d redis --json", scenes.at_once),
    Case("add -d postgres --json", scenes.with_each_poll, "not yet visible"),
    Case("add -d redis --json", scenes.instance_at_once, "a second one"),
    Case("add --service new --variables A=1 --variables B=x=y --json"),
    Case("add --service new --json", scenes.no_service),
    Case("add --service new --json", what="workspace token", env={"RAILWAY_API_TOKEN": WORKSPACE}),
    Case("variable set KEY --stdin --skip-deploys -s <gateway> --json", stdin="s3cret"),
    Case("variable set KEY --stdin -s gateway --json", scenes.instance, stdin="two\nlines\n"),
    Case("domain --service gateway --json"),
    Case("domain --service <gateway> --json", scenes.with_domain, "the second time"),
    Case(f"service source connect --service gateway --repo {REPO} --branch main --json"),
    Case(f"service source connect --service <gateway> --repo {REPO} --json", what="no branch"),
    Case("redeploy -y --from-source -s gateway --json", scenes.instance),
    Case("redeploy -y --json", scenes.instance, "linked service", config=LINKED),
    Case("redeploy -y -s <gateway> --json", scenes.instance),
    Case("link -p <project> -e <environment> --json", linked=False),
    Case("link -p luthien-acme -e production -s gateway --json", linked=False),
    Case("link -p <project> --json", scenes.one_service, linked=False),
)
