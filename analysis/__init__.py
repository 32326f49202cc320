"""Pure functions on Polars frames: weights, estimates, disclosure, charts. Opens no file."""
