"""Helpers without a subject: bounded reading, columns of numbers, text for terminals."""
