"""From an image of a page to the numbers on it: lines, numbers, digits, each with its confidence.

The classifier comes as a callable, so that this room knows nothing of networks.
"""
