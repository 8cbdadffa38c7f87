"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_LAYERS = "a4eval_rnn_bptt.layers"
_TASKS = "a4eval_rnn_bptt.tasks"


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return [
        Component(
            kind="layer",
            name="rnn",
            factory=f"{_LAYERS}.rnn:Rnn",
            summary="vanilla RNN: tanh, relu or linear",
            references=("Elman 1990", "torch.nn.RNN"),
        ),
        Component(
            kind="layer",
            name="identity_rnn",
            factory=f"{_LAYERS}.rnn:IdentityRnn",
            summary="relu RNN that starts as the identity",
            references=("Le et al. 2015, arXiv 1504.00941",),
        ),
        Component(
            kind="layer",
            name="lstm",
            factory=f"{_LAYERS}.lstm:Lstm",
            summary="LSTM, also with peepholes or coupled gates",
            references=("Hochreiter & Schmidhuber 1997", "torch.nn.LSTM", "Greff et al. 2015, arXiv 1503.04069"),
        ),
        Component(
            kind="layer",
            name="gru",
            factory=f"{_LAYERS}.gru:Gru",
            summary="GRU, with the reset gate after or before the matrix product",
            references=("Cho et al. 2014, arXiv 1406.1078", "torch.nn.GRU", "keras.layers.GRU"),
        ),
        Component(
            kind="layer",
            name="minimal_gated_unit",
            factory=f"{_LAYERS}.gru:MinimalGatedUnit",
            summary="a GRU with one gate",
            references=("Zhou et al. 2016, arXiv 1603.09420",),
        ),
        Component(
            kind="layer",
            name="projected_lstm",
            factory=f"{_LAYERS}.lstm_variants:ProjectedLstm",
            summary="LSTM whose output is projected to fewer units",
            references=("Sak et al. 2014, arXiv 1402.1128", "torch.nn.LSTM with proj_size"),
        ),
        Component(
            kind="layer",
            name="layer_norm_lstm",
            factory=f"{_LAYERS}.lstm_variants:LayerNormLstm",
            summary="LSTM with layer normalisation of gates and cell",
            references=("Ba et al. 2016, arXiv 1607.06450",),
        ),
        Component(
            kind="layer",
            name="min_gru",
            factory=f"{_LAYERS}.parallel:MinGru",
            summary="GRU whose gates do not see the state",
            references=("Feng et al. 2024, arXiv 2410.01201",),
        ),
        Component(
            kind="layer",
            name="min_lstm",
            factory=f"{_LAYERS}.parallel:MinLstm",
            summary="LSTM whose gates do not see the state",
            references=("Feng et al. 2024, arXiv 2410.01201",),
        ),
        Component(
            kind="layer",
            name="linear_recurrence",
            factory=f"{_LAYERS}.linear_recurrence:LinearRecurrence",
            summary="diagonal linear recurrence in complex numbers, a state space layer",
            references=("Orvieto et al. 2023, arXiv 2303.06349",),
        ),
        Component(
            kind="layer",
            name="stacked",
            factory=f"{_LAYERS}.stacked:Stacked",
            summary="layers of one cell on top of each other",
        ),
        Component(
            kind="layer",
            name="bidirectional",
            factory=f"{_LAYERS}.stacked:Bidirectional",
            summary="layers of one cell that read in both directions",
            references=("Schuster & Paliwal 1997",),
        ),
        Component(
            kind="task",
            name="bptt_decomposition",
            factory=f"{_TASKS}.decomposition:BpttDecomposition",
            summary="the gradient split over loss step and source step",
            references=("Pascanu et al. 2013, arXiv 1211.5063",),
        ),
        Component(
            kind="task",
            name="gradient_flow",
            factory=f"{_TASKS}.gradient_flow:GradientFlow",
            summary="decades a step that a gradient loses or gains on its way back, and a verdict",
            references=("Bengio et al. 1994", "Pascanu et al. 2013, arXiv 1211.5063"),
        ),
        Component(
            kind="task",
            name="sequence_study",
            factory=f"{_TASKS}.sequence_study:SequenceStudy",
            summary="train a recurrent layer on a problem that needs memory",
        ),
        Component(
            kind="task",
            name="inspect_model",
            factory=f"{_TASKS}.inspect_model:InspectModel",
            summary="the gradient flow of your own torch model (extra: torch)",
        ),
        Component(
            kind="sequence_problem",
            name="keyword_recall",
            factory="a4eval_rnn_bptt.training.sequences:KeywordRecall",
            summary="a keyword, distractors, a query",
        ),
        Component(
            kind="sequence_problem",
            name="adding",
            factory="a4eval_rnn_bptt.training.sequences:Adding",
            summary="add the two marked numbers of a long row",
            references=("Hochreiter & Schmidhuber 1997",),
        ),
        Component(
            kind="sequence_problem",
            name="copy_memory",
            factory="a4eval_rnn_bptt.training.sequences:CopyMemory",
            summary="repeat symbols after a delay",
            references=("Arjovsky et al. 2016, arXiv 1511.06464",),
        ),
        Component(
            kind="sequence_problem",
            name="delayed_xor",
            factory="a4eval_rnn_bptt.training.sequences:DelayedXor",
            summary="the exclusive or of two bits after a delay",
        ),
        Component(
            kind="sequence_problem",
            name="sequential_digits",
            factory="a4eval_rnn_bptt.training.real_sequences:SequentialDigits",
            summary="handwritten digits, row by row or pixel by pixel (extra: digits)",
            references=("sklearn.datasets.load_digits",),
        ),
        Component(
            kind="sequence_problem",
            name="sunspots",
            factory="a4eval_rnn_bptt.training.real_sequences:Sunspots",
            summary="next year's sunspots (extra: sunspots)",
            references=("statsmodels.datasets.sunspots",),
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_rnn_bptt.configs"]
