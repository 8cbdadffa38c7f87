"""The checks of a reader: one idea a file; ``suite`` holds the list of them."""
