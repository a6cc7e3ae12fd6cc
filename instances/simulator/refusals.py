"""What the server says no with; only the message tells one from another (api-facts.md §3)."""

NOT_AUTHORIZED = "Not Authorized"
PROJECT_NOT_FOUND = "Project not found"
ENVIRONMENT_NOT_FOUND = "Environment not found"
INSTANCE_NOT_FOUND = "ServiceInstance not found"
PROBLEM = "Problem processing request"


class Refusal(Exception):
    """An execution error: HTTP 200 with `errors[]`."""
