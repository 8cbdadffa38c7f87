"""One HTML file that says everything, from parts that a live page and a notebook use as well."""
