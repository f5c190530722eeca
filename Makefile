# make demo      the whole loop on the embedded corpus, ending with runs/demo/report.html
# make test      every notebook's tests and the gates, ending with "N passed, N failed"
# make studio    hearing and writing in the browser; FOLDER=… has your own MIDI
# make lab       JupyterLab on the tutorials
# make docs      the documentation site, _docs/index.html, without the network
# make install   everything into .venv, for work in notebooks and in an editor
# make clean     remove .venv and what the demo made; your datasets/ and base-weights/ are left alone

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
comma := ,
FACTS := setup.py settings.ini constraints.txt
# uv leaves modules uncompiled: the first start compiles them, and keeps them whatever the shell says
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo install test studio lab docs clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo-installed
	@$(BIN)/staria demo

install: $(VENV)/.all-installed

test: $(VENV)/.all-installed
	@$(BIN)/python scripts/run_tests.py

studio: $(VENV)/.all-installed
	@$(BIN)/staria studio $(if $(FOLDER),--folder '$(FOLDER)')

lab: $(VENV)/.all-installed
	@cd nbs && ../$(BIN)/jupyter lab --LabApp.app_settings_dir=../scripts/lab $$([ "$$(id -u)" != 0 ] || echo --allow-root) tutorials/01_first_piece.ipynb

docs: $(VENV)/.all-installed
	@$(BIN)/python scripts/build_docs.py

$(VENV)/.uv-installed:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { echo "Staria needs Python 3.10 to 3.13: call 'make PYTHON=python3.12 $(MAKECMDGOALS)' with one of those"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment could be made: install Python's venv module (Debian: apt-get install python3-venv), then call make again"; exit 2; }
	@$(BIN)/python -m pip install -q uv || { echo "pip could not install uv: check the network, then call make again"; exit 2; }
	@touch $@

# uv reads its own variable for extra places to look for wheels: hand it pip's, where that is set.
# Where uv cannot reach what pip can, pip does the same more slowly.
define INSTALL
UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt -e '$(1)' || { echo "uv could not install; trying pip"; $(BIN)/python -m pip install -q -c constraints.txt -e '$(1)'; }
endef

$(VENV)/.demo-installed: $(VENV)/.uv-installed $(FACTS)
	@echo "installing Staria into $(VENV) (torch is the largest part)"
	@$(call INSTALL,.[notation])
	@touch $@

$(VENV)/.all-installed: $(VENV)/.demo-installed $(FACTS)
	@echo "installing JupyterLab and the tools for the tests into $(VENV)"
	@$(call INSTALL,.[notation$(comma)convert$(comma)widgets$(comma)lab$(comma)dev])
	@touch $@

clean:
	rm -rf $(VENV) cache checkpoints/demo* runs/demo
