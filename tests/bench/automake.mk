# SPDX-License-Identifier: Apache-2.0
#
# Benchmarks.  "make bench" runs tests/bench/run with BENCHFLAGS; none of them
# is part of "make check".

EXTRA_PROGRAMS += tests/bench/floor
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
tests_bench_floor_LDADD = \
	ovsdb/libovsdbview.la \
	agent/core/libcore.la \
	$(OVS_LIBS)
EXTRA_PROGRAMS += tests/bench/allow-all
tests_bench_allow_all_SOURCES = tests/bench/allow-all.c
tests_bench_allow_all_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
tests_bench_allow_all_LDADD = \
	agent/web/libweb.la \
	$(OVS_LIBS) \
	$(JANSSON_LIBS) \
	$(MHD_LIBS) \
	$(GNUTLS_LIBS)
CLEANFILES += tests/bench/allow-all$(EXEEXT)
CLEANFILES += tests/bench/floor$(EXEEXT) tests/bench/bench.svg

EXTRA_DIST += \
	tests/bench/benchlib/__init__.py \
	tests/bench/benchlib/bench.py \
	tests/bench/benchlib/cluster.py \
	tests/bench/benchlib/contenders.py \
	tests/bench/benchlib/data.py \
	tests/bench/benchlib/northd.py \
	tests/bench/benchlib/plot.py \
	tests/bench/benchlib/proc.py \
	tests/bench/benchlib/results.py \
	tests/bench/benchlib/rpc.py \
	tests/bench/benchlib/sandbox.py \
	tests/bench/benchlib/work_admission.py \
	tests/bench/benchlib/work_audit.py \
	tests/bench/benchlib/work_change.py \
	tests/bench/benchlib/work_churn.py \
	tests/bench/benchlib/work_commands.py \
	tests/bench/benchlib/work_handover.py \
	tests/bench/benchlib/work_hold.py \
	tests/bench/benchlib/work_idle.py \
	tests/bench/benchlib/work_kubernetes.py \
	tests/bench/benchlib/work_northd.py \
	tests/bench/benchlib/work_page.py \
	tests/bench/benchlib/work_reconnect.py \
	tests/bench/benchlib/work_sb.py \
	tests/bench/benchlib/work_start.py \
	tests/bench/benchlib/work_storm.py \
	tests/bench/benchlib/worker.py \
	tests/bench/kubernetes \
	tests/bench/load-ovsdbapp \
	tests/bench/run

BENCHFLAGS =
.PHONY: bench bench-programs
bench-programs: tests/bench/floor$(EXEEXT) tests/bench/allow-all$(EXEEXT)
bench: all bench-programs
	$(AM_V_at)IPGUARD_BUILDDIR='$(abs_top_builddir)' \
	  $(PYTHON) $(srcdir)/tests/bench/run $(BENCHFLAGS)
