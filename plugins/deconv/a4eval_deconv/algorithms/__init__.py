"""The ways to compute a transposed convolution, each a file with its code, its work and what that costs.

All share one notation.  Arrays are split by group: ``x`` is (n, g, c, *size), ``weight`` (g, c, o, *kernel),
``out`` and ``dy`` (n, g, o, *output).  ``budget`` is how many elements of workspace may live at a time.
"""
