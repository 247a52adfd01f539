# make demo   score the sample data          make test   run the tests
# make lint   style and types                make docs   paste outputs into the README
# make pins   choose newer exact versions    make clean  remove what was made
# make lowest, make highest, make pythons  the tests with other versions of packages, or of Python
# make dist   what is released, built and tried (docs/releasing.md)
# make pictures  draw the README's (needs Chromium)
# make bench  lossctl beside its peers (ONLY=csv-bce one case, ROUNDS=9, PEERS=a Python that has more of them)
# make fuzz   look for inputs that are read wrongly (MINUTES=5, ONLY=text one target)
# make mutants  mistakes that no test notices (ONLY=lossctl/losses,lossctl/join.py SAMPLE=60 SEED=0)
PYTHON ?= python3
MINUTES ?= 5
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# Where else the tests are run: names, or paths of programs.
PYTHONS ?= python3.11 python3.12 python3.13

.PHONY: demo test lint docs pictures bench fuzz mutants lowest highest pythons dist pins clean

demo: .venv/run
	@for command in \
	    "mse,mae sample_data/regression.csv" \
	    "bce sample_data/sigmoid.csv" \
	    "ce sample_data/logits.npy sample_data/labels.npy --from logits" \
	    "ce sample_data/submission.csv sample_data/solution.csv --worst 3" ; do \
	  echo "$$ lossctl $$command"; $(BIN)/lossctl $$command --format table || exit 1; echo; \
	done

test: .venv/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests/test_[a-l]*.py tests/test_merge*.py & others=$$!; \
	$(BIN)/coverage run -m pytest tests/test_m[!e]*.py tests/test_[n-z]*.py lossctl; mine=$$?; \
	wait $$others && exit $$mine
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=95

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What the README shows is what its commands print.
docs: .venv/dev
	$(BIN)/python tests/paste.py README.md sample_data/README.md docs/architecture.md
	$(BIN)/python -c "from lossctl import catalogue; print(catalogue.page(), end='')" > docs/losses.md

pictures: .venv/dev
	PYTHONPATH=tests $(BIN)/python docs/pictures.py

# A full run writes docs/bench.json and docs/bench.svg.
bench: .venv/bench
	ROUNDS='$(ROUNDS)' PEERS='$(PEERS)' $(BIN)/python -m bench '$(ONLY)'

# For Linux, and a Python that Atheris is built for: 3.11 to 3.13.
fuzz: .venv/fuzz
	MINUTES='$(MINUTES)' $(BIN)/python -m fuzz $(ONLY)

mutants: .venv/dev
	$(BIN)/python tests/mutants.py '$(ONLY)' '$(SAMPLE)' '$(SEED)'

# The lowest versions that pyproject.toml allows, on the lowest Python; the newest; every Python.
lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q --require-hashes -r constraints/lowest.txt
	.venv-lowest/bin/python -m pip install -q --no-deps -e .
	.venv-lowest/bin/python -m pytest -q

highest:
	$(PYTHON) -m venv .venv-highest
	.venv-highest/bin/python -m pip install -q --upgrade --upgrade-strategy eager -e '.[test]'
	.venv-highest/bin/python -m pytest -q

pythons:
	@for python in $(PYTHONS); do \
	  $$python -c '' 2>/dev/null || { echo "== no $$python"; continue; }; \
	  $$python --version; venv=.venv-$$(basename $$python); \
	  $$python -m venv --clear $$venv && \
	  $$venv/bin/python -m pip install -q --require-hashes -r constraints/run.txt && \
	  $$venv/bin/python -m pip install -q --require-hashes -r constraints/dev.txt && \
	  $$venv/bin/python -m pip install -q --no-deps -e . && \
	  $$venv/bin/python -m pytest -q || exit 1; \
	done

dist:
	PYTHON='$(PYTHON)' .ci/dist

# Exact versions with their hashes; the project itself from this folder.
.venv/run: pyproject.toml constraints/run.txt
	@$(PYTHON) -c 'import sys; sys.exit("error: this takes Python 3.11 or newer: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -q --require-hashes -r constraints/run.txt
	$(BIN)/python -m pip install -q --no-deps -e .
	@touch $@

.venv/dev: .venv/run constraints/dev.txt
	$(BIN)/python -m pip install -q --require-hashes -r constraints/dev.txt
	@touch $@

.venv/bench: .venv/run constraints/bench.txt
	$(BIN)/python -m pip install -q --require-hashes -r constraints/bench.txt
	@touch $@

.venv/fuzz: .venv/run constraints/fuzz.txt
	$(BIN)/python -m pip install -q --require-hashes -r constraints/fuzz.txt
	@touch $@

# Needs uv. Only names, versions and hashes are kept.
pins:
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header pyproject.toml -o constraints/run.txt
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --extra test --extra lint -c constraints/run.txt \
	    pyproject.toml -o constraints/dev.txt
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --extra bench -c constraints/run.txt -c constraints/dev.txt \
	    pyproject.toml -o constraints/bench.txt
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --extra fuzz -c constraints/run.txt -c constraints/dev.txt \
	    -c constraints/bench.txt pyproject.toml -o constraints/fuzz.txt
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --group dist -o constraints/dist.txt
	uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header --resolution lowest-direct --extra test \
	    pyproject.toml -o constraints/lowest.txt

clean:
	rm -rf .venv .venv-* bench/data fuzz/corpus fuzz/findings build dist *.egg-info .coverage .pytest_cache .hypothesis \
	    .mypy_cache .ruff_cache
