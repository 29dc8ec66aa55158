"""The scope: what a nested one takes over, and what leaves it as it was."""

import threading

from neurona.core.scope import Scope, current_scope


def test_the_innermost_open_scope_is_current_and_none_is_after_all_are_closed():
    assert current_scope() is None
    with Scope() as outer:
        with Scope() as inner:
            assert current_scope() is inner
        assert current_scope() is outer
    assert current_scope() is None


def test_a_nested_scope_takes_over_path_and_dtype_and_nothing_else():
    with Scope(values={"a": 1}, key="key", step=3, training=True, positions={"a": 0}) as outer:
        outer.losses.append(1.0)
        with outer.inside("block", "bfloat16"), Scope() as inner:
            assert (inner.path, inner.dtype) == (("block",), "bfloat16")
            assert (inner.values, inner.key, inner.step, inner.training) == (None, None, 0, None)
            assert (inner.positions, inner.losses, inner.pure) == ({}, [], False)
            with inner.inside("dense", None):
                assert inner.path == ("block", "dense")
            assert outer.path == ("block",)


def test_inside_restores_path_dtype_and_training_also_after_an_error():
    with Scope(training=False) as scope:
        try:
            with scope.inside("a", "float16"):
                scope.training = True
                raise RuntimeError
        except RuntimeError:
            pass
        assert (scope.path, scope.dtype, scope.training) == ((), None, False)


def test_a_layer_that_is_inside_already_is_not_entered_twice():
    with Scope() as scope, scope.inside("a", None), scope.inside("a", None), scope.inside("b", None):
        assert scope.path == ("a", "b")


def test_each_stream_counts_its_draws_alone():
    scope = Scope()
    assert [scope.next_draw(stream) for stream in (0, 0, 1, ("generator", 5), 0)] == [0, 1, 0, 0, 2]


def test_another_thread_sees_no_scope():
    seen = []
    with Scope():
        thread = threading.Thread(target=lambda: seen.append(current_scope()))
        thread.start()
        thread.join()
    assert seen == [None]
