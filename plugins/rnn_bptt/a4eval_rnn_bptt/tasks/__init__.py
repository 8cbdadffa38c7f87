"""The tasks: each calls the plain functions of this plugin and reports what they give."""
