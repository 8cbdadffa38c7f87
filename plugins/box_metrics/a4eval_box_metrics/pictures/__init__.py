"""What the tasks draw."""
