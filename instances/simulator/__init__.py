"""A local Railway: its GraphQL API, its deployed gateways and a stand-in for its CLI."""
