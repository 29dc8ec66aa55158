"""Messages in Spanish: every message of the code has an entry in the catalogue, and comes out whole."""

import os
import pickle
import re
import string
import subprocess
import sys
import threading
import tomllib
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
import neurona.messages
from neurona.callbacks.progress import pace
from neurona.core.errors import ArgumentError, DataError, NeuronaError
from neurona.messages import Catalogue, Template, translated
from tests.messages import Messages

ROOT = Path(nn.__file__).parent
ROOMS = tomllib.loads((Path(neurona.messages.__file__).parent / "es.toml").read_text("utf-8"))
TEXTS = ROOMS.pop("texts")
OTHERS = {**ROOMS["python"], **ROOMS["sklearn"]}  # what Python and scikit-learn say in our errors
ENTRIES = {template: said for room in ROOMS.values() for template, said in room.items()}
SPANISH = Catalogue(ENTRIES, TEXTS)
OWN_EXCEPTIONS = tuple(name for name in vars(nn.errors) if name[0].isupper())


@pytest.fixture(scope="module")
def source():
    return Messages(ROOT, (*OWN_EXCEPTIONS, "refusal"))


@pytest.fixture
def in_spanish():
    nn.config.set_language("es")
    yield
    nn.config.set_language(None)


def fields(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# The catalogue and the code


def test_every_message_has_its_spanish(source):
    missing = [
        (room, text)
        for found, known in ((source.required, ENTRIES), (dict.fromkeys(source.texts, "texts"), TEXTS))
        for text, room in found.items()
        if text not in known and text not in TEXTS
    ]
    lines = [f"{quoted(text)} = {quoted(text)}  # [{room}]" for room, text in sorted(missing)]
    assert not missing, "these lines are missing in neurona/messages/es.toml:\n" + "\n".join(lines)


def test_the_catalogue_holds_only_what_the_code_says(source):
    unused = [key for key in ENTRIES if key not in {*source.required, *source.words, *OTHERS}]
    unused += [key for key in TEXTS if key not in source.texts]
    assert not unused, "delete from neurona/messages/es.toml:\n" + "\n".join(map(quoted, unused))
    assert len(ENTRIES) == sum(map(len, ROOMS.values())), "a template stands in two tables"


def test_the_spanish_of_a_template_has_its_fields():
    for template, said in ENTRIES.items():
        count = len(fields(template))
        assert Counter(map(str, range(count))) == Counter(
            name or str(number) for number, name in enumerate(fields(said))
        ), template
        assert said == said.strip(), said
        assert template == template.strip(), template


def test_a_new_message_is_seen(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "low.py").write_text(
        "class Own(ShapeError): pass\n"
        "KINDS = {1: 'a red one', 2: 'blue'}\n"
        "def hint(n):\n"
        "    if n: return f' Did you mean {n}?'\n"
        "    return ''\n"
        "def check(x, what):\n"
        "    note = 'that is odd' if x else f'and {x} more'\n"
        "    raise Own(f'{x!r} is {KINDS[x]}, ' f'{what} ({note}).' + hint(x))\n"
        "check(1, 'in the first place')\n"
        "warnings.warn(translated('Beware.'), stacklevel=2)\n"
        "log('this is not shown')\n",
        "utf-8",
    )
    found = Messages(tmp_path / "made", ("ShapeError",))
    assert set(found.required) == {
        "{} is {}, {} ({}).{}",
        "a red one",
        "in the first place",
        "that is odd",
        "and {} more",
        "Did you mean {}?",
    }
    assert set(found.words) == {"blue"}
    assert set(found.texts) == {"Beware."}


# Templates


ANY_TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["{}", "{0!r}", "}{", "a\nb", "(.*)[", "\\1", ". ", ": ", " Did you mean 'x'?", "the weights"]
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_fields_fill_the_spanish(data):
    template = data.draw(st.sampled_from(sorted(ENTRIES)))
    given_fields = data.draw(st.lists(ANY_TEXT, min_size=(count := len(fields(template))), max_size=count))
    message = template.format(*given_fields)
    found = Template(template).fields_of(message)
    assert found is not None
    assert template.format(*found) == message
    assert isinstance(SPANISH.translate(message), str)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", " ", ".", "{}"]), max_size=8), st.text("ab .", max_size=12))
def test_a_template_matches_exactly_what_a_pattern_of_wildcards_matches(parts, message):
    pattern = "".join("(?s:.*)" if part == "{}" else re.escape(part) for part in parts)
    found = Template("".join(parts)).fields_of(message)
    assert (found is not None) == bool(re.fullmatch(pattern, message))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_a_text_of_the_users_does_not_fail(text):
    assert isinstance(SPANISH.translate(text), str)


def test_a_message_takes_the_template_that_says_most():
    catalogue = Catalogue({"{}: {}": "{1} ({0})", "{}: no {} here": "{0}: aquí no hay {1}", "rows": "filas"})
    assert catalogue.translate("x: no rows here") == "x: aquí no hay filas"
    assert catalogue.translate("x: y") == "y (x)"


def test_sentences_are_translated_one_by_one():
    catalogue = Catalogue({"It is {}!": "¡Es {}!", "Use {}. Or not.": "Use {}. O no."})
    assert (
        catalogue.translate("It is red! Nobody knows. Use a. Or not.")
        == "¡Es red! Nobody knows. Use a. O no."
    )


@pytest.mark.parametrize("field", ["{}", "{x}", "a\nb", "(.*)", "[a-z]+\\d", "%s", "é ñ 数", ""])
def test_a_field_comes_out_as_it_went_in(in_spanish, field):
    error = ArgumentError(f"floatx is one of a, b. Received: {field}")
    assert str(error) == f"floatx es uno de a, b. Se recibió: {field}"


def test_a_very_long_message_is_not_searched_for_sentences(in_spanish):
    error = DataError("{ x. " * 10_000)
    assert str(error) == "{ x. " * 10_000


# Errors, warnings, lines


def dense():
    return nn.Sequential([nn.Input((4,)), nn.layers.Dense(3, name="d")], name="m")


def compiled(loss):
    model = dense()
    model.compile("sgd", loss)
    return model


X, Y = np.ones((6, 4), "float32"), np.zeros((6, 3), "float32")
MISTAKES = [
    (lambda: nn.layers.Dense(), "Dense: falta el argumento obligatorio: 'units'."),
    (
        lambda: nn.layers.Dense(0),
        "Dense: units debe ser un entero >= 1. Se recibió: units=0",
    ),
    (
        lambda: nn.layers.Dense(unit=3),
        "Dense no tiene el argumento 'unit'. ¿Quiso decir 'units'? Recibe: units, ",
    ),
    (
        lambda: nn.layers.Dense(3, activation="rleu"),
        "neurona.activations no tiene 'rleu'. ¿Quiso decir 'relu'",
    ),
    (
        lambda: dense()(np.ones((2, 5))),
        "El modelo 'm' espera la entrada 'input_layer' de forma (None, 4) (None es cualquier tamaño, el "
        "primero es el lote). Se recibió un arreglo de forma (2, 5).",
    ),
    (lambda: dense().fit(X, Y), "Llame a compile(optimizer=..., loss=...) antes de fit()."),
    (
        lambda: compiled("sparse_categorical_crossentropy").fit(X, np.arange(6), verbose=0),
        "sparse_categorical_crossentropy: etiqueta 3 en la fila 3: no es una de las 3 clases 0..2 para las "
        "que la última capa tiene unidades. La última capa necesita al menos 6 unidades",
    ),
    (
        lambda: compiled("mse").fit(X, Y[:4], verbose=0),
        "x, y y sample_weight necesitan el mismo número de filas.",
    ),
    (lambda: compiled("mean_squared_eror"), "¿Quiso decir 'mean_squared_error'"),
    (lambda: dense().get_layer("e"), "El modelo 'm' no tiene la capa 'e'."),
    (lambda: nn.saving.load_model("nothing.keras"), "No existe el archivo 'nothing.keras'."),
    (
        lambda: nn.Sequntial,
        "el módulo 'neurona' no tiene el atributo 'Sequntial'. ¿Quiso decir 'Sequential'",
    ),
    (
        lambda: nn.config.set_language("fr"),
        "Se esperaba que language fuera uno de 'en', 'es'. Se recibió: 'fr'.",
    ),
]


@pytest.mark.parametrize(("mistake", "said"), MISTAKES)
def test_a_students_mistake_is_told_in_spanish(in_spanish, mistake, said):
    with pytest.raises((NeuronaError, AttributeError)) as caught:
        mistake()
    assert said in re.sub(r"input_layer_\d+", "input_layer", str(caught.value))


def test_an_error_keeps_its_english_and_survives_pickling(in_spanish):
    error = pickle.loads(pickle.dumps(ArgumentError("A seed is an integer >= 0 or None. Received: -1")))
    assert error.args == ("A seed is an integer >= 0 or None. Received: -1",)
    assert str(error) == "Una semilla es un entero >= 0 o None. Se recibió: -1"
    nn.config.set_language("en")
    assert str(error) == error.args[0]


def test_a_thread_speaks_the_language_of_the_process(in_spanish):
    said = []
    thread = threading.Thread(target=lambda: said.append(str(NeuronaError("There is no file 'a'."))))
    thread.start()
    thread.join()
    assert said == ["No existe el archivo 'a'."]


def test_a_note_and_a_warning_are_in_spanish(in_spanish):
    class Odd(nn.layers.Layer):
        def call(self, inputs):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        Odd(name="o")(X)
    assert caught.value.__notes__ == ["En la capa 'o' (Odd), llamada con float32[6, 4]."]
    with pytest.warns(UserWarning, match="softmax sobre un eje de tamaño 1"):
        nn.activations.softmax(np.ones((2, 1)))


def test_the_lines_of_training_and_the_summary_are_in_spanish(in_spanish, capsys):
    model = compiled("mse")
    stop = nn.callbacks.EarlyStopping("loss", patience=1, min_delta=1e9, verbose=1, restore_best_weights=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(X, Y, epochs=5, verbose=2, callbacks=[stop])
    model.summary()
    shown = capsys.readouterr().out
    assert "Época 1/5 - 1/1 - " in shown
    assert "s/paso - loss: " in shown
    assert "El entrenamiento terminó antes, tras la época 2: lo mejor de loss fue en la época 1." in shown
    assert "El modelo tiene otra vez los pesos de la época 1, la mejor." in shown
    assert 'Modelo: "m"' in shown
    assert "Capa (tipo)" in shown
    assert "Parámetros no entrenables: 0" in shown
    assert list(history.history) == ["loss"]  # names are data
    assert pace(2.0) == "2s/paso"


def test_pictures_and_reports_follow_the_language(in_spanish):
    figure = nn.plotting.plot_history({"loss": [2.0, 1.0]})
    assert figure.get_suptitle() == "Historia del entrenamiento"
    assert "Pérdida" in {axes.get_title() for axes in figure.axes}
    page = nn.evaluation.report_html(nn.evaluation.Report("a", "b", [], [], "1", "2"))
    assert '<html lang="es">' in page
    assert "Hecho con Neurona 1" in page


# The choice of the language


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"NEURONA_LANG": "es", "LC_ALL": "C"}, "es"),
        ({"NEURONA_LANG": "en", "LANG": "es_AR.UTF-8"}, "en"),
        ({"LANG": "es_AR.UTF-8"}, "es"),
        ({"LC_ALL": "es"}, "es"),
        ({"LC_MESSAGES": "es_ES", "LANG": "en_US"}, "es"),
        ({"LC_ALL": "C"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_environment_names_the_language(monkeypatch, variables, language):
    for name in ("NEURONA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert nn.config.language() == language
    assert translated("There is no file 'a'.").startswith("No existe" if language == "es" else "There")
    nn.config.set_language("en")
    assert nn.config.language() == "en"
    nn.config.set_language(None)
    assert nn.config.language() == language


def test_a_traceback_speaks_spanish_and_english_users_load_no_catalogue():
    code = (
        "import sys, neurona as nn\n"
        "try: nn.losses.get('mea')\n"
        "except Exception as error: str(error)\n"
        "from neurona.messages import catalogue\n"
        "assert not catalogue._spanish.cache_info().currsize\n"
        "nn.config.set_language('es')\n"
        "nn.losses.get('mea')\n"
    )
    environment = {**os.environ, "NEURONA_LANG": "en"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert "neurona.losses no tiene 'mea'. ¿Quiso decir 'mse' o 'mae'? " in run.stderr


def test_the_catalogue_is_part_of_the_package():
    settings_of_build = tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))
    assert "messages/*.toml" in settings_of_build["tool"]["setuptools"]["package-data"]["neurona"]
