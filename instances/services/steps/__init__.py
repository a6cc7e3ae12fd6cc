"""The steps that operations are put together from."""
