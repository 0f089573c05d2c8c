"""Models with what their cost is asked of, one module a kind of task."""
