# What one can do here. `make demo` and `make test` need only Go.
GO        ?= go
PKGS      ?= ./...
FUZZTIME  ?= 10s
FUZZJOBS  ?= 2
KAFKA_VERSION ?= $(VIGIL_KAFKA_VERSION)

# Found rather than listed, so that none is forgotten. The only goroutines of fusion's
# own package are a benchmark's; its tests are long and would be far longer under race.
CONCURRENT = $(shell grep -rlE '^[[:space:]]+go [a-z]|\.Go.func|sync\.(RW)?Mutex|"sync/atomic"' --include='*.go' . | sed 's,/[^/]*$$,,' | sort -u | grep -vx ./fusion)
FUZZERS    = $(shell grep -rE '^func Fuzz' --include='*_test.go' . | sed -E 's,^\./(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*,fuzz/\1/\2,' | sort)

comma := ,

.PHONY: check test test-real test-subscriber test-teacher test-meds race fuzz bench bench-real bench-torch soak demo lab planted train-open baselines build generate

build:            ## the binary, ./bin/vigil
	$(GO) build -o bin/vigil ./cmd/vigil

check:            ## vet, staticcheck, short unit tests: before every commit
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt -w the files above"; exit 1; }
	$(GO) vet $(PKGS)
	$(GO) tool staticcheck $(PKGS)
	$(GO) test -short $(PKGS)

test:             ## everything that needs only Go (open data by VIGIL_DATA)
	$(GO) test -timeout 20m $(PKGS)
	@[ -d "$${VIGIL_DATA:-../shared/data}" ] || echo "VIGIL_DATA: no open data: $$(grep -rhE 'opendata\.Dir\(' --include='*_test.go' . | wc -l) tests and benchmarks on it were left out"
	@[ -d "$${VIGIL_REFERENCE:-../shared/reference/fusemoe}" ] || echo "VIGIL_REFERENCE: no golden vectors: the parity test was left out"
	@command -v redis-server >/dev/null || echo "no redis-server on PATH: the tests on a real Redis were left out (make test-real)"
	@[ -n "$$VIGIL_PYTHON" ] || echo "VIGIL_PYTHON is not set: the tests in Python were left out (make test-subscriber test-teacher test-meds)"

test-real: export VIGIL_KAFKA_VERSION := $(KAFKA_VERSION)
test-real:        ## the suites on a real Kafka and a real Redis, killed and cut: needs Java 17, Maven (once) and redis-server; KAFKA_VERSION=4.4.0 for another than 4.1.0
	@command -v redis-server >/dev/null || { echo "test-real needs redis-server: apt-get install redis-server (or brew install redis)"; exit 1; }
	deploy/dev/kafka.sh fetch
	$(GO) test -timeout 20m ./window/...
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 20m -p 1 ./ingest/kafka
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 20m -p 1 -run 'Real|Crash|Workers|Rebuild|Live|Lost|Evicted|Switch' ./encoders/intake ./alerts/worker
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 40m -v -run 'TestReal' ./cmd/vigil

test-subscriber:  ## deploy/examples/subscribe.py in a Python environment of its own (bin/venv)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "test-subscriber needs Python 3 with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv bin/venv
	bin/venv/bin/pip install --quiet -r deploy/examples/requirements.txt
	VIGIL_PYTHON=$(CURDIR)/bin/venv/bin/python $(GO) test -count=1 -v -run 'TestSubscriber' ./cmd/vigil

test-teacher:     ## fusion/recipes/teacher.py on what vigil train exports, in a Python environment of its own (bin/venv)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "test-teacher needs Python 3 with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv bin/venv
	bin/venv/bin/pip install --quiet -r fusion/recipes/requirements.txt
	VIGIL_PYTHON=$(CURDIR)/bin/venv/bin/python $(GO) test -count=1 -v -run 'TestTeacher' ./cmd/vigil

test-meds:        ## the Python package meds-evaluation on the predictions that vigil evaluate writes, in an environment of its own (bin/venv)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "test-meds needs Python 3 with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv bin/venv
	bin/venv/bin/pip install --quiet -r alerts/judge/testdata/requirements.txt
	VIGIL_PYTHON=$(CURDIR)/bin/venv/bin/python $(GO) test -count=1 -v -run 'TestMEDS' ./cmd/vigil

race:             ## the race detector on every package that starts goroutines or holds a lock
	$(GO) test -race -short -vet=off -timeout 30m $(CONCURRENT)

fuzz:             ## every fuzz target for FUZZTIME, FUZZJOBS at a time; prints an input that fails
	@$(MAKE) --no-print-directory --keep-going --jobs=$(FUZZJOBS) $(FUZZERS)

# One target, such as fuzz/schemas/FuzzParseMark. Making an interesting input smaller may take Go
# its whole minute, so it gets 100 tries: without that three targets saw half a dozen inputs. Go before 1.27 fails now and then with
# nothing but "context deadline exceeded" when the time is over (golang/go#75804): that is no finding.
fuzz/%:
	@out=$$($(GO) test -vet=off -run '^$$' -fuzz '^$(@F)$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 100x -parallel 1 ./$(*D) 2>&1) || \
	  { printf '%s\n' "$$out" | grep -A 1 '^--- FAIL: $(@F) ' | grep -qx '    context deadline exceeded'; } || \
	  { printf '%s\n' "$$out"; input=$$(printf '%s\n' "$$out" | sed -n 's/.*Failing input written to //p'); \
	    [ -z "$$input" ] || cat "$(*D)/$$input"; exit 1; }; \
	last=$$(printf '%s\n' "$$out" | grep '^fuzz: elapsed' | tail -n 1); \
	printf '%s: %s\n' '$*' "$${last:-is not built on this machine}"

