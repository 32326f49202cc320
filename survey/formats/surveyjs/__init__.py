"""SurveyJS: the form and its answers."""
