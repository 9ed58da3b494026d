"""Model files: a network, with everything that is needed to use it."""
