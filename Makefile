# Learn OpenStack in 4 Hours. `make` lists the targets.
# PYTHON chooses the interpreter of a new .venv:  make html PYTHON=python3.12
# WORKERS runs the tests in so many processes, a file in one:  make test WORKERS=1
PYTHON ?= python3
WORKERS ?= 2
# DATABASE runs the tests of all that keeps rows on another one, from what is installed:  make test DATABASE=postgresql
KEEPS := $(wildcard $(patsubst %,tests/unit/test_%*.py,access backups cinder dialects glance ipam keystone neutron nova \
    placement scheduler swift trove)) tests/flows
# TAB=0 builds the site without what runs its examples in the page.
export TAB ?= 1
# KILLS is how often `make chaos` kills the server; SEED chooses the moments and what its clients do.
KILLS ?= 20
SEED ?= 1
OLDEST := 3.11.0
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.stamp
SITE   := build/html
# One more than there are processors: while the pages are written, Sphinx takes one for itself that has little to do.
JOBS    = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)' 2>/dev/null || echo auto)
SPHINX  = $(BIN)/sphinx-build -c . -b html -j $(JOBS)
PIP    := $(BIN)/python -m pip -qq --disable-pip-version-check install
# Each lies below a folder of any name, which may be moved: the path from one to the other says what an absolute one cannot.
HERE   := import glob, os; [open(p, "w").write(os.path.relpath("src", os.path.dirname(p)) + "\n") \
    for p in glob.glob("$(VENV)/lib/python*/site-packages/_oslearn.pth")]

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help html tab serve test-tab test-apart check-tab walk-tab bench-tab livehtml epub print pictures test clients pythons package check chaos walk kills check-site lighthouse lint strict examples trace bench tempest lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

html: $(STAMP) $(if $(filter 0,$(TAB)),,tab) ## build the site in build/html; TAB=0 leaves out what runs the examples in the page
	@echo "Building the site in $(SITE)"
	@$(SPHINX) -q $(STRICT) -d build/doctrees docs $(SITE)
	@echo "Open $(SITE)/index.html"

tab: $(STAMP)
	@$(BIN)/python docs/_tab/assets.py build/tab

serve: html ## build the site and serve it, so that its examples run in the page
	@$(BIN)/python -u docs/_tab/serve.py $(SITE)

test-tab: $(STAMP) tab ## run every example as the page does: in Python as WebAssembly
	@echo "Running the examples as a page does"
	@PYTHONPATH=docs/_ext:docs/_tab:. $(BIN)/python -m tests.tab

livehtml: $(STAMP) ## build the site, serve it, and build again what changes
	@$(BIN)/python docs/_ext/live.py $(SITE)

epub: $(STAMP) ## the course as a book, build/epub/*.epub
	@$(BIN)/sphinx-build -c . -b epub -q -W --keep-going -d build/doctrees-epub docs build/epub
	@echo "Made build/epub/learn-openstack-in-4-hours.epub"

print: $(STAMP) ## the course on one page, to print: build/print/index.html
	@$(BIN)/sphinx-build -c . -b singlehtml -j $(JOBS) -q -W --keep-going -d build/doctrees-print docs build/print
	@echo "Print build/print/index.html"

test: $(STAMP) ## run every test: tests/, docs/, README.md, docstrings; DATABASE=postgresql or mariadb: those that keep rows there
	@echo "Running the tests"
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile $(if $(filter-out sqlite,$(DATABASE)),--database $(DATABASE) $(KEEPS))

pythons: ## run every test on each Python from 3.11 to 3.14 that is here
	@$(PYTHON) tests/pythons

package: ## build the wheel, install it alone, and use it
	@echo "Building the package and trying it in a fresh environment"
	@$(PYTHON) tests/packaging

check: lint strict test walk chaos ## style, types, imports, spelling, tests, strict site, the whole course, kills

walk: $(STAMP) ## type the whole course on one cloud that is kept, by each of its tabs; then break and repair in each lab
	@PYTHONPATH=docs/_ext:. $(BIN)/python -m tests.walk
	@$(BIN)/python -m pytest -q -n $(WORKERS) tests/walk/labs.py

chaos: $(STAMP) ## kill the server KILLS times under load, and judge what it makes of it
	@echo "Killing the server $(KILLS) times"
	@$(BIN)/python -m tests.chaos $(KILLS) $(SEED)

test-apart: $(STAMP) ## boot servers in a cloud apart while its processes are killed (needs RabbitMQ and PostgreSQL)
	@echo "Booting in a cloud apart, and killing its processes"
	@PYTHONPATH=docs/_ext:. $(BIN)/python -m tests.apart $(if $(BOOTS),--boots $(BOOTS)) $(if $(DATABASE),--database $(DATABASE))

kills: $(STAMP) ## stop at every single moment of every kind of work, and judge (10 minutes)
	@EVERY_MOMENT=1 $(BIN)/python -m pytest -q -n $(WORKERS) tests/flows/test_kills.py

