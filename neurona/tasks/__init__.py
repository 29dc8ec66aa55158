"""Tasks: data with the meaning of their numbers, networks that learn them, reports of finished trainings.

The command line is built from these modules. Each is imported when it is needed, so that `neurona --help`
loads no JAX.
"""
