"""What is done to sweeps, and what is promised all the same: a row of the fault table each, tried at random."""
