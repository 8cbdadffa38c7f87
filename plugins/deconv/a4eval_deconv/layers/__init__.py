"""The layers, as components."""
