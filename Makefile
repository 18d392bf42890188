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

.PHONY: check test test-real test-subscriber test-teacher test-meds test-sinks test-sinks-python race fuzz bench bench-real bench-torch soak demo lab planted train-open baselines build generate ort

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
	@[ -n "$$VIGIL_ORT_LIB" ] || [ -e bin/$(ORT_FILE) ] || echo "no ONNX Runtime: the tests of a site's own encoders that run a network were left out (make ort)"
	@command -v redis-server >/dev/null || echo "no redis-server on PATH: the tests on a real Redis were left out (make test-real)"
	@[ -n "$$VIGIL_PYTHON" ] || echo "VIGIL_PYTHON is not set: the tests in Python were left out (make test-subscriber test-teacher test-meds)"

test-real: export VIGIL_KAFKA_VERSION := $(KAFKA_VERSION)
test-real:        ## the suites on a real Kafka and a real Redis, killed and cut: needs Java 17, Maven (once) and redis-server; KAFKA_VERSION=4.4.0 for another than 4.1.0
	@command -v redis-server >/dev/null || { echo "test-real needs redis-server: apt-get install redis-server (or brew install redis)"; exit 1; }
	deploy/dev/kafka.sh fetch
	$(GO) test -timeout 20m ./window/...
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 20m -p 1 ./ingest/kafka
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 20m -p 1 -run 'Real|Crash|Workers|Rebuild|Live|Lost|Evicted|Switch' ./encoders/intake ./alerts/worker
	VIGIL_REAL=1 $(GO) test -count=1 -timeout 20m ./alerts/sinks/delivery
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

# v0.28.1 is the last Alertmanager whose module has the files of its page: later ones do not build from it.
ALERTMANAGER ?= v0.28.1

test-sinks-python: ## webhooks and MEDS files of the sinks read by the Python packages that others wrote for them, in an environment of its own (bin/venv)
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "test-sinks-python needs Python 3 with venv: apt-get install python3-venv"; exit 1; }
	python3 -m venv bin/venv
	bin/venv/bin/pip install --quiet -r alerts/sinks/testdata/requirements.txt
	VIGIL_SINKS_PYTHON=$(CURDIR)/bin/venv/bin/python $(GO) test -count=1 -v -run 'Libraries|MEDS' ./alerts/sinks

test-sinks: test-sinks-python ## the sinks on receivers that others wrote, fetched once into bin: the Python packages, HAPI's server and validator (Java 17, Maven), a real Alertmanager
	@command -v javac >/dev/null || { echo "test-sinks needs a JDK 17: apt-get install openjdk-17-jdk-headless (or brew install openjdk@17)"; exit 1; }
	@[ -f bin/hapi/.complete ] || command -v mvn >/dev/null || { echo "test-sinks needs Maven, once: apt-get install maven (or brew install maven)"; exit 1; }
	@[ -f bin/hapi/.complete ] || { mvn -q -f alerts/sinks/testdata/hapi/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/bin/hapi -DincludeScope=runtime && touch bin/hapi/.complete; }
	@[ -x bin/alertmanager ] || GOFLAGS= GOBIN=$(CURDIR)/bin $(GO) install github.com/prometheus/alertmanager/cmd/alertmanager@$(ALERTMANAGER)
	VIGIL_HAPI=$(CURDIR)/bin/hapi $(GO) test -count=1 -timeout 30m -v -run 'HAPI' ./alerts/sinks
	VIGIL_ALERTMANAGER=$(CURDIR)/bin/alertmanager $(GO) test -count=1 -v -run 'TestRealAlertmanager' ./alerts/sinks/delivery

