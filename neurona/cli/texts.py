"""What the command line says, a table per language. Nothing heavy is imported here."""

from neurona.language import in_language
from neurona.tasks.texts import TABLES as TASKS
from neurona.tasks.texts import Say

_ENGLISH = {
    # help
    "about": "Neurona: neural networks that train fast and can be watched while they learn.",
    "about_train": "Train a network on a classic data set.",
    "about_predict": "Predict images, rows of a table, or texts.",
    "about_summary": "Show the layers of a saved model.",
    "about_graph": "Show the data-flow graph that a program for TensorFlow 1 or Theano builds.",
    "about_zoo": "List the networks of the zoo, show one, or run the experiment that made it famous.",
    "about_doctor": "Check this installation.",
    "about_run": "Run a program or notebook for Keras, TensorFlow or Theano with Neurona.",
    "option_arguments": "What the program finds in sys.argv.",
    "option_outputs": "Write a notebook's outputs beside it, into NAME.outputs.ipynb.",
    "option_program": "A Python file (.py) or a notebook (.ipynb).",
    "option_batch_size": "Examples in a step of training.",
    "option_dataset": "The data set.",
    "option_epochs": "How many times to go through the data.",
    "option_expand": "Also show the layers inside nested models.",
    "option_files": (
        "Images (PNG, JPG...), a table (.csv) or array (.npy) of rows, or texts (.txt, one per line)."
    ),
    "option_graph_action": "What to do with the graph: show.",
    "option_graph_picture": "Also draw the graph into this PNG file.",
    "option_help": "Show this help.",
    "option_invert": (
        "Swap dark and bright in images. By default this is decided by looking at the image's border."
    ),
    "option_language": "Language of messages and reports. By default the system's.",
    "option_learning_rate": "Size of the optimizer's steps.",
    "option_model": "A .keras file.",
    "option_network": "The network. By default the one that suits the data set.",
    "option_output_folder": "Folder for everything that is written.  [default: neurona-output/DATASET]",
    "option_output_table": "A CSV file to write all predictions to.",
    "option_picture": "Also draw the model into this PNG file.",
    "option_rows": "The size that stands for unknown ones, such as the batch, in the cost.",
    "option_samples": "Train on this many examples only, for a quick try.",
    "option_seed": "The same seed gives the same model.",
    "option_zoo_action": "list: all networks; show: one network's card; run: its experiment.",
    "option_zoo_name": "A network, as the list names it.",
    "option_quick": "A short form of the experiment, of some seconds.",
    "option_published": "The paper's own experiment, where it takes a GPU or days.",
    "option_zoo_output": "Folder for the network and its picture.  [default: neurona-output/zoo/NAME]",
    "option_version": "Show the version.",
    # typer's own words
    "Usage:": "Usage:",
    "Options:": "Options:",
    "Arguments:": "Arguments:",
    "Commands:": "Commands:",
    "[required]": "[required]",
    "[default:": "[default:",
    "[OPTIONS]": "[OPTIONS]",
    "COMMAND [ARGS]": "COMMAND [ARGS]",
    # messages
    "graph_action": "neurona graph knows one action, show. Received: {action}",
    "graph_none": "{program} ran no graph.",
    "advice_missing": "not installed: {command}",
    "begin_training": (
        "Training {network} on {dataset}: {rows} examples, {epochs} epochs, batches of {batch}."
    ),
    "best_kept": "The weights of epoch {epoch} are kept: its validation loss, {loss:.4g}, is the lowest.",
    "doctor_caches": "Caches",
    "doctor_cpu": "Processor",
    "doctor_data": "Data folder (NEURONA_DATA)",
    "doctor_data_none": "not set; data sets are downloaded when needed",
    "doctor_datasets": "Data sets on this machine",
    "doctor_devices": "Devices",
    "doctor_fine": "Everything works: a small network was trained in {seconds:.1f} s.",
    "doctor_kernels": "Native kernels",
    "doctor_kernels_missing": (
        "not built: install a C++ compiler (gcc, clang), then neurona again; until then XLA does their work, "
        "slower"
    ),
    "doctor_kernels_off": "switched off by NEURONA_KERNELS=off",
    "doctor_optional": "Optional parts",
    "doctor_threads": "{usable} of {all} threads usable",
    "doctor_versions": "Versions",
    "empty": "empty",
    "error": "Error",
    "evaluated": "On the {rows} test examples:",
    "folder_taken": "{wanted} holds an earlier run's model; this run writes into {folder}.",
    "interrupted_early": "Interrupted before anything was trained; nothing was saved.",
    "interrupted_late": "Interrupted. The model is complete: {path}",
    "interrupting": (
        "Stopping after the step in progress. The model will be saved. Press Ctrl-C again to skip the report."
    ),
    "loading": "Loading {dataset}...",
    "model_saved": "Model saved: {path}",
    "more_rows": "... and {count} more rows; --output FILE.csv writes them all.",
    "no_pictures": "Pictures are left out: {reason}",
    "not_finite": (
        "{file}: the predictions of {model} are not finite numbers: its weights are damaged, or the file's "
        "numbers are far outside of what it was trained on."
    ),
    "not_predicted": "not predicted",
    "nothing_complete": "{file}: no row can be predicted: in each a number is missing or not finite.",
    "picture_written": "Picture written: {path}",
    "predictions_written": "Predictions written: {path}",
    "probability": "probability",
    "value": "Value",
    "written": "Written to {folder}:",
    "zoo_action": "neurona zoo knows the actions list, show and run. Received: {action}.{hint}",
    "zoo_which": "neurona zoo {action} needs the name of a network: {names}",
    "zoo_unknown": "The zoo has no network {name!r}.{hint} It has: {names}",
    "zoo_summary": "How it learns",
    "zoo_paper": "Paper",
    "zoo_cells": "Cells",
    "zoo_class": "Class",
    "zoo_parameters": "Numbers it learns",
    "zoo_experiment": "Experiment",
    "zoo_target": "Target",
    "zoo_unpublished": "{name} has no longer experiment, or --quick asks for a short one: leave out "
    "--published. Networks with a longer one: {names}",
    "zoo_running": "Running the experiment...",
    "zoo_reached": "Reached: {measure} = {figure:.4g}, in {seconds:.1f} s.",
    "zoo_missed": "Not reached: {measure} = {figure:.4g}, in {seconds:.1f} s.",
    "zoo_written": "Results: {folder}",
}
_SPANISH = {
    # help
    "about": "Neurona: redes neuronales que entrenan rápido y se dejan observar mientras aprenden.",
    "about_train": "Entrena una red con datos clásicos.",
    "about_predict": "Predice imágenes, filas de una tabla o textos.",
    "about_summary": "Muestra las capas de un modelo guardado.",
    "about_graph": "Muestra el grafo de flujo de datos que construye un programa de TensorFlow 1 o Theano.",
    "about_zoo": "Muestra las redes del zoológico o la ficha de una, o ejecuta su experimento famoso.",
    "about_doctor": "Revisa esta instalación.",
    "about_run": "Ejecutar con Neurona un programa o cuaderno de Keras, TensorFlow o Theano.",
    "option_arguments": "Lo que el programa encuentra en sys.argv.",
    "option_outputs": "Escribir las salidas de un cuaderno a su lado, en NOMBRE.outputs.ipynb.",
    "option_program": "Un archivo de Python (.py) o un cuaderno (.ipynb).",
    "option_batch_size": "Ejemplos en un paso de entrenamiento.",
    "option_dataset": "El conjunto de datos.",
    "option_epochs": "Cuántas veces recorrer los datos.",
    "option_expand": "Muestra también las capas de los modelos anidados.",
    "option_files": (
        "Imágenes (PNG, JPG...), una tabla (.csv) o arreglo (.npy) de filas, o textos (.txt, uno por línea)."
    ),
    "option_graph_action": "Qué hacer con el grafo: show (mostrar).",
    "option_graph_picture": "Dibuja también el grafo en este archivo PNG.",
    "option_help": "Muestra esta ayuda.",
    "option_invert": (
        "Intercambia claro y oscuro en las imágenes. Si no se indica, se decide mirando el borde de la "
        "imagen."
    ),
    "option_language": "Idioma de mensajes e informes. Si no se indica, el del sistema.",
    "option_learning_rate": "Tamaño de los pasos del optimizador.",
    "option_model": "Un archivo .keras.",
    "option_network": "La red. Si no se indica, la que conviene al conjunto de datos.",
    "option_output_folder": "Carpeta para todo lo que se escribe.  [por defecto: neurona-output/DATASET]",
    "option_output_table": "Un archivo CSV donde escribir todas las predicciones.",
    "option_picture": "Dibuja además el modelo en este archivo PNG.",
    "option_rows": "El tamaño que sustituye a los desconocidos, como el del lote, en el coste.",
    "option_samples": "Entrena solo con esta cantidad de ejemplos, para probar rápido.",
    "option_seed": "La misma semilla da el mismo modelo.",
    "option_zoo_action": "list: todas las redes; show: la ficha de una; run: su experimento.",
    "option_zoo_name": "Una red, con el nombre que le da la lista.",
    "option_quick": "Una forma breve del experimento, de unos segundos.",
    "option_published": "El experimento del propio artículo, cuando pide una GPU o días.",
    "option_zoo_output": "Carpeta para la red y su dibujo.  [por defecto: neurona-output/zoo/NOMBRE]",
    "option_version": "Muestra la versión.",
    # typer's own words
    "Usage:": "Uso:",
    "Options:": "Opciones:",
    "Arguments:": "Argumentos:",
    "Commands:": "Órdenes:",
    "[required]": "[obligatorio]",
    "[default:": "[por defecto:",
    "[OPTIONS]": "[OPCIONES]",
    "COMMAND [ARGS]": "ORDEN [ARGUMENTOS]",
    # messages
    "graph_action": "neurona graph conoce una acción, show. Se recibió: {action}",
    "graph_none": "{program} no ejecutó ningún grafo.",
    "advice_missing": "no está instalado: {command}",
    "begin_training": (
        "Entrenando {network} con {dataset}: {rows} ejemplos, {epochs} épocas, lotes de {batch}."
    ),
    "best_kept": "Quedan los pesos de la época {epoch}: su pérdida de validación, {loss:.4g}, es la menor.",
    "doctor_caches": "Cachés",
    "doctor_cpu": "Procesador",
    "doctor_data": "Carpeta de datos (NEURONA_DATA)",
    "doctor_data_none": "no indicada; los conjuntos de datos se descargan cuando hacen falta",
    "doctor_datasets": "Conjuntos de datos en este equipo",
    "doctor_devices": "Dispositivos",
    "doctor_fine": "Todo funciona: se entrenó una red pequeña en {seconds:.1f} s.",
    "doctor_kernels": "Núcleos nativos",
    "doctor_kernels_missing": (
        "sin compilar: instale un compilador de C++ (gcc, clang) y otra vez neurona; entretanto, XLA, más "
        "lento"
    ),
    "doctor_kernels_off": "desactivados por NEURONA_KERNELS=off",
    "doctor_optional": "Partes opcionales",
    "doctor_threads": "{usable} de {all} hilos utilizables",
    "doctor_versions": "Versiones",
    "empty": "vacía",
    "error": "Error",
    "evaluated": "Con los {rows} ejemplos de prueba:",
    "folder_taken": "{wanted} guarda el modelo de otra ejecución; esta escribe en {folder}.",
    "interrupted_early": "Interrumpido antes de entrenar nada; no se guardó nada.",
    "interrupted_late": "Interrumpido. El modelo está completo: {path}",
    "interrupting": (
        "Se detiene tras el paso en curso. El modelo se guardará. Otra vez Ctrl-C omite el informe."
    ),
    "loading": "Cargando {dataset}...",
    "model_saved": "Modelo guardado: {path}",
    "more_rows": "... y {count} filas más; --output ARCHIVO.csv las escribe todas.",
    "no_pictures": "Sin imágenes: {reason}",
    "not_finite": (
        "{file}: las predicciones de {model} no son números finitos: sus pesos están dañados, o los números "
        "del archivo están muy lejos de aquellos con los que se entrenó."
    ),
    "not_predicted": "sin predicción",
    "nothing_complete": "{file}: no se predice ninguna fila: en cada una falta un número o no es finito.",
    "picture_written": "Imagen escrita: {path}",
    "predictions_written": "Predicciones escritas: {path}",
    "probability": "probabilidad",
    "value": "Valor",
    "written": "Escrito en {folder}:",
    "zoo_action": "neurona zoo conoce las acciones list, show y run. Se recibió: {action}.{hint}",
    "zoo_which": "neurona zoo {action} necesita el nombre de una red: {names}",
    "zoo_unknown": "El zoológico no tiene la red {name!r}.{hint} Tiene: {names}",
    "zoo_summary": "Cómo aprende",
    "zoo_paper": "Artículo",
    "zoo_cells": "Celdas",
    "zoo_class": "Clase",
    "zoo_parameters": "Números que aprende",
    "zoo_experiment": "Experimento",
    "zoo_target": "Meta",
    "zoo_unpublished": "{name} no tiene un experimento más largo, o --quick pide uno breve: quite "
    "--published. Redes con otro más largo: {names}",
    "zoo_running": "Ejecutando el experimento...",
    "zoo_reached": "Alcanzado: {measure} = {figure:.4g}, en {seconds:.1f} s.",
    "zoo_missed": "No alcanzado: {measure} = {figure:.4g}, en {seconds:.1f} s.",
    "zoo_written": "Resultados: {folder}",
}
TABLES: dict[str, Say] = {"en": {**_ENGLISH, **TASKS["en"]}, "es": {**_SPANISH, **TASKS["es"]}}


def texts(language: str) -> Say:
    """The texts of the command line and of tasks in a language.

    Raises:
        ArgumentError: there is no table for the language.
    """
    return in_language(TABLES, language)
