"""Tasks from what people have: a folder of images or of texts, one folder in it for each class; a table whose
columns are pixels.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import neurona as nn
from neurona.errors import ArgumentError, DataError, suggestion
from neurona.evaluation import k_folds
from neurona.preprocessing.files import read_text
from neurona.preprocessing.image import EXTENSIONS, open_picture
from neurona.tabular import read_table
from neurona.tasks.inputs import on_white
from neurona.tasks.labels import Labels
from neurona.tasks.task import VOCABULARY, Part, Task, Words, numbers_of
from neurona.tasks.texts import Say, texts

_TEXTS = (".txt",)
_PARTS = {
    "train": ("train", "training", "entrenamiento"),
    "validation": ("validation", "valid", "val", "validacion", "validación"),
    "test": ("test", "testing", "prueba"),
}
_TEST_FOLDS, _VALIDATION_FOLDS = 5, 8  # a fifth of all is for the test, an eighth of the rest to watch
_FEWEST = 3  # examples of a class: one for each part
_LONGEST_SIDE = 64  # pixels, unless another size is asked for
_LOOKED_AT = 200  # images whose sizes tell what is usual
_WORDS = (20, 500)  # the shortest and the longest text that is seen whole
_LEAST_COMMON = 2  # how often a word comes that has a number of its own
_SHOWN = 3  # names of files in a note

_File = tuple[Path, int]  # and the number of its class


def size_of(text: str) -> tuple[int, int]:
    """(height, width) of "28x28".

    Raises:
        ArgumentError: it is none.

    Example:

        >>> size_of("28x32")
        (28, 32)
    """
    sides = text.lower().replace("×", "x").split("x")
    if len(sides) != 2 or not all(side.isdecimal() and int(side) for side in sides):
        raise ArgumentError(f"--images is a height and a width in pixels, such as 28x28. Received: {text!r}")
    return int(sides[0]), int(sides[1])


def load_folder(
    folder: Path, language: str, samples: int | None, size: tuple[int, int] | None, seed: int
) -> Task:
    """The task of a folder in which each folder is a class and holds images, or texts in .txt files.

    Where there are folders `train` and `test` (and `validation`) they are the parts; else a fifth of the
    files is kept for the test and an eighth of the others to watch the training, with each class's share;
    equal files are then in one part. How many files of a given test equal others is told.

    Args:
        folder: the folder.
        language: of messages, "en" or "es".
        samples: use at most this many files to learn from, and as many for the test; None for all.
        size: (height, width) to which images are resized; None to tell it from them.
        seed: of the split.

    Raises:
        DataError: there are no two classes, or a class has fewer than three files.
        NotADirectoryError: this is no folder.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for label in ("bad", "good"):
        ...         Path(folder, label).mkdir()
        ...         for number in range(10):
        ...             _ = Path(folder, label, f"{number}.txt").write_text(f"a {label} film, {number}")
        ...     task = load_folder(Path(folder), "en", None, None, seed=0)
        >>> task.labels.classes, [len(x) for x, _ in (task.train, task.validation, task.test)]
        (['bad', 'good'], [14, 2, 4])
    """
    say = texts(language)
    parts = {name: _named(folder, spellings) for name, spellings in _PARTS.items()}
    notes: list[str] = []
    train_folder = parts["train"]
    files, classes, of_images = _files(train_folder or folder, say, notes)
    given = {name: _others(parts[name], classes, of_images) if train_folder else [] for name in parts}
    split = _split(files, given, classes, say, seed, notes)
    if samples:
        split = {name: [of[row] for row in _some(len(of), samples, seed)] for name, of in split.items()}
    labels = Labels("image" if of_images else "text", classes, dark_background=False)
    words = None
    if of_images:
        read = _images(split, size or _usual_size([path for path, _ in files]), say, notes)
    else:
        read, words = _texts(split)
    empty = next((name for name, (x, _) in read.items() if not len(x)), None)
    if empty is not None:
        raise DataError(say["folder_part_empty"].format(folder=folder, part=empty))
    notes.append(_most_frequent(read["test"][1], classes, say))
    name = folder.resolve().name
    return Task(name, labels, read["train"], read["validation"], read["test"], words, str(folder), notes)


def load_pixels(
    path: Path, target: str, language: str, samples: int | None, size: tuple[int, int], seed: int
) -> Task:
    """The task of a table whose rows are images: a column of classes, and one column for each pixel.

    Args:
        path: the file.
        target: the column of classes.
        size: (height, width) of the images; where the columns are three times as many, each pixel has red,
            green and blue.
        language, samples, seed: as in `load_folder`.

    Raises:
        ArgumentError: there is no such column.
        DataError: the other columns are no pixels.
    """
    say = texts(language)
    names, columns, x = _pixel_rows(path, target, size, say)
    classes = sorted(set(names), key=lambda name: (len(name), name) if name.isdecimal() else (0, name))
    y = np.array([classes.index(name) for name in names])
    brightest = 255 if x.max() > 127 else int(np.ceil(x.max())) or 1
    _check_classes(Counter(names), classes, say)
    rows = _folds(y, [row.tobytes() for row in x], seed)
    rows = {name: of[_some(len(of), samples, seed)] for name, of in rows.items()}
    read = {name: (x[of], y[of]) for name, of in rows.items()}
    border = np.concatenate([x[:, 0], x[:, -1]], axis=1)
    labels = Labels("image", classes, columns, target, brightest, bool(np.median(border) < brightest / 2))
    notes = [_most_frequent(read["test"][1], classes, say)]
    return Task(path.stem, labels, read["train"], read["validation"], read["test"], None, str(path), notes)


def _pixel_rows(
    path: Path, target: str, size: tuple[int, int], say: Say
) -> tuple[list[str], list[str], np.ndarray]:
    """The class of each row of a table, the names of its other columns, and their pixels.

    Shapes: -> pixels (rows, height, width, 1 or 3).

    Raises:
        ArgumentError: there is no such column.
        DataError: the other columns are no pixels.
    """
    frame = read_table(path).frame
    if target not in frame:
        hint = suggestion(target, [str(name) for name in frame])
        raise ArgumentError(say["pixels_target"].format(file=path, target=target, hint=hint))
    frame = frame[frame[target].notna()]
    columns = [str(name) for name in frame if name != target]
    channels, left = divmod(len(columns), size[0] * size[1])
    if left or channels not in (1, 3):
        shape = f"{size[0]} x {size[1]}"
        raise DataError(say["pixels_columns"].format(file=path, columns=len(columns), shape=shape))
    try:
        x = frame[columns].to_numpy().astype("float32")
    except ValueError as error:
        raise DataError(say["pixels_numbers"].format(file=path, error=error)) from error
    if not np.isfinite(x).all() or x.min() < 0 or x.max() > 255:
        raise DataError(say["pixels_range"].format(file=path))
    return frame[target].astype(str).tolist(), columns, x.reshape(-1, *size, channels)


def _named(folder: Path, spellings: Sequence[str]) -> Path | None:
    """The folder in a folder that has one of some names."""
    return next((one for one in _folders(folder) if one.name.lower() in spellings), None)


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, without hidden ones and those of archives."""
    return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith((".", "__")))


