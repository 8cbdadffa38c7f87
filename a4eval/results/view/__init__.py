"""The results below a folder as pages of a small server, kept up to date while runs go on: ``a4eval view``."""
