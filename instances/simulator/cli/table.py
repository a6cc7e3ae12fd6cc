"""The box in which the CLI draws a service's variables for people."""

import textwrap
from collections.abc import Mapping

LEAST_NAME = 10
LEAST_BOX, MOST_BOX = 20, 80
# What a line holds beside its two columns: the edges, and the bar between them.
FRAME = 7


def drawn(title: str, rows: Mapping[str, str]) -> str:
    """Return the box, at most 80 columns wide; longer values are wrapped."""
    heading = f" Variables for {title} "
    names = max(LEAST_NAME, *map(len, rows))
    lines = [line for value in rows.values() for line in value.split("\n")]
    content = max(len(heading), *map(len, lines))
    width = min(max(FRAME + names + content, LEAST_BOX), MOST_BOX)
    inner = width - 2
    left = -(-(inner - len(heading)) // 2)
    top = f"╔{'═' * left}{heading}{'═' * (inner - len(heading) - left)}╗"
    drawn_rows = (_row(name, value, names, width) for name, value in rows.items())
    body = f"\n║{'─' * inner}║\n".join(drawn_rows)
    return f"{top}\n{body}\n╚{'═' * inner}╝\n"


def _row(name: str, value: str, names: int, width: int) -> str:
    room = width - FRAME - names
    wrapped = [part for line in value.split("\n") for part in textwrap.wrap(line, room) or [""]]
    labels = [name, *[""] * (len(wrapped) - 1)]
    return "\n".join(
        f"║ {label:<{names}} │ {part:<{room}} ║"
        for label, part in zip(labels, wrapped, strict=True)
    )
