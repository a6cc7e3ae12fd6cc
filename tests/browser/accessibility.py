"""What axe-core says about a page, in light and in dark."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}
# axe would measure a colour half-way to another one.
AT_ONCE = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def grave_findings(page: Page) -> list[str]:
    """Return one line for each element with a serious finding; the page stays in dark."""
    page.add_style_tag(content=AT_ONCE)
    findings = []
    for scheme in ("light", "dark"):
        # As Unfold's own switch does it.
        page.evaluate("scheme => document.documentElement.className = scheme", scheme)
        findings += [f"{scheme} {line}" for line in look(page)]
    return findings


def look(page: Page) -> list[str]:
    """Return the serious findings on the page as it is."""
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {line}" for rule in found for line in _lines(rule)]


def _lines(rule: dict[str, Any]) -> list[str]:
    if rule["impact"] not in GRAVE:
        return []
    return [
        f"{rule['id']} at {node['target']}: {' '.join(node['failureSummary'].split())}"
        for node in rule["nodes"]
    ]
