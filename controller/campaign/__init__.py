"""The state of a computer over a whole campaign: one pure function of everything that is known."""
