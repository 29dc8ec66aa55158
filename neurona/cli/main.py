"""`neurona`: the commands and their options. A command's module, and JAX with it, is imported to run it."""

import dataclasses
import enum
import importlib
import inspect
import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from neurona import __version__
from neurona.cli.texts import texts
from neurona.errors import NeuronaError
from neurona.language import LANGUAGES, set_language, user_language
from neurona.tasks.catalog import DATASETS, NETWORKS
from neurona.tasks.texts import Say

HEADINGS = (
    "Usage:",
    "Options:",
    "Arguments:",
    "Commands:",
    "[required]",
    "[default:",
    "[OPTIONS]",
    "COMMAND [ARGS]",
)  # typer's own words
INTERRUPTED = 130  # the exit status that shells report for Ctrl-C
_REQUIRED = inspect.Parameter.empty


class Language(enum.StrEnum):
    """The values of `--language`."""

    ENGLISH = "en"
    SPANISH = "es"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """An argument of a command, or an option.

    Attributes:
        kind: the type of its value.
        text: the key of its help in the texts.
        flags: how an option is written, such as `--epochs`; none for an argument.
        default: the value where it is not given.
        settings: for `typer.Option` or `typer.Argument`.
    """

    kind: Any
    text: str
    flags: tuple[str, ...]
    default: Any
    settings: Mapping[str, Any]

    def declared(self, name: str, say: Say) -> inspect.Parameter:
        """The parameter as typer reads it from a function's signature, with help in a language."""
        declare = typer.Option if self.flags else typer.Argument
        kind = Annotated[self.kind, declare(*self.flags, help=say[self.text], **self.settings)]
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=self.default, annotation=kind)


def argument(kind: Any, text: str, metavar: str) -> Parameter:
    """An argument that must be given."""
    return Parameter(kind, text, (), _REQUIRED, {"metavar": metavar})


def option(kind: Any, text: str, *flags: str, default: Any = None, **settings: Any) -> Parameter:
    """An option. A default is shown in the help unless it is None."""
    return Parameter(kind, text, flags, default, {"show_default": default is not None, **settings})


def show_help(context: typer.Context, asked: bool) -> None:
    """Print a command's help in the language that is the context's object, and exit."""
    if asked:
        say, text = texts(context.obj), context.get_help()
        for heading in HEADINGS:
            text = text.replace(heading, say[heading])
        typer.echo(text)
        raise typer.Exit


def show_version(asked: bool) -> None:
    """Print the version and exit."""
    if asked:
        typer.echo(f"neurona {__version__}")
        raise typer.Exit


