"""Base: what every room needs and no concept of ours is in. Checks of arguments and their sentences, frozen values,
names of things; files that are written whole or not at all and read back as values of the types they should have; and
what a computation asks of the machine: workers and what a signal does to them, memory, threads, how far it is. It uses
nothing. It must not load SciPy, nor know what is computed or stored.
"""

from rac_theory.base import plug_in_faults, progress, tasks
from rac_theory.base.batch import in_chunks, matrices, matrix_shape, squared_norms
from rac_theory.base.blas import keep_freed_memory, one_blas_thread
from rac_theory.base.checks import (
    Array,
    NotReal,
    as_array,
    being,
    described,
    float64,
    having,
    listed,
    real_numbers,
    sorted_classes,
)
from rac_theory.base.csv_numbers import is_long, read_csv, refuse_counters, wide
from rac_theory.base.extras import MissingExtra, frame, import_extra, imported, what_failed
from rac_theory.base.files import check_written, readable_file, write_whole
from rac_theory.base.interrupts import heard_once, left_to_the_parent, status_of_interrupt
from rac_theory.base.meant import NoMember, answering, choice, nearest
from rac_theory.base.naming import (
    exactly,
    function_name,
    printable,
    repr_of,
    said_by,
    shown,
    type_name,
)
from rac_theory.base.plain_data import (
    LARGEST,
    convert,
    from_json,
    json_schema,
    read_json,
    read_json_items,
    read_toml,
    reader,
)
from rac_theory.base.progress import advance, task
from rac_theory.base.shared_array import SharedArray
from rac_theory.base.tables import table_of
from rac_theory.base.tasks import LOST, as_they_finish, worker_count, workers
from rac_theory.base.value import Value, digest, in_short, read_only, same, sealed

__all__ = [
    "LARGEST",
    "LOST",
    "Array",
    "MissingExtra",
    "NoMember",
    "NotReal",
    "SharedArray",
    "Value",
    "advance",
    "answering",
    "as_array",
    "as_they_finish",
    "being",
    "check_written",
    "choice",
    "convert",
    "described",
    "digest",
    "exactly",
    "float64",
    "frame",
    "from_json",
    "function_name",
    "having",
    "heard_once",
    "import_extra",
    "imported",
    "in_chunks",
    "in_short",
    "is_long",
    "json_schema",
    "keep_freed_memory",
    "left_to_the_parent",
    "listed",
    "matrices",
    "matrix_shape",
    "nearest",
    "one_blas_thread",
    "plug_in_faults",
    "printable",
    "progress",
    "read_csv",
    "read_json",
    "read_json_items",
    "read_only",
    "read_toml",
    "readable_file",
    "reader",
    "real_numbers",
    "refuse_counters",
    "repr_of",
    "said_by",
    "same",
    "sealed",
    "shown",
    "sorted_classes",
    "squared_norms",
    "status_of_interrupt",
    "table_of",
    "task",
    "tasks",
    "type_name",
    "what_failed",
    "wide",
    "worker_count",
    "workers",
    "write_whole",
]
