"""The door to other frameworks: their weights as ours, and a user's own torch model as a cell."""
