"""Railway projects that must never be touched, whoever asks: our own, and the deny-list."""

from django.conf import settings


def is_protected(*, project_id: str = "", name: str = "") -> bool:
    own = settings.RAILWAY_OWN_PROJECT_ID
    return bool(own and project_id == own) or name in settings.PROTECTED_PROJECTS
