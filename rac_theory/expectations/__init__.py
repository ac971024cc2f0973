"""How expectations on quadratics are computed: the maps of second moments, one file each."""