def _files(folder: Path, say: Say, notes: list[str]) -> tuple[list[_File], list[str], bool]:
    """The files of all classes, the classes' names, and whether the files are images.

    Raises:
        DataError: there are no two classes.
    """
    found = {one.name: _below(one) for one in _folders(folder)}
    kinds = Counter(_is_image(path) for of in found.values() for path in of)
    of_images = kinds[True] >= kinds[False]
    if len(kinds) == 2:
        notes.append(say["folder_mixed"].format(count=min(kinds.values())))
    files = {name: [path for path in of if _is_image(path) == of_images] for name, of in found.items()}
    classes = [name for name in files if files[name]]
    if len(classes) < 2:
        found_here = ", ".join(classes) or "–"
        raise DataError(say["folder_classes"].format(folder=folder, found=found_here, loose=_loose(folder)))
    return [(path, number) for number, name in enumerate(classes) for path in files[name]], classes, of_images


def _loose(folder: Path) -> int:
    """How many images and texts lie in a folder itself."""
    return len([path for path in folder.iterdir() if path.suffix.lower() in (*EXTENSIONS, *_TEXTS)])


def _below(folder: Path) -> list[Path]:
    """Images and texts in a folder and in those below, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in (*EXTENSIONS, *_TEXTS) and path.is_file() and not path.name.startswith(".")
    )


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS


def _others(folder: Path | None, classes: list[str], of_images: bool) -> list[_File]:
    """The files of a part, by the classes of those to learn from."""
    if folder is None:
        return []
    return [
        (path, number)
        for number, name in enumerate(classes)
        for path in _below(folder / name)
        if _is_image(path) == of_images
    ]


def _some(count: int, samples: int | None, seed: int) -> np.ndarray:
    """So many of the places of rows, drawn at random, in their order; all where samples is None."""
    if samples is None:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:samples])


def _contents(files: list[_File]) -> list[bytes]:
    return [hashlib.sha256(path.read_bytes()).digest() for path, _ in files]


def _split(
    files: list[_File],
    given: dict[str, list[_File]],
    classes: list[str],
    say: Say,
    seed: int,
    notes: list[str],
) -> dict[str, list[_File]]:
    """The files of each part: those of the folder's own parts, else folds of all."""
    _check_classes(Counter(classes[number] for _, number in files), classes, say)
    content = _contents(files)
    own = given["test"] or given["validation"]  # what nothing learns from
    watched = given["validation"] if given["test"] else []
    known_content = set(content)
    if known := len([one for one in _contents(own) if one in known_content]):
        notes.append(say["folder_known"].format(count=known))
    rows = _folds([number for _, number in files], content, seed, not own, not watched)
    found = {name: [files[row] for row in of] for name, of in rows.items()}
    return {**found, "test": own or found["test"], "validation": watched or found["validation"]}


