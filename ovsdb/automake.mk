# SPDX-License-Identifier: Apache-2.0
#
# What talks to the databases; alone uses the IDL.  A new file of ovsdb/ is
# added to the list below, alphabetically.

noinst_LTLIBRARIES += ovsdb/libovsdbview.la

ovsdb_libovsdbview_la_SOURCES = \
	ovsdb/db-conn.c \
	ovsdb/db-conn.h \
	ovsdb/db-model.c \
	ovsdb/db-model.h \
	ovsdb/nb-act.c \
	ovsdb/nb-columns.c \
	ovsdb/nb-columns.h \
	ovsdb/nb-ports.c \
	ovsdb/nb-ports.h \
	ovsdb/nb-references.c \
	ovsdb/nb-switch.c \
	ovsdb/nb-view-private.h \
	ovsdb/nb-view.c \
	ovsdb/nb-view.h \
	ovsdb/ovs-compat.h \
	ovsdb/row-map.c \
	ovsdb/row-map.h \
	ovsdb/sb-ask.c \
	ovsdb/sb-ask.h \
	ovsdb/sb-condition.c \
	ovsdb/sb-condition.h \
	ovsdb/sb-question.c \
	ovsdb/sb-question.h \
	ovsdb/sb-rows.c \
	ovsdb/sb-view-private.h \
	ovsdb/sb-view.c \
	ovsdb/sb-view.h \
	ovsdb/store-act.c \
	ovsdb/store-known.c \
	ovsdb/store-known.h \
	ovsdb/store-private.h \
	ovsdb/store-row.c \
	ovsdb/store-row.h \
	ovsdb/store.c \
	ovsdb/store.h

# The IDL code is generated from our own small schema files, so that building
# needs no OVN, and a row in memory has no slot for a column we never read.
# The prefix of a database's functions is set in ovsdb/*.ann.
OVSIDL_BUILT = \
	ovsdb/ipguard-idl.c \
	ovsdb/ipguard-idl.h \
	ovsdb/nb-idl.c \
	ovsdb/nb-idl.h \
	ovsdb/sb-idl.c \
	ovsdb/sb-idl.h
OVSIDLS = \
	ovsdb/ipguard-idl.ovsidl \
	ovsdb/nb-idl.ovsidl \
	ovsdb/sb-idl.ovsidl
nodist_ovsdb_libovsdbview_la_SOURCES = $(OVSIDL_BUILT)
BUILT_SOURCES += $(OVSIDL_BUILT)
CLEANFILES += $(OVSIDL_BUILT) $(OVSIDLS)
EXTRA_DIST += \
	ovsdb/ipguard-idl.ann \
	ovsdb/nb-idl.ann \
	ovsdb/sb-idl.ann

OVSDB_IDLC = PYTHONPATH=$(OVS_SOURCE)/python PYTHONDONTWRITEBYTECODE=y \
	$(PYTHON) $(OVS_SOURCE)/ovsdb/ovsdb-idlc.in
OVSIDL_DEPS = ovsdb/automake.mk $(OVS_SOURCE)/ovsdb/ovsdb-idlc.in
OVSIDL_ANNOTATE = $(AM_V_GEN)$(MKDIR_P) ovsdb && $(OVSDB_IDLC) annotate

ovsdb/ipguard-idl.ovsidl: schema/ovn-ipguard.ovsschema ovsdb/ipguard-idl.ann \
		$(OVSIDL_DEPS)
	$(OVSIDL_ANNOTATE) $(srcdir)/schema/ovn-ipguard.ovsschema \
	  $(srcdir)/ovsdb/ipguard-idl.ann >$@.tmp && mv $@.tmp $@
ovsdb/nb-idl.ovsidl: schema/ovn-nb-subset.ovsschema ovsdb/nb-idl.ann \
		$(OVSIDL_DEPS)
	$(OVSIDL_ANNOTATE) $(srcdir)/schema/ovn-nb-subset.ovsschema \
	  $(srcdir)/ovsdb/nb-idl.ann >$@.tmp && mv $@.tmp $@
ovsdb/sb-idl.ovsidl: schema/ovn-sb-subset.ovsschema ovsdb/sb-idl.ann \
		$(OVSIDL_DEPS)
	$(OVSIDL_ANNOTATE) $(srcdir)/schema/ovn-sb-subset.ovsschema \
	  $(srcdir)/ovsdb/sb-idl.ann >$@.tmp && mv $@.tmp $@

SUFFIXES += .ovsidl
.ovsidl.c:
	$(AM_V_GEN)$(OVSDB_IDLC) c-idl-source $< >$@.tmp && mv $@.tmp $@
.ovsidl.h:
	$(AM_V_GEN)$(OVSDB_IDLC) c-idl-header $< >$@.tmp && mv $@.tmp $@
