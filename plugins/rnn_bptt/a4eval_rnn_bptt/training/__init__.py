"""Training on problems that need memory: the problems, a readout, the update rule, the loop."""
