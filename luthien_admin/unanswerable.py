"""An address or a cookie with what no database takes is a bad request, not a fault of the app."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]
UNANSWERABLE = (DataError, OverflowError)


class RefuseUnanswerable:
    """
    Middleware: answer 400 to a search for a NUL, a broken pattern or a year out of range.

    Lists pass what stands in their address to the database, which refuses some of it.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or any("\x00" in text for text in request.COOKIES.values()):
            raise BadRequest("There is a NUL in the address or in a cookie.")
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if request.GET and request.method == "GET" and isinstance(exception, UNANSWERABLE):
            raise BadRequest("The database cannot look for this.") from exception
