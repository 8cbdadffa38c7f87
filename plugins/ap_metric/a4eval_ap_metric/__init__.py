"""Average precision of rankings and detectors, every definition by name."""
