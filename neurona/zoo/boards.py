"""Games of two on a board: tic-tac-toe and connect four, as pure functions.

A board is seen by the player whose turn it is: 1 where a piece of theirs lies, -1 where one of the other's
does, 0 where none. A move turns it round. So a board is all there is to know: `play(board, move)` gives the
next one, whether the mover has won, and whether the game is over.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from neurona.zoo.environments import World

__all__ = ["ConnectFour", "Game", "TicTacToe"]


class Game(World):
    """What both games share: pieces are laid on a board until some lie in a line, or the board is full.

    Attributes:
        rows, columns: of the board.
        in_line: how many pieces of a player in a row, a column or a diagonal win.
        moves: how many moves there are to choose from.
    """

    rows: ClassVar[int]
    columns: ClassVar[int]
    in_line: ClassVar[int]
    moves: ClassVar[int]

    @property
    def cells(self) -> int:
        """Of the board, row by row from the top."""
        return self.rows * self.columns

    def start(self) -> jax.Array:
        """The empty board, (cells,)."""
        return jnp.zeros(self.cells, "int8")

    def lines(self) -> np.ndarray:
        """The lines that win, (lines, cells): 1 where one goes.

        Example:

            >>> len(TicTacToe().lines()), len(ConnectFour().lines())
            (8, 69)
        """
        found = []
        for row in range(self.rows):
            for column in range(self.columns):
                for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    places = [(row + step * down, column + step * right) for step in range(self.in_line)]
                    if all(0 <= r < self.rows and 0 <= c < self.columns for r, c in places):
                        line = np.zeros((self.rows, self.columns), "int8")
                        line[tuple(zip(*places, strict=True))] = 1
                        found.append(line.ravel())
        return np.array(found)

    def wins(self, board: jax.Array) -> jax.Array:
        """Whether the pieces that are 1 have a line."""
        own = (board == 1).astype("int8")
        return (jnp.asarray(self.lines()) @ own == self.in_line).any()

    def legal(self, board: jax.Array) -> jax.Array:
        """Which moves there are, (moves,)."""
        raise NotImplementedError

    def cell(self, board: jax.Array, move: jax.Array) -> jax.Array:
        """Where the piece of a move comes to lie."""
        raise NotImplementedError

    def play(self, board: jax.Array, move: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The board after a legal move, as the other player sees it; whether the mover has won; and whether
        the game is over.
        """
        laid = board.at[self.cell(board, move)].set(1)
        won = self.wins(laid)
        return -laid, won, won | (laid != 0).all()

    def winning(self, board: jax.Array) -> jax.Array:
        """Which legal moves win at once, (moves,)."""
        _, won, _ = jax.vmap(self.play, (None, 0))(board, jnp.arange(self.moves))
        return won & self.legal(board)

    def mirror(self) -> tuple[np.ndarray, np.ndarray]:
        """The orders of the cells and of the moves, seen in a mirror."""
        cells = np.arange(self.cells).reshape(self.rows, self.columns)[:, ::-1].ravel()
        return cells, cells[: self.moves]

    def observe(self, board: jax.Array) -> jax.Array:
        """What a network sees: the own pieces, and then the other's, (2 cells,) of 0 and 1."""
        return jnp.concatenate([board == 1, board == -1], axis=-1).astype("float32")


@dataclasses.dataclass(frozen=True)
class TicTacToe(Game):
    """Tic-tac-toe: three in a line on a board of 3 x 3.

    Shapes: board (9,), row by row from the top; a move is the number of a cell.

    Example:

        >>> game = TicTacToe()
        >>> board, won, over = game.play(jnp.array([1, 1, 0, -1, -1, 0, 0, 0, 0], "int8"), 2)
        >>> bool(won), board.tolist()
        (True, [-1, -1, -1, 1, 1, 0, 0, 0, 0])
    """

    rows: ClassVar[int] = 3
    columns: ClassVar[int] = 3
    in_line: ClassVar[int] = 3
    moves: ClassVar[int] = 9

    def legal(self, board: jax.Array) -> jax.Array:
        return board == 0

    def cell(self, board: jax.Array, move: jax.Array) -> jax.Array:
        return move


@dataclasses.dataclass(frozen=True)
class ConnectFour(Game):
    """Connect four: pieces fall down one of 7 columns of height 6, and four in a line win.

    Shapes: board (42,), row by row from the top; a move is the number of a column.

    Example:

        >>> game = ConnectFour()
        >>> board, won, over = game.play(game.start(), 3)
        >>> int(board.argmin()), bool(won)  # the lowest cell of the column in the middle
        (38, False)
    """

    rows: ClassVar[int] = 6
    columns: ClassVar[int] = 7
    in_line: ClassVar[int] = 4
    moves: ClassVar[int] = 7

    def legal(self, board: jax.Array) -> jax.Array:
        return board[: self.columns] == 0

    def cell(self, board: jax.Array, move: jax.Array) -> jax.Array:
        height = (board.reshape(self.rows, self.columns)[:, move] != 0).sum()
        return (self.rows - 1 - height) * self.columns + move


def in_parts(function: Any, arrays: Sequence[Any], sizes: Sequence[int]) -> Any:
    """What a compiled function gives for many rows, in parts of few sizes, so that it is compiled for few.

    Args:
        function: of arrays of as many rows each; gives an array of as many, or a tuple of them.
        arrays: what it is called with.
        sizes: of parts, the smallest first. The smallest that holds all rows is taken, or the largest.

    Example:

        >>> in_parts(lambda rows: rows + len(rows), [np.arange(3)], (1, 2)).tolist()
        [2, 3, 4]
    """
    rows = len(arrays[0])
    size = next((size for size in sizes if size >= rows), sizes[-1])
    padded = [np.concatenate([a, np.repeat(a[:1], -rows % size, axis=0)]) for a in map(np.asarray, arrays)]
    found = [function(*(a[place : place + size] for a in padded)) for place in range(0, rows, size)]
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(one)[:rows] for one in zip(*found, strict=True))
    return np.concatenate(found)[:rows]


@functools.lru_cache(maxsize=8)
def rules_of(game: Game) -> tuple[Any, Any, Any]:
    """`play`, `legal` and `wins` of many boards at once, compiled."""

    def many(rule: Any) -> Any:
        compiled = jax.jit(jax.vmap(rule))
        return lambda *arrays: in_parts(compiled, arrays, (1, 128, 8192))

    return many(game.play), many(game.legal), many(game.wins)
