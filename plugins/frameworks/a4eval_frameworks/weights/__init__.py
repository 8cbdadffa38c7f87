"""Weights of a framework's layers as torch lays them out, and back."""
