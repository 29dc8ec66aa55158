"""`neurona zoo play`: games by way of the keyboard."""

import builtins

import pytest

from tests.cli.test_command_line import call


def typed(monkeypatch, *answers):
    """Answer questions by these; an exception stands for a key, and after the last comes the end of file."""
    waiting = iter(answers)

    def answer(question):
        print(question)
        given = next(waiting, EOFError())
        if isinstance(given, BaseException):
            raise given
        return given

    monkeypatch.setattr(builtins, "input", answer)


def test_a_game_is_played_in_plain_lines_and_is_never_won_by_chance(monkeypatch, capsys):
    typed(monkeypatch, "perhaps", " Y ", "1", "one", "0", "10", "1", *"23456789" * 2)
    status, said, _ = call(capsys, "zoo", "play", "tictactoe", "--language", "en")
    assert status == 0
    assert "Please answer y or n." in said
    assert "Row 1:   1 2 3\nRow 2:   4 5 6\nRow 3:   7 8 9\n" in said
    for wrong in ("'one'", "'0'", "'10'"):
        assert f"{wrong} is no number from 1 to 9. Please try again." in said
    assert "Cell 1 is taken. Free are: " in said
    assert "I take cell " in said
    assert any(end in said for end in ("I win.", "A draw."))
    assert "\x1b" not in said


def test_a_column_that_is_full_is_said_in_spanish(monkeypatch, capsys):
    typed(monkeypatch, "s", *["4"] * 7, "q")
    status, said, _ = call(capsys, "zoo", "play", "connect4", "--language", "es")
    assert status == 0
    assert "Columnas: 1 2 3 4 5 6 7\nFila 1:   . . . . . . ." in said
    assert "Tomo la columna " in said
    assert "La columna 4 está llena. Están libres: 1, 2, 3, 5, 6, 7" in said or "Gano yo." in said


@pytest.mark.parametrize(
    ("answers", "expected"), [(["q"], 0), (["y", "Q"], 0), ([], 0), ([KeyboardInterrupt()], 130)]
)
def test_a_game_may_be_left_at_any_time(monkeypatch, capsys, answers, expected):
    typed(monkeypatch, *answers)
    status, said, _ = call(capsys, "zoo", "play", "tictactoe", "--language", "en")
    assert status == expected
    assert said.endswith("\nGoodbye, and thank you for playing.\n")


def test_games_that_are_not_there(capsys):
    status, said, _ = call(capsys, "zoo", "play", "--language", "en")
    assert (status, "connect4, tictactoe" in said) == (2, True)
    status, said, _ = call(capsys, "zoo", "play", "conect4", "--language", "en")
    assert (status, "Did you mean 'connect4'?" in said) == (2, True)
