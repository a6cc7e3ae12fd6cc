"""People with and without permissions, signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def viewer(db: None) -> Client:
    """Somebody who may see everything, and do nothing."""
    account = User.objects.create_user("vera", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(account)
    return client
