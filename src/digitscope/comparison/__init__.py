"""Comparison: the engines side by side, the same step in every framework, loops and matrix
products.
"""
