"""What is asked of several frameworks at a time."""
