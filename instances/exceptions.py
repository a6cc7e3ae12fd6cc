"""
What can go wrong on our own side; each message is a sentence for a person.

InstancesError
├── InvalidTransition     a status does not lead to the one asked for
├── NotPossible           what was asked for cannot be done now, and why
├── Busy                  another run of the same job is at it
├── PutOff                a run ends early, because Railway's requests are kept for people
└── Held                  the guard has stopped a run; a person may let it through
"""

from collections.abc import Sequence


class InstancesError(Exception):
    """Base of our own expected failures."""


class InvalidTransition(InstancesError):
    """A status does not lead to the one asked for."""


class NotPossible(InstancesError):
    """What was asked for cannot be done now; the message says why."""


class Busy(InstancesError):
    """Another run of the same job is at it; there is nothing to do."""


class PutOff(InstancesError):
    """The run ends early, and the next one goes on; the message says why."""


class Held(InstancesError):
    """The guard has stopped a run; the message says what would be needed."""

    def __init__(self, message: str, *, rows: Sequence[int] = ()) -> None:
        """`rows` are the keys of the instances that it would have touched."""
        super().__init__(message)
        self.rows = list(rows)
