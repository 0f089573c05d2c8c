# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ENV ?= base

.PHONY: help run test lint viz bench results-b design-b ablation-b results-a scaling-a archive-a ablation-a ablation-betti design-a peers-a multivariate-a scaling-betti scaling-b closure-b results-c design-c ablation-c crossing-c forecast-c gpu-c compress-b clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; ok = (3, 10) <= sys.version_info < (3, 13); sys.exit(None if ok else "Python 3.10 to 3.12 is needed, found %d.%d; say which: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		$$($(BIN)/python -c 'import sys; print("--constraint requirements.lock" if sys.version_info[:2] == (3, 11) else "")') \
		--editable ".[dev]"
	@touch $(READY)

run: $(READY)  ## environment, then track A on bundled data: verdict, figure, report
	$(BIN)/kedro run --pipelines track_a --env $(ENV)

test: $(READY)  ## the test suite with coverage
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-report=term --cov-fail-under=90

lint: $(READY)  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

viz: $(READY)  ## the graph in the browser
	$(BIN)/kedro viz run --env $(ENV)

bench: $(READY)  ## benchmarks against named peers, in ratios; run it alone on the machine
	$(BIN)/pytest tests/benchmarks --override-ini addopts= -q -s --benchmark-only --benchmark-columns=median,iqr,rounds --benchmark-group-by=group

results-a: $(READY)  ## docs/results/track_a.json and its report; needs UCR_ROOT
	$(BIN)/kedro run --pipelines track_a --env results_a
	$(BIN)/kedro publish --track track_a --env results_a

results-b: $(READY)  ## docs/results/track_b.json and its reports: contacts, tolokers, sets of graphs; needs GRAPH_ROOT
	$(BIN)/kedro run --pipelines track_b --env results_b
	$(BIN)/kedro publish --track track_b --env results_b --to docs/results/track_b/contacts
	$(BIN)/kedro run --pipelines track_b --env tolokers_b
	$(BIN)/kedro publish --track track_b --env tolokers_b --to docs/results/track_b/tolokers
	$(BIN)/kedro run --pipelines track_b --env graph_sets_b
	$(BIN)/kedro publish --track track_b --env graph_sets_b --to docs/results/track_b/graph_sets
	$(BIN)/kedro collect --track track_b

design-b: $(READY)  ## docs/results/design_b: as many trials of every model of graphs; needs GRAPH_ROOT
	$(BIN)/kedro run --pipelines track_b --env design_b
	$(BIN)/kedro publish --track track_b --env design_b --to docs/results/design_b/contacts
	$(BIN)/kedro run --pipelines track_b --env design_tolokers
	$(BIN)/kedro publish --track track_b --env design_tolokers --to docs/results/design_b/tolokers

ablation-b: $(READY)  ## docs/results/ablation_b: triangles, periods, passes, depth; windows; co-occurrence; needs GRAPH_ROOT
	$(BIN)/kedro run --pipelines track_b --env ablation_b
	$(BIN)/kedro publish --track track_b --env ablation_b --to docs/results/ablation_b/parts
	for window in 30 120; do \
		$(BIN)/kedro run --pipelines track_b --env ablation_b --params "simplicial.time_window=$$window,track_b.models=simplicial_diffusion simplicial_mlp simplicial_operators simplicial_nn" && \
		$(BIN)/kedro publish --track track_b --env ablation_b --to docs/results/ablation_b/window_$$window || exit 1; done
	for count in 2 3 5; do \
		$(BIN)/kedro run --pipelines track_b --env ablation_b --params "simplicial.method=cooccurrence,simplicial.min_count=$$count,track_b.models=simplicial_diffusion simplicial_mlp simplicial_operators simplicial_nn" && \
		$(BIN)/kedro publish --track track_b --env ablation_b --to docs/results/ablation_b/count_$$count || exit 1; done

results-c: $(READY)  ## docs/results/track_c.json and its reports: InceptionTime, a transformer's feed-forward parts; needs UCR_ROOT
	$(BIN)/kedro run --pipelines track_c --env results_c
	$(BIN)/kedro publish --track track_c --env results_c --to docs/results/track_c/inception_time
	$(BIN)/kedro run --pipelines track_c --env ffn_c
	$(BIN)/kedro publish --track track_c --env ffn_c --to docs/results/track_c/feed_forward
	$(BIN)/kedro collect --track track_c

design-c: $(READY)  ## docs/results/design_c: recipes of track C compared on train; needs UCR_ROOT
	$(BIN)/kedro run --pipelines track_c --env design_c
	$(BIN)/kedro publish --track track_c --env design_c --to docs/results/design_c

ablation-c: $(READY)  ## docs/results/ablation_c: parts, ranks, ranks fixed or increasing, and the curve over ranks
	for model in inception_time transformer_wide; do \
		seeds="42 123 456"; if [ $$model = transformer_wide ]; then seeds=42; fi; \
		$(BIN)/kedro run --pipelines ranks_c --env ablation_c --params "track_c.models=$$model,track_c.seeds=$$seeds" && \
		$(BIN)/kedro publish --track track_c --env ablation_c --to docs/results/ablation_c/$$model && \
		$(BIN)/kedro publish --track track_c --env ablation_c --only ranks --to docs/results/ablation_c/$$model || exit 1; done

crossing-c: $(READY)  ## docs/results/crossing_c: from which width, rank and batch on factorised parts are faster; run it alone
	$(BIN)/kedro run --pipelines crossing_c --env crossing_c
	$(BIN)/kedro publish --track crossing_c --env crossing_c --only crossing

scaling-a: $(READY)  ## docs/results/scaling_a.md: the cost of diagrams as series grow; needs UCR_ROOT
	$(BIN)/kedro run --pipelines scaling_a --env results_a
	$(BIN)/kedro publish --track scaling_a --env results_a

archive-a: $(READY)  ## docs/results/track_a_archive.csv, the whole archive; needs UCR_ROOT
	$(BIN)/kedro run --pipelines archive_a --env archive
	$(BIN)/kedro publish --track track_a --env archive --only archive

ablation-betti: $(READY)  ## docs/results/ablation_betti: what is topological about level sets; needs UCR_ROOT
	$(BIN)/kedro run --pipelines archive_a --env ablation_betti
	$(BIN)/kedro publish --track track_a --env ablation_betti --only archive --to docs/results/ablation_betti

ablation-a: $(READY)  ## docs/results/ablation_a: what each choice between series and diagram vector contributes
	$(BIN)/kedro run --pipelines track_a --env ablation_a
	$(BIN)/kedro publish --track track_a --env ablation_a --only track --to docs/results/ablation_a

design-a: $(READY)  ## docs/results/design_a: designs compared on train, also on z-normalised series; needs UCR_ROOT
	$(BIN)/kedro run --pipelines archive_a --env design_a
	$(BIN)/kedro publish --track track_a --env design_a --only archive --to docs/results/design_a
	$(BIN)/kedro run --pipelines archive_a --env design_a --params "ingest.normalise=true,models=betti_fixed betti_ridge"
	$(BIN)/kedro publish --track track_a --env design_a --only archive --to docs/results/design_a/normalised

peers-a: $(READY)  ## docs/results/peers_a: every peer, and Inception networks of equal size or time; needs UCR_ROOT
	$(BIN)/kedro run --pipelines track_a --env peers_a
	$(BIN)/kedro publish --track track_a --env peers_a --only track --to docs/results/peers_a
	$(BIN)/kedro run --pipelines track_a --env peers_a --params evaluate.baseline=inception_equal_time
	$(BIN)/kedro publish --track track_a --env peers_a --only track --to docs/results/peers_a/equal_time
	$(BIN)/kedro run --pipelines track_a --env peers_a --params evaluate.baseline=inception_equal_parameters
	$(BIN)/kedro publish --track track_a --env peers_a --only track --to docs/results/peers_a/equal_parameters

multivariate-a: $(READY)  ## docs/results/multivariate_a: series of several channels
	$(BIN)/kedro run --pipelines track_a --env multivariate_a
	$(BIN)/kedro publish --track track_a --env multivariate_a --only track --to docs/results/multivariate_a

scaling-betti: $(READY)  ## docs/results/scaling_betti: growth with length and number of series
	$(BIN)/kedro run --pipelines scaling_betti
	$(BIN)/kedro publish --track scaling_betti

scaling-b: $(READY)  ## docs/results/scaling_b: networks on graphs to 50 million edges, under 20 GiB; run it alone
	$(BIN)/kedro run --pipelines scaling_b --env scaling_b
	$(BIN)/kedro publish --track scaling_b --env scaling_b --only graph_scaling

closure-b: $(READY)  ## docs/results/closure_b: which open triangles close, on four real sets; needs GRAPH_ROOT
	$(BIN)/kedro run --pipelines closure_b --env closure_b
	$(BIN)/kedro publish --track closure_b --env closure_b --only closure

forecast-c: $(READY)  ## docs/results/forecast_c: forecasting networks made smaller, on series bundled with aeon
	$(BIN)/kedro run --pipelines forecast_c
	$(BIN)/kedro publish --track forecast_c --only forecast

compress-b: $(READY)  ## docs/results/compress_b: networks of track B made smaller, on contacts; needs GRAPH_ROOT
	$(BIN)/kedro run --pipelines compress_b --env compress_b
	$(BIN)/kedro publish --track compress_b --env compress_b

gpu-c: $(READY)  ## docs/results/gpu_c: InceptionTime made smaller, trained and timed on a GPU; needs CUDA and UCR_ROOT
	$(BIN)/kedro run --pipelines track_c --env gpu_c
	$(BIN)/kedro publish --track track_c --env gpu_c --to docs/results/gpu_c/networks
	$(BIN)/kedro run --pipelines crossing_c --env gpu_c
	$(BIN)/kedro publish --track crossing_c --env gpu_c --only crossing --to docs/results/gpu_c/crossing

clean:  ## remove what runs wrote
	rm -rf data/0[2-8]*/*
