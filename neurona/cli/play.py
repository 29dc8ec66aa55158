"""`neurona zoo play`: a game against tree search, in plain lines of text.

The search alone is the opponent: it plays at once, and needs no training.
"""

from typing import Any

import numpy as np

from neurona.errors import suggestion
from neurona.tasks.texts import Say
from neurona.zoo import ConnectFour, PlainTreeSearch, TicTacToe
from neurona.zoo.boards import rules_of

INTERRUPTED = 130  # the exit status that shells report for Ctrl-C
_GAMES = {"connect4": (ConnectFour(), 1000), "tictactoe": (TicTacToe(), 500)}  # with simulations a move


class _Ended(Exception):
    """The player wants no more moves."""


def run(say: Say, name: str | None, seed: int) -> int:
    """Play a game; returns the exit status.

    Args:
        say: texts in the user's language.
        name: of the game.
        seed: of the search; the same one answers the same moves alike.
    """
    names = ", ".join(_GAMES)
    if name is None:
        print(say["play_which"].format(names=names))
        return 2
    if name not in _GAMES:
        print(say["play_unknown"].format(name=name, hint=suggestion(name, _GAMES), names=names))
        return 2
    try:
        game, simulations = _GAMES[name]
        _game(say, game, simulations, seed)
    except (_Ended, EOFError):
        print(f"\n{say['play_bye']}")
    except KeyboardInterrupt:
        print(f"\n{say['play_bye']}")
        return INTERRUPTED
    return 0


def _game(say: Say, game: Any, simulations: int, seed: int) -> None:
    """A game from the empty board to its end."""
    kind = "cell" if game.moves == game.cells else "column"
    print(say[f"play_{kind}s"])
    board, player = np.asarray(game.start()), PlainTreeSearch(game, simulations, seed)
    yours = _begins(say)
    print(say["play_ready"], flush=True)
    player.predict(board[None])  # compiles the search
    while True:
        if yours:
            _show(say, game, board)
            move = _asked(say, game, board, kind)
        else:
            move = int(player.predict(board[None])[0])
            print(say[f"play_mine_{kind}"].format(move=move + 1))
        board, won, over = (np.asarray(one)[0] for one in rules_of(game)[0](board[None], np.array([move])))
        if over:
            _show(say, game, -board if yours else board)
            print(say["play_drawn" if not won else "play_won" if yours else "play_lost"])
            return
        yours = not yours


def _begins(say: Say) -> bool:
    """Whether the user begins."""
    while True:
        answer = input(say["play_begin"]).strip().casefold()
        if answer in ("q", say["play_yes"], say["play_no"]):
            _end_on(answer)
            return answer == say["play_yes"]
        print(say["play_yes_or_no"])


def _asked(say: Say, game: Any, board: np.ndarray, kind: str) -> int:
    """A legal move of the user."""
    legal = np.asarray(rules_of(game)[1](board[None]))[0]
    while True:
        given = input(say["play_ask"].format(moves=game.moves)).strip().casefold()
        _end_on(given)
        if not (given.isdecimal() and 1 <= int(given) <= game.moves):
            print(say["play_number"].format(given=given, moves=game.moves))
        elif not legal[int(given) - 1]:
            free = ", ".join(str(move + 1) for move in np.flatnonzero(legal))
            print(say[f"play_full_{kind}"].format(move=int(given), free=free))
        else:
            return int(given) - 1


def _end_on(answer: str) -> None:
    if answer == "q":
        raise _Ended


def _show(say: Say, game: Any, board: np.ndarray) -> None:
    """The board as the user sees it, a line for each row; free cells have their number, or a dot."""
    numbered = game.moves == game.cells
    texts = [
        {1: "X", -1: "O"}.get(int(piece), str(cell + 1) if numbered else ".")
        for cell, piece in enumerate(board)
    ]
    if not numbered:
        print(say["play_numbers"].format(cells=" ".join(str(move + 1) for move in range(game.moves))))
    for row in range(game.rows):
        cells = " ".join(texts[row * game.columns : (row + 1) * game.columns])
        print(say["play_row"].format(row=row + 1, cells=cells))
