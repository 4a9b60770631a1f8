"""One measured case as a value and as a folder, written and read back whole."""
