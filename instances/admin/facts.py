"""How facts are written on pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import format_html_join


def show_variables(variables: Mapping[str, str]) -> str:
    """Return NAME=value lines as HTML."""
    lines = sorted(variables.items())
    return format_html_join("", "<code>{}={}</code><br>", lines) or "-"
