"""LimeSurvey: its structure files, its conditions, its exports of answers."""
