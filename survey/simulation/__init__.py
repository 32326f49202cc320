"""A synthetic region with a known truth, for the demonstration and for tests. Données simulées.

model         what is assumed of a population, read from `models/<population>.yml`
frames        the sampling frame, one builder a population, from official totals and assumptions
answers       what each unit would answer to each question
fieldwork     silence, blanks, haste, accidents
edition       all of it, and the files of a campaign
"""
