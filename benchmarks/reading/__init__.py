"""How well handwriting is read, by digitscope and by others, on any labelled folder."""
