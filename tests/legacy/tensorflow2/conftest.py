"""What of this folder is no module of tests."""

collect_ignore = ["model_cases.py"]  # a program of TensorFlow, which test_models.py runs
