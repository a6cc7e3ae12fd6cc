"""Railway's words and the CLI's, as they were seen, and the error that each stands for."""

from __future__ import annotations

import pytest

from instances.railway import errors
from instances.railway.messages import LONGEST, error_for

# api-facts.md sections 2 and 3, cli-facts.md sections 4 and 5.
THROTTLED = (
    (
        "You are creating projects too quickly. This workspace allows 1 project per 30 seconds."
        " Try again shortly."
    ),
    "Whoa there pal! Only one project can be created per user every 30s",
    "Only one environment can be created per user every 30s. Try again in a sec",
    "Whoa there pal! You are creating volumes too quickly. Try again in a sec",
    "Sorry, too many requests",
    "Rate limit exceeded",
    "You are being ratelimited. Please try again later",
)
# Said of whatever went wrong inside Railway, before the work was done or after it.
UNCERTAIN = "Problem processing request"
NOT_READY = (
    "Endpoint too recently updated",
    "ServiceInstance not found",
    "Failed to create service domain, please try again",
    (
        "Cannot redeploy yet, please wait for the original deployment to finish building, then try"
        " again."
    ),
    "An operation is already in progress",
)
UNAUTHORIZED = (
    "Not Authorized",
    "Unauthorized. Please login with `railway login`",
    (
        "Unauthorized. Please check that your RAILWAY_API_TOKEN is valid and has access to the"
        " resource you're trying to use."
    ),
    "Unauthorized. Please run `railway login` again.",
    "Project Token not found",
    (
        "Invalid RAILWAY_TOKEN. Please check that it is valid and has access to the resource you're"
        " trying to use."
    ),
)
NOT_FOUND = (
    "Project not found",
    "Project not found. Run `railway link` to connect to a project.",
    "Environment not found",
    "Service not found",
    "Deployment not found",
    "Service 'gateway' not found",
    'Service "gateway" not found.',
    'Project "luthien-acme" not found',
)
REFUSED = (
    "Free plan resource provision limit exceeded. Please upgrade to provision more resources!",
    "Your workspace has been restricted",
    "Project is deleted. Run `railway link` to connect to a project.",
    "Invalid project name",
    "Repo must be in owner/repo format",
    "Cannot redeploy without a snapshot",
    "error: unexpected argument '--stdin' found",
    "No linked project found. Run railway link to connect to a project",
    "Commit not found",
)
UNREACHABLE = (
    "Failed to fetch: error sending request for url (https://backboard.railway.com/graphql/v2)",
    "Failed to fetch: error decoding response body",
    "Failed to get data from GraphQL response",
    "Timed out waiting for Postgres to finish deploying",
    "Failed to add Postgres",
    (
        "Failed to add Postgres: the workflow's status can't be polled (Not Authorized); it keeps"
        " running server-side"
    ),
)
WORKFLOW_FAILED = (
    "Failed to add Postgres: Unknown error",
    "Failed to add Redis: the image could not be pulled",
)
CONFLICT = ('A service named "gateway" already exists in this project',)


def kind_of(message: str) -> type[errors.RailwayError]:
    return type(error_for(message))


@pytest.mark.parametrize("message", THROTTLED)
def test_too_fast(message: str) -> None:
    assert kind_of(message) is errors.RailwayThrottled


@pytest.mark.parametrize("message", [*NOT_READY, UNCERTAIN])
def test_not_yet(message: str) -> None:
    assert kind_of(message) is errors.RailwayNotReady


@pytest.mark.parametrize("message", UNAUTHORIZED)
def test_not_allowed(message: str) -> None:
    assert kind_of(message) is errors.RailwayUnauthorized


@pytest.mark.parametrize("message", NOT_FOUND)
def test_not_there(message: str) -> None:
    assert kind_of(message) is errors.RailwayNotFound


@pytest.mark.parametrize("message", REFUSED)
def test_simply_no(message: str) -> None:
    assert kind_of(message) is errors.RailwayRefused


@pytest.mark.parametrize("message", UNREACHABLE)
def test_nobody_knows(message: str) -> None:
    assert kind_of(message) is errors.RailwayUnreachable


@pytest.mark.parametrize("message", WORKFLOW_FAILED)
def test_the_template_failed(message: str) -> None:
    assert kind_of(message) is errors.RailwayWorkflowFailed


@pytest.mark.parametrize("message", CONFLICT)
def test_there_already(message: str) -> None:
    assert kind_of(message) is errors.RailwayConflict


@pytest.mark.parametrize("message", [*UNREACHABLE, *WORKFLOW_FAILED, *CONFLICT, UNCERTAIN])
def test_these_may_have_happened(message: str) -> None:
    assert error_for(message).may_have_happened is True


@pytest.mark.parametrize("message", THROTTLED + NOT_READY + UNAUTHORIZED + NOT_FOUND + REFUSED)
def test_these_cannot_have_happened(message: str) -> None:
    assert error_for(message).may_have_happened is False


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("You are being ratelimited. Try again in 42 seconds", 42.0),
        ("You are being ratelimited. Try again in 1 second", 1.0),
        ("You are being ratelimited. Try again in about 3 minutes", 180.0),
        ("You are being ratelimited. try again in about 1 minute", 60.0),
        ("You are being ratelimited. Please try again later", None),
        ("Whoa there pal! You are creating volumes too quickly. Try again in a sec", None),
        ("Not Authorized", None),
    ],
)
def test_the_clis_hint_is_taken(message: str, seconds: float | None) -> None:
    assert error_for(message).retry_after == seconds


@pytest.mark.parametrize("message", ["NOT AUTHORIZED", "not authorized", "  Not\n  Authorized\n"])
def test_neither_case_nor_line_breaks_matter(message: str) -> None:
    assert kind_of(message) is errors.RailwayUnauthorized


def test_causes_and_hints_stay_in_the_sentence() -> None:
    shown = "Failed to fetch: error sending request\n\nCaused by:\n    dns error\n  → try later"

    error = error_for(shown)

    assert str(error) == (
        "Railway answered: Failed to fetch: error sending request Caused by: dns error → try later"
    )


def test_the_sentence_says_who_said_it() -> None:
    assert str(error_for("no", said_by="The Railway CLI's add")) == (
        "The Railway CLI's add answered: no"
    )


@pytest.mark.parametrize("message", ["", " \n "])
def test_silence_is_a_refusal_without_a_reason(message: str) -> None:
    error = error_for(message)

    assert type(error) is errors.RailwayRefused
    assert str(error) == "Railway answered: no reason given"


def test_a_whole_page_is_cut_to_a_sentence() -> None:
    assert len(str(error_for("x" * 100_000))) < LONGEST + 100


@pytest.mark.parametrize(
    "reason", ["You are creating volumes too quickly", "Problem processing request", "no space"]
)
def test_a_failed_workflow_may_have_made_parts_whatever_its_reason(reason: str) -> None:
    error = error_for(f"Failed to add Postgres: {reason}")

    assert isinstance(error, errors.RailwayWorkflowFailed)
    assert error.may_have_happened is True


def test_a_plan_limit_is_final_in_a_workflow_too() -> None:
    error = error_for("Failed to add Postgres: Free plan resource provision limit exceeded.")

    assert type(error) is errors.RailwayRefused
