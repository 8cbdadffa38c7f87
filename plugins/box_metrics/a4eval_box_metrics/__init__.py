"""How boxes agree: similarities, losses and their gradients."""
