"""The engine: leases, steps, retries, resume, cancel. Knows steps, not Railway."""
