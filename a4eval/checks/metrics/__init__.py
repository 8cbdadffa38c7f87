"""The checks of a metric: one idea a file; ``suite`` holds the list of them."""
