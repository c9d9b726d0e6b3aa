# Redes Neuronales, Parte II. Escribe `make help` para ver qué hay.
# (En Windows no hace falta make: el README da las líneas `python -m …` equivalentes.)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WHEELS := build/wheels
NEEDS_UV = $(BIN)/python -c 'import uv' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[update]" -c constraints.txt
APT := $(if $(filter 0,$(shell id -u)),,sudo -n )apt-get
NBVAL := $(BIN)/python -m pytest -p no:cacheprovider --nbval-current-env --nbval-cell-timeout=300 -n 2 --dist loadscope

SITE := $(BIN)/python -m sphinx --quiet -c docs -d build/sphinx
PIN := $(BIN)/uv pip compile pyproject.toml --extra test --extra browser --extra update --quiet --no-header --no-annotate \
	--universal --fork-strategy fewest --python-version 3.11
UPDATE := build/update

.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser test-offline test-install test-oldest test-newest postgres spelling lab docs links constraints update lint unit notebooks clean

help: ## Muestra esta ayuda
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## Prepara todo y ejecuta la clase completa, con una tabla al final
	$(BIN)/python -m course run

test: setup lint unit notebooks ## Prepara todo y comprueba el código y los cuadernos

test-browser: setup ## Prueba cuadernos, widgets y páginas en un Chromium de verdad (capturas en build/browser)
	@$(BIN)/python -c 'import axe_playwright_python' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[browser]" -c constraints.txt
	@command -v chromium chromium-browser google-chrome >/dev/null || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends chromium fonts-noto-color-emoji; } || { echo "Hace falta Chromium para estas pruebas. En Debian o Ubuntu: sudo apt-get install chromium"; exit 1; }
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/browser

test-offline: $(WHEELS)/.complete ## Simulacro sin red: instalar, dar la clase, entregar y calificar (en Linux)
	$(BIN)/python -m pytest tests/offline --durations=8 $(DRILL)

test-install: $(WHEELS)/.complete ## Construye el paquete, lo instala aparte y lo usa desde otra carpeta
	@$(NEEDS_UV)
	$(BIN)/python -m pytest tests/install --durations=8

test-oldest: setup ## Prueba con las dependencias más antiguas que admite pyproject.toml
	$(call with_versions,oldest,--resolution lowest-direct)

test-newest: setup ## Prueba con las más nuevas que hay (otro Python: make PYTHON=python3.13 test-newest)
	$(call with_versions,newest,)

postgres: ## Instala PostgreSQL para las pruebas que lo usan (en Debian y Ubuntu)
	@ls /usr/local/bin/initdb /usr/bin/initdb /usr/lib/postgresql/*/bin/initdb 2>/dev/null | grep -q . || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends postgresql; } || { echo "Sin PostgreSQL sus pruebas se saltan. En Debian o Ubuntu: sudo apt-get install postgresql"; exit 1; }

spelling: ## Instala el corrector ortográfico para las pruebas que lo usan (en Debian y Ubuntu)
	@{ command -v hunspell && ls /usr/share/hunspell/es_MX.dic; } >/dev/null 2>&1 || { $(APT) update -qq && $(APT) install -y -qq --no-install-recommends hunspell hunspell-es; } || { echo "Sin hunspell sus pruebas se saltan. En Debian o Ubuntu: sudo apt-get install hunspell hunspell-es"; exit 1; }

lab: setup ## Abre JupyterLab con los cuadernos de la clase
	$(BIN)/python -m jupyter lab --notebook-dir=notebooks

docs: setup ## Hace el sitio de la clase, con buscador y sin nada de la red, en build/docs
	$(SITE) -W --keep-going -b html . build/docs
	@echo "Ábrelo en el navegador: build/docs/index.html"

links: setup ## Prueba los enlaces externos del sitio, uno por uno (necesita red)
	$(SITE) -b linkcheck . build/links

constraints: setup ## Fija en constraints.txt lo que pyproject.toml pide y allí no está, sin subir nada
	@$(NEEDS_UV)
	$(PIN) --output-file constraints.txt

update: setup ## Sube las versiones probadas y se detiene si se mueve un número (ACCEPT=1 los acepta; NAMES="00 01", solo esos)
	@$(NEEDS_UV)
	@mkdir -p $(UPDATE)
	cp constraints.txt $(UPDATE)/constraints.txt
	$(PIN) --upgrade --output-file $(UPDATE)/constraints.txt
	@diff constraints.txt $(UPDATE)/constraints.txt || true
	@# The newest set is tried in an environment of its own: until it has passed, nothing of the old one is touched.
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(UPDATE)/venv
	$(BIN)/uv pip install --quiet --python $(UPDATE)/venv -e ".[test]" -c $(UPDATE)/constraints.txt
	$(UPDATE)/venv/bin/python -m course notebooks update $(NAMES) $(if $(ACCEPT),--accept)
	$(if $(NAMES),@echo "constraints.txt no se toca: faltan los demás cuadernos.",cp $(UPDATE)/constraints.txt constraints.txt)

setup: $(INSTALLED) ## Crea .venv e instala el proyecto (las otras órdenes lo hacen solas)

lint: setup ## Revisa el estilo del código
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

unit: setup ## Ejecuta las pruebas, con TensorFlow y con JAX
	$(BIN)/python -m pytest -n 2 --dist worksteal
	KERAS_BACKEND=jax $(BIN)/python -m pytest tests/test_models.py tests/test_training.py

notebooks: setup ## Comprueba los cuadernos: copias al día, guardas y nbval
	$(BIN)/python -m course notebooks check
	$(NBVAL) --nbval notebooks/soluciones
	$(NBVAL) --nbval-lax notebooks/*.ipynb

clean: ## Borra .venv y lo generado
	rm -rf $(VENV) build

# The packages of the drill: fetched once with a network, installed without one.
$(WHEELS)/.complete: pyproject.toml constraints.txt | $(INSTALLED)
	rm -rf $(WHEELS)
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --wheel-dir $(WHEELS) . hatchling editables -c constraints.txt
	rm $(WHEELS)/redes_feedforward-*.whl
	@touch $@

# An environment of its own with other versions, and in it the tests and the notebooks that train little.
define with_versions
	@$(NEEDS_UV)
	$(BIN)/python -m uv venv --quiet --clear --seed --python $(PYTHON) build/$(1)
	$(BIN)/python -m uv pip install --quiet --python build/$(1) $(2) -e ".[test]"
	build/$(1)/bin/python -m pytest -p no:cacheprovider -n 2 $(TESTS)
	build/$(1)/bin/python -m pytest -p no:cacheprovider --nbval-lax --nbval-current-env --nbval-cell-timeout=300 notebooks/0[0-4]*.ipynb
endef

# The stamp makes a second call work without network: nothing is installed twice.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Hace falta Python 3.11, 3.12 o 3.13; $(PYTHON) es $$($(PYTHON) --version). Prueba: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Preparo el entorno .venv: la primera vez tarda unos minutos."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]" -c constraints.txt
	@# Forty students need no question about news in English before the class starts.
	@$(BIN)/jupyter labextension disable "@jupyterlab/apputils-extension:announcements" --level=sys_prefix 2>/dev/null
	@touch $@
