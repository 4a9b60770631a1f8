# Slicer sets CPack up here; the test installs into a folder instead of making an archive.
