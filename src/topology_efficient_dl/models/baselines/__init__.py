"""Published networks for series, one a file."""
