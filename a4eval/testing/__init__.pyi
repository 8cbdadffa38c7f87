from .check import Check as Check
from .layers import layer_checks as layer_checks
from .metrics import metric_checks as metric_checks
from .readers import reader_checks as reader_checks
