"""Rules of the games, counted to the end or to published depths."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.boards import rules_of


def levels(game, plies):
    """For each number of moves: the games so far, those that are over, and the boards that they give."""
    play, legal, _ = rules_of(game)
    boards, counts = np.asarray(game.start())[None], np.array([1])
    found = []
    for _ in range(plies):
        open_moves = legal(boards)
        rows, moves = np.nonzero(open_moves)
        after, _, over = play(boards[rows], moves)
        boards, where = np.unique(after, axis=0, return_inverse=True)
        counts, done = np.bincount(where.ravel(), counts[rows]).astype(int), np.zeros(len(boards), bool)
        done[where.ravel()] = over
        found.append((counts.sum(), counts[done].sum(), len(boards)))
        boards, counts = boards[~done], counts[~done]
    return np.array(found)


def test_all_games_of_tic_tac_toe():
    counted = levels(zoo.TicTacToe(), 9)
    assert counted[:, 1].sum() == 255_168
    assert counted[:, 2].sum() + 1 == 5_478
    # Wins after 5 to 9 moves, with the draws among the last.
    assert counted[4:, 1].tolist() == [1_440, 5_328, 47_952, 72_576, 127_872]


def test_games_of_connect_four_to_six_moves():
    counted = levels(zoo.ConnectFour(), 6)
    assert counted[:, 0].tolist() == [7, 49, 343, 2_401, 16_807, 117_649]
    assert counted[:, 2].tolist() == [7, 49, 238, 1_120, 4_263, 16_422]  # OEIS A212693


@pytest.mark.experiment
def test_games_of_connect_four_to_nine_moves():
    counted = levels(zoo.ConnectFour(), 9)
    assert counted[6:, 0].tolist() == [823_536, 5_673_234, 39_394_572]
    assert counted[6, 2] == 54_859


@pytest.mark.parametrize("game", [zoo.TicTacToe(), zoo.ConnectFour()])
def test_each_line_wins_and_none_short_of_a_piece(game):
    wins = jax.vmap(game.wins)
    lines = game.lines()
    assert np.asarray(wins(jnp.asarray(lines))).all()
    assert not np.asarray(wins(jnp.asarray(-lines))).any()
    for place in range(game.in_line):
        short = lines.copy()
        rows = np.arange(len(lines))
        short[rows, np.argsort(-lines, axis=1, kind="stable")[:, place]] = 0
        assert not np.asarray(wins(jnp.asarray(short))).any()


def test_a_line_does_not_go_round_the_edge():
    game = zoo.ConnectFour()
    board = np.zeros((6, 7), "int8")
    board[5, 5:], board[4, :2] = 1, 1
    assert not bool(game.wins(jnp.asarray(board.ravel())))


def test_moves_that_win_at_once():
    board = jnp.array([1, 1, 0, -1, -1, 0, 0, 0, 0], "int8")
    game = zoo.TicTacToe()
    assert np.flatnonzero(game.winning(board)).tolist() == [2]
    assert np.flatnonzero(game.winning(-board)).tolist() == [5]
    assert game.observe(board).tolist() == [1, 1] + [0] * 10 + [1, 1] + [0] * 4


def test_a_full_column_takes_no_piece_and_a_full_board_ends_the_game():
    game, board = zoo.ConnectFour(), zoo.ConnectFour().start()
    for _ in range(6):
        board, _, _ = game.play(board, 2)
    assert np.asarray(game.legal(board)).tolist() == [True, True, False, True, True, True, True]
    board = jnp.array([0, -1, 1, 1, -1, -1, -1, 1, 1], "int8")
    _, won, over = zoo.TicTacToe().play(board, 0)
    assert (bool(won), bool(over)) == (False, True)
