"""What a sweep leaves behind, and how it is read."""
