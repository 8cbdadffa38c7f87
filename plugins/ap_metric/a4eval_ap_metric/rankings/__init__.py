"""Rankings: average precision by every definition, trec_eval's measures, the order of equal scores."""
