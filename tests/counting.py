"""A metric that shows how often it was updated, and when it was reset."""

import neurona as nn


class Batches(nn.metrics.Metric):
    """How many batches there were since the last reset."""

    def __init__(self, **options):
        super().__init__(**options)
        self.count = self.add_variable((), name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1)

    def result(self):
        return self.count.value