bench:            ## ratios in one run; keep bench.txt for benchstat
	@mkdir -p bin; $${CC:-cc} -O2 -o bin/openblas-time encoders/nn/openblas/time.c -lopenblas 2>/dev/null || \
	  { rm -f bin/openblas-time; echo "no comparison with OpenBLAS: that needs a C compiler and libopenblas-dev"; }
	$(GO) test -run '^$$' -bench . -benchmem $(PKGS) | tee bench.txt

bench-torch:      ## the network of the model that serves against its twin in PyTorch, in batch: agreement, and the ratio of stays per second
	@$(or $(TORCH),python3) -c 'import torch, numpy' 2>/dev/null || { echo "bench-torch needs a Python with torch and numpy: pip install torch numpy, or apt-get install python3-torch and TORCH=/usr/bin/python3"; exit 1; }
	VIGIL_TORCH=$(or $(TORCH),python3) $(GO) test -count=1 -v -run TestTorchTwin ./fusion

bench-real:       ## device ticks through a worker process: rates, a backlog of 1.5 million, kill -9 (TestBenchReal has the settings)
	VIGIL_BENCH=$${VIGIL_BENCH:-1500000} $(GO) test -count=1 -timeout 60m -v -run 'TestBenchReal' ./cmd/vigil

soak:             ## the whole lists: digest matrix, 20 kills, 13 seeds of faults on real servers, 48 h windows; about half an hour
	VIGIL_REAL=1 VIGIL_SOAK=1 $(GO) test -count=1 -timeout 180m -v -run 'TestSoak|TestReal' ./cmd/vigil

lab:              ## FuseMoE against concatenation on an invented set that is no ICU, 5 seeds of both: some minutes
	@d=$$(mktemp -d) && $(GO) run ./cmd/vigil lab fleximodal --out $$d/pumps && $(GO) run ./cmd/vigil lab concatenation --data $$d/pumps; e=$$?; rm -r $$d; exit $$e

planted:          ## a dozen mistakes planted into a copy of the tree, each of which its test must catch: some minutes, not in CI (testdata/planted)
	GO=$(GO) testdata/planted/check.sh

# In-hospital death at any hour, the model in the binary: a model for each of five folds, and then the model that
# they teach and calibrate. The same data give the same bytes. OPEN is the folder of PhysioNet 2012, TRAINED where to.
OPEN     ?= $${VIGIL_DATA:-../shared/data}/physionet2012
TRAINED  ?= bin/open-icu

train-open: build ## train the model in the binary anew, from the open data: about 20 minutes on two cores
	@mkdir -p $(TRAINED)
	@for k in 1 2 3 4 5; do \
	  [ -f $(TRAINED)/fold-$$k.safetensors ] && continue; \
	  resume=; [ -f $(TRAINED)/fold-$$k.safetensors.checkpoint ] && resume=--resume; \
	  bin/vigil train --recipe open-icu --data $(OPEN) --set split.fold=$$k --out $(TRAINED)/fold-$$k.safetensors $$resume || exit 1; \
	done
	@resume=; [ -f $(TRAINED)/raw.safetensors.checkpoint ] && resume=--resume; \
	[ -f $(TRAINED)/raw.safetensors ] || bin/vigil train --recipe open-icu --data $(OPEN) --folds $(subst $() ,$(comma),$(foreach k,1 2 3 4 5,$(TRAINED)/fold-$(k).safetensors)) \
	  --out $(TRAINED)/raw.safetensors $$resume
	@rm -f $(TRAINED)/open-icu-1.safetensors
	bin/vigil model describe $(TRAINED)/raw.safetensors --recipe open-icu --data $(OPEN) \
	  --folds $(subst $() ,$(comma),$(foreach k,1 2 3 4 5,$(TRAINED)/fold-$(k).safetensors)) --out $(TRAINED)/open-icu-1.safetensors
	@sha256sum $(TRAINED)/open-icu-1.safetensors fusion/models/open-icu-1.safetensors

# Rows and seeds that are done are not done again; ONLY=softmax,zeros makes some of the rows. The networks take about
# ten minutes each on two free cores, so that all of them are a night.
BASELINES ?= bin/baselines

baselines: build  ## logistic regression, boosting, concatenation, other gates and routers, losses off, zeros: one table of 3 seeds, hours, resumes
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "baselines needs Python 3 with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv bin/venv
	bin/venv/bin/pip install --quiet -r fusion/recipes/requirements.txt
	bin/venv/bin/python -B fusion/recipes/baselines.py --vigil bin/vigil --data $(OPEN) --out $(BASELINES) $(if $(ONLY),--only $(ONLY))

demo:             ## an invented unit, watched in this terminal; q or Ctrl-C ends it
	@{ sleep 1; echo 'compiling Vigil: about a minute on two cores the first time, seconds from then on'; } & said=$$!; \
	$(GO) build -o bin/vigil ./cmd/vigil; e=$$?; kill $$said 2>/dev/null; \
	[ $$e -eq 0 ] && { bin/vigil demo || [ $$? -eq 130 ]; }

generate:
	$(GO) generate $(PKGS)
