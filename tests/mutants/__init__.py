"""Parts with a known bug each, and right parts that look suspicious: what the checks are judged by."""
