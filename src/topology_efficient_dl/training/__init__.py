"""One fit loop for every neural model, its objectives, and heads in closed form."""
