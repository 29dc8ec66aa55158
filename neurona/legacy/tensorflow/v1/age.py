"""Of which age of TensorFlow a program is, told by its text before it runs."""

import re

_OF_TENSORFLOW_1 = re.compile(
    r"""\b(?:tf|tensorflow|tf1)\.(?:
        placeholder|Session|InteractiveSession|get_variable|variable_scope|global_variables_initializer
        |initialize_all_variables|app\.(?:run|flags)|flags\.|contrib\.|layers\.(?:dense|conv|max_pooling|batch_norm)
        |set_random_seed|reset_default_graph|random_normal|random_uniform|truncated_normal|get_default_graph
        |train\.(?:\w+Optimizer|Saver|SummaryWriter|Coordinator)|summary\.(?:FileWriter|merge_all|scalar)
        |logging\.|log\(|to_float|to_int32|mul\(|sub\(|pack\(|examples\.|gfile\.|ConfigProto
    )"""
    r"""|\btensorflow\.(?:examples\.tutorials|contrib)\b"""
    r"""|%tensorflow_version\s+1|\.make_(?:one_shot|initializable)_iterator\("""
    r"""|from\s+tensorflow\s+import\s+(?:\w+\s*,\s*)*(?:placeholder|Session|contrib|flags|app)\b""",
    re.VERBOSE,
)
_OF_TENSORFLOW_2 = re.compile(
    r"GradientTape|\btf\.function\b|enable_eager_execution|(?:tensorflow|tf)\.compat\.v1|executing_eagerly"
    r"|\.numpy\(\)|\btf\.random\.set_seed|(?<!contrib\.)summary\.create_file_writer"
)
# What both have, and a call that only the first has.
_OF_BOTH = re.compile(r"\btf\.keras\.optimizers|\btf\.random\.(?:normal|uniform)")
_CALLS_OF_1 = re.compile(
    r"^(?!\s*\#).*\b(?:tf|tensorflow|tf1)\.(?:placeholder|(?:Interactive)?Session|get_variable|variable_scope"
    r"|global_variables_initializer|tables_initializer|app\.run|contrib\.\w[\w.]*|saved_model\.builder\.\w+"
    r"|train\.\w+Optimizer)\(",
    re.MULTILINE,
)


def looks_like_one(source: str) -> bool:
    """Whether a program's text is one of TensorFlow 1.

    Example:

        >>> looks_like_one("x = tf.placeholder(tf.float32)"), looks_like_one("tf.constant(1)")
        (True, False)
        >>> looks_like_one("x = tf.compat.v1.placeholder('float')")
        False
        >>> looks_like_one("tf.keras.optimizers.Adam()\\nwith tf.Session() as session: pass")
        True
    """
    if not _OF_TENSORFLOW_1.search(source) or _OF_TENSORFLOW_2.search(source):
        return False
    return bool(_CALLS_OF_1.search(source)) or not _OF_BOTH.search(source)
