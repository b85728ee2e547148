# SPDX-License-Identifier: Apache-2.0
#
# System tests: Autotest over a real OVN.  "make check-system" runs them, with
# TESTSUITEFLAGS, for example TESTSUITEFLAGS='-k hold -v' or '3-7 -d'.  The
# suite is made in the build folder, which may be read by nobody else.

SYSTEM_TESTSUITE_AT = \
	tests/system/testsuite.at \
	tests/system/macros.at \
	tests/system/sandbox.at \
	tests/system/daemon.at \
	tests/system/ovsdb-layer.at \
	tests/system/layer-northbound.at \
	tests/system/layer-southbound.at \
	tests/system/layer-own.at \
	tests/system/hold.at \
	tests/system/stale-cases.at \
	tests/system/addresses.at \
	tests/system/gate.at \
	tests/system/packets.at \
	tests/system/ovn-kubernetes.at \
	tests/system/reserve.at \
	tests/system/observe.at \
	tests/system/safety.at \
	tests/system/foreign.at \
	tests/system/manifests.at \
	tests/system/mac-binding.at \
	tests/system/faults.at \
	tests/system/crash.at \
	tests/system/handovers.at \
	tests/system/ha.at \
	tests/system/webhook.at \
	tests/system/ctl-database.at \
	tests/system/ctl-steer.at \
	tests/system/ctl-bundle.at \
	tests/system/ctl-plan.at \
	tests/system/ctl-read.at \
	tests/system/ctl-cluster.at \
	tests/system/uninstall.at \
	tests/system/cms.at \
	tests/system/http.at \
	tests/system/page.at \
	tests/system/guides.at

SYSTEM_TESTSUITE = tests/system/testsuite

EXTRA_DIST += \
	$(SYSTEM_TESTSUITE_AT) \
	tests/system/browse \
	tests/system/fill-nb.sh \
	tests/system/ipguard-lib.sh \
	tests/system/manifest-lib.sh \
	tests/system/ovn-kubernetes-lib.sh \
	tests/system/on-terminal \
	tests/system/ovsdb-rows \
	tests/system/packets \
	tests/system/packets-lib.sh \
	tests/system/rows-lib.sh \
	tests/system/type-in-bash

# A program with nothing but the database layer, for ovsdb-layer.at and
# layer-*.at.
check_PROGRAMS += tests/system/test-ovsdb-layer
tests_system_test_ovsdb_layer_SOURCES = \
	tests/system/layer-nb.c \
	tests/system/layer-sb.c \
	tests/system/layer-store.c \
	tests/system/layer-text.c \
	tests/system/layer.h \
	tests/system/test-ovsdb-layer.c
tests_system_test_ovsdb_layer_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
tests_system_test_ovsdb_layer_LDADD = \
	ovsdb/libovsdbview.la \
	agent/core/libcore.la \
	$(OVS_LIBS)

AUTOM4TE = autom4te
TESTSUITEFLAGS = -j2

tests/system/package.m4: $(top_srcdir)/configure.ac
	$(AM_V_GEN)$(MKDIR_P) tests/system && \
	{ echo 'm4_define([AT_PACKAGE_NAME], [$(PACKAGE_NAME)])' && \
	  echo 'm4_define([AT_PACKAGE_TARNAME], [$(PACKAGE_TARNAME)])' && \
	  echo 'm4_define([AT_PACKAGE_VERSION], [$(PACKAGE_VERSION)])' && \
	  echo 'm4_define([AT_PACKAGE_STRING], [$(PACKAGE_STRING)])' && \
	  echo 'm4_define([AT_PACKAGE_BUGREPORT], [$(PACKAGE_BUGREPORT)])' && \
	  echo 'm4_define([AT_PACKAGE_URL], [$(PACKAGE_URL)])'; \
	} > $@.tmp && mv $@.tmp $@

$(SYSTEM_TESTSUITE): $(SYSTEM_TESTSUITE_AT) tests/system/package.m4
	$(AM_V_GEN)command -v $(AUTOM4TE) > /dev/null || { \
	  echo 'autom4te not found; install the Debian package autoconf' >&2; \
	  exit 1; }; \
	$(AUTOM4TE) --language=autotest -B tests/system -I $(top_srcdir) \
	  -o $@.tmp $(top_srcdir)/tests/system/testsuite.at && mv $@.tmp $@

# The programs under test are not a prerequisite by name: "make all" built
# them, and what is missing is skipped.
check-system: all $(SYSTEM_TESTSUITE) \
		tests/system/test-ovsdb-layer$(EXEEXT)
	cd tests/system && $(SHELL) ./testsuite $(TESTSUITEFLAGS)
.PHONY: check-system
CHECK_LOCAL += check-system

# The groups with keyword "valgrind": no error, nothing lost.  Valgrind is some
# thirty times slower.
VALGRIND_WRAPPER = $(VALGRIND) --quiet --error-exitcode=0 --leak-check=full \
	--errors-for-leak-kinds=definite --show-leak-kinds=definite \
	--num-callers=30 --log-file=%q{IPGUARD_SANDBOX}/valgrind.%p
check-valgrind: all $(SYSTEM_TESTSUITE)
	@test -n '$(VALGRIND)' || { \
	  echo 'valgrind not found; install the Debian package valgrind' >&2; \
	  exit 1; }
	cd tests/system && \
	  IPGUARD_WRAPPER='$(VALGRIND_WRAPPER)' IPGUARD_TEST_TIMEOUT=300 \
	  $(SHELL) ./testsuite -k valgrind
.PHONY: check-valgrind

# Logs of a run: tests/system/testsuite.log and testsuite.dir.
clean-system:
	test ! -f tests/system/testsuite || \
	  (cd tests/system && $(SHELL) ./testsuite --clean)
	rm -f $(SYSTEM_TESTSUITE) tests/system/package.m4
.PHONY: clean-system
CLEAN_LOCAL += clean-system
DISTCLEANFILES += tests/system/atconfig
