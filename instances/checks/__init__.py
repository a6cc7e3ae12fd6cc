"""What `manage.py check` refuses: an unsafe queue or database, gaps in the configuration."""

from instances.checks.configuration import encryption_keys, production, railway_settings
from instances.checks.database import database_settings
from instances.checks.queue import queue_settings

__all__ = [
    "database_settings",
    "encryption_keys",
    "production",
    "queue_settings",
    "railway_settings",
]
