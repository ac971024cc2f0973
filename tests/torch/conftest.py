"""One thread for PyTorch in each of the processes that run tests, as BLAS has."""

import torch

torch.set_num_threads(1)  # small matrices are fastest on one
