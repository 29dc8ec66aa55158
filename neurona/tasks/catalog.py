"""Names of the tasks' data sets and networks. Nothing heavy is imported here."""

DATASETS = ("digits", "iris", "mnist", "fashion_mnist", "cifar10", "california_housing", "imdb")
NETWORKS = ("linear", "mlp", "lenet", "cnn", "pooling", "lstm")
