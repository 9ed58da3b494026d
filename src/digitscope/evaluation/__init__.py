"""How good a model is, where it fails, and how far its confidence can be trusted."""
