"""Random chests measured against their truth: the parts of benchmarks/anatomy.py."""
