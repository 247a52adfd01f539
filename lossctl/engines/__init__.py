"""Ways to run a plan: the same partition function, here or elsewhere."""
