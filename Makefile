# Every command that this project is built, tested and tried with. `make` alone lists them.
#
# All of them share one Cargo profile and the same features, so that nothing is compiled twice: DuckDB is linked
# from the official prebuilt library when scripts/libduckdb finds one (3 to 15 minutes for the first build), else it is
# compiled from source (35 minutes more).
#
#   make test DUCKDB=bundled                      compile DuckDB from source in any case
#   make demo DEMO_ARGS="--companies 50000"       options for `vainu-etl demo`
#   make test TEST_ARGS="resume"                  only tests whose name contains this
#   make install PREFIX=/usr/local                where `bin/vainu-etl` goes; Cargo's own folder when left out
#   CARGO_TARGET_DIR=...                          Cargo's own setting works as usual

DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
KILLS ?= 30
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= envelope record decimal date retry_after config ledger
DUCKDB ?= prebuilt
# As `cargo install` chooses, so that what rustup has put on the PATH is used.
PREFIX ?= $(or $(CARGO_INSTALL_ROOT),$(CARGO_HOME),$(HOME)/.cargo)

# Everything but the feature `bundled`: `cli` brings `simulator` with it.
linked := --no-default-features --features cli

# Begins each recipe that calls Cargo: sets $features for the whole package, $library for the library alone, and
# DUCKDB_LIB_DIR. Status 3 of scripts/libduckdb means "compile it"; any other failure (a wrong checksum) ends the recipe.
# `set -x` shows the command itself.
ifeq ($(DUCKDB),bundled)
with_duckdb = set -eu; features=; library='--no-default-features --features bundled'; set -x;
else
with_duckdb = set -eu; folder="$$(scripts/libduckdb)" || [ $$? -eq 3 ]; \
	features=; library='--no-default-features --features bundled'; \
	if [ -n "$$folder" ]; then \
		export DUCKDB_LIB_DIR="$$folder"; features='$(linked)'; library=--no-default-features; \
	fi; set -x;
endif

.DEFAULT_GOAL := help
.PHONY: help demo test library accept lint fmt docs examples readers sheets kills soak bench fuzz fuzz-check deny deny-offline release install install-bundled uninstall duckdb ci clean-demo

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## The whole job against the built-in simulator, no account needed (DEMO_ARGS="--companies 50000")
	@$(with_duckdb) cargo run --locked $$features -- demo $(DEMO_ARGS)

test: ## All tests: cargo nextest when it is installed, else cargo test; then the doctests
	@$(with_duckdb) \
	if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --locked $$features $(TEST_ARGS); \
	else \
		cargo test --locked $$features --lib --bins --tests --examples $(TEST_ARGS); \
	fi; \
	cargo test --locked $$features --doc $(TEST_ARGS)

# Clippy looks at the library as its users compile it. The tests also have what dev-dependencies bring.
library: ## The library without the command line and the simulator, as other programs use it: clippy, unit tests, doctests
	@$(with_duckdb) cargo clippy --locked --lib $$library -- -D warnings; \
	cargo clippy --locked --lib $$library --features simulator -- -D warnings; \
	cargo test --locked --lib $$library $(TEST_ARGS); \
	cargo test --locked --doc $$library $(TEST_ARGS)

accept: ## Rewrite snapshots and generated documents from what the code gives now; read the diff before you commit
	@$(with_duckdb) \
	INSTA_UPDATE=always UPDATE_DOCS=1 cargo test --locked $$features --lib --bins --tests $(TEST_ARGS)

lint: ## Formatting and clippy, warnings are errors
	@$(with_duckdb) cargo fmt --check; cargo clippy --locked --all-targets $$features -- -D warnings

fmt: ## Format the code
	cargo fmt

docs: ## The library's manual, in target/doc; warnings are errors
	@$(with_duckdb) RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps $$features

examples: ## Run every program in examples/, against the built-in simulator
	@$(with_duckdb) for example in examples/*.rs; do \
		example="$${example##*/}"; cargo run --locked --quiet $$features --example "$${example%.rs}" -- country=FI; \
	done

readers: ## Open the published file from DuckDB 1.4 and 1.5 for Python while it is replaced; read exports with pandas, pyarrow, polars
	@$(with_duckdb) cargo build --locked $$features; python3 tests/readers.py; python3 tests/exports.py

sheets: ## Open XLSX and CSV files in LibreOffice and compare the values; skipped where it is not installed
	@$(with_duckdb) cargo build --locked $$features; python3 tests/sheets.py

