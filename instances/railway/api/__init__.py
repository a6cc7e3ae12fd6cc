"""Railway's GraphQL API: HTTP and GraphQL, documents, and typed answers."""
