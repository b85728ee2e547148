# SPDX-License-Identifier: Apache-2.0
#
# What people and scripts are told: one struct, several writers.
# A new file of agent/report/ is added to the list below, alphabetically.

noinst_LTLIBRARIES += agent/report/libreport.la

agent_report_libreport_la_SOURCES = \
	agent/report/metrics-accept.c \
	agent/report/metrics.c \
	agent/report/page-json.c \
	agent/report/report.h \
	agent/report/status.c
