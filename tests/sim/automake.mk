# SPDX-License-Identifier: Apache-2.0
#
# The deterministic simulation of the core: doc/testing.md.  It has its own
# copy of agent/core, in which a known bug can be switched on.

check_PROGRAMS += tests/sim/run

tests_sim_run_SOURCES = \
	$(agent_core_libcore_la_SOURCES) \
	tests/sim/admission.c \
	tests/sim/alloc.c \
	tests/sim/calls.h \
	tests/sim/cluster.c \
	tests/sim/cni.c \
	tests/sim/coverage.c \
	tests/sim/daemon.c \
	tests/sim/event.c \
	tests/sim/events.h \
	tests/sim/ipam.c \
	tests/sim/ipam.h \
	tests/sim/kube.c \
	tests/sim/look-back.c \
	tests/sim/mirror.c \
	tests/sim/nb.c \
	tests/sim/operator.c \
	tests/sim/orders.c \
	tests/sim/ovn-kubernetes.c \
	tests/sim/own-db.c \
	tests/sim/planted.c \
	tests/sim/planted.h \
	tests/sim/print.c \
	tests/sim/print.h \
	tests/sim/prng.c \
	tests/sim/reaction.c \
	tests/sim/regret.c \
	tests/sim/rest.c \
	tests/sim/rules.c \
	tests/sim/rules.h \
	tests/sim/run.c \
	tests/sim/sb.c \
	tests/sim/script.c \
	tests/sim/shrink.c \
	tests/sim/sim.h \
	tests/sim/text.c \
	tests/sim/truth.c \
	tests/sim/whim.c \
	tests/sim/whim.h \
	tests/sim/workload.c \
	tests/sim/world.c \
	tests/unit/own-rows.c \
	tests/unit/own-rows.h
tests_sim_run_CPPFLAGS = $(AM_CPPFLAGS) -DIPGUARD_SIM
tests_sim_run_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS) \
	-Wl,--wrap=xasprintf -Wl,--wrap=xvasprintf -Wl,--wrap=ds_put_format
tests_sim_run_LDADD = $(OVS_LIBS)

# The same for "make check-sim-coverage": which lines and branches of the core
# the simulation reaches.
EXTRA_PROGRAMS += tests/sim/run-coverage
tests_sim_run_coverage_SOURCES = $(tests_sim_run_SOURCES)
tests_sim_run_coverage_CPPFLAGS = $(tests_sim_run_CPPFLAGS) -DSIM_COVERAGE
tests_sim_run_coverage_CFLAGS = $(AM_CFLAGS) --coverage
tests_sim_run_coverage_LDFLAGS = $(tests_sim_run_LDFLAGS) --coverage
tests_sim_run_coverage_LDADD = $(tests_sim_run_LDADD)
EXTRA_DIST += tests/sim/coverage-report
CLEANFILES += \
	agent/core/*.gcda agent/core/*.gcno \
	tests/sim/*.gcda tests/sim/*.gcno \
	tests/unit/*.gcda tests/unit/*.gcno \
	tests/sim/coverage/* \
	tests/sim/run-coverage$(EXEEXT)

GCOV = gcov
SIM_COVERAGE_ORDERS = 100000
.PHONY: check-sim-coverage
check-sim-coverage: tests/sim/run-coverage$(EXEEXT)
	$(AM_V_at)rm -f agent/core/*.gcda tests/sim/*.gcda \
	  tests/unit/*.gcda
	$(AM_V_at)tests/sim/run-coverage --seed=$(SIM_SEED) --survey \
	  --count=$(SIM_COVERAGE_ORDERS) --jobs=$(SIM_JOBS) || :
	$(AM_V_at)$(srcdir)/tests/sim/coverage-report '$(GCOV)' \
	  tests_sim_run_coverage

# Event orders from a fixed seed, in which each step of a hold and each case
# must be met, then from a fresh one, a million in all, then some in which what
# is rare comes more often, then each of the planted bugs.
SIM_SEED = 1
SIM_ORDERS = 995000
SIM_FRESH_ORDERS = 5000
SIM_RARE_ORDERS = 50000
SIM_JOBS = 2
SIM_PLANTED_ORDERS = 20000
.PHONY: check-sim
check-sim: tests/sim/run$(EXEEXT)
	$(AM_V_at)passed=0; failed=0; \
	for test in \
	    "--seed=$(SIM_SEED) --count=$(SIM_ORDERS) --strict" \
	    "--fresh --count=$(SIM_FRESH_ORDERS)" \
	    "--rare --seed=$(SIM_SEED) --count=$(SIM_RARE_ORDERS)" \
	    "--planted --count=$(SIM_PLANTED_ORDERS)"; do \
	  echo "simulation: $$test"; \
	  if tests/sim/run --jobs=$(SIM_JOBS) $$test; then \
	    passed=`expr $$passed + 1`; \
	  else \
	    failed=`expr $$failed + 1`; \
	  fi; \
	done; \
	echo "simulation tests: $$passed passed, $$failed failed"; \
	test $$failed = 0
