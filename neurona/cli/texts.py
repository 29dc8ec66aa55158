"""What the command line says, a table per language. Nothing heavy is imported here."""

from neurona.language import in_language, in_spanish
from neurona.tasks.texts import TABLES as TASKS
from neurona.tasks.texts import Say

_ENGLISH = {
    "class_share": "{name} ({share:.1%})",
    # help
    "about": "Neurona: neural networks that train fast and can be watched while they learn.",
    "about_train": "Train a network on a classic data set, or learn a table from a file.",
    "about_predict": "Predict images, rows of a table, or texts.",
    "about_evaluate": "Tell how good a model of a table is on rows of a file that has the target.",
    "about_explain": "Tell why a model of a table predicts what it does: its columns, and single rows.",
    "about_search": "Search the hyperparameters of a network for a table: many are trained at once, bad "
    "ones are stopped early, and held-out rows judge the best one.",
    "about_export": "Write a model of a table as one .keras file that takes raw rows, or as a Python "
    "program.",
    "option_search_file": "A table in a file, or the address of a database.",
    "option_search_time": "How long to search, such as 60s, 5m or 1h. By default 60s, if --trials is not "
    "given.",
    "option_trials": "How many networks to try.",
    "option_search_epochs": "The passes over the rows of a whole training. By default by the number of rows.",
    "option_sampler": "Where values come from: at random, or from Optuna (pip install neurona[search]).",
    "option_format": "keras: one file that takes raw rows, of a searched network. python: a program, of "
    "any model.",
    "option_output_export": "The file to write. By default model.keras or predict.py in the folder.",
    "search_sampler": "--sampler is random or optuna. Received: {sampler}",
    "search_goes_on": "Going on with the trials in {path}.",
    "search_told_complete": "  trial {number}: {value:.4g} after {epochs} epochs",
    "search_told_stopped": "  trial {number}: {value:.4g} after {epochs} epochs, stopped",
    "search_told_failed": "  trial {number}: failed ({why})",
    "export_format": "--format is one of: {formats}. Received: {format}",
    "export_written": "Written: {path}",
    "about_compare": "Show trainings of tables beside each other: scores, seconds, and whether they differ "
    "by chance.",
    "about_summary": "Show the layers of a saved model.",
    "about_graph": "Show the data-flow graph that a program for TensorFlow 1 or Theano builds.",
    "about_zoo": "List the networks of the zoo, show one, run its famous experiment, or play against one.",
    "about_playground": "Open a page where a network learns and everything can be touched.",
    "option_port": "Where the page is served; 0 takes a free port.",
    "option_browser": "Whether to open the page in the browser.",
    "about_doctor": "Check this installation.",
    "about_run": "Run a program or notebook for Keras, TensorFlow or Theano with Neurona.",
    "option_arguments": "What the program finds in sys.argv.",
    "option_outputs": "Write a notebook's outputs beside it, into NAME.outputs.ipynb.",
    "option_program": "A Python file (.py) or a notebook (.ipynb).",
    "option_batch_size": "Examples in a step of training.",
    "option_dataset": "The data set, a file with a table, or a folder with a folder of images or texts per "
    "class.",
    "option_epochs": "How many times to go through the data.",
    "option_expand": "Also show the layers inside nested models.",
    "option_files": (
        "Images (PNG, JPG...), a table (.csv) or array (.npy) of rows, or texts (.txt, one per line)."
    ),
    "option_graph_action": "What to do with the graph: show.",
    "option_graph_picture": "Also draw the graph into this PNG file.",
    "option_help": "Show this help.",
    "option_images": "Height and width of images: of those of a folder, or of a table whose columns are "
    "pixels.",
    "option_submission": "Write the predictions in the form of this sample (CSV), into --output or "
    "submission.csv.",
    "option_invert": (
        "Swap dark and bright in images. By default this is decided by looking at the image's border."
    ),
    "option_language": "Language of messages and reports. By default the system's.",
    "option_learning_rate": "Size of the optimizer's steps.",
    "option_model": "A .keras file, or what neurona train made of a table.",
    "option_network": "The network. By default the one that suits the data set.",
    "option_output_folder": "Folder for everything that is written.  [default: neurona-output/DATASET]",
    "option_output_table": "A CSV file to write all predictions to.",
    "option_table_model": "The folder that neurona train FILE left, or the predictor.zip there.",
    "option_table_file": "A file with a table, or the address of a database.",
    "option_explained": "The numbers of rows to explain, from 1. By default the two worst and a typical one.",
    "option_runs": "Folders that neurona train FILE left.",
    "option_output_report": "Folder for a report (HTML, and JSON with the same numbers).",
    "option_picture": "Also draw the model into this PNG file.",
    "option_rows": "The size that stands for unknown ones, such as the batch, in the cost.",
    "option_samples": "Train on this many examples only, for a quick try.",
    "option_seed": "The same seed gives the same model.",
    "option_zoo_action": "list: all networks; show: a card; run: an experiment; play: a game.",
    "option_zoo_name": "A network, as the list names it; of play, connect4 or tictactoe.",
    "option_quick": "A short form of the experiment, of some seconds.",
    "option_published": "The paper's own experiment, where it takes a GPU or days.",
    "option_zoo_output": "Folder for the network and its picture.  [default: neurona-output/zoo/NAME]",
    "option_version": "Show the version.",
    "option_target": "Of a table: the column to predict.",
    "option_task": "Of a table: whether the target is classes or numbers. By default its cells tell.",
    "option_preset": "Of a table: fast, or best, whose network learns eight times as long.  [default: fast]",
    "option_time_limit": "Of a table: no model begins after this time, such as 60s or 5m.",
    "option_folds": "Of a table: parts of the rows, each predicted by what the others taught.",
    "option_group": "Of a table: the column of what may not be torn apart, such as patients.",
    "option_time_column": "Of a table: the column of moments; older rows predict newer ones.",
    "option_weight": "Of a table: the column that says how much each row counts in learning.",
    "option_drop": "Of a table: a column to leave out; several times for several.",
    "option_keep": "Of a table: a column that is no copy of the target, though it looks so.",
    "option_table": "Which table of a database, or sheet of a workbook.",
    "option_config": "Of a table: the config.yaml of an earlier training, whose settings hold.",
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
    "table_target": "Which column is to be predicted? --target is one of: {columns}",
    "table_tried": "  {name}: loss {loss:.4g}, {seconds:.1f} s",
    "table_no_option": "{option} is of no use for a table.",
    "also_a_file": "{dataset} is the classic data set. For the folder or file of this name: {path}",
    "folder_empty": "{folder}: there is no image in this folder.",
    "folder_no_option": "{option} is of no use for a folder of images or texts.",
    "pixels_no_option": "{option} is of no use for a table of pixels (--images).",
    "pixels_no_target": "Which column holds the classes? --images wants --target too.",
    "dataset_no_option": "{option} is for tables in files; it is of no use for the classic data sets.",
    "table_network": "{model} is a network. neurona {command} takes what neurona train FILE --target COLUMN "
    "made of a "
    "table.",
    "table_no_model": "{model} is no model of a table: neurona {command} takes the folder that neurona "
    "train FILE "
    "--target COLUMN left, with {file} in it.",
    "folder_taken_report": "{wanted} holds an earlier report; this one is written into {folder}.",
    "table_score_classes": "right",
    "table_score_numbers": "R2",
    "table_loss_classes": "log loss",
    "table_loss_numbers": "RMSE",
    "table_class": "  {name}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}, {support} rows",
    "table_rows": "--rows are numbers of rows such as 3,17, of which 1 is the first. Received: {rows}",
    "table_importance": "  {name}: without it the loss grows by {growth} ({low} – {high})",
    "table_movement": "  {name}: moves the predictions by {growth} ({low} – {high})",
    "table_row_class": "Row {row}: {output} ({prediction}; others {mean} on average)",
    "table_row_number": "Row {row}: {prediction} (others {mean} on average)",
    "table_two_runs": "Two runs or more are compared. Received: {folders}",
    "table_no_run": "{folder} is no run that can be compared: neurona train FILE --target COLUMN leaves "
    "{file} in its "
    "folder.",
    "table_drift": "  {name}: not as in the training (distance {distance:.2f})",
    "table_number": "number",
    "table_boolean": "yes or no",
    "table_date": "date",
    "table_category": "category",
    "table_text": "text",
    "table_identifier": "names rows, left out",
    "table_constant": "constant, left out",
    "table_empty": "empty, left out",
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
    "submission_columns": (
        "{sample}: a sample has two columns, a name and the answer, or one more for each class. Its columns: "
        "{columns}"
    ),
    "submission_missing": "There is no prediction for {column} {name}: a cell of its row is missing.",
    "submission_rows": "{sample} has {rows} rows, and there are {predictions} predictions.",
    "submission_unknown": "{sample}: the row {name} is not among those predicted.",
    "submission_written": "Submission written: {path}",
    "probability": "probability",
    "value": "Value",
    "written": "Written to {folder}:",
    "zoo_action": "neurona zoo knows the actions list, show, run and play. Received: {action}.{hint}",
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
    "play_which": "neurona zoo play needs the name of a game: {names}",
    "play_unknown": "There is no game {name!r}.{hint} There are: {names}",
    "play_ready": "Getting ready...",
    "play_cells": "Your pieces are X, mine are O. A move is the number of a cell; q ends the game.",
    "play_columns": "Your pieces are X, mine are O. A move is the number of a column; q ends the game.",
    "play_begin": "Do you begin? (y/n) ",
    "play_yes": "y",
    "play_no": "n",
    "play_yes_or_no": "Please answer y or n.",
    "play_row": "Row {row}:   {cells}",
    "play_numbers": "Columns: {cells}",
    "play_ask": "Your move (1 to {moves}): ",
    "play_number": "{given!r} is no number from 1 to {moves}. Please try again.",
    "play_full_cell": "Cell {move} is taken. Free are: {free}",
    "play_full_column": "Column {move} is full. Free are: {free}",
    "play_mine_cell": "I take cell {move}.",
    "play_mine_column": "I take column {move}.",
    "play_won": "You win. Well played!",
    "play_lost": "I win. Thank you for the game!",
    "play_drawn": "A draw. Thank you for the game!",
    "play_bye": "Goodbye, and thank you for playing.",
    "zoo_written": "Results: {folder}",
    "playground_at": "The playground: {address}\nCtrl-C ends it.",
    "playground_ended": "The playground has ended.",
    "playground_port": "Port {port} of {host} can't be used ({error}). "
    "Choose another with --port, or 0 for a free one.",
    "playground_unbuilt": "The page is not built yet: cd neurona/playground/web && npm ci && npm run build",
}
_SPANISH = {
    "class_share": "{name} ({share:.1%})",
    # help
    "about": "Neurona: redes neuronales que entrenan rápido y se dejan observar mientras aprenden.",
    "about_train": "Entrena una red con datos clásicos, o aprende una tabla de un archivo.",
    "about_predict": "Predice imágenes, filas de una tabla o textos.",
    "about_evaluate": "Dice cómo de bueno es un modelo de una tabla con filas de un archivo que tiene el "
    "objetivo.",
    "about_explain": "Dice por qué un modelo de una tabla predice lo que predice: sus columnas, y filas "
    "sueltas.",
    "about_search": "Busca los hiperparámetros de una red para una tabla: se entrenan muchas a la vez, "
    "las malas se detienen pronto, y filas apartadas juzgan la mejor.",
    "about_export": "Escribe un modelo de una tabla como un solo archivo .keras que recibe filas tal "
    "cual, o como un programa de Python.",
    "option_search_file": "Una tabla en un archivo, o la dirección de una base de datos.",
    "option_search_time": "Cuánto buscar, como 60s, 5m o 1h. Por defecto 60s, si no se indica --trials.",
    "option_trials": "Cuántas redes se prueban.",
    "option_search_epochs": "Las pasadas por las filas de un entrenamiento entero. Por defecto, según el "
    "número de filas.",
    "option_sampler": "De dónde vienen los valores: al azar, o de Optuna (pip install neurona[search]).",
    "option_format": "keras: un archivo que recibe filas tal cual, de una red buscada. python: un "
    "programa, de cualquier modelo.",
    "option_output_export": "El archivo que se escribe. Por defecto model.keras o predict.py en la carpeta.",
    "search_sampler": "--sampler es random u optuna. Se recibió: {sampler}",
    "search_goes_on": "Se sigue con las pruebas de {path}.",
    "search_told_complete": "  prueba {number}: {value:.4g} tras {epochs} épocas",
    "search_told_stopped": "  prueba {number}: {value:.4g} tras {epochs} épocas, detenida",
    "search_told_failed": "  prueba {number}: fallida ({why})",
    "export_format": "--format es uno de: {formats}. Se recibió: {format}",
    "export_written": "Escrito: {path}",
    "about_compare": "Muestra entrenamientos de tablas juntos: cifras, segundos, y si se distinguen por "
    "azar.",
    "about_summary": "Muestra las capas de un modelo guardado.",
    "about_graph": "Muestra el grafo de flujo de datos que construye un programa de TensorFlow 1 o Theano.",
    "about_zoo": "Muestra las redes del zoológico o la ficha de una, ejecuta su experimento famoso, o juega.",
    "about_playground": "Abre una página donde una red aprende y todo se puede tocar.",
    "option_port": "Dónde se sirve la página; 0 toma un puerto libre.",
    "option_browser": "Si se abre la página en el navegador.",
    "about_doctor": "Revisa esta instalación.",
    "about_run": "Ejecutar con Neurona un programa o cuaderno de Keras, TensorFlow o Theano.",
    "option_arguments": "Lo que el programa encuentra en sys.argv.",
    "option_outputs": "Escribir las salidas de un cuaderno a su lado, en NOMBRE.outputs.ipynb.",
    "option_program": "Un archivo de Python (.py) o un cuaderno (.ipynb).",
    "option_batch_size": "Ejemplos en un paso de entrenamiento.",
    "option_dataset": "El conjunto de datos, un archivo con una tabla, o una carpeta con una carpeta de "
    "imágenes o textos por clase.",
    "option_epochs": "Cuántas veces recorrer los datos.",
    "option_expand": "Muestra también las capas de los modelos anidados.",
    "option_files": (
        "Imágenes (PNG, JPG...), una tabla (.csv) o arreglo (.npy) de filas, o textos (.txt, uno por línea)."
    ),
    "option_graph_action": "Qué hacer con el grafo: show (mostrar).",
    "option_graph_picture": "Dibuja también el grafo en este archivo PNG.",
    "option_help": "Muestra esta ayuda.",
    "option_images": "Alto y ancho de las imágenes: de las de una carpeta, o de una tabla cuyas columnas "
    "son píxeles.",
    "option_submission": "Escribe las predicciones con la forma de este ejemplo (CSV), en --output o "
    "submission.csv.",
    "option_invert": (
        "Intercambia claro y oscuro en las imágenes. Si no se indica, se decide mirando el borde de la "
        "imagen."
    ),
    "option_language": "Idioma de mensajes e informes. Si no se indica, el del sistema.",
    "option_learning_rate": "Tamaño de los pasos del optimizador.",
    "option_model": "Un archivo .keras, o lo que neurona train hizo de una tabla.",
    "option_network": "La red. Si no se indica, la que conviene al conjunto de datos.",
    "option_output_folder": "Carpeta para todo lo que se escribe.  [por defecto: neurona-output/DATASET]",
    "option_output_table": "Un archivo CSV donde escribir todas las predicciones.",
    "option_table_model": "La carpeta que dejó neurona train ARCHIVO, o el predictor.zip que hay en ella.",
    "option_table_file": "Un archivo con una tabla, o la dirección de una base de datos.",
    "option_explained": "Los números de las filas que se explican, desde 1. Si no se indican, las dos "
    "peores y una "
    "típica.",
    "option_runs": "Carpetas que dejó neurona train ARCHIVO.",
    "option_output_report": "Carpeta para un informe (HTML, y JSON con los mismos números).",
    "option_picture": "Dibuja además el modelo en este archivo PNG.",
    "option_rows": "El tamaño que sustituye a los desconocidos, como el del lote, en el coste.",
    "option_samples": "Entrena solo con esta cantidad de ejemplos, para probar rápido.",
    "option_seed": "La misma semilla da el mismo modelo.",
    "option_zoo_action": "list: todas las redes; show: una ficha; run: un experimento; play: una partida.",
    "option_zoo_name": "Una red, con el nombre que le da la lista; para play, connect4 o tictactoe.",
    "option_quick": "Una forma breve del experimento, de unos segundos.",
    "option_published": "El experimento del propio artículo, cuando pide una GPU o días.",
    "option_zoo_output": "Carpeta para la red y su dibujo.  [por defecto: neurona-output/zoo/NOMBRE]",
    "option_version": "Muestra la versión.",
    "option_target": "De una tabla: la columna que se predice.",
    "option_task": "De una tabla: si el objetivo son clases o números. Si no se indica, lo dicen sus celdas.",
    "option_preset": "De una tabla: fast (rápido), o best (el mejor), cuya red aprende ocho veces más.  "
    "[por defecto: fast]",
    "option_time_limit": "De una tabla: ningún modelo empieza después de este tiempo, como 60s o 5m.",
    "option_folds": "De una tabla: partes de las filas; cada una la predice lo que enseñaron las otras.",
    "option_group": "De una tabla: la columna de lo que no se puede separar, como pacientes.",
    "option_time_column": "De una tabla: la columna de momentos; las filas antiguas predicen las nuevas.",
    "option_weight": "De una tabla: la columna que dice cuánto cuenta cada fila al aprender.",
    "option_drop": "De una tabla: una columna que se deja fuera; varias veces para varias.",
    "option_keep": "De una tabla: una columna que no es copia del objetivo, aunque lo parezca.",
    "option_table": "Qué tabla de una base de datos, u hoja de un libro.",
    "option_config": "De una tabla: el config.yaml de un entrenamiento anterior, cuyos ajustes valen.",
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
    "table_target": "¿Qué columna se predice? --target es una de: {columns}",
    "table_tried": "  {name}: pérdida {loss:.4g}, {seconds:.1f} s",
    "table_no_option": "{option} no sirve para una tabla.",
    "also_a_file": "{dataset} es el conjunto clásico. Para la carpeta o el archivo de ese nombre: {path}",
    "folder_empty": "{folder}: no hay ninguna imagen en esta carpeta.",
    "folder_no_option": "{option} no sirve para una carpeta de imágenes o textos.",
    "pixels_no_option": "{option} no sirve para una tabla de píxeles (--images).",
    "pixels_no_target": "¿Qué columna guarda las clases? --images pide también --target.",
    "dataset_no_option": "{option} es para tablas en archivos; no sirve para los conjuntos de datos "
    "clásicos.",
    "table_network": "{model} es una red. neurona {command} recibe lo que neurona train ARCHIVO --target "
    "COLUMNA hizo "
    "de una tabla.",
    "table_no_model": "{model} no es un modelo de una tabla: neurona {command} recibe la carpeta que dejó "
    "neurona train "
    "ARCHIVO --target COLUMNA, con {file} en ella.",
    "folder_taken_report": "{wanted} guarda un informe anterior; este se escribe en {folder}.",
    "table_score_classes": "acierto",
    "table_score_numbers": "R2",
    "table_loss_classes": "pérdida logarítmica",
    "table_loss_numbers": "RMSE",
    "table_class": "  {name}: precisión {precision:.3f}, exhaustividad {recall:.3f}, F1 {f1:.3f}, {support} "
    "filas",
    "table_rows": "--rows son números de filas como 3,17, de las que 1 es la primera. Se recibió: {rows}",
    "table_importance": "  {name}: sin ella la pérdida crece en {growth} ({low} – {high})",
    "table_movement": "  {name}: mueve las predicciones en {growth} ({low} – {high})",
    "table_row_class": "Fila {row}: {output} ({prediction}; otras, {mean} de media)",
    "table_row_number": "Fila {row}: {prediction} (otras, {mean} de media)",
    "table_two_runs": "Se comparan dos ejecuciones o más. Se recibió: {folders}",
    "table_no_run": "{folder} no es una ejecución que se pueda comparar: neurona train ARCHIVO --target "
    "COLUMNA deja {file} "
    "en su carpeta.",
    "table_drift": "  {name}: no es como en el entrenamiento (distancia {distance:.2f})",
    "table_number": "número",
    "table_boolean": "sí o no",
    "table_date": "fecha",
    "table_category": "categoría",
    "table_text": "texto",
    "table_identifier": "nombra filas, se deja fuera",
    "table_constant": "constante, se deja fuera",
    "table_empty": "vacía, se deja fuera",
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
    "submission_columns": (
        "{sample}: un ejemplo tiene dos columnas, un nombre y la respuesta, o una más por cada clase. Sus "
        "columnas: {columns}"
    ),
    "submission_missing": "No hay predicción para {column} {name}: falta una celda de su fila.",
    "submission_rows": "{sample} tiene {rows} filas, y hay {predictions} predicciones.",
    "submission_unknown": "{sample}: la fila {name} no está entre las predichas.",
    "submission_written": "Envío escrito: {path}",
    "probability": "probabilidad",
    "value": "Valor",
    "written": "Escrito en {folder}:",
    "zoo_action": "neurona zoo conoce las acciones list, show, run y play. Se recibió: {action}.{hint}",
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
    "play_which": "neurona zoo play necesita el nombre de un juego: {names}",
    "play_unknown": "No hay un juego {name!r}.{hint} Hay: {names}",
    "play_ready": "Preparando...",
    "play_cells": "Las suyas son X, las mías O. Juegue con el número de una casilla; q termina la partida.",
    "play_columns": "Las suyas son X, las mías O. Juegue con el número de una columna; q termina la partida.",
    "play_begin": "¿Empieza usted? (s/n) ",
    "play_yes": "s",
    "play_no": "n",
    "play_yes_or_no": "Por favor, responda s o n.",
    "play_row": "Fila {row}:   {cells}",
    "play_numbers": "Columnas: {cells}",
    "play_ask": "Su jugada (1 a {moves}): ",
    "play_number": "{given!r} no es un número de 1 a {moves}. Por favor, pruebe otra vez.",
    "play_full_cell": "La casilla {move} está ocupada. Están libres: {free}",
    "play_full_column": "La columna {move} está llena. Están libres: {free}",
    "play_mine_cell": "Tomo la casilla {move}.",
    "play_mine_column": "Tomo la columna {move}.",
    "play_won": "Usted gana. ¡Bien jugado!",
    "play_lost": "Gano yo. ¡Gracias por la partida!",
    "play_drawn": "Empate. ¡Gracias por la partida!",
    "play_bye": "Hasta luego, y gracias por jugar.",
    "zoo_written": "Resultados: {folder}",
    "playground_at": "El parque: {address}\nCtrl-C lo cierra.",
    "playground_ended": "El parque se ha cerrado.",
    "playground_port": "El puerto {port} de {host} no se puede usar ({error}). "
    "Elija otro con --port, o 0 para uno libre.",
    "playground_unbuilt": "La página aún no está construida: "
    "cd neurona/playground/web && npm ci && npm run build",
}
TABLES: dict[str, Say] = {"en": {**_ENGLISH, **TASKS["en"]}, "es": {**in_spanish(_SPANISH), **TASKS["es"]}}


def texts(language: str) -> Say:
    """The texts of the command line and of tasks in a language.

    Raises:
        ArgumentError: there is no table for the language.
    """
    return in_language(TABLES, language)
