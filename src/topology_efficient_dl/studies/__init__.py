"""Studies that a track does not need to run: archive, closure, crossing, growth, ranks, cost of diagrams and graphs."""
