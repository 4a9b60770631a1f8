"""Fast arithmetic on arrays that knows nothing of lungs or vessels."""
