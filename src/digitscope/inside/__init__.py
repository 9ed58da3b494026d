"""What a network does inside: what its first layer looks for, and what one image sets off in it."""
