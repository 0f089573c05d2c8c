"""Metrics, statistics, costs and verdicts of predictions."""
