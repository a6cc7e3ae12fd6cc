"""How dates are written: as in logs, to the second, so that they can be compared."""
