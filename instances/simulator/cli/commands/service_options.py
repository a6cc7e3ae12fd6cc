"""The three options by which most commands say which service they mean."""

from argparse import ArgumentParser, Namespace

from instances.simulator.cli.session import ServiceContext, Session


def add_options(parser: ArgumentParser, *, short_project: bool = True) -> None:
    parser.add_argument("-s", "--service")
    parser.add_argument("-e", "--environment")
    parser.add_argument(*(["-p"] if short_project else []), "--project")
    parser.add_argument("--json", action="store_true")


def context(session: Session, given: Namespace) -> ServiceContext:
    return session.service_context(
        project=given.project, environment=given.environment, service=given.service
    )
