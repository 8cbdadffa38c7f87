"""Ground truth and detections as arrays: their columns, their notations, and what to doubt about them."""
