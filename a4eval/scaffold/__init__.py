"""A new plugin, from nothing."""
