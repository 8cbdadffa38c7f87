"""What can be said of a transposed convolution: its matrix and spectrum, checkerboard, receptive field, inverse."""
