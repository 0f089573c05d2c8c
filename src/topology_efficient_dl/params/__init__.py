"""Typed parameters of every pipeline, as frozen models; the ground floor."""
