"""Specs, layers, the network itself, optimizers and schedules."""
