"""What an error of the Railway edge means for the step that met it."""

from instances.models import Operation
from instances.operations.plan import (
    NeedsPerson,
    OutcomeUnknown,
    Permanent,
    StepError,
    Transient,
)
from instances.railway.client import errors
from instances.services.steps.preflight import Preflight
from instances.services.steps.work import Work

# Seconds at scale 1; a cooldown names no time of its own (railway/api-facts.md section 2).
COOLDOWN = 31.0


def verdict(work: Work, error: Exception) -> StepError | None:
    """Return the StepError that `error` amounts to, or None for a bug."""
    match error:
        case errors.RailwayError(may_have_happened=True):
            return OutcomeUnknown(
                str(error),
                refused=isinstance(error, errors.RailwayRefused),
                passes=isinstance(error, errors.RailwayNotReady),
            )
        case errors.RailwayThrottled():
            pause = error.retry_after or work.scaled(COOLDOWN)
            return Transient(str(error), retry_after=pause)
        case errors.RailwayNotReady() | errors.RailwayNotFound() | errors.RailwayUnreachable():
            return Transient(str(error), retry_after=error.retry_after)
        case errors.RailwayUnauthorized():
            return _unauthorized(work, error)
        case errors.CliUnusable() if work.run.step.name != Preflight.name:
            # It was usable a moment ago: being upgraded, or the machine is short of something.
            return Transient(str(error))
        case errors.RailwayError():
            return Permanent(str(error))
    return None


def _unauthorized(work: Work, error: errors.RailwayUnauthorized) -> StepError:
    """ "Not Authorized" is also the answer for what is not visible yet; so ask for ourselves."""
    try:
        work.railway.workspaces()
    except errors.RailwayUnauthorized:
        sentence = "Railway no longer accepts the token (RAILWAY_API_TOKEN). Set a valid one."
        if work.run.step.attempt_at and work.operation.kind != Operation.Kind.CREATE:
            # Whether the last call was carried out is not known.
            return NeedsPerson(f"{sentence} Then resume.")
        return Permanent(sentence)
    except errors.RailwayError as other:
        return Transient(f"{error} Whether the token still works is not known: {other}")
    return Transient(f"{error} The token works, so this may not be visible yet.")