_IMMEDIATE: dict[str, Any] = {"default": False, "is_eager": True, "show_default": False}
COMMON = {
    "language": option(Language | None, "option_language", "--language"),
    "help": option(bool, "option_help", "--help", "-h", callback=show_help, **_IMMEDIATE),
}
PROGRAM = {
    "version": option(bool, "option_version", "--version", callback=show_version, **_IMMEDIATE),
    **COMMON,
}
_MODEL = argument(Path, "option_model", "MODEL")
# The parameters of every command, by the names that `run` of its module takes.
COMMANDS: dict[str, dict[str, Parameter]] = {
    "train": {
        "dataset": argument(str, "option_dataset", f"{'|'.join(DATASETS)}|FILE|FOLDER"),
        "target": option(str | None, "option_target", "--target", metavar="COLUMN"),
        "task": option(str | None, "option_task", "--task", metavar="classification|regression"),
        "preset": option(str | None, "option_preset", "--preset", metavar="fast|best"),
        "time_limit": option(str | None, "option_time_limit", "--time-limit", metavar="60s"),
        "folds": option(int | None, "option_folds", "--folds", min=2),
        "group": option(str | None, "option_group", "--group", metavar="COLUMN"),
        "time_column": option(str | None, "option_time_column", "--time-column", metavar="COLUMN"),
        "weight": option(str | None, "option_weight", "--weight", metavar="COLUMN"),
        "drop": option(list[str] | None, "option_drop", "--drop", metavar="COLUMN"),
        "keep": option(list[str] | None, "option_keep", "--keep", metavar="COLUMN"),
        "table": option(str | None, "option_table", "--table", metavar="NAME"),
        "config": option(Path | None, "option_config", "--config"),
        "images": option(str | None, "option_images", "--images", metavar="28x28"),
        "network": option(str | None, "option_network", "--model", metavar="|".join(NETWORKS)),
        "epochs": option(int | None, "option_epochs", "--epochs", min=1),
        "batch_size": option(int | None, "option_batch_size", "--batch-size", min=1),
        "learning_rate": option(float | None, "option_learning_rate", "--learning-rate", min=0),
        "seed": option(int, "option_seed", "--seed", default=0),
        "samples": option(int | None, "option_samples", "--samples", min=10),
        "output": option(Path | None, "option_output_folder", "--output"),
    },
    "predict": {
        "model": _MODEL,
        "files": argument(list[Path], "option_files", "FILE..."),
        "output": option(Path | None, "option_output_table", "--output"),
        "submission": option(Path | None, "option_submission", "--submission", metavar="SAMPLE"),
        "invert": option(bool | None, "option_invert", "--invert/--no-invert"),
    },
    "evaluate": {
        "model": argument(Path, "option_table_model", "FOLDER"),
        "file": argument(str, "option_table_file", "FILE"),
        "table": option(str | None, "option_table", "--table", metavar="NAME"),
        "output": option(Path | None, "option_output_report", "--output"),
    },
    "explain": {
        "model": argument(Path, "option_table_model", "FOLDER"),
        "file": argument(str, "option_table_file", "FILE"),
        "rows": option(str | None, "option_explained", "--rows", metavar="3,17"),
        "table": option(str | None, "option_table", "--table", metavar="NAME"),
        "output": option(Path | None, "option_output_report", "--output"),
    },
    "search": {
        "file": argument(str, "option_search_file", "FILE"),
        "target": option(str | None, "option_target", "--target", metavar="COLUMN"),
        "task": option(str | None, "option_task", "--task", metavar="classification|regression"),
        "time_limit": option(str | None, "option_search_time", "--time-limit", metavar="60s"),
        "trials": option(int | None, "option_trials", "--trials", min=1),
        "folds": option(int | None, "option_folds", "--folds", min=2),
        "epochs": option(int | None, "option_search_epochs", "--epochs", min=1),
        "sampler": option(str, "option_sampler", "--sampler", default="random", metavar="random|optuna"),
        "drop": option(list[str] | None, "option_drop", "--drop", metavar="COLUMN"),
        "keep": option(list[str] | None, "option_keep", "--keep", metavar="COLUMN"),
        "table": option(str | None, "option_table", "--table", metavar="NAME"),
        "seed": option(int, "option_seed", "--seed", default=0),
        "output": option(Path | None, "option_output_folder", "--output"),
    },
    "export": {
        "model": argument(Path, "option_table_model", "FOLDER"),
        "format": option(str, "option_format", "--format", default="keras", metavar="keras|python"),
        "output": option(Path | None, "option_output_export", "--output"),
    },
    "compare": {
        "folders": argument(list[Path], "option_runs", "FOLDER..."),
        "output": option(Path | None, "option_output_report", "--output"),
    },
    "summary": {
        "model": _MODEL,
        "expand_nested": option(bool, "option_expand", "--expand-nested", default=False),
        "picture": option(Path | None, "option_picture", "--picture"),
    },
    "graph": {
        "action": argument(str, "option_graph_action", "show"),
        "program": argument(Path, "option_program", "PROGRAM"),
        "picture": option(Path | None, "option_graph_picture", "--picture"),
        "rows": option(int, "option_rows", "--rows", default=1, min=1),
    },
    "zoo": {
        "action": Parameter(str, "option_zoo_action", (), "list", {"metavar": "list|show|run|play"}),
        "name": Parameter(
            str | None, "option_zoo_name", (), None, {"metavar": "NAME", "show_default": False}
        ),
        "quick": option(bool, "option_quick", "--quick", default=False),
        "published": option(bool, "option_published", "--published", default=False),
        "seed": option(int, "option_seed", "--seed", default=0),
        "output": option(Path | None, "option_zoo_output", "--output"),
    },
    "playground": {
        "port": option(int, "option_port", "--port", default=0, min=0, max=65535),
        "browser": option(bool, "option_browser", "--browser/--no-browser", default=True),
    },
    "board": {
        "folder": argument(Path, "option_folder", "FOLDER"),
        "port": option(int, "option_port", "--port", default=0, min=0, max=65535),
        "browser": option(bool, "option_browser", "--browser/--no-browser", default=True),
    },
    "doctor": {},
    "run": {
        "outputs": option(bool, "option_outputs", "--outputs", default=False),
        "program": argument(str, "option_program", "PROGRAM"),
        "arguments": Parameter(
            list[str] | None, "option_arguments", (), None, {"metavar": "ARGUMENT...", "show_default": False}
        ),
    },
}
# What a command says at once that it reads: the name of the parameter.
_READ = {"train": "dataset", "search": "file", "evaluate": "file", "explain": "file"}
# Settings of commands' parsers: what follows a program is the program's.
_PARSERS = {"run": {"allow_interspersed_args": False, "ignore_unknown_options": True}}


