"""The form with which an instance is asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse

from instances.models import Credential, Instance, Operation
from instances.services import creation, credentials
from instances.services.creation import Wish
from instances.services.people import Requester

pytestmark = pytest.mark.django_db

ADD = reverse("admin:instances_instance_add")
CHECK = reverse("admin:instances_instance_check_name")
FORM = {"name": "acme", "repository": "LuthienResearch/luthien-proxy", "branch": "main"}
ANTHROPIC = "sk-ant-of-the-tenant-0123456789"


def submit(client: Client, **more: str) -> str:
    return client.post(ADD, {**FORM, **more}).content.decode()


def test_the_tenants_key_is_stored_encrypted(admin_client: Client) -> None:
    submit(admin_client, anthropic_key=f" {ANTHROPIC} ")

    stored = credentials.of(Instance.objects.get())
    assert stored["ANTHROPIC_API_KEY"].reveal() == ANTHROPIC


def test_without_it_the_form_says_what_cannot_be_used(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()

    assert "shared key cannot be used" in page


def test_variables_and_secrets_are_kept_apart(admin_client: Client) -> None:
    submit(
        admin_client,
        further_variables="POLICY_SOURCE=file\n\nGREETING=a=b",
        further_secrets="SLACK_TOKEN=xoxb-1",
    )

    operation = Operation.objects.get()
    assert operation.config["variables"] == {"POLICY_SOURCE": "file", "GREETING": "a=b"}
    assert credentials.of(operation.instance)["SLACK_TOKEN"].reveal() == "xoxb-1"
    assert "xoxb-1" not in str(operation.config)


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("further_variables", "nonsense", "Line 1 has no =; write NAME=value."),
        ("further_variables", "A=1\nA=2", "A is given twice."),
        ("further_variables", "MY_TOKEN=1", "looks like a secret"),
        ("further_variables", "PORT=1", "is set by this app"),
        ("further_secrets", "RAILWAY_X=1", "belongs to Railway"),
        ("further_secrets", "EMPTY=", "is empty"),
        ("further_secrets", "1BAD=1", "This is not a name for a variable"),
    ],
)
def test_what_cannot_work_is_said_beside_its_field(
    admin_client: Client, field: str, text: str, sentence: str
) -> None:
    page = submit(admin_client, **{field: text})

    assert sentence in page
    assert not Instance.objects.exists()


def test_a_name_given_in_clear_and_as_a_secret_is_refused(admin_client: Client) -> None:
    page = submit(admin_client, further_variables="A=1", further_secrets="A=2")

    assert "A: given as a variable too." in page


def test_the_tenants_key_has_one_place(admin_client: Client) -> None:
    page = submit(
        admin_client, anthropic_key=ANTHROPIC, further_secrets=f"ANTHROPIC_API_KEY={ANTHROPIC}"
    )

    assert "ANTHROPIC_API_KEY is given in its own field." in page


def test_a_refused_form_sends_no_secret_back_and_asks_for_it_again(admin_client: Client) -> None:
    page = submit(
        admin_client, name="Bad", anthropic_key=ANTHROPIC, further_secrets="SLACK_TOKEN=xoxb-1"
    )

    assert ANTHROPIC not in page
    assert "xoxb-1" not in page
    assert page.count("Secrets are not sent back to the page: give it again.") == 2
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("free", "luthien-free"),
        ("Acme", "A name has only lower-case letters, digits and hyphens."),
        ("a--b", "A name has no two hyphens in a row."),
        ("taken", "An instance of this name exists already."),
    ],
)
def test_a_name_is_checked_while_it_is_typed(
    admin_client: Client, requester: Requester, name: str, answer: str
) -> None:
    creation.request(Wish("taken"), requester)

    assert answer in admin_client.get(CHECK, {"name": name}).content.decode()


def test_spaces_around_a_name_do_not_count(admin_client: Client) -> None:
    assert "luthien-free" in admin_client.get(CHECK, {"name": " free "}).content.decode()


def test_an_empty_name_is_not_complained_about_while_it_is_typed(admin_client: Client) -> None:
    assert admin_client.get(CHECK, {"name": ""}).content.decode().strip() == ""


def test_what_is_typed_is_not_taken_for_html(admin_client: Client) -> None:
    answer = admin_client.get(CHECK, {"name": "<script>"}).content.decode()

    assert "<script" not in answer


def test_names_are_checked_for_those_who_may_add(viewer: Client) -> None:
    assert viewer.get(CHECK, {"name": "acme"}).status_code == 403


def test_typing_after_the_session_ended_leaves_the_form_alone(client: Client) -> None:
    response = client.get(CHECK, {"name": "acme"}, headers={"HX-Request": "true"})

    assert response.status_code == 403
    assert "HX-Redirect" not in response.headers


def test_what_is_found_only_when_saving_shows_the_form_again_with_what_was_typed(
    admin_client: Client, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = []

    page = submit(
        admin_client,
        branch="next",
        further_variables="GREETING=hello",
        keep_on_failure="on",
        further_secrets="SLACK_TOKEN=xoxb-1",
    )

    assert "ENCRYPTION_KEYS is empty" in page
    assert 'value="acme"' in page
    assert 'value="next"' in page
    assert "GREETING=hello" in page
    assert re.search(r'name="keep_on_failure"[^>]* checked[ >]', page)
    assert "xoxb-1" not in page
    assert page.count("Secrets are not sent back to the page: give it again.") == 1


def test_what_was_not_to_be_kept_stays_so_when_saving_fails(
    admin_client: Client, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = []
    settings.KEEP_FAILED_INSTANCES = True

    assert not re.search(r'name="keep_on_failure"[^>]* checked[ >]', submit(admin_client))


def test_a_name_that_somebody_takes_while_the_form_is_saved_is_said(
    admin_client: Client, requester: Requester
) -> None:
    def take_it(**_: Any) -> None:
        pre_save.disconnect(take_it, sender=Instance)
        creation.request(Wish("acme"), requester)

    pre_save.connect(take_it, sender=Instance)

    page = submit(admin_client, further_variables="GREETING=hello")

    assert "An instance named acme was asked for just now." in page
    assert "GREETING=hello" in page


def test_who_may_not_see_operations_cannot_create(django_user_model: Any) -> None:
    account = django_user_model.objects.create_user("alan", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__endswith="_instance"))
    client = Client()
    client.force_login(account)

    assert client.post(ADD, FORM).status_code == 403
    assert not Instance.objects.exists()
