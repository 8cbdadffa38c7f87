"""What this plugin brings to a4eval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import Component, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from a4eval import ReportSection

A4EVAL_API = 1

_VOC = "Everingham et al. 2010, The PASCAL VOC Challenge"
_COCO = "Lin et al. 2014, arXiv:1405.0312; pycocotools"


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return [
        Component(
            kind="metric",
            name="average_precision",
            factory="a4eval_ap_metric.metrics.rankings:AveragePrecision",
            summary="average precision of rankings, in any of its definitions",
            references=(_VOC, "scikit-learn average_precision_score", "trec_eval map"),
        ),
        Component(
            kind="metric",
            name="average_precision_range",
            factory="a4eval_ap_metric.metrics.rankings:AveragePrecisionRange",
            summary="the lowest and highest average precision over the orders of equal scores",
        ),
        Component(
            kind="metric",
            name="trec_eval",
            factory="a4eval_ap_metric.metrics.rankings:TrecEval",
            summary="trec_eval's measures of rankings, by its names",
            references=("https://github.com/usnistgov/trec_eval",),
        ),
        Component(
            kind="metric",
            name="graded_ranking",
            factory="a4eval_ap_metric.metrics.rankings:GradedRanking",
            summary="ERR, RBP, inferred AP and pairs in order of rankings",
            references=("Chapelle et al. 2009", "Moffat & Zobel 2008", "Yilmaz & Aslam 2006"),
        ),
        Component(
            kind="metric",
            name="precision_recall_by_rank",
            factory="a4eval_ap_metric.metrics.rankings:PrecisionRecallByRank",
            summary="a table of precision and recall after each item of a ranking",
        ),
        Component(
            kind="metric",
            name="coco_detection",
            factory="a4eval_ap_metric.metrics.coco:CocoDetection",
            summary="COCO's twelve statistics of detected boxes",
            references=(_COCO,),
        ),
        Component(
            kind="metric",
            name="lvis_detection",
            factory="a4eval_ap_metric.metrics.lvis:LvisDetection",
            summary="LVIS's statistics of detected boxes or masks",
            references=("Gupta et al. 2019, arXiv:1908.03195", "https://github.com/lvis-dataset/lvis-api"),
        ),
        Component(
            kind="metric",
            name="open_images_detection",
            factory="a4eval_ap_metric.metrics.open_images:OpenImagesDetection",
            summary="Open Images' mean average precision: groups and verified labels",
            references=("Kuznetsova et al. 2020, arXiv:1811.00982",),
        ),
        Component(
            kind="metric",
            name="panoptic_quality",
            factory="a4eval_ap_metric.metrics.panoptic:PanopticQuality",
            summary="panoptic quality: of all classes, things and stuff",
            references=("Kirillov et al. 2019, arXiv:1801.00868", "panopticapi"),
        ),
        Component(
            kind="metric",
            name="detection_average_precision",
            factory="a4eval_ap_metric.metrics.detection_ap:DetectionAveragePrecision",
            summary="mean average precision of boxes at one threshold: PASCAL VOC's 2007, 2010 and others",
            references=(_VOC, "VOCdevkit VOCevaldet.m"),
        ),
        Component(
            kind="metric",
            name="detection_f1",
            factory="a4eval_ap_metric.metrics.diagnostics:DetectionF1",
            summary="the best F1 of a detector and its score threshold",
        ),
        Component(
            kind="metric",
            name="detection_calibration",
            factory="a4eval_ap_metric.metrics.diagnostics:DetectionCalibration",
            summary="how well a detector's scores are probabilities",
            references=("Guo et al. 2017, arXiv:1706.04599",),
        ),
        Component(
            kind="metric",
            name="confusion_matrix",
            factory="a4eval_ap_metric.metrics.diagnostics:ConfusionMatrix",
            summary="a table of which class was found where which class is",
        ),
        Component(
            kind="metric",
            name="detection_examples",
            factory="a4eval_ap_metric.metrics.detection_examples:DetectionExamples",
            summary="the images whose errors cost most, for pictures of them; in compare, where two detectors differ",
        ),
        Component(
            kind="metric",
            name="tide",
            factory="a4eval_ap_metric.metrics.tide:TideErrors",
            summary="six kinds of a detector's errors and the AP each costs",
            references=("Bolya et al. 2020, arXiv:2008.08115",),
        ),
        Component(
            kind="reader",
            name="box_text",
            factory="a4eval_ap_metric.readers.box_text:BoxText",
            summary="boxes from a folder of text files, as YOLO writes them",
        ),
        Component(
            kind="reader",
            name="panoptic",
            factory="a4eval_ap_metric.readers.panoptic:Panoptic",
            summary="COCO's panoptic format, JSON and PNG",
            references=("https://cocodataset.org/#format-data",),
        ),
        Component(
            kind="reader",
            name="mixed",
            factory="a4eval_ap_metric.readers.mixed:Mixed",
            summary="truths in one format, COCO, VOC or text, and detections in another",
        ),
        Component(
            kind="reader",
            name="oriented_text",
            factory="a4eval_ap_metric.readers.oriented_text:OrientedText",
            summary="oriented boxes in DOTA's and YOLO's text files",
            references=("https://captain-whu.github.io/DOTA",),
        ),
        Component(
            kind="reader",
            name="detection_table",
            factory="a4eval_ap_metric.readers.box_table:DetectionTable",
            summary="boxes from CSV, Parquet or Arrow",
        ),
        Component(
            kind="reader",
            name="open_images",
            factory="a4eval_ap_metric.readers.open_images:OpenImages",
            summary="Open Images' CSV files and hierarchy of classes",
        ),
        Component(
            kind="reader",
            name="voc",
            factory="a4eval_ap_metric.readers.voc:Voc",
            summary="boxes in PASCAL VOC's XML and result files",
        ),
        Component(
            kind="reader",
            name="ranking",
            factory="a4eval_ap_metric.readers.rankings:InlineRanking",
            summary="one ranking, written into the config",
        ),
        Component(
            kind="reader",
            name="ranking_table",
            factory="a4eval_ap_metric.readers.rankings:RankingTable",
            summary="rankings from CSV, Parquet or Arrow",
        ),
        Component(
            kind="reader",
            name="trec",
            factory="a4eval_ap_metric.readers.trec:Trec",
            summary="a TREC run with its relevance judgements",
            references=("https://github.com/usnistgov/trec_eval",),
        ),
        Component(
            kind="reader",
            name="coco",
            factory="a4eval_ap_metric.readers.coco:Coco",
            summary="boxes from COCO's JSON files",
            references=("https://cocodataset.org/#format-data",),
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_ap_metric.configs"]


@hookimpl
def a4eval_report_sections(record: Mapping[str, Any]) -> Iterable[ReportSection]:
    """Show the pictures of errors."""
    from a4eval_ap_metric.sections import sections

    return sections(record)
