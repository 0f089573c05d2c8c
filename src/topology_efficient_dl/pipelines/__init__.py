"""The pipelines: thin adapters over the library. They never import each other; the registry joins them."""
