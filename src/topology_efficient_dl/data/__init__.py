"""Files of time series become splits: find (`archive`), read (`readers`), make comparable and cut (`splits`)."""