def _check_classes(counts: Counter[str], classes: list[str], say: Say) -> None:
    """Compare the classes' examples with the fewest that three parts take.

    Raises:
        DataError: a class has fewer, or there is one class only.
    """
    if len(classes) < 2:
        raise DataError(say["one_class"].format(name=classes[0] if classes else 0))
    name, count = min(counts.items(), key=lambda pair: pair[1])
    if count < _FEWEST:
        raise DataError(say["class_too_small"].format(name=name, count=count, fewest=_FEWEST))


def _folds(
    y: Sequence[int] | np.ndarray, content: list[bytes], seed: int, test: bool = True, validation: bool = True
) -> dict[str, np.ndarray]:
    """The rows of each part, with each class's share; rows of equal content are in one part.

    Args:
        y: numbers of classes.
        content: of each row.
        seed: of the split.
        test, validation: whether there is such a part; else it has no rows.
    """
    y, groups = np.asarray(y), np.unique(content, return_inverse=True)[1]
    together = groups if len(np.unique(groups)) < len(groups) else None
    parts = {"train": np.arange(len(y)), "validation": np.zeros(0, int), "test": np.zeros(0, int)}
    wanted = {"test": _TEST_FOLDS if test else 0, "validation": _VALIDATION_FOLDS if validation else 0}
    for name, folds in wanted.items():
        rows = parts["train"]
        if folds:
            most = max(2, min(folds, int(np.bincount(y[rows]).min())))
            of = None if together is None else together[rows]
            rest, part = k_folds(len(rows), most, y[rows], of, seed)[0]
            parts |= {"train": rows[rest], name: rows[part]}
    return parts


def _usual_size(paths: list[Path]) -> tuple[int, int]:
    """(height, width) of images: their own where it is one and small, else the median's shape, shrunk."""
    step = -(-len(paths) // _LOOKED_AT)
    sizes = []
    for path in paths[::step]:
        try:
            picture = open_picture(path)
        except DataError:
            continue  # it is told when all are read
        sizes.append((picture.height, picture.width))
    if not sizes:
        return _LONGEST_SIDE, _LONGEST_SIDE
    height, width = np.median(sizes, axis=0)
    shrunk = max(height, width) / _LONGEST_SIDE
    if shrunk <= 1:
        return int(height), int(width)
    return max(8, round(height / shrunk / 8) * 8), max(8, round(width / shrunk / 8) * 8)


def _images(
    split: dict[str, list[_File]], size: tuple[int, int], say: Say, notes: list[str]
) -> dict[str, Part]:
    """The images of all parts; of one channel where all are grey."""
    read = {name: _pictures(of, size, say, notes) for name, of in split.items()}
    notes.append(say["folder_size"].format(height=size[0], width=size[1]))
    if all((x == x[..., :1]).all() for x, _ in read.values()):
        return {name: (x[..., :1], y) for name, (x, y) in read.items()}
    return read


def _pictures(files: list[_File], size: tuple[int, int], say: Say, notes: list[str]) -> Part:
    """Images as red, green and blue bytes, and their classes; those that can't be read are left out, and
    told.
    """
    x, y = np.zeros((len(files), *size, 3), np.uint8), []
    damaged: list[str] = []
    for path, number in files:
        try:
            picture = nn.utils.load_img(path, color_mode="rgba", target_size=size, interpolation="bilinear")
        except DataError:
            damaged.append(path.name)
            continue
        x[len(y)] = np.round(on_white(picture))
        y.append(number)
    if damaged:
        names = ", ".join(damaged[:_SHOWN]) + ("..." if len(damaged) > _SHOWN else "")
        notes.append(say["folder_damaged"].format(count=len(damaged), names=names))
    return x[: len(y)], np.array(y, int)


def _texts(split: dict[str, list[_File]]) -> tuple[dict[str, Part], Words]:
    """Texts as numbers of their words, which are those of the texts to learn from."""
    read = {name: [read_text(path) for path, _ in of] for name, of in split.items()}
    counts = Counter(
        word for text in read["train"] for word in nn.preprocessing.text.text_to_word_sequence(text)
    )
    usual = [word for word, count in counts.most_common(VOCABULARY - 3) if count >= _LEAST_COMMON]
    words = {word: number for number, word in enumerate(usual, 3)}
    numbers = {name: [numbers_of(text, words) for text in of] for name, of in read.items()}
    length = int(np.clip(np.percentile([len(of) for of in numbers["train"]], 95), *_WORDS))
    parts = {
        name: (nn.preprocessing.pad_sequences(of, maxlen=length), np.array([n for _, n in split[name]], int))
        for name, of in numbers.items()
    }
    return parts, words


def _most_frequent(y: np.ndarray, classes: list[str], say: Say) -> str:
    """A sentence: what share of the test is right for who always says the most frequent class."""
    counts = np.bincount(y, minlength=len(classes))
    return say["majority"].format(name=classes[int(counts.argmax())], share=counts.max() / counts.sum())
