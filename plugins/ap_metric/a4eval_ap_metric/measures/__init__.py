"""From who was matched to numbers: curves, statistics, tables, errors."""
