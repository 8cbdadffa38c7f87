from .inputs import draw as draw
