"""Tree search beside exact play, its sure wins and losses, and boards that are refused."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.boards import rules_of
from neurona.zoo.tree_search import against_all_replies

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


@functools.cache
def exact(board):
    """What the player to move may reach in tic-tac-toe: 1, 0 or -1. Written without the library's rules."""
    if any(all(board[cell] == -1 for cell in line) for line in LINES):
        return -1
    if 0 not in board:
        return 0
    return max(-exact(_after(board, cell)) for cell in range(9) if board[cell] == 0)


def _after(board, cell):
    laid = [*board]
    laid[cell] = 1
    return tuple(-piece for piece in laid)


class Perfect:
    """Plays tic-tac-toe exactly."""

    def predict(self, boards):
        def best(board):
            return max(
                (cell for cell in range(9) if board[cell] == 0), key=lambda cell: -exact(_after(board, cell))
            )

        return np.array([best(tuple(board)) for board in np.asarray(boards).tolist()])


def all_boards():
    """Every board on which the game goes on."""
    found, edge = set(), {(0,) * 9}
    while edge:
        found |= edge
        after = {_after(board, cell) for board in edge for cell in range(9) if board[cell] == 0}
        edge = {b for b in after if 0 in b and not any(all(b[c] == -1 for c in line) for line in LINES)}
    return np.array(sorted(found))


def drawn_boards(game, count):
    """Boards of games at random, on which the game goes on."""
    generator, found = np.random.default_rng(0), []
    play, legal, _ = rules_of(game)
    boards = np.tile(np.asarray(game.start()), (count, 1))
    for _ in range(20):
        moves = np.where(legal(boards), generator.random((count, game.moves)), -1).argmax(axis=1)
        boards, _, over = map(np.asarray, play(boards, moves))
        boards = np.where(over[:, None], 0, boards).astype("int8")
        found.append(boards)
    return np.concatenate(found)


def test_perfect_play_never_loses_against_all_replies():
    won, drawn, lost = against_all_replies(Perfect(), zoo.TicTacToe())
    assert (lost, drawn > 0, won > 0) == (0, True, True)  # the count itself sees every reply


@pytest.mark.experiment  # every reply from both sides, 20 s
def test_plain_search_never_loses_tic_tac_toe():
    _, _, lost = against_all_replies(zoo.PlainTreeSearch(zoo.TicTacToe(), 500), zoo.TicTacToe())
    assert lost == 0


def test_two_exact_players_draw_and_a_search_draws_with_them():
    board, players = np.zeros((1, 9), "int8"), [Perfect(), zoo.PlainTreeSearch(zoo.TicTacToe(), 500)]
    play = rules_of(zoo.TicTacToe())[0]
    for number in range(9):
        board, won, over = map(np.asarray, play(board, players[number % 2].predict(board)))
    assert (bool(won[0]), bool(over[0])) == (False, True)


def test_what_is_sure_is_true():
    """With many simulations a position near its end is solved: shares name winning moves only."""
    boards = all_boards()
    few = boards[(boards == 0).sum(axis=1) <= 5][::21]
    search = zoo.game_tree._plainly_searched(zoo.TicTacToe(), 400)
    shares = np.asarray(search(jnp.asarray(few, "int8"), jax.random.key(0)))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    for board, share in zip(few.tolist(), shares, strict=True):
        value = exact(tuple(board))
        moves = [-exact(_after(board, cell)) for cell in np.flatnonzero(share > 0)]
        assert max(moves) == value
        if value == 1:
            assert min(moves) == 1
        assert moves[share[share > 0].argmax()] == value


def test_no_win_in_one_move_and_no_threat_of_one_is_missed_in_connect_four():
    game = zoo.ConnectFour()
    boards = drawn_boards(game, 100)
    winning = jax.jit(jax.vmap(game.winning))
    wins, threats = np.asarray(winning(boards)), np.asarray(winning(-boards))
    player = zoo.PlainTreeSearch(game, 16)  # few: each move is looked at about twice
    can_win = boards[wins.any(axis=1)]
    assert len(can_win) > 50
    moves = player.predict(can_win)
    assert wins[wins.any(axis=1)][np.arange(len(moves)), moves].all()
    forced = ~wins.any(axis=1) & (threats.sum(axis=1) == 1)
    assert forced.sum() > 50
    np.testing.assert_array_equal(player.predict(boards[forced]), threats[forced].argmax(axis=1))


@pytest.fixture(scope="module")
def network():
    size: Any = {"epochs": 1, "updates": 2, "copies": 8, "simulations": 12}
    return zoo.TreeSearch((16,), random_state=0, **size).fit(zoo.TicTacToe())


def test_games_against_plain_search_end_somehow(network):
    results = network.play(zoo.TicTacToe(), 6)
    assert set(results.tolist()) <= {-1, 0, 1}
    assert network.score(zoo.TicTacToe(), episodes=6) == results.mean()
    assert {"loss", "moves", "first_wins"} == set(network.history_.history)


def test_one_board_and_many_are_searched_alike(network):
    boards = all_boards()[:70]
    shares = network.shares(boards)
    np.testing.assert_allclose(network.shares(boards[3:4])[0], shares[3], atol=1e-6)
    assert (shares[boards != 0] == 0).all()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda one: one.predict([[2] + [0] * 8]), r"Row 0, column 0 is 2"),
        (lambda one: one.predict([[1, 1, 1, -1, -1, 0, 0, 0, 0]]), "the game is over on the board of row 0"),
        (lambda one: one.predict([[0] * 42]), "9 features"),
        (lambda one: one.play(zoo.ConnectFour()), r"it has learned TicTacToe\(\)"),
        (lambda one: zoo.TreeSearch().fit(zoo.CartPole()), "it learns a game of two.*Received: CartPole"),
        (lambda one: zoo.TreeSearch(noise=2).fit(zoo.TicTacToe()), "noise is from 0 to 1"),
        (lambda one: zoo.TreeSearch(simulations=0).fit(zoo.TicTacToe()), "simulations is a whole number"),
        (lambda one: zoo.DeepQ().fit(zoo.TicTacToe()), r"TicTacToe\(\) is a game of two: take TreeSearch"),
    ],
)
def test_what_can_not_be_searched_is_refused_by_name(network, act: Any, message):
    with pytest.raises(ValueError, match=message):
        act(network)
