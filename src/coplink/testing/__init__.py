"""For authors of integrations and for our own tests: fixtures, builders, and one contract per port. Needs pytest."""
