"""The questionnaire on paper: printed, then keyed in."""
