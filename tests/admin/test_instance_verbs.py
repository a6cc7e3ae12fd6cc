"""What people do to instances through the admin: who may, what is asked, what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from instances.admin.instance_verbs import VERBS
from instances.models import Instance, Operation, Service
from instances.roles import ADMINISTRATORS, OPERATORS, VIEWERS
from instances.services import credentials, people
from instances.services.asking import Seen
from instances.simulator.server import LocalRailway
from tests.conftest import Stand, carry_out

pytestmark = pytest.mark.django_db

Kind = Operation.Kind
Status = Instance.Status
LIST = reverse("admin:instances_instance_changelist")
KEYS = [verb.key for verb in VERBS]
# What each role may do, as design section 9 has it.
MAY = {
    VIEWERS: set(),
    OPERATORS: {"redeploy", "schedule-deletion", "cancel-deletion"},
    ADMINISTRATORS: set(KEYS),
}
# What somebody fills in so that nothing but the rules stands in the way.
ANSWERS: dict[str, dict[str, Any]] = {
    "redeploy": {"what": "latest"},
    "delete-now": {"typed": "acme"},
    "rotate-keys": {"names": ["CLIENT_API_KEY"]},
}
# The state in which a verb has something to do.
WANTED: dict[str, dict[str, Any]] = {
    "cancel-deletion": {
        "status": Status.DELETION_SCHEDULED,
        "deletion_scheduled_at": datetime(2030, 1, 1, tzinfo=UTC),
    },
    "adopt": {"ownership": Instance.Ownership.DISCOVERED},
}


def make(name: str = "acme", **columns: Any) -> Instance:
    """Return a row that needs no Railway: nobody carries out what is asked for here."""
    instance = Instance.objects.create(
        **{
            "name": name,
            "status": Status.RUNNING,
            "project_id": f"project-of-{name}",
            "host": f"{name}.example.com",
            "repository": "LuthienResearch/luthien-proxy",
            **columns,
        }
    )
    Service.objects.create(
        instance=instance,
        role=Service.Role.GATEWAY,
        service_id=f"gateway-of-{name}",
        name="gateway",
        deployment_id="d1",
        commit="0123456789abcdef",
        as_of=instance.created_at,
    )
    return instance


def client_of(role: str) -> Client:
    account = User.objects.create_user(role.replace(" ", "-"), is_staff=True)
    account.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(account)
    return client


def url(instance: Instance, key: str) -> str:
    return reverse(f"admin:instances_instance_{key}", args=[instance.pk])


def press(client: Client, instance: Instance, key: str, **more: Any) -> HttpResponse:
    """Do what the dialog's form does."""
    seen = str(Seen.of(instance))
    answers = {"reason": "asked for", "seen": seen, **ANSWERS.get(key, {}), **more}
    return client.post(url(instance, key), answers)  # type: ignore[return-value]


