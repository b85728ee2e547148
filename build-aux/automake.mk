# SPDX-License-Identifier: Apache-2.0
#
# Static checks: what can be found without running the daemon.  A new one is
# a script here that exits with 0, 1 or 77 (skipped), and a line in run-checks.

EXTRA_DIST += \
	build-aux/check-alerts \
	build-aux/check-cksum \
	build-aux/check-ctl-manual \
	build-aux/check-dist \
	build-aux/check-layers \
	build-aux/check-lists \
	build-aux/check-log \
	build-aux/check-man \
	build-aux/check-manual \
	build-aux/check-ovn-schemas \
	build-aux/check-skips \
	build-aux/check-style \
	build-aux/check-symbols \
	build-aux/embed-files \
	build-aux/run-checks

if SANITIZERS
CHECK_SYMBOLS_FLAGS = --sanitizers
else
CHECK_SYMBOLS_FLAGS =
endif

# The check of the symbols is part of the build: a program that fails it
# would crash.
noinst_DATA += agent/symbols.stamp
CLEANFILES += agent/symbols.stamp
agent/symbols.stamp: agent/ovn-ipguard$(EXEEXT) \
		utilities/ovn-ipguardctl/ovn-ipguardctl$(EXEEXT) \
		build-aux/check-symbols
	$(AM_V_GEN)NM='$(NM)' $(srcdir)/build-aux/check-symbols \
	  $(CHECK_SYMBOLS_FLAGS) && touch $@

CHECK_LOCAL += check-static
.PHONY: check-static
check-static: all-am
	$(AM_V_at)printf '%s\n' $(DISTFILES) | \
	  NM='$(NM)' PYTHON='$(PYTHON)' \
	    $(srcdir)/build-aux/run-checks $(srcdir) $(CHECK_SYMBOLS_FLAGS)
