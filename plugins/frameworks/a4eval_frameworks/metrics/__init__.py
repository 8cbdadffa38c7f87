"""Metrics of other libraries, and functions of anybody, on predictions."""
