"""What a config runs."""
