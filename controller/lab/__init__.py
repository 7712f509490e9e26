"""A small fleet on loopback for the demo and the tests; the product never needs it."""
