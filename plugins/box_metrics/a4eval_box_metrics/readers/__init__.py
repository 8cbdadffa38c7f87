"""Where pairs of boxes come from."""
