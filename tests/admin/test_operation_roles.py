"""What each role may do to an operation: by its button, and by a POST that nobody was shown."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from instances.admin import live
from instances.models import Operation
from instances.roles import ADMINISTRATORS, OPERATORS, VIEWERS
from instances.services import creation
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

State = Operation.State
MAY = {
    VIEWERS: set(),
    OPERATORS: {"cancel"},
    ADMINISTRATORS: {"cancel", "resume", "roll-back", "give-up"},
}
VERBS = sorted(MAY[ADMINISTRATORS])

every_role_and_verb = pytest.mark.parametrize(
    ("role", "verb"), [(role, verb) for role in MAY for verb in VERBS]
)


@pytest.fixture
def operation(requester: Requester) -> Operation:
    return creation.request(Wish("acme"), requester)


def client_of(role: str) -> Client:
    account = User.objects.create_user("somebody", is_staff=True)
    account.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(account)
    return client


def be_ready_for(operation: Operation, verb: str) -> None:
    """Put the operation where nothing but the role stands in the verb's way."""
    state = State.QUEUED if verb == "cancel" else State.NEEDS_ATTENTION
    Operation.objects.filter(pk=operation.pk).update(state=state)


def is_done(operation: Operation, verb: str) -> bool:
    """Tell whether the verb has had its effect."""
    operation.refresh_from_db()
    if verb == "cancel":
        return operation.cancel_requested_at is not None
    return operation.state != State.NEEDS_ATTENTION


@every_role_and_verb
def test_a_direct_post_gives_what_the_role_says(operation: Operation, role: str, verb: str) -> None:
    be_ready_for(operation, verb)
    operation.refresh_from_db()
    url = reverse(f"admin:instances_operation_{verb}", args=[operation.pk])

    answer = client_of(role).post(url, {"seen": live.version(operation)})

    assert answer.status_code == (302 if verb in MAY[role] else 403)
    assert is_done(operation, verb) == (verb in MAY[role])


@every_role_and_verb
def test_a_selection_is_acted_on_only_by_those_who_may(
    operation: Operation, role: str, verb: str
) -> None:
    be_ready_for(operation, verb)
    operation.refresh_from_db()
    chosen = {
        "action": verb,
        "_selected_action": str(operation.pk),
        f"seen-{operation.pk}": live.version(operation),
        "confirmed": "yes",
    }

    client_of(role).post(reverse("admin:instances_operation_changelist"), chosen)

    assert is_done(operation, verb) == (verb in MAY[role])


@pytest.mark.parametrize("role", MAY)
def test_who_may_not_is_told_so_on_the_page(operation: Operation, role: str) -> None:
    page = (
        client_of(role)
        .get(reverse("admin:instances_operation_change", args=[operation.pk]))
        .content.decode()
    )

    assert ("Your account may not do this" in page) == (MAY[role] != set(VERBS))