kills: ## Kill a sync at random times, 30 times, and look at what is there (KILLS=30)
	@$(with_duckdb) cargo build --locked $$features; python3 tests/kills.py --kills $(KILLS)

soak: ## The long forms of the tests; half an hour or more
	@$(with_duckdb) cargo build --locked $$features; \
	cargo test --locked $$features --test it -- --ignored --nocapture soak_; \
	python3 tests/kills.py --kills 300; \
	python3 tests/readers.py --publishes 100 --companies 2000

bench: ## What the speed claims rest on: normalising alone, then whole runs beside their floors (BENCH_ARGS="sync memory")
	@$(with_duckdb) cargo bench --locked $$features --bench normalise; \
	cargo build --locked --release $$features --bin vainu-etl; \
	CARGO_FEATURES="$$features" python3 benches/speed.py $(BENCH_ARGS)

fuzz: ## Fuzz each target, a minute each (needs cargo-fuzz; FUZZ_SECONDS=600 FUZZ_TARGETS="date decimal")
	@$(with_duckdb) test -n "$${DUCKDB_LIB_DIR:-}" || { echo 'set DUCKDB_LIB_DIR: fuzz targets link DuckDB' >&2; exit 1; }; \
	for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 LD_LIBRARY_PATH="$$DUCKDB_LIB_DIR" cargo fuzz run --sanitizer none $$target \
			fuzz/corpus/$$target fuzz/seeds/$$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10; \
	done

# Nothing is linked, so neither DuckDB nor libFuzzer is needed.
fuzz-check: ## Check that the fuzz targets compile, without cargo-fuzz
	cargo check --locked --manifest-path fuzz/Cargo.toml --no-default-features --bins

deny: ## Licences, bans, sources and advisories of the dependencies; compiles cargo-deny first where there is none
	@set -eu; deny="$$(scripts/cargo-deny --install)"; set -x; "$$deny" --locked check

# cargo-deny looks at the crates of all platforms, of which a build downloads only its own.
deny-offline: ## The same without advisories, which need a network; skipped where cargo-deny is not installed
	@set -eu; deny="$$(scripts/cargo-deny)" || [ $$? -eq 3 ]; \
	[ -n "$$deny" ] || exit 0; set -x; \
	cargo fetch --quiet --locked; \
	"$$deny" --offline --locked check licenses bans sources

release: ## The binary as it ships: one file, DuckDB compiled in; target/release/vainu-etl
	cargo build --locked --release --bin vainu-etl

install: ## vainu-etl into ~/.cargo/bin, from what `make demo` has built, with its DuckDB library (PREFIX=/usr/local)
	@$(with_duckdb) cargo install --locked --quiet --force --no-track --debug --path . --root "$(PREFIX)" $$features; \
	if [ -n "$$features" ]; then \
		mkdir -p "$(PREFIX)/lib/vainu-etl"; \
		for library in "$$DUCKDB_LIB_DIR"/libduckdb.so "$$DUCKDB_LIB_DIR"/libduckdb.dylib; do \
			if [ -f "$$library" ]; then \
				cp -f "$$library" "$(PREFIX)/lib/vainu-etl/.new"; \
				mv -f "$(PREFIX)/lib/vainu-etl/.new" "$(PREFIX)/lib/vainu-etl/$${library##*/}"; \
			fi; \
		done; \
	fi; \
	"$(PREFIX)/bin/vainu-etl" --version; \
	{ set +x; } 2>/dev/null; \
	case ":$$PATH:" in \
		*:"$(PREFIX)/bin":*) ;; \
		*) echo 'not on the PATH yet: export PATH="$(PREFIX)/bin:$$PATH"' ;; \
	esac

install-bundled: ## The binary as it ships, one optimised file with DuckDB compiled in, into ~/.cargo/bin; 45 minutes
	cargo install --locked --force --no-track --path . --root "$(PREFIX)"

uninstall: ## Remove what `make install` or `make install-bundled` has put there
	rm -f "$(PREFIX)/bin/vainu-etl"
	rm -rf "$(PREFIX)/lib/vainu-etl"

duckdb: ## Fetch the prebuilt DuckDB now and print its folder
	@scripts/libduckdb

ci: ## Everything that must pass before a merge
	.ci/run

clean-demo: ## Delete the demo's folder
	rm -rf demo
