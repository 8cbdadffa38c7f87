"""A drop-in for pycocotools: its names, attributes and printed text, with this package's matching behind them.

``from a4eval_ap_metric.pycocotools import COCO, COCOeval, mask`` in place of pycocotools' own.
"""

from a4eval_ap_metric.pycocotools import mask
from a4eval_ap_metric.pycocotools.coco import COCO
from a4eval_ap_metric.pycocotools.cocoeval import COCOeval
from a4eval_ap_metric.pycocotools.params import Params

__all__ = ["COCO", "COCOeval", "Params", "mask"]
