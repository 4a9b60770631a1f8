"""Scans changed a little, and what that moves: the parts of benchmarks/continuity.py."""
