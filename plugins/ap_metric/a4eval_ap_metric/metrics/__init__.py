"""The components: batches in, values and tables out."""
