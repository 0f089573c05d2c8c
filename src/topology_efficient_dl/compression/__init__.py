"""Trained networks made smaller and trained on: decompositions, and what they are compared with."""
