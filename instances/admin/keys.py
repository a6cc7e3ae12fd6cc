"""How to get into an instance: its address, its project, and its keys, one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from instances.exceptions import NotPossible
from instances.models import Instance
from instances.services import credentials, people

REVEAL = "instances.reveal_credential"
SEE = "instances.view_instance"
# Seconds that a revealed key stays on the screen.
SHOWN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Key:
    """A secret by its name; the value is not loaded."""

    name: str
    url: str
    may_reveal: bool


@dataclass(frozen=True, slots=True)
class Access:
    """What there is to get in with."""

    instance: Instance
    keys: list[Key]

    @property
    def is_anything(self) -> bool:
        return bool(self.instance.project_id or self.instance.url or self.keys)

    @property
    def refusal(self) -> str:
        if not self.keys or self.keys[0].may_reveal:
            return ""
        return "Your account may not reveal keys; ask an administrator for the permission."


def access(request: HttpRequest, instance: Instance, *, keys: bool = True) -> Access | None:
    """Return what there is to get in with; None for an instance that is no more."""
    if instance.status == Instance.Status.DELETED:
        return None
    names = instance.credentials.values_list("name", flat=True) if keys else ()
    return Access(instance, [_key(request, instance, name) for name in names])


def reveal_view(request: HttpRequest, object_id: int, name: str) -> HttpResponse:
    """Show one key to somebody who may see it; the history says who."""
    if not request.user.has_perms([REVEAL, SEE]):
        raise PermissionDenied
    instance = get_object_or_404(Instance, pk=object_id)
    if request.method != "POST":
        # Somebody comes back from the login: the key has to be asked for again.
        return redirect("admin:instances_instance_change", instance.pk)
    key = _key(request, instance, name)
    try:
        secret = credentials.reveal(instance, name, people.person(request.user))
    except (NotPossible, ImproperlyConfigured) as error:
        refused = {"key": key, "why": str(error)}
        return TemplateResponse(request, "instances/instance/key_refused.html", refused)
    shown = {"key": key, "value": secret.reveal(), "seconds": SHOWN_SECONDS}
    return TemplateResponse(request, "instances/instance/key_revealed.html", shown)


def _key(request: HttpRequest, instance: Instance, name: str) -> Key:
    url = reverse("admin:instances_instance_reveal", args=[instance.pk, name])
    return Key(name, url, request.user.has_perm(REVEAL))
