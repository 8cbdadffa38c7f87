"""Components: a framework's layer by its name."""
