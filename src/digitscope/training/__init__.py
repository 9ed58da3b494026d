"""Training: the loop, run folders, recipes, sweeps."""
