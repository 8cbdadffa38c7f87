"""What can be wrong with a task."""
