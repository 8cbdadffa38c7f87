"""Forward and full backward passes over whole sequences, written for speed: a module a cell, a pair of functions each.

All take torch's weight layout and gate order, arrays time-major (T, B, ·), and stack any number of models on a
leading axis: weights (M, …) with inputs (M, T, B, I).
What makes them fast is the same everywhere: one matrix product for all input projections, one tanh a step for all
gates (σ(z) = ½ tanh(z/2) + ½, the inner ½ folded into the weights), buffers allocated once, gate derivatives
vectorised over a cache-sized chunk of steps, and one matrix product a weight gradient at the end.
"""
