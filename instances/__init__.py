"""Luthien's instances: what staff asked for, and what Railway holds."""
