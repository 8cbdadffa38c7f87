"""Intervals and tests that know no metric."""
