# SPDX-License-Identifier: Apache-2.0
#
# Database schemas: our own, which is installed, and the parts of OVN's that
# the IDL code is generated from.

dist_pkgdata_DATA += schema/ovn-ipguard.ovsschema
EXTRA_DIST += \
	schema/ovn-nb-subset.ovsschema \
	schema/ovn-sb-subset.ovsschema

# The manual page of our own schema.  ovsdb-doc fails if a table or column
# lacks its description.
man_MANS = schema/ovn-ipguard.5
EXTRA_DIST += \
	schema/ovn-ipguard.xml \
	schema/tidy-page.awk
CLEANFILES += schema/ovn-ipguard.5
schema/ovn-ipguard.5: schema/ovn-ipguard.ovsschema schema/ovn-ipguard.xml \
		schema/tidy-page.awk schema/automake.mk
	$(AM_V_GEN)$(MKDIR_P) schema && \
	  PYTHONPATH=$(OVS_SOURCE)/python PYTHONDONTWRITEBYTECODE=y \
	  $(PYTHON) $(OVS_SOURCE)/ovsdb/ovsdb-doc --version=$(PACKAGE_VERSION) \
	    $(srcdir)/schema/ovn-ipguard.ovsschema \
	    $(srcdir)/schema/ovn-ipguard.xml >$@.tmp && \
	  $(SED) '/^\.TH/s/"Open vSwitch [^"]*" "[^"]*"/"ovn-ipguard $(PACKAGE_VERSION)" "ovn-ipguard Manual"/' \
	    $@.tmp | $(AWK) -f $(srcdir)/schema/tidy-page.awk >$@.tmp2 && \
	  rm -f $@.tmp && mv $@.tmp2 $@
