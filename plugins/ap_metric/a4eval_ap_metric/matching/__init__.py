"""Which detection has which truth, by COCO's, VOC's, Open Images' and LVIS's rules."""
