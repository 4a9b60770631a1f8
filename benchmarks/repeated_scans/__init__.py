"""One chest imaged again, one thing at a time other: the parts of benchmarks/reproducibility.py."""
