"""Files of every format as batches."""
