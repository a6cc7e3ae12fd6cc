"""The admin: one module per model. Entry points decide who may, and call one service."""

from instances.admin import instance, job, operation, people, queue

__all__ = ["instance", "job", "operation", "people", "queue"]
