"""From the world to GraphQL: what each field answers."""
