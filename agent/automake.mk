# SPDX-License-Identifier: Apache-2.0
#
# The daemon: main program and what ties the libraries together.  A new file
# of agent/ is added to the list below, alphabetically.

sbin_PROGRAMS += agent/ovn-ipguard

agent_ovn_ipguard_SOURCES = \
	agent/agent.h \
	agent/config-db.c \
	agent/config-db.h \
	agent/control.c \
	agent/control.h \
	agent/dirs.c \
	agent/dirs.h \
	agent/explain-control.c \
	agent/explain-control.h \
	agent/explain-json.c \
	agent/explain-json.h \
	agent/guard-log.c \
	agent/guard-log.h \
	agent/http-pages.c \
	agent/http-pages.h \
	agent/live-page.c \
	agent/live-page.h \
	agent/log-reopen.c \
	agent/log-reopen.h \
	agent/memory-trim.c \
	agent/memory-trim.h \
	agent/options-complete.c \
	agent/options-private.h \
	agent/options-usage.c \
	agent/options.c \
	agent/options.h \
	agent/ovn-ipguard.c \
	agent/sources.c \
	agent/sources.h \
	agent/uninstall.c \
	agent/uninstall.h \
	agent/unixctl-commands.c \
	agent/unixctl-commands.h \
	agent/webhook.c \
	agent/webhook.h
agent_ovn_ipguard_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
# Each library uses those to its right.
agent_ovn_ipguard_LDADD = \
	agent/report/libreport.la \
	agent/web/libweb.la \
	ovsdb/libovsdbview.la \
	agent/kube/libkube.la \
	agent/core/libcore.la \
	$(OVS_LIBS) \
	$(CURL_LIBS) \
	$(JANSSON_LIBS) \
	$(MHD_LIBS) \
	$(GNUTLS_LIBS) \
	$(YAML_LIBS) \
	$(JEMALLOC_LIBS)
nodist_agent_ovn_ipguard_SOURCES = \
	agent/page-files.h \
	agent/schema-version.h

# For --version, which must not need a database to say what schema it expects.
BUILT_SOURCES += agent/schema-version.h
CLEANFILES += agent/schema-version.h
agent/schema-version.h: schema/ovn-ipguard.ovsschema agent/automake.mk
	$(AM_V_GEN)$(MKDIR_P) agent && $(SED) -n \
	  's/^ *"version": *\("[0-9.]*"\).*/#define IPGUARD_SCHEMA_VERSION \1/p' \
	  $(srcdir)/schema/ovn-ipguard.ovsschema >$@.tmp && mv $@.tmp $@

# The page is part of the program.
PAGE_FILES = \
	agent/page/icon.svg \
	agent/page/index.html \
	agent/page/page.css \
	agent/page/page.js \
	agent/page/picture.js
EXTRA_DIST += $(PAGE_FILES)
BUILT_SOURCES += agent/page-files.h
CLEANFILES += agent/page-files.h
agent/page-files.h: $(PAGE_FILES) build-aux/embed-files agent/automake.mk
	$(AM_V_GEN)$(MKDIR_P) agent && cd $(srcdir) && \
	  $(PYTHON) build-aux/embed-files $(PAGE_FILES) \
	  >$(abs_builddir)/$@.tmp && \
	  mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
