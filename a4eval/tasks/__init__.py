"""The tasks of the core."""
