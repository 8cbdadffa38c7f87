"""From overrides to one checked experiment."""
