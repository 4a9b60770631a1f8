"""CT to numbers, with packages that 3D Slicer bundles: numpy, scipy, SimpleITK and pydicom."""
