"""The stand-in CLI against the real one: each call is made with both, and compared."""
