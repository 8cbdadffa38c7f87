"""Sweeps of the user's own Hydra apps."""
