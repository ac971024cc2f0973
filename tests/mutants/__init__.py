"""The mutation bank: wrong theorems, algorithms, problems and sketches that the library must catch by itself."""
