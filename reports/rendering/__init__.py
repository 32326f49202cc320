"""The fallback renderer: a declared part of Quarto, from the same sources to the same pages."""
