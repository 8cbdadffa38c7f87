"""Boxes themselves: formats, checks, columns, and the numbers that carry derivatives."""
