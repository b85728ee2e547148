# SPDX-License-Identifier: Apache-2.0
#
# Tests: "make check" runs check-static, check-unit and check-system.

include tests/sim/automake.mk
include tests/unit/automake.mk
include tests/kubernetes/automake.mk
include tests/system/automake.mk
include tests/bench/automake.mk
include tests/handovers/automake.mk

EXTRA_DIST += \
	tests/admission-client \
	tests/fresh-debian \
	tests/guides/run-guide \
	tests/valgrind.supp

# How the sanitizers report; nothing reads these in a build without them.
# UndefinedBehaviorSanitizer ends the program at the first error, because the
# build says -fno-sanitize-recover.
SANITIZER_ENV = \
	ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:$$ASAN_OPTIONS" \
	UBSAN_OPTIONS="print_stacktrace=1:$$UBSAN_OPTIONS"

# The unit and system tests again, in a build of their own with the
# sanitizers.  A source tree that was built in place cannot be built from once
# more; a copy of it can.
ASAN_DIR = _asan
ASAN_CONFIGURE_FLAGS = \
	--with-ovs-source='$(OVS_SOURCE)' --with-ovs-build='$(OVS_BUILD)' \
	--enable-sanitizers CC='$(CC)' CFLAGS='-g -O1'
.PHONY: build-asan check-asan check-system-asan check-unit-asan
build-asan:
	$(AM_V_at)$(MKDIR_P) $(ASAN_DIR)
	$(AM_V_at)src='$(abs_top_srcdir)'; \
	if test -f "$$src/config.status"; then \
	  $(MAKE) $(AM_MAKEFLAGS) distdir distdir=$(ASAN_DIR)/src && \
	  src=../$(ASAN_DIR)/src || exit 1; \
	fi; \
	cd $(ASAN_DIR) && \
	echo "$$src $(ASAN_CONFIGURE_FLAGS)" >configured.tmp && \
	if test -f Makefile && cmp -s configured.tmp configured; then :; else \
	  { test ! -f Makefile || $(MAKE) $(AM_MAKEFLAGS) clean || :; } && \
	  "$$src/configure" $(ASAN_CONFIGURE_FLAGS) && \
	  mv configured.tmp configured; \
	fi
	$(AM_V_at)cd $(ASAN_DIR) && $(MAKE) $(AM_MAKEFLAGS)
ASAN_MAKE = cd $(ASAN_DIR) && export $(SANITIZER_ENV) && \
	$(MAKE) $(AM_MAKEFLAGS)
check-unit-asan: build-asan
	$(AM_V_at)$(ASAN_MAKE) check-unit
check-system-asan: build-asan
	$(AM_V_at)$(ASAN_MAKE) check-system
check-asan: build-asan
	$(AM_V_at)$(ASAN_MAKE) check-unit check-system

distclean-asan:
	rm -rf $(ASAN_DIR)
DISTCLEAN_LOCAL += distclean-asan

# check-valgrind runs the unit tests under valgrind, then (the recipe is in
# tests/system/automake.mk) the system tests with the keyword "valgrind".
VALGRIND_FLAGS = \
	--quiet --error-exitcode=99 --num-callers=30 --leak-check=full \
	--show-leak-kinds=definite,indirect,possible \
	--errors-for-leak-kinds=definite,indirect,possible \
	--suppressions='$(srcdir)/tests/valgrind.supp'
.PHONY: check-unit-valgrind
check-valgrind: check-unit-valgrind
check-unit-valgrind: all tests/unit/run-unit$(EXEEXT)
	$(AM_V_at)test -n '$(VALGRIND)' || { \
	  echo 'valgrind not found; please install the package valgrind' >&2; \
	  exit 1; }
	$(AM_V_at)$(UNIT_ENV) $(VALGRIND) $(VALGRIND_FLAGS) \
	  tests/unit/run-unit $(UNITFLAGS)
