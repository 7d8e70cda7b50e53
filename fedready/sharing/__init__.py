"""The share edition of a run: the same verdicts under other names."""
