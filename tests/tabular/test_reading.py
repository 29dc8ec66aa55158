"""Tables from files as people have them: encodings, separators, formats, damage."""

import gzip
import sqlite3
import zipfile

import numpy as np
import pandas
import pytest

from neurona.errors import ArgumentError, DataError
from neurona.tabular import read_table

FRAME = pandas.DataFrame({"ciudad": ["Cádiz", 'La "Plata"', "a;b\nc"], "precio": ["1,5", "", "3"]})


def records(path, **options):
    return read_table(path, **options).frame.to_dict("records")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_texts_that_pandas_wrote(tmp_path, encoding, separator):
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False, sep=separator, encoding=encoding)
    table = read_table(path)
    assert table.separator == separator
    assert table.frame.equals(FRAME.astype(object))


def test_what_excel_exports(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("sep=;\r\na;b\r\n1,5;x\r\n\r\n2;y\r\n".encode("utf-8-sig"))
    assert records(path) == [{"a": "1,5", "b": "x"}, {"a": "2", "b": "y"}]


def test_a_table_without_names(tmp_path):
    (tmp_path / "t.csv").write_text("5.1,3.5\n4.9,3.0\n")
    table = read_table(tmp_path / "t.csv")
    assert table.frame.shape == (2, 2)
    assert table.notes[0].say() == "The first row holds numbers (5.1, 3.5), so the columns have no names."


def test_names_twice_and_names_that_are_missing(tmp_path):
    (tmp_path / "t.csv").write_text("a,,a, b\n1,2,3,x\n")
    table = read_table(tmp_path / "t.csv")
    assert list(table.frame) == ["a", "column 2", "a (2)", "b"]
    assert [note.say("es") for note in table.notes] == [
        "La columna 2, '', se llama 'column 2'.",
        "La columna 3, 'a', se llama 'a (2)'.",
    ]


def test_rows_that_are_short_are_told_and_long_ones_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    assert "the first of them row 2" in read_table(tmp_path / "t.csv").notes[0].say()
    (tmp_path / "t.csv").write_text("name,price\nx,1\nSmith, John,2\n")
    with pytest.raises(DataError, match=r"line 3: 3 cells under 2 columns.*'Smith,John,2'"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"\n \n", "is empty"),
        ("t.csv", b"a,b\n", "no rows, only 2 columns"),
        ("t.csv", b"PK\x03\x04\0\0\0\0", "is not a text"),
        ("t.json", b"{not json", "line 1: it is no JSON"),
        ("t.jsonl", b'{"a": 1}\n{"a": ', "line 2: it is no JSON"),
        ("t.json", b"[1, 2]", "is a list of records"),
        ("t.xlsx", b"not a workbook", "can't be read as a workbook"),
        ("t.xlsx", b"PK\x03\x04 cut off", "can't be read as a workbook"),
        ("t.parquet", b"not parquet", "can't be read"),
        ("t.sqlite", b"not a database, but long enough to be one" * 9, "can't be read as a database"),
    ],
)
def test_damage_is_told(tmp_path, name, content, words):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_table(tmp_path / name)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.csv")


TYPED = pandas.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "s": ["a", None], "b": [True, False]})


def test_formats_that_have_types(tmp_path):
    pytest.importorskip("pyarrow")
    TYPED.to_parquet(tmp_path / "t.parquet")
    TYPED.to_feather(tmp_path / "t.feather")
    for name in ("t.parquet", "t.feather"):
        pandas.testing.assert_frame_equal(read_table(tmp_path / name).frame, TYPED)


@pytest.mark.parametrize("lines", [True, False])
def test_json(tmp_path, lines):
    for name in ("t.json", "t.jsonl") if lines else ("t.json",):
        TYPED.to_json(tmp_path / name, orient="records", lines=lines)
        assert records(tmp_path / name) == [
            {"n": 1, "x": 0.5, "s": "a", "b": True},
            {"n": 2, "x": None, "s": None, "b": False},
        ]


def test_json_as_columns(tmp_path):
    (tmp_path / "t.json").write_text('{"a": [1, 2], "b": ["x", null]}')
    assert records(tmp_path / "t.json") == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_packed_tables(tmp_path):
    frame = pandas.DataFrame({"a": ["1,5", "2"], "b": ["ñ", "o"]})
    for packed in ("gz", "bz2", "xz", "zip"):
        frame.to_csv(tmp_path / f"t.tsv.{packed}", sep="\t", index=False)
        assert records(tmp_path / f"t.tsv.{packed}") == frame.to_dict("records")
    frame.to_json(tmp_path / "t.jsonl.gz", orient="records", lines=True)
    assert records(tmp_path / "t.jsonl.gz") == frame.to_dict("records")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
        archive.writestr("b.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"holds 2 files, and one is read: a.csv, b.csv"):
        read_table(tmp_path / "two.zip")
    (tmp_path / "t.xlsx.gz").write_bytes(gzip.compress(b"PK"))
    with pytest.raises(DataError, match="a packed file of this kind is not read"):
        read_table(tmp_path / "t.xlsx.gz")
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(bytes(2**27)))
    with pytest.raises(DataError, match="are left for it"):
        read_table(tmp_path / "bomb.csv.gz")


def test_records_under_one_name(tmp_path):
    (tmp_path / "t.json").write_text('{"data": [{"a": 1}, {"a": 2, "b": "x"}]}')
    assert records(tmp_path / "t.json") == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_workbooks(tmp_path):
    pytest.importorskip("openpyxl")
    with pandas.ExcelWriter(tmp_path / "t.xlsx") as book:
        TYPED.to_excel(book, sheet_name="uno", index=False)
        TYPED[:1].to_excel(book, sheet_name="dos", index=False)
    assert len(records(tmp_path / "t.xlsx", table="dos")) == 1
    with pytest.raises(ArgumentError, match="table is one of 'uno', 'dos'"):
        read_table(tmp_path / "t.xlsx")


def test_databases(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as connection:
        TYPED.to_sql('odd "name"', connection, index=False)
    assert records(tmp_path / "t.db")[0]["s"] == "a"
    with pytest.raises(ArgumentError, match="Received: table='other'"):
        read_table(tmp_path / "t.db", table="other")
    pytest.importorskip("sqlalchemy")
    assert records(f"sqlite:///{tmp_path / 't.db'}")[1]["n"] == 2


def test_frames_and_dictionaries():
    assert read_table({"a": [1, 2]}).frame["a"].tolist() == [1, 2]
    assert read_table(TYPED[1:]).frame.index.tolist() == [0]
    with pytest.raises(DataError, match="no columns"):
        read_table({})
