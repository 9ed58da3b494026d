"""Pure functions of the network's maths, each beside its derivative."""
