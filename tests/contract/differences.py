"""The one list of what is deliberately left different, and why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.contract.outcomes import ABSENT, Differences, compared_texts

FOR_PEOPLE = "drawn for people, whom the stand-in tells the gist; programs read --json"
AGAIN = "the real one reads its config several times and complains each time"
UNFINISHED = "the real one's parser says in the middle of what an answer has ended"
WRAPPING = "the real one wraps so that lines are alike in length, the stand-in line by line"
UNPARSABLE = "warning: Unable to parse config file, regenerating"


@dataclass(frozen=True)
class Left:
    """A difference by path: the stand-in's value, and the real one's."""

    reason: str
    what: Differences


SHORT_STATUS = """\
Project: luthien-acme
Environment: production
Service: None
"""
STATUS = """\

Workspace:       Luthien

Project:         luthien-acme
Project ID:      <project luthien-acme>

Environment:     production
Environment ID:  <environment luthien-acme>

Linked service

    Service:         None

────────────────────────────────────────────────

All resources

"""
RESOURCES = """\
    Services
      - gateway: ● Online · https://<host gateway>
    Databases
      - Postgres: ● Online · postgres-volume
      - Redis: ● Online · redis-volume

"""
SHORT_SERVICES = """\
gateway  SUCCESS
Postgres  SUCCESS
Redis  SUCCESS
"""
SERVICES = """\

Services in production

gateway
    status:        ● Online
    repo:          LuthienResearch/luthien-proxy
    url:           https://<host gateway>
    deployment ID: <deployment gateway 1>
    service ID:    <service gateway>

Postgres
    status:        ● Online
    image:         ghcr.io/railwayapp-templates/postgres-ssl:17
    volume:        postgres-volume · /var/lib/postgresql/data · 0.0 GB / 48.8 GB
    deployment ID: <deployment Postgres 1>
    service ID:    <service Postgres>

Redis
    status:        ● Online
    image:         redis:8
    volume:        redis-volume · /data · 0.0 GB / 48.8 GB
    deployment ID: <deployment Redis 1>
    service ID:    <service Redis>

"""
HALF: Differences = {
    "stderr[4]": (
        "    1: EOF while parsing a value at line 2 column 2",
        "    1: EOF while parsing an object at line 2 column 2",
    )
}
WORDS = "word word word word word word word word word"

LEFT: dict[str, Left] = {
    "status": Left(FOR_PEOPLE, compared_texts(SHORT_STATUS, STATUS + RESOURCES)),
    "status: no service": Left(FOR_PEOPLE, compared_texts(SHORT_STATUS, STATUS + "\n")),
    "service list": Left(FOR_PEOPLE, compared_texts(SHORT_SERVICES, SERVICES)),
    "variables -s gateway: of long values": Left(
        WRAPPING,
        {
            "stdout.text[17]": (
                f"║ SENTENCE                 │ {WORDS} word ║",
                f"║ SENTENCE                 │ {WORDS}      ║",
            ),
            "stdout.text[19]": (
                f"║                          │ end{' ' * 46} ║",
                f"║                          │ word end{' ' * 41} ║",
            ),
        },
    ),
    "whoami: half an answer": Left(UNFINISHED, HALF),
    "add --service new --json: half an answer": Left(UNFINISHED, HALF),
    "add --service new --json: unreadable config": Left(
        AGAIN,
        {
            "stderr[1]": (
                "No linked project found. Run railway link to connect to a project",
                UNPARSABLE,
            ),
            "stderr[2]": (
                "  → Run `railway link` to connect to a project.",
                "No linked project found. Run railway link to connect to a project",
            ),
            "stderr[3]": (ABSENT, "  → Run `railway link` to connect to a project."),
        },
    ),
    "init -n x --json: unreadable config": Left(
        AGAIN,
        {
            "stderr[1]": ("> Select a workspace Luthien", UNPARSABLE),
            "stderr[2]": ("> Project Name x", UNPARSABLE),
            "stderr[4]": (ABSENT, "> Select a workspace Luthien"),
            "stderr[5]": (ABSENT, "> Project Name x"),
            "stderr[6]": (ABSENT, UNPARSABLE),
        },
    ),
}
