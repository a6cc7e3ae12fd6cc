"""The three groups: there after every migration, with what design section 9 says, and no more."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from instances.models import Credential, Instance, Job, Operation, Service
from instances.roles import ADMINISTRATORS, OPERATORS, VIEWERS

pytestmark = pytest.mark.django_db

SEE = {
    (Instance, "view_instance"),
    (Service, "view_service"),
    (Operation, "view_operation"),
    (Job, "view_job"),
}
OPERATE = {
    (Instance, "add_instance"),
    (Instance, "redeploy_instance"),
    (Instance, "schedule_deletion"),
    (Operation, "cancel_operation"),
}
ADMINISTER = {
    (Instance, "delete_instance"),
    (Instance, "adopt_instance"),
    (Instance, "forget_instance"),
    (Instance, "sync_instance"),
    (Credential, "reveal_credential"),
    (Credential, "rotate_credential"),
    (Operation, "steer_operation"),
    (Job, "let_through_job"),
}
ROLES = {
    VIEWERS: SEE,
    OPERATORS: SEE | OPERATE,
    ADMINISTRATORS: SEE | OPERATE | ADMINISTER,
}

every_role = pytest.mark.parametrize("name", ROLES)


def permissions(name: str) -> list[tuple[object, str]]:
    held = Group.objects.get(name=name).permissions.select_related("content_type")
    return [(each.content_type.model_class(), each.codename) for each in held]


def migrate() -> None:
    """Have post_migrate sent as after a migration, with nothing to migrate."""
    call_command("migrate", verbosity=0)


def test_there_are_three_groups_after_a_migration() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


@every_role
def test_a_group_has_exactly_its_permissions(name: str) -> None:
    held = permissions(name)

    assert set(held) == ROLES[name]
    assert len(held) == len(ROLES[name])


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        (VIEWERS, "view_instance", "add_instance"),
        (OPERATORS, "schedule_deletion", "delete_instance"),
        (OPERATORS, "add_instance", "reveal_credential"),
        (ADMINISTRATORS, "rotate_credential", "change_instance"),
    ],
)
def test_a_person_in_a_group_may_what_the_group_may(name: str, may: str, may_not: str) -> None:
    person = User.objects.create_user("ann", is_staff=True)
    person.groups.add(Group.objects.get(name=name))

    assert person.has_perm(f"instances.{may}")
    assert not person.has_perm(f"instances.{may_not}")


def test_migrating_again_adds_nothing() -> None:
    before = {name: permissions(name) for name in ROLES}

    migrate()
    migrate()

    assert Group.objects.count() == len(ROLES)
    assert {name: permissions(name) for name in ROLES} == before


@every_role
def test_what_is_missing_is_added_again(name: str) -> None:
    Group.objects.filter(name=name).delete()

    migrate()

    assert set(permissions(name)) == ROLES[name]


def test_a_permission_added_by_hand_stays() -> None:
    by_hand = Permission.objects.get(codename="change_user", content_type__app_label="auth")
    Group.objects.get(name=VIEWERS).permissions.add(by_hand)

    migrate()

    assert set(permissions(VIEWERS)) == SEE | {(User, "change_user")}


def test_another_group_and_its_people_are_left_alone() -> None:
    other = Group.objects.create(name="Auditors")
    person = User.objects.create_user("ann")
    person.groups.add(other, Group.objects.get(name=OPERATORS))

    migrate()

    assert set(person.groups.values_list("name", flat=True)) == {"Auditors", OPERATORS}
    assert not other.permissions.exists()


def test_a_permission_of_the_same_name_elsewhere_is_not_given() -> None:
    elsewhere = ContentType.objects.get_for_model(User)
    namesake = Permission.objects.create(
        codename="view_instance", name="Another", content_type=elsewhere
    )

    migrate()

    assert namesake not in Group.objects.get(name=VIEWERS).permissions.all()


def test_every_permission_that_this_app_adds_belongs_to_a_role() -> None:
    own = {
        (model, codename)
        for model in apps.get_app_config("instances").get_models()
        for codename, _ in model._meta.permissions
    }

    assert own <= ROLES[ADMINISTRATORS]
