"""One module per format that leaves for, or comes back from, a collecting tool."""
