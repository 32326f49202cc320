"""What documents a questionnaire: codebook and DDI."""
