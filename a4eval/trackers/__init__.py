"""Copies of finished records for the trackers that people watch."""
