"""What a network does inside: what its first layer looks for, what one image sets off in it, and
how one step of training comes about, number by number.
"""
