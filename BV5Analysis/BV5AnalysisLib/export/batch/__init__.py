"""Output folder of a batch."""
