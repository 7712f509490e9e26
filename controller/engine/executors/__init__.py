"""Ways to spread jobs over workers; the promise is in `base`."""
