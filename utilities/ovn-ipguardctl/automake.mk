# SPDX-License-Identifier: Apache-2.0
#
# The command ovn-ipguardctl.  A new file is added to the list below,
# alphabetically.

bin_PROGRAMS += utilities/ovn-ipguardctl/ovn-ipguardctl

utilities_ovn_ipguardctl_ovn_ipguardctl_SOURCES = \
	agent/dirs.c \
	agent/dirs.h \
	agent/explain-json.c \
	agent/explain-json.h \
	agent/sources.c \
	agent/sources.h \
	utilities/ovn-ipguardctl/bundle.c \
	utilities/ovn-ipguardctl/bundle.h \
	utilities/ovn-ipguardctl/cmd-audit.c \
	utilities/ovn-ipguardctl/cmd-bundle.c \
	utilities/ovn-ipguardctl/cmd-connection.c \
	utilities/ovn-ipguardctl/cmd-dot.c \
	utilities/ovn-ipguardctl/cmd-gate.c \
	utilities/ovn-ipguardctl/cmd-hold.c \
	utilities/ovn-ipguardctl/cmd-journal.c \
	utilities/ovn-ipguardctl/cmd-plan.c \
	utilities/ovn-ipguardctl/cmd-safety.c \
	utilities/ovn-ipguardctl/cmd-show.c \
	utilities/ovn-ipguardctl/cmd-why.c \
	utilities/ovn-ipguardctl/ctl-commands.c \
	utilities/ovn-ipguardctl/ctl-commands.h \
	utilities/ovn-ipguardctl/ctl-daemon.c \
	utilities/ovn-ipguardctl/ctl-daemon.h \
	utilities/ovn-ipguardctl/ctl-instance.c \
	utilities/ovn-ipguardctl/ctl-instance.h \
	utilities/ovn-ipguardctl/ctl-options.c \
	utilities/ovn-ipguardctl/ctl-options.h \
	utilities/ovn-ipguardctl/ctl-paint.c \
	utilities/ovn-ipguardctl/ctl-paint.h \
	utilities/ovn-ipguardctl/ctl-read.c \
	utilities/ovn-ipguardctl/ctl-read.h \
	utilities/ovn-ipguardctl/ctl-request.c \
	utilities/ovn-ipguardctl/ctl-request.h \
	utilities/ovn-ipguardctl/ctl-rows.c \
	utilities/ovn-ipguardctl/ctl-rows.h \
	utilities/ovn-ipguardctl/ctl-run.c \
	utilities/ovn-ipguardctl/ctl-run.h \
	utilities/ovn-ipguardctl/ctl-schema.c \
	utilities/ovn-ipguardctl/ctl-schema.h \
	utilities/ovn-ipguardctl/observer.c \
	utilities/ovn-ipguardctl/observer.h \
	utilities/ovn-ipguardctl/ovn-ipguardctl.c \
	utilities/ovn-ipguardctl/redact.c \
	utilities/ovn-ipguardctl/redact.h
utilities_ovn_ipguardctl_ovn_ipguardctl_LDFLAGS = $(AM_LDFLAGS) $(EXCLUDE_LIBS)
utilities_ovn_ipguardctl_ovn_ipguardctl_LDADD = \
	ovsdb/libovsdbview.la \
	agent/kube/libkube.la \
	agent/core/libcore.la \
	$(OVS_LIBS) \
	$(CURL_LIBS) \
	$(JANSSON_LIBS) \
	$(YAML_LIBS) \
	$(JEMALLOC_LIBS)

# Where bash looks for the completion of a command of that name.
bashcompdir = $(datadir)/bash-completion/completions
dist_bashcomp_DATA = utilities/completion/ovn-ipguardctl
