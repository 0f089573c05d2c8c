"""Figures, tables and pages made of verdicts and scores."""
