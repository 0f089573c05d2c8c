"""What is learnt from what: tasks on series, graphs and forecasts, and their cells from fit to predictions."""
