"""Transposed convolution: layer, arithmetic, matrix and artefacts."""
