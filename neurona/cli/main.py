"""`neurona`: the commands and their help. Only what help needs is imported; jax comes with the first real
work.
"""

import enum
import importlib
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from neurona._version import __version__
from neurona.cli.texts import texts
from neurona.core.errors import NeuronaError
from neurona.language import LANGUAGES, user_language

DATASETS = ("digits", "iris", "mnist", "fashion_mnist", "cifar10", "california_housing", "imdb")
NETWORKS = ("linear", "mlp", "lenet", "cnn", "pooling", "lstm")
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
INTERRUPTED = 130  # what shells report for Ctrl-C


class Language(enum.StrEnum):
    """What `--language` takes."""

    ENGLISH = "en"
    SPANISH = "es"


def chosen_language(arguments: list[str]) -> str:
    """The language that `--language` names anywhere in the arguments, else the user's.

    Example:

        >>> chosen_language(["train", "iris", "--language", "es"]), chosen_language(["--language=en"])
        ('es', 'en')
    """
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--language":
            value = value or next(iter(arguments[place + 1 : place + 2]), "")
            return value if value in LANGUAGES else user_language()
    return user_language()


def _perform(command: str, language: str, **options: Any) -> None:
    """Import a command's module and run it; errors made on purpose become one line, and Ctrl-C its exit
    code.
    """
    try:
        status = importlib.import_module(f"neurona.cli.{command}").run(language=language, **options)
    except (NeuronaError, OSError) as error:
        typer.echo(f"{texts(language)['error']}: {error}", err=True)
        status = 1
    except KeyboardInterrupt:
        status = INTERRUPTED
    if status:
        raise typer.Exit(status)


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

    def option(*names: str, text: str, **settings: Any) -> Any:
        return typer.Option(*names, help=say[text], **settings)

    def argument(text: str, **settings: Any) -> Any:
        return typer.Argument(help=say[text], **settings)

    def show_help(context: typer.Context, asked: bool) -> None:
        if asked:
            text = context.get_help()
            for heading in HEADINGS:
                text = text.replace(heading, say[heading])
            typer.echo(text)
            raise typer.Exit

    def show_version(asked: bool) -> None:
        if asked:
            typer.echo(f"neurona {__version__}")
            raise typer.Exit

    help_option = option(
        "--help", "-h", text="option_help", is_eager=True, callback=show_help, show_default=False
    )
    version_option = option(
        "--version", text="option_version", is_eager=True, callback=show_version, show_default=False
    )
    language_option = option("--language", text="option_language", show_default=False)
    model_file = argument("option_model", metavar="MODEL")

    def command(name: str) -> Any:
        return app.command(name, help=say[f"about_{name}"], add_help_option=False)

    @app.callback(invoke_without_command=True)
    def _neurona(
        context: typer.Context,
        version: Annotated[bool, version_option] = False,
        chosen: Annotated[Language | None, language_option] = None,
        help: Annotated[bool, help_option] = False,
    ) -> None:
        show_help(context, context.invoked_subcommand is None)

    @command("train")
    def _train(
        dataset: Annotated[str, argument("option_dataset", metavar="|".join(DATASETS))],
        model: Annotated[
            str | None,
            option("--model", text="option_network", metavar="|".join(NETWORKS), show_default=False),
        ] = None,
        epochs: Annotated[
            int | None, option("--epochs", text="option_epochs", min=1, show_default=False)
        ] = None,
        batch_size: Annotated[
            int | None, option("--batch-size", text="option_batch_size", min=1, show_default=False)
        ] = None,
        learning_rate: Annotated[
            float | None, option("--learning-rate", text="option_learning_rate", min=0, show_default=False)
        ] = None,
        seed: Annotated[int, option("--seed", text="option_seed")] = 0,
        samples: Annotated[
            int | None, option("--samples", text="option_samples", min=10, show_default=False)
        ] = None,
        output: Annotated[
            Path | None, option("--output", text="option_output_folder", show_default=False)
        ] = None,
        chosen: Annotated[Language | None, language_option] = None,
        help: Annotated[bool, help_option] = False,
    ) -> None:
        _perform(
            "train",
            language,
            dataset=dataset,
            network=model,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            seed=seed,
            samples=samples,
            output=output,
        )

    @command("predict")
    def _predict(
        model: Annotated[Path, model_file],
        files: Annotated[list[Path], argument("option_files", metavar="FILE...")],
        output: Annotated[
            Path | None, option("--output", text="option_output_table", show_default=False)
        ] = None,
        invert: Annotated[
            bool | None, option("--invert/--no-invert", text="option_invert", show_default=False)
        ] = None,
        chosen: Annotated[Language | None, language_option] = None,
        help: Annotated[bool, help_option] = False,
    ) -> None:
        _perform("predict", language, model=model, files=files, output=output, invert=invert)

    @command("summary")
    def _summary(
        model: Annotated[Path, model_file],
        expand_nested: Annotated[bool, option("--expand-nested", text="option_expand")] = False,
        picture: Annotated[
            Path | None, option("--picture", text="option_picture", show_default=False)
        ] = None,
        chosen: Annotated[Language | None, language_option] = None,
        help: Annotated[bool, help_option] = False,
    ) -> None:
        _perform("summary", language, model=model, expand_nested=expand_nested, picture=picture)

    @command("doctor")
    def _doctor(
        chosen: Annotated[Language | None, language_option] = None, help: Annotated[bool, help_option] = False
    ) -> None:
        _perform("doctor", language)

    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Args:
        arguments: those after the program's name; the process's own by default.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # old consoles lack some characters
    given = sys.argv[1:] if arguments is None else arguments
    build_app(chosen_language(given))(args=given, prog_name="neurona")


if __name__ == "__main__":
    main()
