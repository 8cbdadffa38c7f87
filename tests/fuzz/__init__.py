"""Coverage-guided fuzzing of whatever reads what someone may have sent."""
