"""Secrets are taken out of text, whether they are known or only look like some."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances.railway.masking import SHORTEST, STARS, Mask

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=["C", "Z"])
# Neither our keys nor Railway's tokens hold stars, which are what is left behind.
SECRETS = st.text(PRINTABLE.filter(lambda character: character != "*"), min_size=SHORTEST)


def test_a_known_secret_is_taken_out_wherever_it_stands() -> None:
    mask = Mask(["s3cr3t-value"])

    assert mask("got s3cr3t-value, again: xs3cr3t-valuex") == "got ***, again: x***x"


def test_a_known_secret_is_taken_out_of_an_address_too() -> None:
    mask = Mask(["p/ss w&rd=1"])

    assert mask(f"GET /?q={quote('p/ss w&rd=1', safe='')}") == "GET /?q=***"


def test_the_longest_of_several_secrets_goes_first() -> None:
    mask = Mask(["secret", "secret-and-more", "the-secret-and-more"])

    assert mask("it was the-secret-and-more") == "it was ***"


def test_a_value_too_short_to_be_a_secret_blanks_out_nothing() -> None:
    assert Mask(["", "a", "the"])("a cat and the dog") == "a cat and the dog"


def test_secrets_are_not_taken_as_patterns() -> None:
    assert Mask([".*.*.*", r"\1\2\3"])(r"all of .*.*.* and \1\2\3 go") == "all of *** and *** go"


def test_a_mask_does_not_show_what_it_knows() -> None:
    assert "s3cr3t" not in repr(Mask(["s3cr3t-value"]))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ADMIN_API_KEY=abc", "ADMIN_API_KEY=***"),
        ("PGPASSWORD=abc next", "PGPASSWORD=*** next"),
        ("client_secret='abc'", "client_secret='***'"),
        ('API_TOKEN="abc" X=1', 'API_TOKEN="***" X=1'),
        ("--variables ADMIN_API_KEY=abc --json", "--variables ADMIN_API_KEY=*** --json"),
        ('{"ADMIN_API_KEY": "abc", "PORT": "80"}', '{"ADMIN_API_KEY": "***", "PORT": "80"}'),
        ('{"token":"abc"}', '{"token":"***"}'),
        ("{'password': 'abc'}", "{'password': '***'}"),
        ("postgresql://postgres:abc@db:5432/x", "postgresql://postgres:***@db:5432/x"),
        ("redis://:abc@cache:6379", "redis://:***@cache:6379"),
        ("Authorization: Bearer abc", "Authorization: Bearer ***"),
        ("authorization: bearer abc, more", "authorization: bearer *** more"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, masked: str) -> None:
    assert Mask()(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Set keys and secrets: done.",
        "Not Authorized",
        "Project Token not found",
        "Invalid RAILWAY_TOKEN. Please check that it is valid.",
        "Failed to fetch: error sending request for url (https://backboard.railway.com/graphql/v2)",
        "Write to ann@example.test or see http://localhost:8000/admin/.",
        "DATABASE_URL=${{Postgres.DATABASE_URL}}",
        "PORT=8080, BUILD_COMMIT=c0ffee",
    ],
)
def test_an_ordinary_sentence_stays_as_it_is(text: str) -> None:
    assert Mask(["s3cr3t-value"])(text) == text


@pytest.mark.parametrize(
    "word", ["x", "KEY", "TOKEN_", "a://b:", "'", "' ", "authorization ", "bearer ", "PASSWORD' "]
)
def test_a_long_text_is_masked_at_once(word: str) -> None:
    text = word * (100_000 // len(word))
    begun = time.process_time()

    Mask(["s3cr3t-value"])(text)

    assert time.process_time() - begun < 3


@given(secret=SECRETS, before=st.text(), after=st.text())
def test_no_text_shows_a_known_secret(secret: str, before: str, after: str) -> None:
    masked = Mask([secret])(before + secret + after)

    assert secret not in masked
    assert STARS in masked


@given(secrets=st.lists(SECRETS, min_size=1, max_size=4), between=st.text(max_size=5))
def test_no_text_shows_any_of_several_secrets(secrets: list[str], between: str) -> None:
    masked = Mask(secrets)(between.join(secrets))

    assert [secret for secret in secrets if secret in masked] == []


@given(secret=SECRETS)
def test_no_address_shows_a_known_secret(secret: str) -> None:
    masked = Mask([secret])(f"https://example.test/?q={quote(secret, safe='')}&x=1")

    assert quote(secret, safe="") not in masked
