"""Hydra configs that this plugin brings."""
