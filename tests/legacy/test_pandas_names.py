"""What pandas changed, as programs of its older versions use it."""

import subprocess
import sys

PROGRAM = """
import io
import keras
import numpy as np
import pandas as pd
from pandas import datetime
from pandas.tools.plotting import scatter_matrix

table = pd.DataFrame({"a": [1.0, 2, 3], "b": ["x", "y", "x"]})
assert table.b.dtype == object and table.as_matrix().shape == (3, 2)
assert table.ix[0, "a"] == 1 and table.ix[1:, 0].tolist() == [2, 3]
assert table.append({"a": 4.0, "b": "z"}, ignore_index=True).b.tolist() == ["x", "y", "x", "z"]
assert table.drop("b", 1).columns.tolist() == ["a"]
assert pd.get_dummies(table).values.dtype == np.float64
assert table.mean()["a"] == 2 and table.groupby("b").mean().loc["x", "a"] == 2
first, second = np.split(table, [2])
assert first.shape == (2, 2) and second.b.tolist() == ["x"]
assert pd.rolling_mean(pd.Series([1.0, 2, 3]), 2).tolist()[1:] == [1.5, 2.5]
assert pd.concat([table, table], 1).shape == (3, 4)

sales = pd.read_csv(
    io.StringIO("Month,Sales\\n1-01,266.0\\n1-02,145.9\\n"), parse_dates=[0], index_col=0, squeeze=True,
    date_parser=lambda text: datetime.strptime("190" + text, "%Y-%m"),
)
assert sales.ndim == 1 and str(sales.index[1])[:10] == "1901-02-01"
power = pd.read_csv(
    io.StringIO("Date;Time;v\\n16/12/2006;17:24:00;?\\n16/12/2006;17:25:00;5\\n"), sep=";",
    parse_dates={"when": ["Date", "Time"]}, infer_datetime_format=True, na_values=["?"], index_col="when",
)
assert power.fillna(method="bfill").resample("H").sum().v.tolist() == [10]
"""


def test_older_programs_find_what_they_used(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "neurona", "run", "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
