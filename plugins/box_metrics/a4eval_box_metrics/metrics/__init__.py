"""How well boxes agree and what they are like, as metrics."""
