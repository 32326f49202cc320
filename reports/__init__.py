"""Quarto sources, and the thin code that renders and publishes them."""
