"""Self-play with tree search: a network says where to look, a search looks, and the network learns from it.

Silver et al. (Mastering the game of Go without human knowledge, Nature 550, 2017; Mastering chess and shogi
by self-play with a general reinforcement learning algorithm, 2017: AlphaZero). A network gives for a board a
policy p over the moves and the value v, what the player to move may expect, from -1 (lost) to 1 (won). A
search of the tree of boards, guided by both, comes to a better policy: the share pi of its visits of each
move. By it the network plays against itself, and learns from each board of a game that ended with z for the
player to move

    loss = (z - v)^2 - sum over moves of pi log p.

So the search improves the network, and the network the search. Nothing of the game is known but its rules.
The search itself is explained in `neurona.zoo.game_tree`.

Deviations. A small network of dense layers, which sees one board, takes the place of the residual one, and
Adam that of momentum. An update plays whole games side by side and learns once from their boards, of which
half are turned in a mirror; no older games are kept. A move in seven is drawn evenly, so that the network
meets boards that good players never reach. What is surely won or lost is proven in the search, and
a board is looked at for moves that win at once, so that none is overlooked.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import Dense, Input
from neurona.models import Model
from neurona.plotting.figure import BLUE, GRAY, ORANGE, finish, new_figure
from neurona.zoo import validation
from neurona.zoo.boards import ConnectFour, Game, TicTacToe, in_parts, rules_of
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.game_tree import SIZES, Evaluate, played_out, search
from neurona.zoo.playing import Player, PlayRule

__all__ = ["TreeSearch"]

_WANDERS = 0.15  # of the moves while it learns are drawn evenly


class SelfPlayRule(PlayRule):
    """Play games against oneself by search, and learn from what the search found and how they ended.

    Args:
        environment, learning_rate, steps, seed: as in `PlayRule`.
        simulations, noise: of a search, as in `neurona.zoo.game_tree.search`.
        passes: how often an update goes through the boards of its games.
        parts: into how many parts it cuts them.
        copies: games of an update.

    Figures: `loss`; `moves`, the mean length of a game; `first_wins`, less how often the second does.
    """

    figures = ("loss", "moves", "first_wins")

    def __init__(
        self,
        environment: Any,
        learning_rate: float,
        steps: int,
        simulations: int,
        noise: float,
        passes: int,
        parts: int,
        copies: int,
        seed: int,
    ) -> None:
        super().__init__(environment, learning_rate, steps, 5.0, seed)
        self.simulations, self.noise, self.passes, self.parts = simulations, noise, passes, parts
        self.copies = copies

    def first_memory(self, weights: list[jax.Array], key: jax.Array) -> dict[str, Any]:
        return {}

    def update(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> Any:
        keys = jax.random.split(key, 3)
        boards, shares, ends, counts = self._played(answer, weights, keys[0])
        flat = boards.reshape(-1, boards.shape[-1]), shares.reshape(-1, shares.shape[-1])
        (boards, shares), ends, weight = self._mirrored(*flat, keys[1]), ends.ravel(), counts.ravel()

        def learn(held: Any, rows: jax.Array) -> Any:
            def objective(weights: list[jax.Array]) -> jax.Array:
                policy, value = answer(weights, self.world.observe(boards[rows]))
                logs = jnp.sum(shares[rows] * jax.nn.log_softmax(policy), axis=-1)
                each = (ends[rows] - value[:, 0]) ** 2 - logs
                return jnp.sum(weight[rows] * each) / jnp.maximum(weight[rows].sum(), 1)

            weights, optimizer, loss = self.descend(objective, *held)
            return (weights, optimizer), loss

        orders = jax.vmap(jax.random.permutation, (0, None))(
            jax.random.split(keys[2], self.passes), len(ends)
        )
        parts = orders[:, : len(ends) // self.parts * self.parts].reshape(self.passes * self.parts, -1)
        (weights, optimizer), losses = jax.lax.scan(learn, (weights, memory["optimizer"]), parts)
        figures = {"loss": losses.mean(), "moves": counts.sum() / self.copies}
        figures["first_wins"] = ends[: self.copies].mean()  # of the boards on which nothing lies
        return weights, {"optimizer": optimizer}, figures

    def _played(self, answer: Any, weights: Any, key: jax.Array) -> tuple[jax.Array, ...]:
        """Games: boards, shares of moves, how they ended for the player to move, and which moves were made,
        (moves, games) of each.
        """
        game = self.world

        def move(held: Any, key: jax.Array) -> Any:
            boards, done = held
            keys = jax.random.split(key, 4)
            evaluate = guided(game, answer, weights)
            found = search(game, evaluate, boards, keys[0], self.simulations, noise=self.noise)
            wanders = jax.random.uniform(keys[1], (self.copies, 1)) < _WANDERS
            anything = jax.vmap(game.legal)(boards).astype("float32")
            chosen = jax.random.categorical(keys[2], jnp.log(jnp.where(wanders, anything, found)))
            after, won, over = jax.vmap(game.play)(boards, chosen)
            after = jnp.where(done[:, None], boards, after)
            return (after, done | over), (boards, found, won & ~done, 1.0 - done)

        start = jnp.tile(game.start(), (self.copies, 1)), jnp.zeros(self.copies, bool)
        keys = jax.random.split(key, game.cells)
        _, (boards, shares, won, counts) = jax.lax.scan(move, start, keys)
        turns = jnp.where(jnp.arange(game.cells) % 2 == 0, 1.0, -1.0)[:, None]
        return boards, shares, (won * turns).sum(axis=0) * turns, counts

    def _mirrored(self, boards: jax.Array, shares: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Half of the boards, and their shares, seen in a mirror."""
        cells, moves = self.world.mirror()
        turned = jax.random.bernoulli(key, 0.5, (len(boards), 1))
        return jnp.where(turned, boards[:, cells], boards), jnp.where(turned, shares[:, moves], shares)


