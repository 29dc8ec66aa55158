"""Tables of numbers from CSV files."""

import numpy as np
import pytest

from neurona.errors import ArgumentError, DataError
from neurona.preprocessing.tables import read_table


def written(folder, text):
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "header", "values"),
    [
        ("a,b\n1,2\n3,4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("1,2\n3,4", None, [[1, 2], [3, 4]]),
        ("a; b\n2,5;1,5\n", ["a", "b"], [[2.5, 1.5]]),
        ("1\t2\n\n , \n3\t4\n", None, None),
        ('"x, y",z\n1e1,-2\n', ["x, y", "z"], [[10, -2]]),
        ("\ufeffa,b\r\n1,nan\r\n", ["a", "b"], [[1, np.nan]]),
    ],
)
def test_a_table_is_read_as_people_write_it(tmp_path, text, header, values):
    table = read_table(written(tmp_path, text))
    assert table.header == header
    if values is not None:
        np.testing.assert_array_equal(table.numbers(), np.array(values, np.float32))


def test_columns_are_taken_in_the_order_asked_for(tmp_path):
    table = read_table(written(tmp_path, "a,name,b\n1,anna,2\n3,berta,4\n"))
    np.testing.assert_array_equal(table.numbers([2, 0]), [[2, 1], [4, 3]])
    with pytest.raises(DataError, match=r"rows\.csv, line 2: expected numbers\. Received: 'anna'"):
        table.numbers()
    with pytest.raises(DataError, match=r"Received: ''"):
        table.numbers([3])


def test_rows_of_unequal_length_are_named_by_their_line_in_the_users_language(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n\n3\n")
    with pytest.raises(DataError, match=r"line 4: expected 2 cells, as in the first row\. Received: 1"):
        read_table(path).numbers()
    with pytest.raises(DataError, match="línea 4: se esperaban 2 celdas"):
        read_table(path, "es").numbers()
    with pytest.raises(ArgumentError, match="language"):
        read_table(path, "fr").numbers()


def test_an_empty_file_is_a_table_without_rows(tmp_path):
    table = read_table(written(tmp_path, ""))
    assert table.header is None
    assert len(table.numbers()) == 0
