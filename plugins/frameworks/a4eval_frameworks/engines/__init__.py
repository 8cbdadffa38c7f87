"""Forward and backward through a framework's own differentiation: numpy arrays in and out."""
