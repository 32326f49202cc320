"""XLSForm, and the answers of KoboToolbox and ODK Central."""
