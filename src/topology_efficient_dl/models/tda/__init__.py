"""Networks that read homology."""
