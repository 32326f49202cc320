"""What is printed: the report of the year and the summary of a territory, as accessible PDF."""
