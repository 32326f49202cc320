"""What no file of a built site may hold, whatever its kind: people, scripts, formulas."""
