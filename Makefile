# Set up, tell the story, test. `make demo` and `make test` need nothing but Python 3.11 or newer.
