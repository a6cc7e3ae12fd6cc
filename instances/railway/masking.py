"""Taking secrets out of text before anybody can read or store it."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

STARS = "***"
# Nothing here goes back (*+, ++): a page of one long word must not take minutes.
TELLING = r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD)"
TELLING_NAME = rf"\b(?=(?:(?!{TELLING})\w)*+{TELLING})\w++"
# NAME=value and "NAME": "value" where the name says that the value is secret.
ASSIGNMENT = re.compile(rf"({TELLING_NAME}(?:=|[\"']\s*+[:=]\s*+)[\"']?)([^\s\"']+)", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(\b\w++://[^\s:/@]*+:)[^\s@]{1,2000}+(@)")
AUTHORIZATION = re.compile(r"(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer\s+)?)\S+", re.IGNORECASE)
BEARER = re.compile(r"(bearer\s+)\S{8,}", re.IGNORECASE)
# A shorter value would blank out ordinary words.
SHORTEST = 6


class Mask:
    """Knows the actual secrets of one piece of work, and what secrets look like."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = {value for value in secrets if len(value) >= SHORTEST}
        in_urls = {quote(value, safe="", errors="replace") for value in values}
        in_json = {json.dumps(value)[1:-1] for value in values}
        values |= in_urls | in_json
        # The longest first: one secret may be a part of another.
        self._values = sorted(values, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        # What no database takes: NUL, and halves of characters.
        text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        for value in self._values:
            text = text.replace(value, STARS)
        text = ASSIGNMENT.sub(rf"\1{STARS}", text)
        text = URL_PASSWORD.sub(rf"\1{STARS}\2", text)
        text = AUTHORIZATION.sub(rf"\1{STARS}", text)
        return BEARER.sub(rf"\1{STARS}", text)

    def __repr__(self) -> str:
        return f"Mask({len(self._values)} values)"
