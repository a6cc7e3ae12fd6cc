"""Whatever is typed into a form, a search or an address of the admin: an answer, never a fault."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from instances.admin.instance_verbs import VERBS
from instances.models import Instance
from tests.conftest import Stand
from tests.strange import examples, whole_texts

pytestmark = pytest.mark.django_db

LISTS = [
    "admin:instances_instance_changelist",
    "admin:instances_operation_changelist",
    "admin:instances_job_changelist",
    "admin:auth_user_changelist",
    "admin:auth_group_changelist",
    "admin:django_q_success_changelist",
    "admin:django_q_failure_changelist",
    "admin:django_q_schedule_changelist",
    "admin:django_q_ormq_changelist",
]
PARAMETERS = [
    *("q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters"),
    *("deleted", "attention", "status__exact", "status__in", "ownership__exact", "state__exact"),
    *("kind__exact", "requested_by_name", "created_at__gte", "created_at__lt", "created_at__year"),
    *("created_at__isnull", "name__startswith", "name__regex", "instance__pk", "pk", "id__in"),
    *("project_id", "credentials__value", "variables__x", "held_rows__0", "seen", "\x00", "next"),
]
values = whole_texts | st.sampled_from(
    [
        *("deleted", "yes", "shown", "1", "-1", "1.2.3.-4", "9" * 40, "2026-01-01", "True", "None"),
        *("0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-14:00", "(", "[", "a" * 2000),
    ]
)
queries = st.dictionaries(st.sampled_from(PARAMETERS) | whole_texts, values, max_size=3)


@pytest.mark.parametrize("name", LISTS)
@examples(8)
@given(query=queries)
def test_any_query_of_a_list(admin_client: Client, name: str, query: dict[str, str]) -> None:
    assert admin_client.get(reverse(name), query).status_code < 500


@pytest.mark.parametrize(
    "query",
    [
        *({"project_id": "\x00"}, {"status__exact": "\x00"}, {"variables__x": "\x00"}),
        *({"q": "\x00"}, {"name__regex": "("}, {"created_at__year": "9" * 40}),
        *({"pk": "9" * 40}, {"created_at__gte": "0001-01-01 00:00:00+14:00"}, {"p": "9" * 40}),
    ],
)
def test_what_no_database_can_look_for(admin_client: Client, query: dict[str, str]) -> None:
    assert admin_client.get(reverse(LISTS[0]), query).status_code < 500


def test_a_pattern_that_is_none_is_told_as_a_bad_request(admin_client: Client) -> None:
    page = admin_client.get(reverse(LISTS[0]), {"created_at__year": "9" * 40})

    assert page.status_code == 400
    assert "The request cannot be read" in page.content.decode()


@pytest.mark.parametrize("cookie", ["sessionid", "csrftoken", "messages"])
@examples(10)
@given(value=whole_texts | st.just("a" * 20 + "\\000"))
def test_any_cookie(db: None, cookie: str, value: str) -> None:
    header = f'{cookie}="{value}"'.encode().decode("latin-1")

    assert Client(HTTP_COOKIE=header).get(reverse(LISTS[0])).status_code < 500
    assert Client(HTTP_COOKIE=header).post(reverse(LISTS[0])).status_code < 500


@examples(40)
@given(
    where=st.sampled_from(
        [
            *("instances/instance/{}/change/", "instances/instance/{}/redeploy/"),
            *("instances/instance/{}/history/", "instances/instance/1/keys/{}/"),
            *("instances/instance/{}/keys/coming/1/", "instances/operation/{}/live/"),
            *("instances/operation/{}/log/", "instances/operation/{}/change/", "{}"),
            *("instances/operation/{}/history/", "instances/job/{}/let-through/"),
            *("instances/job/{}/change/", "django_q/failure/{}/change/", "r/{}/{}/"),
        ]
    ),
    key=whole_texts | st.sampled_from(["9" * 40, "0", "-1", "_00", "_ud8", "%00", "1.5"]),
)
def test_any_address(admin_client: Client, where: str, key: str) -> None:
    address = "/admin/" + where.format(*[quote(key, safe="")] * where.count("{}"))

    assert admin_client.get(address).status_code < 500
    assert admin_client.post(address).status_code < 500


FIELDS = {
    "name": "acme",
    "repository": "LuthienResearch/luthien-proxy",
    "branch": "main",
    "anthropic_key": "",
    "further_variables": "",
    "further_secrets": "",
    "keep_on_failure": "",
}


@pytest.mark.parametrize("field", FIELDS)
@examples(10)
@given(text=values, key=st.sampled_from(["MODE=", "SENTRY_DSN=", ""]))
def test_anything_in_the_form_of_a_new_instance(
    admin_client: Client, field: str, text: str, key: str
) -> None:
    given = {**FIELDS, field: f"{key}{text}" if field.startswith("further") else text}
    with transaction.atomic():
        answer = admin_client.post(reverse("admin:instances_instance_add"), given)
        transaction.set_rollback(True)

    assert answer.status_code < 500


@examples(40)
@given(name=values)
def test_any_name_that_is_being_typed(admin_client: Client, name: str) -> None:
    page = admin_client.get(reverse("admin:instances_instance_check_name"), {"name": name})

    assert page.status_code < 500


@pytest.fixture
def acme(stand: Stand) -> Instance:
    return stand()


@pytest.mark.parametrize("verb", [verb.key for verb in VERBS])
@examples(8)
@given(
    given_in=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("reason", "commit", "typed", "back", "seen", "names"), values),
            "what": values | st.sampled_from(["commit", "latest", "same"]),
        },
    ),
    page=values,
)
def test_anything_in_a_dialog(
    admin_client: Client, acme: Instance, verb: str, given_in: dict[str, str], page: str
) -> None:
    address = reverse(f"admin:instances_instance_{verb}", args=[acme.pk])
    headers = {"HX-Request": "true", "HX-Current-URL": quote(page)}
    with transaction.atomic():
        answer = admin_client.post(address, given_in, headers=headers)
        transaction.set_rollback(True)

    assert answer.status_code < 500


@examples(15)
@given(
    action=st.sampled_from([verb.key for verb in VERBS]) | values,
    chosen=st.lists(values | st.just("1"), max_size=3),
    reason=values,
    confirmed=st.sampled_from(["", "yes"]),
)
def test_anything_in_a_selection(
    admin_client: Client,
    acme: Instance,
    action: str,
    chosen: list[str],
    reason: str,
    confirmed: str,
) -> None:
    given_in = {
        "action": action,
        "_selected_action": [*chosen, str(acme.pk)],
        "left_alone": chosen,
        "reason": reason,
        "confirmed": confirmed,
        "typed": reason,
        f"seen-{acme.pk}": reason,
    }
    with transaction.atomic():
        answer = admin_client.post(reverse(LISTS[0]), given_in)
        transaction.set_rollback(True)

    assert answer.status_code < 500


@pytest.mark.parametrize(
    "at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
)
def test_dates_at_the_limits_are_shown(admin_client: Client, acme: Instance, at: datetime) -> None:
    Instance.objects.update(
        status="deletion_scheduled", deletion_scheduled_at=at, gone_at=at, created_at=at, as_of=at
    )
    page = reverse("admin:instances_instance_change", args=[acme.pk])

    assert admin_client.get(reverse(LISTS[0])).status_code == 200
    assert admin_client.get(page).status_code == 200


@examples(15)
@given(user=values, password=values, to=values)
def test_anything_at_the_login(client: Client, user: str, password: str, to: str) -> None:
    given_in = {"username": user, "password": password, "next": to}

    assert client.post(f"{reverse('admin:login')}?next={quote(to)}", given_in).status_code < 500
