# SPDX-License-Identifier: Apache-2.0
#
# Hand-overs in random order on a real OVN, with crashes of the daemon:
# doc/testing.md.  A short run is among the system tests.

EXTRA_DIST += \
	tests/handovers/handoverlib/__init__.py \
	tests/handovers/handoverlib/actors.py \
	tests/handovers/handoverlib/daemon.py \
	tests/handovers/handoverlib/order.py \
	tests/handovers/handoverlib/rules.py \
	tests/handovers/handoverlib/world.py \
	tests/handovers/run

HANDOVERFLAGS =
.PHONY: check-handovers
check-handovers: all
	$(AM_V_at)IPGUARD_BUILDDIR='$(abs_top_builddir)' $(SANITIZER_ENV) \
	  $(PYTHON) $(srcdir)/tests/handovers/run $(HANDOVERFLAGS)