AXE = axe-core-4.14.1.tgz
test-page:        ## the page in a real browser, each view held against axe-core: needs chromium, and npm once to fetch that (bin/axe)
	@command -v chromium >/dev/null || { echo "test-page needs chromium: apt-get install chromium"; exit 1; }
	@command -v npm >/dev/null || { echo "test-page needs npm: apt-get install npm"; exit 1; }
	@mkdir -p bin/axe
	[ -f bin/axe/$(AXE) ] || npm pack --silent --pack-destination bin/axe axe-core@4.14.1
	@echo "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745  bin/axe/$(AXE)" | sha256sum -c
	tar xzf bin/axe/$(AXE) -C bin/axe package/axe.min.js
	VIGIL_AXE=$(CURDIR)/bin/axe/package/axe.min.js $(GO) test -count=1 -v -run 'TestPageInABrowser' ./cmd/vigil

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

# ONNX Runtime, for a site's own encoders: a package of the npm registry that carries the library. Both the package
# and the library in it are pinned; what is another one is not kept.
ORT_VERSION = 1.13.8
ort_of = $(if $(filter Linux,$(1)),linux,$(if $(filter Darwin,$(1)),darwin))-$(if $(filter x86_64 amd64,$(2)),x64,$(if $(filter aarch64 arm64,$(2)),arm64))
ORT = $(call ort_of,$(shell uname -s),$(shell uname -m))
ORT_FILE = libonnxruntime.$(if $(filter darwin-%,$(ORT)),dylib,so)
ORT_SHA256_linux-x64    = 4b3607aebd1784b26b6f9b20e4bd974c7ab8287043e4d095cb7d2cb40b5e566e
ORT_SHA256_linux-arm64  = cfc800d4438f15e8d9017521326776ca7117d8783cb847ccccc2fc61ac4d540f
ORT_SHA256_darwin-x64   = 2bf27180c09e6fd3f407c9ab25205ebf1ff95f2d53bfa35e35409b5849e0ac70
ORT_SHA256_darwin-arm64 = b0613d0ae53199a83b05fa48e169211498e9d40d54beaa372068ebe5ec5b0929

ort:              ## ONNX Runtime 1.28.2 beside the binary, for a site's own encoders: 11 MB by npm, checked
	@[ -n "$(ORT_SHA256_$(ORT))" ] || { echo "ort: no library is pinned for this system ($(ORT)): install ONNX Runtime 1.16 or later yourself and name it by VIGIL_ORT_LIB"; exit 1; }
	@mkdir -p bin; sum() { if command -v sha256sum >/dev/null; then sha256sum -c -; else shasum -a 256 -c -; fi; }; \
	echo "$(ORT_SHA256_$(ORT))  bin/$(ORT_FILE)" | sum >/dev/null 2>&1 && { echo "bin/$(ORT_FILE) is there"; exit 0; }; \
	command -v npm >/dev/null || { echo "ort needs npm: apt-get install npm (or brew install node); or name a library by VIGIL_ORT_LIB"; exit 1; }; \
	d=$$(mktemp -d) && trap 'rm -r "$$d"' EXIT && \
	npm pack --silent --pack-destination "$$d" sherpa-onnx-$(ORT)@$(ORT_VERSION) >/dev/null && \
	tar -xzf "$$d"/*.tgz -C "$$d" package/$(ORT_FILE) && \
	echo "$(ORT_SHA256_$(ORT))  $$d/package/$(ORT_FILE)" | sum >/dev/null || { echo "ort: the library could not be had, or is another one than the pinned"; exit 1; }; \
	mv "$$d/package/$(ORT_FILE)" bin/ && echo "bin/$(ORT_FILE)"

demo:             ## an invented unit, watched in this terminal; q or Ctrl-C ends it
	@{ sleep 1; echo 'compiling Vigil: about a minute on two cores the first time, seconds from then on'; } & said=$$!; \
	$(GO) build -o bin/vigil ./cmd/vigil; e=$$?; kill $$said 2>/dev/null; \
	[ $$e -eq 0 ] && { bin/vigil demo || [ $$? -eq 130 ]; }

generate:
	$(GO) generate $(PKGS)
