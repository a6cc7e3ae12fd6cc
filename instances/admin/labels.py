"""Colours and icons of states, the same on every page. Icons are Material Symbols."""

from collections.abc import Mapping

from instances.models import Instance, Operation, Service, Step

INSTANCE: Mapping[str, str] = {
    Instance.Status.RUNNING: "success",
    Instance.Status.PROVISIONING: "info",
    Instance.Status.UNHEALTHY: "warning",
    Instance.Status.DELETION_SCHEDULED: "warning",
    Instance.Status.DELETING: "warning",
    Instance.Status.FAILED: "danger",
    Instance.Status.MISSING: "danger",
}
SERVICE: Mapping[str, str] = {
    Service.Status.RUNNING: "success",
    Service.Status.DEPLOYING: "info",
    Service.Status.STOPPED: "warning",
    Service.Status.FAILED: "danger",
}
OPERATION: Mapping[str, str] = {
    Operation.State.SUCCEEDED: "success",
    Operation.State.RUNNING: "info",
    Operation.State.WAITING: "info",
    Operation.State.CANCELLED: "warning",
    Operation.State.NEEDS_ATTENTION: "warning",
    Operation.State.FAILED: "danger",
}
STEP_ICONS: Mapping[str, str] = {
    Step.State.PENDING: "radio_button_unchecked",
    Step.State.RUNNING: "progress_activity",
    Step.State.WAITING: "hourglass_top",
    Step.State.DONE: "check_circle",
    Step.State.FAILED: "cancel",
    Step.State.SKIPPED: "do_not_disturb_on",
}


def colour(colours: Mapping[str, str], state: str) -> str:
    """Return Unfold's name for the colour of a label."""
    return colours.get(state, "default")