def run_on(client: Client, key: str, *rows: Instance, **more: Any) -> HttpResponse:
    """Do what the list does with selected rows."""
    chosen = {"action": key, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(LIST, chosen)  # type: ignore[return-value]


def confirm_on(client: Client, key: str, *rows: Instance, **more: Any) -> HttpResponse:
    """Do what the page in between does."""
    seen = {f"seen-{row.pk}": str(Seen.of(row)) for row in rows}
    answers = {"reason": "asked for", **ANSWERS.get(key, {}), **seen, **more}
    return run_on(client, key, *rows, confirmed="yes", **answers)


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def has_happened(instance: Instance) -> bool:
    """Tell whether anything was asked for, or done at once."""
    instance.refresh_from_db()
    return instance.operations.exists() or instance.status == Status.DELETED


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("role", MAY)
def test_a_direct_post_does_what_the_role_may(role: str, key: str) -> None:
    instance = make(**WANTED.get(key, {}))

    response = press(client_of(role), instance, key)

    may = key in MAY[role]
    assert response.status_code == (302 if may else 403)
    assert has_happened(instance) is may


@pytest.mark.parametrize("key", [verb.key for verb in VERBS if verb.on_selection])
@pytest.mark.parametrize("role", MAY)
def test_an_action_on_a_selection_does_what_the_role_may(role: str, key: str) -> None:
    instance = make(**WANTED.get(key, {}))

    confirm_on(client_of(role), key, instance)

    assert has_happened(instance) is (key in MAY[role])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("role", MAY)
def test_the_page_shows_every_button_and_why_it_cannot_be_pressed(role: str, key: str) -> None:
    instance = make(**WANTED.get(key, {}))
    page = client_of(role).get(reverse("admin:instances_instance_change", args=[instance.pk]))

    [button] = [b for b in page.context["shown"].buttons if b.verb.key == key]
    if key in MAY[role]:
        assert button.why_not == ""
    else:
        assert button.why_not.startswith("Your account may not do this")


@pytest.mark.parametrize("key", KEYS)
def test_nobody_acts_without_signing_in(key: str) -> None:
    instance = make(**WANTED.get(key, {}))

    response = press(Client(), instance, key)

    assert response.headers["Location"].startswith("/admin/login/")
    assert not has_happened(instance)


@pytest.mark.parametrize("key", KEYS)
def test_looking_at_a_dialog_changes_nothing(admin_client: Client, key: str) -> None:
    instance = make(**WANTED.get(key, {}))

    dialog = admin_client.get(url(instance, key), headers={"HX-Request": "true"})

    assert dialog.status_code == 200
    assert f'value="{Seen.of(instance)}"' in dialog.content.decode()
    assert not has_happened(instance)


@pytest.mark.parametrize("key", KEYS)
def test_what_was_not_shown_is_not_acted_on(admin_client: Client, key: str) -> None:
    instance = make(**WANTED.get(key, {}))

    response = press(admin_client, instance, key, seen="")

    assert "It has changed since the page was shown" in said(response)[0]
    assert not has_happened(instance)


@pytest.mark.parametrize("key", ["redeploy", "schedule-deletion", "delete-now", "rotate-keys"])
@pytest.mark.parametrize("ownership", ["discovered"])
def test_what_is_not_ours_cannot_be_changed_by_a_superuser_either(
    admin_client: Client, key: str, ownership: str
) -> None:
    instance = make(ownership=ownership)

    response = press(admin_client, instance, key)

    assert "only discovered on Railway. Adopt it first" in said(response)[0]
    if key != "rotate-keys":
        confirm_on(admin_client, key, instance)
    assert not has_happened(instance)


@pytest.mark.parametrize("key", [key for key in KEYS if key not in {"sync", "forget"}])
def test_a_protected_project_cannot_be_changed_by_a_superuser_either(
    admin_client: Client, key: str, settings: Any
) -> None:
    instance = make(**WANTED.get(key, {}))
    settings.RAILWAY_OWN_PROJECT_ID = instance.project_id

    response = press(admin_client, instance, key)

    assert "protected" in said(response)[0]
    assert not has_happened(instance)


def test_who_presses_a_button_is_led_to_the_operation(admin_client: Client) -> None:
    response = press(admin_client, make(), "redeploy")

    [operation] = Operation.objects.all()
    assert (operation.kind, operation.requested_by_name) == (Kind.REDEPLOY, "admin")
    page = reverse("admin:instances_operation_change", args=[operation.pk])
    assert response.headers["Location"] == page
    assert "Asked for" in admin_client.get(page).content.decode()


@pytest.mark.parametrize(
    ("answers", "config"),
    [
        ({"what": "latest"}, {"what": "latest", "commit": ""}),
        ({"what": "same"}, {"what": "same", "commit": ""}),
        ({"what": "commit", "commit": "ABCDEF12"}, {"what": "commit", "commit": "abcdef12"}),
    ],
)
def test_a_redeploy_is_of_what_was_chosen(
    admin_client: Client, answers: dict[str, str], config: dict[str, str]
) -> None:
    press(admin_client, make(), "redeploy", **answers)

    assert Operation.objects.get().config == config


@pytest.mark.parametrize(
    ("key", "answers", "sentence"),
    [
        ("redeploy", {"what": "commit", "commit": ""}, "Say which commit."),
        ("redeploy", {"what": "latest", "commit": "abcdef12"}, "A commit is given below"),
        ("redeploy", {"what": "commit", "commit": "main"}, "7 to 40 of the characters"),
        ("schedule-deletion", {"reason": ""}, "This field is required."),
        ("delete-now", {"typed": "Acme"}, "Type exactly: acme"),
        ("delete-now", {"reason": ""}, "This field is required."),
        ("rotate-keys", {"names": []}, "This field is required."),
        ("rotate-keys", {"names": ["CREDENTIAL_ENCRYPTION_KEY"]}, "is not one of the available"),
        ("forget", {"reason": ""}, "This field is required."),
    ],
)
def test_an_answer_that_will_not_do_is_asked_for_again(
    admin_client: Client, key: str, answers: dict[str, Any], sentence: str
) -> None:
    instance = make()

    response = press(admin_client, instance, key, **answers)

    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not has_happened(instance)


def test_the_page_in_between_says_what_will_happen_to_each_row(admin_client: Client) -> None:
    ours, theirs = make("acme"), make("other", ownership=Instance.Ownership.DISCOVERED)

    page = run_on(admin_client, "redeploy", ours, theirs).content.decode()

    assert "Its gateway, now at 0123456, is built" in page
    assert "Left alone: 1" in page
    assert "It was only discovered on Railway. Adopt it first." in page
    assert f'name="seen-{ours.pk}" value="running d1"' in page
    assert f'name="seen-{theirs.pk}"' not in page
    assert not Operation.objects.exists()


def test_a_row_that_changed_meanwhile_is_skipped_and_the_others_go_on(
    admin_client: Client,
) -> None:
    same, changed = make("acme"), make("other")
    Service.objects.filter(instance=changed).update(deployment_id="d2")

    response = confirm_on(
        admin_client, "redeploy", same, changed, **{f"seen-{changed.pk}": "running d1"}
    )

    assert has_happened(same)
    assert not has_happened(changed)
    refused, told = said(response)
    assert refused.startswith("other: redeploy is not possible. It has changed since")
    assert told == "acme: redeploy asked for."


def test_a_refused_form_keeps_what_was_seen_first(admin_client: Client) -> None:
    instance = make()
    seen = str(Seen.of(instance))
    Service.objects.update(deployment_id="d2")

    again = press(admin_client, instance, "delete-now", typed="Acme", seen=seen)

    assert f'name="seen" value="{seen}"' in again.content.decode()


def test_several_are_deleted_only_with_the_words_that_are_shown(admin_client: Client) -> None:
    rows = make("acme"), make("other")
    page = run_on(admin_client, "delete-now", *rows).content.decode()
    assert "Type “delete 2” to go on" in page

    refused = confirm_on(admin_client, "delete-now", *rows, typed="delete").content.decode()
    assert "Type exactly: delete 2" in refused
    assert f'value="{Seen.of(rows[0])}"' in refused
    assert not Operation.objects.exists()

    confirm_on(admin_client, "delete-now", *rows, typed="delete 2")
    assert Operation.objects.filter(kind=Kind.DELETE).count() == 2


def test_a_refused_form_still_says_which_rows_are_left_alone(admin_client: Client) -> None:
    ours, theirs = make("acme"), make("other", ownership=Instance.Ownership.DISCOVERED)
    page = run_on(admin_client, "delete-now", ours, theirs).content.decode()
    assert f'name="left_alone" value="{theirs.pk}"' in page

    again = confirm_on(
        admin_client, "delete-now", ours, typed="Acme", left_alone=[theirs.pk, "nonsense"]
    ).content.decode()

    assert "Type exactly: acme" in again
    assert "Left alone: 1" in again
    assert "It was only discovered on Railway. Adopt it first." in again
    assert not Operation.objects.exists()


def test_a_secret_in_a_reason_is_masked(admin_client: Client, stand: Stand) -> None:
    instance = stand(address=False)
    key = credentials.of(instance)["CLIENT_API_KEY"].reveal()

    press(admin_client, instance, "schedule-deletion", reason=f"the key {key} got out")

    assert Operation.objects.get().reason == "the key *** got out"
    assert key not in people.history(instance)[0].get_change_message()


def test_every_verb_works_to_its_end(
    admin_client: Client, stand: Stand, railway: LocalRailway
) -> None:
    """Through the pages a person uses; only the worker is this test."""
    instance = stand(ownership=Instance.Ownership.DISCOVERED)

    def do(key: str, **answers: Any) -> str:
        instance.refresh_from_db()
        press(admin_client, instance, key, **answers)
        operation = Operation.objects.latest("pk")
        carry_out(operation)
        instance.refresh_from_db()
        assert operation.state == Operation.State.SUCCEEDED, operation.message
        return instance.status

    assert do("adopt") == Status.RUNNING
    assert do("sync") == Status.RUNNING
    assert do("redeploy") == Status.RUNNING
    assert do("rotate-keys", names=["ADMIN_API_KEY"]) == Status.RUNNING
    assert do("schedule-deletion") == Status.DELETION_SCHEDULED
    assert do("cancel-deletion") == Status.RUNNING
    assert do("delete-now") == Status.DELETED
    assert railway.world.projects[instance.project_id].deleted_at is not None
    told = [entry.get_change_message() for entry in people.history(instance)]
    assert sum("asked for by admin" in line for line in told) == 7
    assert sum("succeeded" in line for line in told) == 7


def test_forgetting_is_done_at_once(admin_client: Client) -> None:
    instance = make()

    response = press(admin_client, instance, "forget", reason="moved away")

    instance.refresh_from_db()
    assert (instance.status, instance.project_id) == (Status.DELETED, "")
    assert said(response) == ["acme: forgotten."]


def test_what_is_asked_for_in_a_selection_gives_way_to_what_is_asked_for_singly(
    admin_client: Client,
) -> None:
    one, two, alone, pressed = (make(name=name) for name in ("one", "two", "alone", "pressed"))

    confirm_on(admin_client, "redeploy", one, two)
    confirm_on(admin_client, "redeploy", alone)
    press(admin_client, pressed, "redeploy")

    marked = Operation.objects.filter(is_bulk=True).values_list("instance__name", flat=True)
    assert Operation.objects.count() == 4
    assert sorted(marked) == ["one", "two"]
