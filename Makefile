# Tout se fait par ces quelques commandes ; « make » seul les liste.
.DEFAULT_GOAL := help
.PHONY: help run setup test soak lint bench audit sbom lock clean install

PYTHON ?= python3
UV := var/uv-env/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header
# La voix est en option : sa bibliothèque espeak-ng est sous licence GPL-3. Son verrou contient tout l'autre.
PLAIN := --extra dev --extra postgres --extra report --extra traces

help: ## Afficher cette aide
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

install:
	@$(PYTHON) deploy/bootstrap.py

run: install ## Installer ce qui manque et démarrer Équipier (Ctrl-C arrête tout)
	@exec .venv/bin/equipier run

setup: install ## Installer et préparer tout, sans rien démarrer
	@.venv/bin/equipier setup

test: setup ## Préparer, puis lancer tous les tests
	@.venv/bin/python -m pytest $(ARGS)

soak: setup ## Éprouver longuement : pannes, données au hasard, injections
	@EQUIPIER_SOAK=1 .venv/bin/python -m pytest tests/faults --timeout=0 $(ARGS)
	@.venv/bin/python -m pytest tests/security --hypothesis-profile=soak --timeout=0 $(ARGS)

lint: install ## Vérifier le style et les types
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

bench: setup ## Mesurer (recherche, compréhension, débit, mémoire)
	@.venv/bin/python -m tests.bench $(ARGS)

audit: install ## Confronter les paquets aux avis de sécurité publiés
	@.venv/bin/python deploy/audit.py $(ARGS)

sbom: install ## Écrire la nomenclature des paquets (CycloneDX) dans var/sbom
	@.venv/bin/python deploy/sbom.py

lock: install ## Recalculer les verrous des paquets
	@$(COMPILE) --all-extras --python-version 3.11 --output-file deploy/voice.lock pyproject.toml
	@$(COMPILE) $(PLAIN) --python-version 3.11 --constraint deploy/voice.lock --output-file requirements.lock pyproject.toml
	@$(COMPILE) --python-version 3.10 --output-file nlu/requirements.lock nlu/pyproject.toml

clean: ## Effacer les caches (ni les environnements, ni les données de var/)
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis nlu/.rasa .rasa
	@find . -name __pycache__ -not -path '*/.venv/*' -prune -exec rm -rf {} +
