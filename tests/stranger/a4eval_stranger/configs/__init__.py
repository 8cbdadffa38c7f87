"""The stranger's configs."""
