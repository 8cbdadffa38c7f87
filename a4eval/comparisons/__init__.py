"""Two records as a pair: resamples kept in files, what else differs, rules, and what follows from them."""
