"""Work on every object of a store, shared out by the parts its names lie in: here, or on a cluster."""
