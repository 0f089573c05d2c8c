"""Checks of parameters, options and machine before anything runs."""
