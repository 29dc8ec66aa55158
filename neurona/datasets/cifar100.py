"""CIFAR-100: 60,000 colour pictures of 100 classes in 20 groups, 32x32 pixels.

Krizhevsky (2009), "Learning multiple layers of features from tiny images". Read from the official binary
archive, with the MD5 that https://www.cs.toronto.edu/~kriz/cifar.html publishes. The page states no licence
and asks to cite the report.
"""

from typing import Any

from neurona.datasets._cifar import ordered, read_archive
from neurona.datasets._common import Split, choose_subset, image_frame, in_language
from neurona.datasets.download import PublicFile, fetch
from neurona.preprocessing.arguments import check_choice

_FILE = PublicFile(
    "cifar-100-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    "md5:03b5dce01913d631647c71ecec9e9cb8",
)
# English = Spanish, in the order of the labels.
_FINE = """
apple=manzana, aquarium_fish=pez de acuario, baby=bebé, bear=oso, beaver=castor, bed=cama, bee=abeja,
beetle=escarabajo, bicycle=bicicleta, bottle=botella, bowl=cuenco, boy=niño, bridge=puente, bus=autobús,
butterfly=mariposa, camel=camello, can=lata, castle=castillo, caterpillar=oruga, cattle=ganado, chair=silla,
chimpanzee=chimpancé, clock=reloj, cloud=nube, cockroach=cucaracha, couch=sofá, crab=cangrejo,
crocodile=cocodrilo, cup=taza, dinosaur=dinosaurio, dolphin=delfín, elephant=elefante, flatfish=pez plano,
forest=bosque, fox=zorro, girl=niña, hamster=hámster, house=casa, kangaroo=canguro, keyboard=teclado,
lamp=lámpara, lawn_mower=cortacésped, leopard=leopardo, lion=león, lizard=lagartija, lobster=langosta,
man=hombre, maple_tree=arce, motorcycle=motocicleta, mountain=montaña, mouse=ratón, mushroom=seta,
oak_tree=roble, orange=naranja, orchid=orquídea, otter=nutria, palm_tree=palmera, pear=pera,
pickup_truck=camioneta, pine_tree=pino, plain=llanura, plate=plato, poppy=amapola, porcupine=puercoespín,
possum=zarigüeya, rabbit=conejo, raccoon=mapache, ray=raya, road=carretera, rocket=cohete, rose=rosa, sea=mar,
seal=foca, shark=tiburón, shrew=musaraña, skunk=mofeta, skyscraper=rascacielos, snail=caracol,
snake=serpiente, spider=araña, squirrel=ardilla, streetcar=tranvía, sunflower=girasol, sweet_pepper=pimiento,
table=mesa, tank=tanque, telephone=teléfono, television=televisor, tiger=tigre, tractor=tractor, train=tren,
trout=trucha, tulip=tulipán, turtle=tortuga, wardrobe=armario, whale=ballena, willow_tree=sauce, wolf=lobo,
woman=mujer, worm=gusano
"""
_COARSE = """
aquatic_mammals=mamíferos acuáticos, fish=peces, flowers=flores, food_containers=recipientes de comida,
fruit_and_vegetables=frutas y verduras, household_electrical_devices=aparatos eléctricos del hogar,
household_furniture=muebles, insects=insectos, large_carnivores=grandes carnívoros,
large_man-made_outdoor_things=grandes construcciones, large_natural_outdoor_scenes=grandes paisajes,
large_omnivores_and_herbivores=grandes omnívoros y herbívoros, medium_mammals=mamíferos medianos,
non-insect_invertebrates=invertebrados no insectos, people=personas, reptiles=reptiles,
small_mammals=mamíferos pequeños, trees=árboles, vehicles_1=vehículos 1, vehicles_2=vehículos 2
"""


def load_data(label_mode: str = "fine") -> Split:
    """`(x_train, y_train), (x_test, y_test)` in the original order, from `cifar-100-binary.tar.gz`.

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups.

    Shapes: x (50000 and 10000, 32, 32, 3) uint8 in 0..255, channels first where `image_data_format()` says
    so; y (n, 1) uint8.

    Raises:
        ArgumentError: the label_mode is unknown.
        DownloadError: the archive is not on this machine and can't be downloaded.
        DataError: it is damaged.
    """
    (x_train, y_train), (x_test, y_test) = _read(label_mode)
    return (ordered(x_train), y_train), (ordered(x_test), y_test)


def _read(label_mode: str) -> Split:
    """The images with their channels last."""
    check_choice("cifar100.load_data", "label_mode", label_mode, ("fine", "coarse"))
    column = slice(1, 2) if label_mode == "fine" else slice(0, 1)
    train, test = read_archive(fetch(_FILE), [["train.bin"], ["test.bin"]], label_bytes=2)
    return (train[0], train[1][:, column].copy()), (test[0], test[1][:, column].copy())


def as_frame(subset: str = "train", *, label_mode: str = "fine", language: str = "en") -> Any:
    """The `"train"`, `"test"` or `"all"` images as a pandas frame: the label and 3072 values (row, column,
    channel).
    """
    return image_frame(*choose_subset(_read(label_mode), subset), language)


def class_names(language: str = "en", label_mode: str = "fine") -> list[str]:
    """The 100 classes or the 20 groups, in the order of the labels.

    Example:

        >>> class_names()[:3], class_names("es", "coarse")[:2]
        (['apple', 'aquarium_fish', 'baby'], ['mamíferos acuáticos', 'peces'])
    """
    check_choice("cifar100.class_names", "label_mode", label_mode, ("fine", "coarse"))
    pairs = [pair.strip().split("=") for pair in (_FINE if label_mode == "fine" else _COARSE).split(",")]
    side = in_language({"en": 0, "es": 1}, language)
    return [pair[side] for pair in pairs]
