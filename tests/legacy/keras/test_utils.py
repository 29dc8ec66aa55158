"""`keras.utils` of Keras 1 and 2: where old programs find what they import."""

import h5py
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import DataError
from neurona.legacy.keras import preprocessing, utils


def test_old_modules_have_their_names():
    np.testing.assert_array_equal(utils.np_utils.to_categorical([1, 0], 3), [[0, 1, 0], [1, 0, 0]])
    assert utils.np_utils.to_categorical([1], nb_classes=2).dtype == np.float32
    assert utils.generic_utils.Progbar is nn.utils.Progbar
    assert utils.data_utils.Sequence is nn.utils.PyDataset
    assert utils.vis_utils.model_to_dot is nn.utils.model_to_dot
    assert utils.layer_utils.get_source_inputs is nn.utils.get_source_inputs
    assert set(utils.PATHS) >= {"np_utils", "generic_utils", "visualize_util"}
    assert all(hasattr(utils, name) for name in utils.__all__)


def test_figures_of_old_helpers():
    assert utils.probas_to_classes([[0.1, 0.9], [0.8, 0.2]]).tolist() == [1, 0]
    assert utils.probas_to_classes([[0.1], [0.8]]).tolist() == [0, 1]
    assert utils.conv_output_length(10, 3, "valid", 2) == 4
    assert utils.conv_output_length(10, 3, "same", 2) == 5
    assert utils.conv_output_length(10, 3, "full", 1) == 12
    assert utils.conv_input_length(4, 3, "valid", 2) == 9
    assert utils.normalize_tuple(2, 3, "strides") == (2, 2, 2)
    np.testing.assert_array_equal(
        utils.convert_kernel(np.arange(4).reshape(2, 2, 1, 1)).ravel(), [3, 2, 1, 0]
    )
    assert utils.count_params([np.zeros((2, 3)), np.zeros(3)]) == 9
    assert utils.has_arg(lambda a, **rest: a, "b", accept_all=True)
    (x, y), (test_x, _) = utils.get_test_data(20, 5, (3,), num_classes=4)
    assert (x.shape, test_x.shape, set(y) <= {0, 1, 2, 3}) == ((20, 3), (5, 3), True)


def test_rows_of_an_hdf5_file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.arange(12.0).reshape(6, 2)
    rows = utils.io_utils.HDF5Matrix(tmp_path / "a.h5", "x", 1, 4, normalizer=lambda x: x / 2)
    assert (len(rows), rows.shape, rows[0].tolist()) == (3, (3, 2), [1.0, 1.5])
    with pytest.raises(DataError, match="no array 'y'"):
        utils.HDF5Matrix(tmp_path / "a.h5", "y")


def test_batches_again_and_again():
    class Numbers(utils.Sequence):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return index

    enqueuer = utils.OrderedEnqueuer(Numbers())
    enqueuer.start(workers=2)
    batches = enqueuer.get()
    assert [next(batches) for _ in range(5)] == [0, 1, 0, 1, 0]
    enqueuer.stop()
    assert list(batches) == [1]


def test_loaders_give_data_sets_of_tensorflow():
    pytest.importorskip("neurona.legacy.tensorflow.data")
    data = utils.timeseries_dataset_from_array(np.arange(6), np.arange(6) * 10, 3, batch_size=2)
    x, y = next(iter(data.map(lambda x, y: (x, y + 1)).take(1)))
    assert x.numpy().tolist() == [[0, 1, 2], [1, 2, 3]]
    assert y.numpy().tolist() == [1, 11]
    assert preprocessing.timeseries_dataset_from_array is utils.timeseries_dataset_from_array
