"""Monte-Carlo tree search over many boards at once, compiled whole.

A tree of boards grows from each root by one leaf a simulation. From the root down, the move is chosen with
the greatest

    Q(s, a) + c P(s, a) sqrt(sum over b of N(s, b)) / (1 + N(s, a)),

where N counts how often a move was taken, Q is the mean of what came of it for the mover, and P is how likely
a policy held it to be (Silver et al., Mastering the game of Go without human knowledge, 2017). A new leaf is
valued, and its value goes back up, with the sign turned at each move.

What is sure is kept beside the means (Winands, Bjornsson and Saito, Monte-Carlo tree search solver, 2008): a
board is won where a move wins at once or leads to a lost one, and lost where all moves lead to won ones.
Moves to won boards are taken no more, so that no win in one move, and no threat of one, is overlooked.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.zoo.boards import Game, in_parts

__all__ = ["PlainTreeSearch"]

Evaluate = Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]
SIZES = (1, 64)  # of boards that are searched side by side
_SURE = 1e6  # above all scores
_ALPHA = 10.0  # noise of about so much in all moves together


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Tree:
    """A tree for each of some roots; a node is seen by the player to move.

    Attributes:
        boards: (roots, nodes, cells); node 0 is the root.
        children: the nodes after each move, -1 for none, (roots, nodes, moves).
        visits, totals, prior: N, N Q and P, (roots, nodes, moves).
        legal: which moves there are, (roots, nodes, moves).
        proof: 1 where the player to move surely wins, -1 where they lose, (roots, nodes).
        over: whether the game is, (roots, nodes).
        parent, move: where a node comes from, (roots, nodes).
    """

    boards: jax.Array
    children: jax.Array
    visits: jax.Array
    totals: jax.Array
    prior: jax.Array
    legal: jax.Array
    proof: jax.Array
    over: jax.Array
    parent: jax.Array
    move: jax.Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Leaf:
    """New nodes, (roots,) of each."""

    board: jax.Array
    prior: jax.Array
    legal: jax.Array
    proof: jax.Array
    over: jax.Array
    value: jax.Array


def valued(
    game: Game, evaluate: Evaluate, board: jax.Array, lost: jax.Array, over: jax.Array, key: jax.Array
) -> Leaf:
    """What is known of boards before any move is tried.

    Args:
        game: whose boards they are.
        evaluate: called with boards and a key; gives logits of moves and values for the player to move.
        board: (roots, cells).
        lost, over: whether the last move won, or ended the game.
        key: a random key.
    """
    logits, value = evaluate(board, key)
    legal = jax.vmap(game.legal)(board)
    prior = jax.nn.softmax(jnp.where(legal, logits, -_SURE))
    wins = jax.vmap(game.winning)(board).any(axis=-1) & ~over
    proof = wins.astype("int8") - lost.astype("int8")
    value = jnp.where(over | wins, proof, value)
    return Leaf(board, prior, legal, proof, over, value)


def _first_tree(root: Leaf, nodes: int) -> Tree:
    count, moves = root.prior.shape

    def alone(value: jax.Array, rest: Any) -> jax.Array:
        whole = jnp.full((count, nodes, *value.shape[1:]), rest, value.dtype)
        return whole.at[:, 0].set(value)

    zeros = jnp.zeros((count, nodes, moves))
    none = jnp.zeros((count, nodes), "int32")
    return Tree(
        alone(root.board, 0),
        zeros.astype("int32") - 1,
        zeros,
        zeros,
        alone(root.prior, 0),
        alone(root.legal, False),
        alone(root.proof, 0),
        alone(root.over, False),
        none,
        none,
    )


def _child_proofs(tree: Tree, node: jax.Array) -> jax.Array:
    """What is sure of the boards after each move, for who moves there; 0 where none was tried."""
    b = jnp.arange(len(node))
    children = tree.children[b, node]
    found = jnp.take_along_axis(tree.proof, jnp.maximum(children, 0), axis=1)
    return jnp.where(children < 0, 0, found)


def _chosen(tree: Tree, node: jax.Array, weight: float) -> jax.Array:
    """The move to try next at a node of each tree."""
    b = jnp.arange(len(node))
    visits, totals = tree.visits[b, node], tree.totals[b, node]
    worth = totals / jnp.maximum(visits, 1)
    root = jnp.sqrt(visits.sum(axis=-1, keepdims=True) + 1)
    score = worth + weight * tree.prior[b, node] * root / (1 + visits)
    score -= _SURE * _child_proofs(tree, node)
    return jnp.where(tree.legal[b, node], score, -2 * _SURE).argmax(axis=-1)


def _descended(tree: Tree, weight: float) -> tuple[jax.Array, jax.Array]:
    """The node and the move at which each tree grows, or which lead to a decided node."""
    b = jnp.arange(len(tree.parent))

    def step(held: Any) -> Any:
        node, move, active = held
        move = jnp.where(active, _chosen(tree, node, weight), move)
        child = tree.children[b, node, move]
        inner = jnp.maximum(child, 0)
        goes_on = active & (child >= 0) & ~tree.over[b, inner] & (tree.proof[b, inner] == 0)
        return jnp.where(goes_on, child, node), move, goes_on

    start = jnp.zeros_like(b), jnp.zeros_like(b), jnp.ones(len(b), bool)
    node, move, _ = jax.lax.while_loop(lambda held: held[2].any(), step, start)
    return node, move


def _grown(tree: Tree, leaf: Leaf, node: jax.Array, move: jax.Array, number: jax.Array) -> Tree:
    """The trees with new leaves, where none was before."""
    b = jnp.arange(len(node))
    is_new = tree.children[b, node, move] < 0
    kept = tree.children[b, node, move]
    return dataclasses.replace(
        tree,
        boards=tree.boards.at[:, number].set(leaf.board),
        children=tree.children.at[b, node, move].set(jnp.where(is_new, number, kept)),
        prior=tree.prior.at[:, number].set(leaf.prior),
        legal=tree.legal.at[:, number].set(leaf.legal),
        proof=tree.proof.at[:, number].set(leaf.proof),
        over=tree.over.at[:, number].set(leaf.over),
        parent=tree.parent.at[:, number].set(node),
        move=tree.move.at[:, number].set(move),
    )


def _told(tree: Tree, node: jax.Array, move: jax.Array, value: jax.Array) -> Tree:
    """The trees after the values of leaves have gone up to the roots."""
    b = jnp.arange(len(node))

    def step(held: Any) -> Any:
        visits, totals, proof, node, move, value, active = held
        visits = visits.at[b, node, move].add(active)
        totals = totals.at[b, node, move].add(-value * active)
        below = _child_proofs(dataclasses.replace(tree, proof=proof), node)
        legal = tree.legal[b, node]
        won = (legal & (below == -1)).any(axis=-1)
        lost = (~legal | (below == 1)).all(axis=-1)
        known = jnp.where(won, 1, jnp.where(lost, -1, proof[b, node])).astype("int8")
        proof = proof.at[b, node].set(jnp.where(active, known, proof[b, node]))
        above = tree.parent[b, node], tree.move[b, node]
        return visits, totals, proof, *above, -value, active & (node > 0)

    first = tree.visits, tree.totals, tree.proof, node, move, value, jnp.ones(len(b), "bool")
    held = jax.lax.while_loop(lambda held: held[-1].any(), step, first)
    return dataclasses.replace(tree, visits=held[0], totals=held[1], proof=held[2])


def search(
    game: Game,
    evaluate: Evaluate,
    boards: jax.Array,
    key: jax.Array,
    simulations: int,
    weight: float = 1.5,
    noise: float = 0.0,
) -> jax.Array:
    """How good each move is on boards where the game goes on, (roots, moves): shares that add up to 1.

    They are the visits of a search; a sure win has all of them, and a sure loss none where there is another
    move.

    Args:
        game: whose boards they are.
        evaluate: as in `valued`.
        boards: (roots, cells), as the player to move sees them.
        key: a random key.
        simulations: how many leaves a tree grows.
        weight: c.
        noise: from 0 to 1, the share of the roots' policies that is drawn at random, to try other moves.
    """
    first, second, third = jax.random.split(key, 3)
    none = jnp.zeros(len(boards), bool)
    root = valued(game, evaluate, boards, none, none, first)
    if noise:
        drawn = jax.random.gamma(second, _ALPHA / game.moves, root.prior.shape) * root.legal
        drawn /= drawn.sum(axis=-1, keepdims=True)
        root = dataclasses.replace(root, prior=(1 - noise) * root.prior + noise * drawn)

    def simulate(number: jax.Array, tree: Tree) -> Tree:
        node, move = _descended(tree, weight)
        b = jnp.arange(len(node))
        board, won, over = jax.vmap(game.play)(tree.boards[b, node], move)
        leaf = valued(game, evaluate, board, won, over, jax.random.fold_in(third, number))
        old = tree.children[b, node, move]
        known = jnp.where(old < 0, leaf.proof, tree.proof[b, jnp.maximum(old, 0)])
        value = jnp.where(known != 0, known, leaf.value)
        return _told(_grown(tree, leaf, node, move, number), node, move, value)

    tree = jax.lax.fori_loop(1, simulations + 1, simulate, _first_tree(root, simulations + 1))
    at_once = jax.vmap(game.winning)(boards)
    below = _child_proofs(tree, jnp.zeros(len(boards), "int32"))
    wins = jnp.where(at_once.any(axis=-1, keepdims=True), at_once, (below == -1) & root.legal)
    visits = tree.visits[:, 0] + root.prior * 1e-3  # so that no row is empty
    safe = visits * (below != 1) * root.legal
    shares = jnp.where(safe.sum(axis=-1, keepdims=True) > 0, safe, visits * root.legal)
    shares = jnp.where(wins.any(axis=-1, keepdims=True), wins, shares)
    return shares / shares.sum(axis=-1, keepdims=True)


def played_out(game: Game) -> Evaluate:
    """Boards valued by a game at random from each, all moves being as likely: plain Monte-Carlo search."""

    def evaluate(boards: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(number: jax.Array, held: Any) -> Any:
            boards, value, over = held
            legal = jax.vmap(game.legal)(boards)
            drawn = jax.random.gumbel(jax.random.fold_in(key, number), legal.shape)
            move = jnp.where(legal, drawn, -_SURE).argmax(axis=-1)
            after, won, ends = jax.vmap(game.play)(boards, move)
            sign = 1.0 - 2.0 * (number % 2)  # of the player who moves, for who moved first
            value = jnp.where(won & ~over, sign, value)
            return jnp.where(over[:, None], boards, after), value, over | ends

        over = (boards != 0).all(axis=-1)
        start = boards, jnp.zeros(len(boards)), over
        value = jax.lax.fori_loop(0, game.cells, step, start)[1]
        return jnp.zeros((len(boards), game.moves)), value

    return evaluate


class PlainTreeSearch:
    """A player that needs no learning: tree search, with boards valued by games at random.

    Args:
        game: what is played.
        simulations: how many boards it looks at before a move.
        seed: of the games at random.

    Source: Coulom, Efficient selectivity and backup operators in Monte-Carlo tree search, 2006; Kocsis and
        Szepesvari, Bandit based Monte-Carlo planning, 2006, with the choice of moves of `search`.

    Example:

        >>> from neurona.zoo import TicTacToe
        >>> player = PlainTreeSearch(TicTacToe(), simulations=20)
        >>> player.predict([[0, 0, 1, 0, -1, 0, 1, 0, -1]]).tolist()  # else the other wins there
        [0]
    """

    def __init__(self, game: Game, simulations: int = 500, seed: int = 0) -> None:
        self.game, self.simulations, self.seed = game, simulations, seed

    def predict(self, boards: Any) -> np.ndarray:
        """The best move on each board where the game goes on, (boards,)."""
        key = jax.random.key(self.seed)
        searched = _plainly_searched(self.game, self.simulations)
        found = in_parts(lambda part: searched(part, key), [np.asarray(boards, "int8")], SIZES)
        return found.argmax(axis=1)


@functools.lru_cache(maxsize=8)
def _plainly_searched(game: Game, simulations: int) -> Any:
    """A compiled plain search, called with boards and a key."""
    return jax.jit(lambda boards, key: search(game, played_out(game), boards, key, simulations))