def chosen_language(arguments: list[str]) -> str:
    """The language that `--language` names anywhere in the arguments, else the user's.

    Example:

        >>> chosen_language(["train", "iris", "--language", "es"]), chosen_language(["--language=en"])
        ('es', 'en')
    """
    for place, given in enumerate(arguments):
        if arguments[0] == "run" and given.endswith((".py", ".ipynb")):
            break  # what follows is the program's
        name, _, value = given.partition("=")
        if name == "--language":
            value = value or next(iter(arguments[place + 1 : place + 2]), "")
            return value if value in LANGUAGES else user_language()
    return user_language()


def perform(command: str, language: str, options: Mapping[str, Any]) -> None:
    """Import a command's module and run it. What is read is said before, since importing JAX takes a while.

    Raises:
        typer.Exit: the command failed or was interrupted. Neurona's own errors are printed as one line.
    """
    if command in _READ:
        print(texts(language)["loading"].format(dataset=options[_READ[command]]), flush=True)
    try:
        status = importlib.import_module(f"neurona.cli.{command}").run(language=language, **options)
    except (NeuronaError, OSError) as error:
        typer.echo(f"{texts(language)['error']}: {error}", err=True)
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    if status:
        raise typer.Exit(status)


def _command(name: str, language: str) -> Callable[..., None]:
    """A function that performs a command, with the signature from which typer makes its parameters."""

    def command(**options: Any) -> None:
        perform(name, language, {key: options[key] for key in COMMANDS[name]})

    _sign(command, {**COMMANDS[name], **COMMON}, language)
    return command


def _program(language: str) -> Callable[..., None]:
    """The function for `neurona` without a command: it shows the help."""

    def program(context: typer.Context, **options: Any) -> None:
        show_help(context, context.invoked_subcommand is None)

    _sign(
        program,
        PROGRAM,
        language,
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
    )
    return program


def _sign(
    function: Any, parameters: Mapping[str, Parameter], language: str, *first: inspect.Parameter
) -> None:
    """Give a function the signature of parameters, with their help in a language."""
    say = texts(language)
    declared = [parameter.declared(name, say) for name, parameter in parameters.items()]
    function.__signature__ = inspect.Signature([*first, *declared])


def build_app(language: str) -> typer.Typer:
    """The commands, with their help in a language."""
    say = texts(language)
    app = typer.Typer(
        name="neurona",
        help=say["about"],
        add_completion=False,
        add_help_option=False,
        rich_markup_mode=None,  # plain help takes half the time
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_program(language))
    for name in COMMANDS:
        settings = {"help": say[f"about_{name}"], "context_settings": _PARSERS.get(name)}
        app.command(name, add_help_option=False, **settings)(_command(name, language))
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: those after the program's name; by default the process's.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # old consoles lack some characters
    given = sys.argv[1:] if arguments is None else arguments
    language = chosen_language(given)
    set_language(language)  # of the library's messages
    try:
        build_app(language)(args=given, prog_name="neurona", obj=language)
    finally:
        set_language(None)


if __name__ == "__main__":
    main()
