"""Recurrent layers, backpropagation through time and where the gradient goes."""
