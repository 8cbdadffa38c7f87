"""Charts drawn as SVG, without a browser and without any library."""
