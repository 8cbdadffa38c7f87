"""The operators as plain functions on arrays: transposed convolution, convolution, and what enlarges instead."""
