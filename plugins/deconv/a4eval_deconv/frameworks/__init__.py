"""What the frameworks call it, and what they make of it: each that can be run is a file ``with_…``.

``run(x, weight, bias, stride, dilation, arguments)`` takes numpy arrays, (n, in_channels, *size),
(in_channels, out_channels, *kernel_size) and (out_channels,), and one dict of the framework's own arguments per axis;
it returns the output, and where the framework differentiates, a function from dy to (dx, dweight, dbias).
"""
