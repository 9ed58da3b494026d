"""The lab: a page on which you draw, train and look inside, and the server behind it."""
