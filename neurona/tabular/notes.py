"""What is told about a table, in English and in Spanish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from neurona.language import in_language, in_spanish

_SENTENCES = {
    "en": {
        "renamed": "Column {place}, {given!r}, is called {name!r}.",
        "no_header": "The first row holds numbers ({cells}), so the columns have no names.",
        "short_rows": "{rows} rows have fewer cells than there are columns, the first of them row {row}; "
        "what is missing counts as empty.",
        "boolean": "two values that say yes and no",
        "number": "all cells are numbers",
        "number_written": "all cells are numbers; {example!r} is read as {number}",
        "number_but": "{cells} cells that are no numbers, such as {example!r}, count as empty",
        "number_ambiguous": "all cells are numbers; {example} is read as {number}, since no cell says "
        "whether {mark!r} is the decimal mark or stands between thousands",
        "date": "all cells are dates, in the order {order}",
        "date_ambiguous": "all cells are dates; no cell says whether the day or the month comes first: "
        "{example} is read as {date}",
        "row_numbers": "it counts the rows",
        "identifier": "it is another one in nearly every row, and has no meaning by itself",
        "text": "sentences: {words:.0f} words on average",
        "category": "{distinct} texts",
        "category_codes": "codes, such as {example!r}: as numbers they would lose their zeros",
        "mixed": "{share:.0%} of the cells are numbers, and others, such as {example!r}, are not",
        "constant": "all rows hold {value!r}",
        "empty": "all cells are empty",
        "target_asked": "as asked for",
        "target_texts": "{classes} classes",
        "target_few": "{classes} whole numbers, which are taken for classes",
        "target_numbers": "numbers",
        "no_target": "{rows} rows are left out: their target is empty.",
        "interrupted": "Training was interrupted: only the models that were done are compared.",
        "telling": "{column!r} alone tells {share:.0%} of the target. Make sure that it is known when the "
        "target "
        "is to be predicted; else leave it out.",
        "repeated": "{share:.0%} of the rows repeat others. They are kept together, so that none is learned "
        "and tested.",
        "few_different": "{share:.0%} of the rows repeat others in all columns: their targets tell how much "
        "can "
        "be known at all.",
        "not_understood": "{cells} cells of {column!r}, such as {example!r}, are not what the model learned "
        "there: "
        "they count as empty.",
        "weighted": "{column!r} says how much each row counts when the models learn; {rows} rows of weight "
        "0 are "
        "left out. The figures count each row once.",
        "diverged": "A model is left out, since its predictions were not finite: {model}.",
        "unusable": "{model} is installed, but can't be imported, so it was not tried: {error}.",
        "new_class": "{rows} rows of {column!r} hold what the model never saw there, such as {example!r}. "
        "It can "
        "only be wrong about them, and they are left out of the figures.",
        "learned_rows": "{rows} of the {of} rows are among those that the model learned from: figures of "
        "them say "
        "little about new rows.",
        "drifted": "Columns that are not what they were when the model learned: {names} (up to a distance "
        "of {distance:.2f}).",
        "few_rows": "Only {rows} rows: the intervals are wide.",
        "rare": "Only {rows} rows are {label!r}: figures of this class say little.",
        "imbalanced": "{share:.1%} of the rows are {label!r}: look at its recall, not only at the accuracy.",
    },
    "es": {
        "renamed": "La columna {place}, {given!r}, se llama {name!r}.",
        "no_header": "La primera fila contiene números ({cells}), así que las columnas no tienen nombre.",
        "short_rows": "{rows} filas tienen menos celdas que columnas hay, la primera de ellas la fila {row}; "
        "lo que falta cuenta como vacío.",
        "boolean": "dos valores que dicen sí y no",
        "number": "todas las celdas son números",
        "number_written": "todas las celdas son números; {example!r} se lee como {number}",
        "number_but": "{cells} celdas que no son números, como {example!r}, cuentan como vacías",
        "number_ambiguous": "todas las celdas son números; {example} se lee como {number}, porque ninguna "
        "celda dice si {mark!r} es el signo decimal o separa los miles",
        "date": "todas las celdas son fechas, en el orden {order}",
        "date_ambiguous": "todas las celdas son fechas; ninguna dice si va primero el día o el mes: "
        "{example} se lee como {date}",
        "row_numbers": "cuenta las filas",
        "identifier": "es otro en casi cada fila, y no significa nada por sí mismo",
        "text": "frases: {words:.0f} palabras de media",
        "category": "{distinct} textos",
        "category_codes": "códigos, como {example!r}: como números perderían sus ceros",
        "mixed": "{share:.0%} de las celdas son números, y otras, como {example!r}, no",
        "constant": "todas las filas contienen {value!r}",
        "empty": "todas las celdas están vacías",
        "target_asked": "como se pidió",
        "target_texts": "{classes} clases",
        "target_few": "{classes} números enteros, que se toman por clases",
        "target_numbers": "números",
        "no_target": "{rows} filas se dejan fuera: su objetivo está vacío.",
        "interrupted": "El entrenamiento se interrumpió: solo se comparan los modelos terminados.",
        "telling": "{column!r} dice por sí sola el {share:.0%} del objetivo. Compruebe que se conoce cuando "
        "haya "
        "que predecirlo; si no, déjela fuera.",
        "repeated": "El {share:.0%} de las filas repiten otras. Se mantienen juntas, para que ninguna se "
        "aprenda "
        "y se examine a la vez.",
        "few_different": "El {share:.0%} de las filas repiten otras en todas las columnas: sus objetivos "
        "dicen "
        "cuánto se puede saber en total.",
        "not_understood": "{cells} celdas de {column!r}, como {example!r}, no son lo que el modelo aprendió "
        "ahí: "
        "cuentan como vacías.",
        "weighted": "{column!r} dice cuánto cuenta cada fila cuando aprenden los modelos; {rows} filas de "
        "peso 0 se "
        "dejan fuera. Las cifras cuentan cada fila una vez.",
        "diverged": "Un modelo se deja fuera, porque sus predicciones no eran finitas: {model}.",
        "unusable": "{model} está instalado, pero no se puede importar, así que no se probó: {error}.",
        "new_class": "{rows} filas de {column!r} contienen lo que el modelo nunca vio ahí, como "
        "{example!r}. Con ellas "
        "solo puede equivocarse, y se dejan fuera de las cifras.",
        "learned_rows": "{rows} de las {of} filas están entre aquellas de las que el modelo aprendió: sus "
        "cifras dicen "
        "poco de filas nuevas.",
        "drifted": "Columnas que no son lo que eran cuando el modelo aprendió: {names} (hasta una distancia "
        "de {distance:.2f}).",
        "few_rows": "Solo {rows} filas: los intervalos son anchos.",
        "rare": "Solo {rows} filas son {label!r}: las cifras de esta clase dicen poco.",
        "imbalanced": "El {share:.1%} de las filas son {label!r}: mire su exhaustividad, no solo la "
        "exactitud.",
    },
}

_TABLES = {"en": _SENTENCES["en"], "es": in_spanish(_SENTENCES["es"])}


@dataclass(frozen=True)
class Note:
    """Something to be told.

    Attributes:
        key: which sentence.
        fields: what it is about.
    """

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def say(self, language: str | None = None) -> str:
        """The sentence, in `"en"`, `"es"` or the user's language.

        Example:

            >>> Note("constant", {"value": "x"}).say("es")
            "todas las filas contienen 'x'"
        """
        return in_language(_TABLES, language)[self.key].format(**self.fields)
