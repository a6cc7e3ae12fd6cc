"""`KEY=VALUE`, as variables are given on the command line."""

from argparse import ArgumentTypeError


def pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        # The real one prints the argument too, which may show a secret (cli-facts.md §5).
        raise ArgumentTypeError(f"Invalid variable format: {text}")
    return key, value
