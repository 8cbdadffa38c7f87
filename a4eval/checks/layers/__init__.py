"""The checks of a layer: one idea a file; ``suite`` holds the list of them."""
