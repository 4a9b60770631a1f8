"""CT to numbers: numpy, scipy and SimpleITK only."""