lint: $(STAMP) ## style, types, imports, spelling
	@echo "Checking style"
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@echo "Checking types"
	@$(BIN)/mypy --no-error-summary
	@echo "Checking who imports whom"
	@mkdir -p build
	@$(BIN)/lint-imports --no-logo > build/imports.txt || { cat build/imports.txt; exit 1; }
	@echo "Checking reST and spelling"
	@$(BIN)/sphinx-lint docs README.md CHANGELOG.md
	@$(BIN)/codespell docs src tests README.md CHANGELOG.md

strict: $(STAMP)
	@echo "Building the site with every warning an error"
	@$(SPHINX) -q -E -n -W --keep-going -d build/strict/.doctrees docs build/strict

check-site: html .site/.stamp ## look at every page in a real browser (needs Chromium); ONLY="geometry views" does some of it
	@.site/bin/python tests/site $(if $(PICTURES),--pictures $(PICTURES)) $(if $(ONLY),--only $(ONLY))

check-tab: html .site/.stamp ## use pages that run in a real browser (needs Chromium); ONLY="running offline" does some of it
	@.site/bin/python tests/tab/browser.py $(ONLY)

walk-tab: html .site/.stamp ## go through Day 1 in a real browser, and find the cloud again without a network (needs Chromium)
	@.site/bin/python tests/tab/browser.py whole

bench-tab: html .site/.stamp ## measure Run in a real browser (needs Chromium); MBIT=20 is a line of that speed
	@.site/bin/python benchmarks/page.py $(MBIT)

lighthouse: html .site/.stamp ## measure six kinds of page with Lighthouse (needs Chromium, Node.js and npm; not part of check)
	@mkdir -p .site/node && npm install --silent --no-audit --no-fund --prefix .site/node "lighthouse@>=12 <13"
	@.site/bin/python tests/site/lighthouse.py

pictures: html .site/.stamp ## draw the icon, the card and the views of tests/site again (needs Chromium)
	@mkdir -p build/pictures
	@$(BIN)/python docs/_ext/identity.py build/pictures
	@cp build/pictures/icon.svg docs/_static
	@.site/bin/python tests/site/pictures.py build/pictures docs/_static

.site/.stamp: tests/site/requirements.txt
	@$(PYTHON) -m venv .site
	@.site/bin/python -m pip -qq --disable-pip-version-check install -r $<
	@touch $@

examples: $(STAMP) ## rewrite the outputs in docs/ and README.md from a run
	@echo "Running the examples and writing their outputs"
	@$(BIN)/python docs/_ext/examples.py docs README.md

trace: $(STAMP) ## print the 28 steps of the provisioning flow
	@$(BIN)/oslearn trace classic

bench: $(STAMP) ## measure speed; AGAINST=REV compares with that state, MEASURES="boots served" measures these
	@$(BIN)/python -m benchmarks $(MEASURES) $(if $(AGAINST),--against $(AGAINST))

tempest: $(STAMP) .tempest/.stamp ## run OpenStack's own tests against the cloud; ONLY=tempest.api.volume runs some
	@$(BIN)/python -m tests.tempest $(if $(ONLY),--only $(ONLY))

clients: $(STAMP) .clients/.stamp ## do the ordinary work of eleven clients against the cloud; ONLY=rally runs one
	@$(BIN)/python -m tests.clients $(ONLY)

lock: ## take the newest versions that the oldest Python takes into requirements.lock
	@echo "Resolving the newest versions"
	@mkdir -p build && test -x build/lock/bin/uv || { \
	    $(PYTHON) -m venv build/lock && build/lock/bin/python -m pip -qq --disable-pip-version-check install uv; }
	@$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	    > build/build-system.in
	@build/lock/bin/uv pip compile --quiet --universal --python-version $(OLDEST) --fork-strategy fewest \
	    --generate-hashes --no-annotate --no-header --extra docs --extra test --extra clients --extra apart \
	    pyproject.toml build/build-system.in > build/requirements.txt
	@{ sed '/^[^#]/,$$d' requirements.lock; cat build/requirements.txt; } > build/requirements.lock
	@mv build/requirements.lock requirements.lock
	@build/lock/bin/uv pip compile --quiet --universal --python-version $(OLDEST) --generate-hashes --no-annotate \
	    --no-header docs/_tab/requirements.in > docs/_tab/requirements.lock

clean: ## remove what was built, .venv too
	rm -rf build .site $(VENV) .tempest .clients .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src docs tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# The environment. requirements.lock fixes the versions; pyproject.toml says what is needed.
$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Python 3.11 or newer is needed; '$(PYTHON)' is older or missing. Try: make PYTHON=python3.12 html"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-index --no-deps --no-build-isolation -e .
	@$(PYTHON) -c '$(HERE)'
	@touch $@

# Tempest has an environment of its own: its requirements are many, and none of the cloud's.
.tempest/.stamp: tests/tempest/requirements.txt
	@echo "Setting up .tempest (once, about half a minute)"
	@test -x .tempest/bin/python || $(PYTHON) -m venv .tempest
	@.tempest/bin/python -m pip -qq --disable-pip-version-check install -r $<
	@touch $@

# So have the other clients: ansible, rally and the classic commands.
.clients/.stamp: tests/clients/requirements.txt
	@echo "Setting up .clients (once, about a minute)"
	@test -x .clients/bin/python || $(PYTHON) -m venv .clients
	@.clients/bin/python -m pip -qq --disable-pip-version-check install --no-compile -r $<
	@touch $@
