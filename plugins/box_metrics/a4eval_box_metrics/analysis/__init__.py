"""What similarities see and miss: perturbations, equal distances, rankings, matches, histograms."""
