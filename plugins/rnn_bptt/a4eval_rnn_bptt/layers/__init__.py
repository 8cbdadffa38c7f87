"""The recurrent layers as components: a dataclass a cell, its fields the parameters a config may set."""
