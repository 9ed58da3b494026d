"""Figures: one function a picture. Results go in, a Matplotlib figure comes out.

`digitscope.figures.table` lists them all. None of them uses pyplot, so there is no current figure,
nothing to close, and no window: a figure is a value like any other.
"""
