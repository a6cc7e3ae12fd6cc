"""The stand-in for the `railway` executable; the standard library only, because it starts often."""
