"""
What can go wrong on our own side; each message is a sentence for a person.

InstancesError
├── InvalidTransition     a status does not lead to the one asked for
└── NotPossible           what was asked for cannot be done now, and why
"""


class InstancesError(Exception):
    """Base of our own expected failures."""


class InvalidTransition(InstancesError):
    """A status does not lead to the one asked for."""


class NotPossible(InstancesError):
    """What was asked for cannot be done now; the message says why."""
