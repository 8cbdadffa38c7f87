"""Many runs of one experiment: planned, dispatched, kept in a journal, listed and run again."""
