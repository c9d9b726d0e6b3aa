# Redes Neuronales, Parte II. Escribe `make help` para ver qué hay.
# (En Windows no hace falta make: el README da las líneas `python -m …` equivalentes.)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
APT := $(if $(filter 0,$(shell id -u)),,sudo -n )apt-get
NBVAL := $(BIN)/python -m pytest -p no:cacheprovider --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser postgres lab lint unit notebooks clean

help: ## Muestra esta ayuda
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Prepara todo y ejecuta la clase completa, con una tabla al final
	$(BIN)/python -m course run

test: setup lint unit notebooks ## Prepara todo y comprueba el código y los cuadernos

test-browser: setup ## Prueba cuadernos, widgets y páginas en un Chromium de verdad (capturas en build/browser)
	@$(BIN)/python -c 'import axe_playwright_python' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[browser]" -c constraints.txt
	@command -v chromium chromium-browser google-chrome >/dev/null || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends chromium fonts-noto-color-emoji; } || { echo "Hace falta Chromium para estas pruebas. En Debian o Ubuntu: sudo apt-get install chromium"; exit 1; }
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder tests/browser

postgres: ## Instala PostgreSQL para las pruebas que lo usan (en Debian y Ubuntu)
	@ls /usr/local/bin/initdb /usr/bin/initdb /usr/lib/postgresql/*/bin/initdb 2>/dev/null | grep -q . || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends postgresql; } || { echo "Sin PostgreSQL sus pruebas se saltan. En Debian o Ubuntu: sudo apt-get install postgresql"; exit 1; }

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
