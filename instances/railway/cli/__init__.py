"""Railway's command line tool: one process, its environment, and typed commands."""
