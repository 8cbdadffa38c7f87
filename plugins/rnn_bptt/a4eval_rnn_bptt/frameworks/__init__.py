"""The door to a user's own torch model: its recurrent core, or its own step, as a cell."""
