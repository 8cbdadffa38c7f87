"""The statistics of reweighted images, without matching anew."""
