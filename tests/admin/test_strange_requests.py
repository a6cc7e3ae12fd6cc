"""Whatever is typed into a form, a search or an address of the admin: an answer, never a fault."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from instances.admin.instance_verbs import VERBS
from instances.models import Instance, Job, Operation
from tests.conftest import Stand, carry_out
from tests.strange import examples, texts, whole_texts

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
@examples(25)
@given(query=queries)
def test_any_query_of_a_list(admin_client: Client, name: str, query: dict[str, str]) -> None:
    assert admin_client.get(reverse(name), query).status_code < 500


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("value", ["\x00", "9" * 40])
def test_what_a_database_refuses_in_a_query(
    admin_client: Client, name: str, parameter: str, value: str
) -> None:
    assert admin_client.get(reverse(name), {parameter: value}).status_code < 500
