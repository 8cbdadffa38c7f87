"""Hydra configs of the core and the worksheet."""
