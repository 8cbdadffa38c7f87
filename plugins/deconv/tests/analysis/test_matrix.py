"""The explicit matrix against scipy, torch and its adjoint."""

import numpy as np
import pytest
from a4eval_deconv import adjoint_error, conv_transpose_matrix

from ..cases import dense_by_columns


def test_sparse_equals_dense_equals_torch(torch):
    pytest.importorskip("scipy", reason="scipy is not installed: pip install 'a4eval-deconv[sparse]'")
    rng = np.random.default_rng(4)
    weight = rng.standard_normal((2, 3, 3, 4))
    options = {"stride": 2, "padding": 1, "output_padding": 1}
    matrix = conv_transpose_matrix(weight, (4, 5), **options)
    np.testing.assert_array_equal(matrix.sparse().toarray(), matrix.dense())
    np.testing.assert_allclose(matrix.dense(), dense_by_columns(weight, (4, 5), **options), atol=1e-15)
    x = rng.standard_normal((1, 2, 4, 5))
    theirs = torch.nn.functional.conv_transpose2d(torch.tensor(x), torch.tensor(weight), **options)
    np.testing.assert_allclose(matrix.sparse() @ x.ravel(), theirs.numpy().ravel(), atol=1e-14)
    y = rng.standard_normal(matrix.shape[0])
    np.testing.assert_allclose(matrix.apply_transpose(y), matrix.dense().T @ y, atol=1e-13)
    assert adjoint_error(matrix, x.ravel(), y) <= 1e-14


def test_the_adjoint_test_can_fail():
    matrix = conv_transpose_matrix(np.arange(1.0, 4).reshape(1, 1, 3), (4,))

    class Wrong(type(matrix)):
        def apply_transpose(self, y):
            return super().apply_transpose(y[::-1])

    parts = (matrix.row, matrix.column, matrix.tap, matrix.value, matrix.shape, matrix.output)
    x, y = np.arange(4.0), np.arange(6.0)
    assert adjoint_error(matrix, x, y) <= 1e-16
    assert adjoint_error(Wrong(*parts), x, y) > 0.01
