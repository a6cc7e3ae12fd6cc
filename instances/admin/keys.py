"""How to get into an instance: its address, its project, and its keys, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from instances.exceptions import NotPossible
from instances.models import Credential, Instance
from instances.models.credential import CredentialQuerySet
from instances.services import credentials, people

REVEAL = "instances.reveal_credential"
SEE = "instances.view_instance"
# Seconds that a revealed key stays on the screen.
SHOWN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Key:
    """A secret by its name; the value is not loaded. `place` is its id on the page."""

    name: str
    place: str
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
    held = instance.credentials.held() if keys else instance.credentials.none()
    return Access(instance, [_key(request, credential) for credential in held.defer("value")])


def reveal_view(request: HttpRequest, object_id: int, name: str) -> HttpResponse:
    """Show one key to somebody who may see it; the history says who."""
    return _reveal(request, object_id, lambda held: held.current().filter(name=name).first())


def reveal_coming_view(request: HttpRequest, object_id: int, credential_id: int) -> HttpResponse:
    """Show one key that a rotation is bringing, while it is not certain which one is in use."""
    return _reveal(request, object_id, lambda held: held.coming().filter(pk=credential_id).first())


def _reveal(
    request: HttpRequest,
    object_id: int,
    find: Callable[[CredentialQuerySet], Credential | None],
) -> HttpResponse:
    if not request.user.has_perms([REVEAL, SEE]):
        raise PermissionDenied
    instance = get_object_or_404(Instance, pk=object_id)
    if request.method != "POST":
        # Somebody comes back from the login: the key has to be asked for again.
        return redirect("admin:instances_instance_change", instance.pk)
    credential = find(instance.credentials.defer("value"))
    key = _key(request, credential) if credential else Key("", "", "", may_reveal=False)
    try:
        secret = credentials.reveal_row(instance, credential, people.person(request.user))
    except (NotPossible, ImproperlyConfigured) as error:
        refused = {"key": key, "why": str(error)}
        return TemplateResponse(request, "instances/instance/key_refused.html", refused)
    shown = {"key": key, "value": secret.reveal(), "seconds": SHOWN_SECONDS}
    return TemplateResponse(request, "instances/instance/key_revealed.html", shown)


def _key(request: HttpRequest, credential: Credential) -> Key:
    may_reveal = request.user.has_perm(REVEAL)
    if credential.state == Credential.State.COMING:
        args: list[object] = [credential.instance_id, credential.pk]
        url = reverse("admin:instances_instance_reveal_coming", args=args)
        name = f"{credential.name} (new, {credential.created_at:%Y-%m-%d %H:%M:%S} UTC)"
        return Key(name, f"key-{credential.pk}", url, may_reveal)
    url = reverse("admin:instances_instance_reveal", args=[credential.instance_id, credential.name])
    return Key(credential.name, f"key-{credential.name}", url, may_reveal)
