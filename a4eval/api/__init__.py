"""a4eval from Python: run, sweep and load; records as objects, tables and data frames."""