def guided(game: Game, answer: Any, weights: Any) -> Evaluate:
    """Boards valued by a network."""

    def evaluate(boards: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        policy, value = answer(weights, game.observe(boards))
        return policy, value[:, 0]

    return evaluate


class TreeSearch(Player):
    """A network that learns a game of two by playing against itself, and looks ahead by tree search.

    Args:
        units: of the hidden layers, of rectified units.
        simulations: how many boards a search looks at before a move.
        noise: from 0 to 1, how much of the first moves' policy is drawn at random while it learns.
        learning_rate: of Adam, at first; it falls to a tenth as half a cosine does over all steps.
        epochs: parts into which the training is cut.
        updates: in an epoch.
        passes: how often an update goes through the boards of its games.
        parts: into how many parts it cuts them, with a step of gradient for each.
        copies: games that are played side by side in an update.
        random_state: an integer for the same numbers at every call.

    Attributes:
        environment_: the game that it has learned, as plain values.
        model_, history_, n_features_in_: as in `Estimator`. The model gives logits of moves, and v.

    Raises:
        DataError: it is given rows or an environment in the place of a game.
        ArgumentError: a size is no whole number above 0, or the noise not from 0 to 1.

    Example:

        >>> network = TreeSearch((16,), epochs=1, updates=1, copies=4, simulations=10, random_state=0)
        >>> network.fit(TicTacToe()).predict([[1, 1, 0, -1, -1, 0, 0, 0, 0]]).tolist()
        [2]
    """

    discount = 1.0
    _figure = None
    _counts = ("updates", "copies", "simulations", "passes", "parts")

    def __init__(
        self,
        units: tuple[int, ...] = (128, 128),
        simulations: int = 50,
        noise: float = 0.25,
        learning_rate: float = 0.003,
        epochs: int = 10,
        updates: int = 4,
        passes: int = 4,
        parts: int = 4,
        copies: int = 64,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.simulations = simulations
        self.noise = noise
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.updates = updates
        self.passes = passes
        self.parts = parts
        self.copies = copies
        self.random_state = random_state

    def _check_world(self, world: Any) -> None:
        if not isinstance(world, Game):
            raise DataError(
                "TreeSearch: it learns a game of two, such as neurona.zoo.TicTacToe() or "
                f"neurona.zoo.ConnectFour(). Received: {type(world).__name__}"
            )
        if not 0 <= self.noise <= 1:
            raise ArgumentError(f"TreeSearch: noise is from 0 to 1. Received: noise={self.noise!r}")

    def _size(self, world: Any) -> int:
        return world.cells

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        game = self._environment
        x = h = Input((2 * game.cells,))
        for units in self.units:
            h = Dense(units, "relu", kernel_initializer="he_uniform")(h)
        model = Model(x, [Dense(game.moves, kernel_initializer="zeros")(h), Dense(1, "tanh")(h)])
        model.compile(
            rule=SelfPlayRule(
                self.environment_,
                self.learning_rate,
                self.epochs * self.updates * self.passes * self.parts,
                self.simulations,
                self.noise,
                self.passes,
                self.parts,
                self.copies,
                self._seed(),
            )
        )
        return model

    def shares(self, X: Any) -> np.ndarray:
        """How good a search finds each move on boards where the game goes on, (boards, moves).

        Args:
            X: boards, (boards, cells): 1 where a piece of the player to move lies, -1 the other's, 0 none.

        Raises:
            DataError: they are no such boards, or the game is over on one.
        """
        boards, game = self._boards(X), self._environment
        values = [variable.value for variable in self.model_.variables]
        key = jax.random.key(0 if self.random_state is None else self._seed())
        searched = _searched(game, self.model_, self.simulations)
        return in_parts(lambda part: searched(values, part, key), [boards], SIZES)

    def _boards(self, X: Any) -> np.ndarray:
        rows, game = self._rows(X), self._environment
        wrong = np.argwhere(~np.isin(rows, (-1, 0, 1)))
        if len(wrong):
            row, cell = wrong[0]
            raise DataError(
                "TreeSearch: a cell is 1, where a piece of the player to move lies, -1, where one of the "
                f"other's does, or 0. Row {row}, column {cell} is {rows[row, cell]:g}."
            )
        boards = rows.astype("int8")
        ended = (boards != 0).all(axis=1)
        for side in (boards, -boards):
            ended |= np.asarray(rules_of(game)[2](side))
        if ended.any():
            raise DataError(f"TreeSearch: the game is over on the board of row {np.argmax(ended)}.")
        return boards

    def predict(self, X: Any) -> np.ndarray:
        """The best move on each board, (boards,); boards as in `shares`."""
        return self.shares(X).argmax(axis=1)

    def play(self, environment: Any, episodes: int = 100) -> np.ndarray:
        """How games against plain Monte-Carlo search of as many simulations end, (episodes,): 1 won, 0 drawn,
        -1 lost. It begins every second one.

        Raises:
            NotFittedError: the network has not learned.
            DataError: it is not the game that it has learned.
        """
        validation.check_is_fitted(self)
        game = self._environment
        if environment != game:
            raise DataError(f"TreeSearch: it has learned {game!r}. Received: {environment!r:.100}")
        values = [variable.value for variable in self.model_.variables]
        begins = jnp.arange(episodes) % 2 == 0
        own = guided(game, functools.partial(_answer, self.model_), values)

        def move(held: Any, given: Any) -> Any:
            boards, done, result = held
            number, key = given
            ours = begins == (number % 2 == 0)
            keys = jax.random.split(key)
            found = [
                search(game, evaluate, boards, keys[0], self.simulations).argmax(axis=-1)
                for evaluate in (own, played_out(game))
            ]
            after, won, over = jax.vmap(game.play)(boards, jnp.where(ours, *found))
            result = jnp.where(won & ~done, jnp.where(ours, 1, -1), result)
            return (jnp.where(done[:, None], boards, after), done | over, result), None

        @jax.jit
        def results(key: jax.Array) -> jax.Array:
            none = jnp.zeros(episodes, "int32")
            start = jnp.tile(game.start(), (episodes, 1)), none.astype(bool), none
            keys = jax.random.split(key, game.cells)
            return jax.lax.scan(move, start, (jnp.arange(game.cells), keys))[0][2]

        return np.asarray(results(jax.random.key(self._seed())))

    def plot(self, board: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a board, and how good the search finds each move on it.

        Args:
            board: (cells,); the empty one by default.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        game = self._environment
        rows = np.zeros((1, game.cells)) if board is None else np.asarray(board)[None]
        shares = self.shares(rows)[0]
        figure = new_figure("plot", 4.2, 4.2, 120)
        panel = figure.subplots()
        each_cell = game.moves == game.cells
        for cell, piece in enumerate(rows[0]):
            place = divmod(cell, game.columns)[::-1]
            panel.scatter(
                *place, s=500, facecolor={1: BLUE, -1: ORANGE, 0: "white"}[int(piece)], edgecolor=GRAY
            )
        for move, share in enumerate(shares):
            row, column = divmod(move, game.columns) if each_cell else (-0.85, move)
            panel.text(column, row, f"{share:.0%}", ha="center", va="center", fontsize=8)
        panel.set(xlim=(-0.6, game.columns - 0.4), ylim=(game.rows - 0.4, -1.2), aspect="equal")
        panel.set_axis_off()
        panel.set_title(_SHARES.of(language), fontsize=9)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


_SHARES = Words("share of the search that each move gets", "parte de la búsqueda que recibe cada jugada")


def _answer(model: Model, weights: list[jax.Array], observations: jax.Array) -> Any:
    return model.apply(weights, observations)[0]


@functools.lru_cache(maxsize=8)
def _searched(game: Game, model: Model, simulations: int) -> Any:
    """A compiled search by a model, called with its weights, boards and a key."""
    answer = functools.partial(_answer, model)

    def shares(weights: Any, boards: Any, key: jax.Array) -> jax.Array:
        return search(game, guided(game, answer, weights), boards, key, simulations)

    return jax.jit(shares)


def against_all_replies(network: Any, game: Game) -> tuple[int, int, int]:
    """How many games a player of few moves wins, draws and loses, from both sides, if the other player tries
    every reply.

    Args:
        network: has a `predict` of boards.
        game: one whose games can all be gone through.
    """
    play, legal, _ = rules_of(game)
    ends = np.zeros(3, int)
    for begins in (True, False):
        boards, counts = np.asarray(game.start())[None], np.ones(1, int)
        for number in range(game.cells):
            ours = begins == (number % 2 == 0)
            if ours:
                rows, moves = np.arange(len(boards)), network.predict(boards)
            else:
                rows, moves = np.nonzero(np.asarray(legal(boards)))
            after, won, over = map(np.asarray, play(boards[rows], moves))
            ends += [
                counts[rows][won & ours].sum(),
                counts[rows][over & ~won].sum(),
                counts[rows][won & (not ours)].sum(),
            ]
            boards, where = np.unique(after[~over], axis=0, return_inverse=True)
            counts = np.bincount(where.ravel(), counts[rows][~over], len(boards)).astype(int)
            if not len(boards):
                break
    return int(ends[0]), int(ends[1]), int(ends[2])


def _never_loses(seed: int = 0, quick: bool = False) -> Outcome:
    """Tic-tac-toe against all replies; connect four against plain Monte-Carlo search."""
    game = TicTacToe()
    size: Any = {"epochs": 20, "updates": 8}
    if quick:
        size = {"epochs": 2, "updates": 5, "copies": 16, "simulations": 16}
    network = TreeSearch(random_state=seed, **size).fit(game)
    network.set_params(simulations=100 if quick else 200)
    won, drawn, lost = against_all_replies(network, game)
    details: dict[Words, float] = {
        Words("games won", "partidas ganadas"): won,
        Words("drawn", "empatadas"): drawn,
    }
    if not quick:
        four = TreeSearch(random_state=seed).fit(ConnectFour())
        words = Words(
            "connect four: mean result against plain Monte-Carlo search (1 won, -1 lost)",
            "conecta cuatro: resultado medio contra la búsqueda de Montecarlo simple (1 ganada, -1 perdida)",
        )
        details[words] = four.score(ConnectFour())
    return Outcome(float(lost), network, details)


CARD = Card(
    title=Words("Self-play tree search", "Búsqueda en árbol jugando contra sí misma"),
    year=2017,
    paper="Silver et al., Mastering the game of Go without human knowledge, Nature 550, 2017",
    family="play",
    cells=("input", "hidden", "output"),
    summary=Words(
        "A network says where a search is to look; the network learns from what the search finds in games "
        "against itself.",
        "Una red dice dónde debe mirar una búsqueda; la red aprende de lo que la búsqueda encuentra en "
        "partidas contra sí misma.",
    ),
    network=TreeSearch,
    experiment=Experiment(
        task=Words(
            "tic-tac-toe from both sides against every reply; connect four",
            "tres en raya desde ambos lados contra toda respuesta; conecta cuatro",
        ),
        measure=Words("tic-tac-toe games lost", "partidas de tres en raya perdidas"),
        target=0.0,
        source=Words("the game is a draw between perfect players", "entre jugadores perfectos es empate"),
        run=_never_loses,
        quick_target=20.0,  # without learning 30 to 66, over three seeds
        lower=True,
    ),
)
