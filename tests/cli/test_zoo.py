"""`neurona zoo`: the list, a card, an experiment."""

import sys

from tests.cli.test_command_line import call, files_in


def test_the_zoo_is_listed_shown_and_run(capsys, tmp_path):
    status, said, _ = call(capsys, "zoo", "--language", "es")
    assert status == 0
    assert "1982  hopfield       Red de Hopfield" in said
    status, said, _ = call(capsys, "zoo", "show", "hopfield")
    assert status == 0
    assert "0.954 +- 0.022" in said
    status, said, _ = call(capsys, "zoo", "run", "hebb", "--quick", "--output", tmp_path / "hebb")
    assert status == 0
    assert "Reached: cosine of the angle" in said
    assert files_in(tmp_path / "hebb") == {"network.keras", "network.png"}
    for arguments, answer in (
        (["shw"], "Did you mean 'show'?"),
        (["run"], "needs the name of a network"),
        (["show", "hopfeld"], "Did you mean 'hopfield'?"),
        (["run", "hebb", "--published"], "hebb has no longer experiment"),
        (["run", "resnet", "--published", "--quick"], "leave out --published. Networks with a longer one:"),
    ):
        status, said, _ = call(capsys, "zoo", *arguments)
        assert status == 2
        assert answer in said


def test_the_longer_experiment_of_a_paper_is_shown(capsys):
    status, said, _ = call(capsys, "zoo", "show", "resnet", "--published")
    assert status == 0
    assert "% of wrong test pictures <= 8.75" in said


def test_a_card_has_a_diagram_and_the_paper_s_count_of_numbers(capsys):
    _, said, _ = call(capsys, "zoo", "show", "lenet", "--language", "es")
    assert "( )   ->" in said
    assert "Números que aprende:" in said
    assert " 60 000" in said


def test_an_earlier_network_stays_and_without_matplotlib_the_network_is_kept(capsys, monkeypatch, tmp_path):
    (tmp_path / "hebb").mkdir()
    (tmp_path / "hebb" / "network.keras").write_text("an earlier run's")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, said, _ = call(capsys, "zoo", "run", "hebb", "--quick", "--output", tmp_path / "hebb")
    assert status == 0
    assert "matplotlib" in said
    assert files_in(tmp_path / "hebb-2") == {"network.keras"}
    assert (tmp_path / "hebb" / "network.keras").read_text() == "an earlier run's"
