"""The page on which everything that this app depends on is looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from instances.services import access, checkup

PERMISSION = "instances.view_job"
# Real seconds: a page may read Railway for so long (design, 1), and wait for a worker.
RAILWAY_SECONDS = 3.0
WORKER_SECONDS = 2.0


@require_http_methods(["GET", "POST"])
def checkup_view(request: HttpRequest) -> HttpResponse:
    """Offer to look; look when that is asked for. Changes nothing."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    context: dict[str, Any] = {**admin.site.each_context(request), "title": "Check-up"}
    if request.method == "POST":
        with access.quick_railway(RAILWAY_SECONDS) as railway:
            findings = checkup.run(railway, patience=WORKER_SECONDS)
        bad = sum(not finding.is_good for finding in findings)
        context |= {"findings": findings, "bad": bad}
    return TemplateResponse(request, "instances/checkup.html", context)
