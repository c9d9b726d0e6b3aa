# Redes Neuronales, Parte II. Escribe `make help` para ver qué hay.
# (En Windows no hace falta make: el README da las líneas `python -m …` equivalentes.)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NBVAL := $(BIN)/python -m pytest -p no:cacheprovider --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help setup run test lab lint unit notebooks clean

help: ## Muestra esta ayuda
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Prepara todo y ejecuta la clase completa, con una tabla al final
	$(BIN)/python -m course run

test: setup lint unit notebooks ## Prepara todo y comprueba el código y los cuadernos

lab: setup ## Abre JupyterLab con los cuadernos de la clase
	$(BIN)/python -m jupyter lab --notebook-dir=notebooks

setup: $(INSTALLED) ## Crea .venv e instala el proyecto (las otras órdenes lo hacen solas)

lint: setup ## Revisa el estilo del código
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

unit: setup ## Ejecuta las pruebas, con TensorFlow y con JAX
	$(BIN)/python -m pytest -n 2
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/test_models.py tests/test_training.py

notebooks: setup ## Comprueba los cuadernos: copias al día, guardas y nbval
	$(BIN)/python -m course notebooks check
	$(NBVAL) --nbval notebooks/soluciones
	$(NBVAL) --nbval-lax notebooks/*.ipynb

clean: ## Borra .venv y lo generado
	rm -rf $(VENV) build

# The stamp makes a second call work without network: nothing is installed twice.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Hace falta Python 3.11 o más nuevo; $(PYTHON) es $$($(PYTHON) --version). Prueba: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]" -c constraints.txt
	@# Forty students need no question about news in English before the class starts.
	$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements" --level=sys_prefix 2>/dev/null
	@touch $@
