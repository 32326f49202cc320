"""A small web questionnaire with its own storage, for whoever has no collecting tool."""
