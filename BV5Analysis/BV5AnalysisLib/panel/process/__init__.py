"""Long work in processes beside Slicer."""
