"""How two boxes agree: the functions and their components."""
