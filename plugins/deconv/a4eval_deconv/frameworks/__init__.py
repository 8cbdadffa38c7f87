"""Transposed convolution in the frameworks, each a file with the same function.

``run(x, weight, stride, dilation, arguments)`` takes numpy arrays, (n, in_channels, *size) and
(in_channels, out_channels, *kernel_size), and one dict of the framework's own arguments per axis;
it returns the output, and where the framework differentiates, a function from dy to (dx, dweight).
"""
