"""What is stored: rows, their states, and what the database itself forbids."""

from instances.models.budget import RequestBudget
from instances.models.credential import Credential
from instances.models.gate import Gate
from instances.models.instance import Instance
from instances.models.job import Job
from instances.models.operation import LogLine, Operation, Step
from instances.models.service import Service
from instances.models.tool import CliVersion

__all__ = [
    "CliVersion",
    "Credential",
    "Gate",
    "Instance",
    "Job",
    "LogLine",
    "Operation",
    "RequestBudget",
    "Service",
    "Step",
]
